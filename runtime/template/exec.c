// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * exec.c - the interpreter: a tree and data to text
 */
#include <string.h>

#include "template/internal.h"

enum { STEPS_MAX = 10 * 1000 * 1000, OUTPUT_MAX = 64 * 1024 * 1024, POOL_MAX = 64 * 1024 * 1024, VARS_MAX = 1024 };

enum jump { JUMP_NONE, JUMP_BREAK, JUMP_CONTINUE };

struct variable {
	const char *name;
	json_t *value;
};

struct run {
	const struct program *program;
	const struct template_options *opt;
	struct pool pool;
	struct strbuf *out;
	struct variable vars[VARS_MAX];
	size_t n_vars;
	unsigned depth;
	size_t steps;
	size_t out_start; /* what was in @out before */
	enum jump jump;
	struct template_place place;
};

static int eval_pipeline(struct run *run, const struct pipeline *pl, json_t *dot, json_t **ret, struct error *e);
static int exec_list(struct run *run, const struct tnode *n, json_t *dot, struct error *e);

/* ---- operands ---- */

static int eval_variable(const struct run *run, const char *name, json_t **ret, struct error *e)
{
	for (size_t i = run->n_vars; i-- > 0;)
		if (strcmp(run->vars[i].name, name) == 0) {
			*ret = run->vars[i].value;
			return 0;
		}
	return error_set(e, EINVAL, "undefined variable \"$%s\"", name);
}

static int eval_field(const struct run *run, json_t *of, const char *name, json_t **ret, struct error *e)
{
	if (!of || json_is_null(of))
		return error_set(e, EINVAL, "nil data; no entry for key \"%s\"", name);
	if (!json_is_object(of))
		return error_set(e, EINVAL, "can't evaluate field %s in a value that is no map", name);
	*ret = json_object_get(of, name);
	if (!*ret && run->opt->missing_is_error)
		return error_set(e, EINVAL, "map has no entry for key \"%s\"", name);
	return 0;
}

static int eval_operand(struct run *run, const struct operand *o, json_t *dot, json_t **ret, struct error *e)
{
	json_t *v = NULL;
	int r = 0;

	run->place = o->place;
	switch (o->type) {
	case OPERAND_DOT:
		v = dot;
		break;
	case OPERAND_VARIABLE:
		r = eval_variable(run, o->name, &v, e);
		break;
	case OPERAND_FUNCTION:
		r = function_call(&run->pool, o->name, NULL, 0, &v, e);
		break;
	case OPERAND_LITERAL:
		v = o->literal;
		break;
	case OPERAND_PIPELINE:
		r = eval_pipeline(run, o->pipeline, dot, &v, e);
		break;
	case OPERAND_NIL:
	case _OPERAND_MAX:
		break;
	}
	for (size_t i = 0; r == 0 && i < o->n_fields; i++)
		r = eval_field(run, v, o->fields[i], &v, e);
	*ret = v;
	return r;
}

/* ---- commands ---- */

/* and, or: the arguments after the deciding one are not looked at. */
static bool is_logic(const char *name)
{
	return strcmp(name, "and") == 0 || strcmp(name, "or") == 0;
}

static int eval_logic(struct run *run, const struct command *c, json_t *dot, json_t *last, bool has_last, json_t **ret,
		      struct error *e)
{
	const bool until = strcmp(c->args[0].name, "or") == 0;
	json_t *v = NULL;

	if (c->n_args - 1 + has_last == 0)
		return error_set(e, EINVAL, "wrong number of args for %s: want at least 1 got 0", c->args[0].name);
	for (size_t i = 1; i < c->n_args; i++) {
		int r = eval_operand(run, &c->args[i], dot, &v, e);

		if (r < 0)
			return r;
		if (value_is_true(v) == until) {
			*ret = v;
			return 0;
		}
	}
	*ret = has_last ? last : v;
	return 0;
}

static int eval_command(struct run *run, const struct command *c, json_t *dot, json_t *last, bool has_last,
			json_t **ret, struct error *e)
{
	json_t *args[TEMPLATE_ARGS + 1];
	size_t n = 0;
	int r = 0;

	if (c->args[0].type != OPERAND_FUNCTION)
		return eval_operand(run, &c->args[0], dot, ret, e);
	if (is_logic(c->args[0].name))
		return eval_logic(run, c, dot, last, has_last, ret, e);
	for (size_t i = 1; r == 0 && i < c->n_args; i++)
		r = eval_operand(run, &c->args[i], dot, &args[n++], e);
	if (r < 0)
		return r;
	if (has_last)
		args[n++] = last;
	run->place = c->args[0].place;
	r = function_call(&run->pool, c->args[0].name, args, n, ret, e);
	for (size_t i = 0; r == 0 && i < c->args[0].n_fields; i++)
		r = eval_field(run, *ret, c->args[0].fields[i], ret, e);
	if (r == 0 && run->pool.bytes > POOL_MAX)
		return error_set(e, E2BIG, "the template makes more than %d MiB of values", POOL_MAX / (1024 * 1024));
	return r;
}

static int variable_push(struct run *run, const char *name, json_t *value, struct error *e)
{
	if (run->n_vars == VARS_MAX)
		return error_set(e, E2BIG, "more than %d variables", VARS_MAX);
	run->vars[run->n_vars++] = (struct variable){ name, value };
	return 0;
}

static int variable_set(struct run *run, const struct pipeline *pl, size_t k, json_t *value, struct error *e)
{
	if (!pl->assigns)
		return variable_push(run, pl->vars[k], value, e);
	for (size_t i = run->n_vars; i-- > 0;)
		if (strcmp(run->vars[i].name, pl->vars[k]) == 0) {
			run->vars[i].value = value;
			return 0;
		}
	return error_set(e, EINVAL, "undefined variable \"$%s\"", pl->vars[k]);
}

/* Without what it declares. */
static int eval_commands(struct run *run, const struct pipeline *pl, json_t *dot, json_t **ret, struct error *e)
{
	json_t *v = NULL;
	int r = 0;

	if (++run->steps > STEPS_MAX)
		return error_set(e, E2BIG, "the template does not come to an end");
	for (size_t i = 0; r == 0 && i < pl->n_commands; i++)
		r = eval_command(run, &pl->commands[i], dot, v, i > 0, &v, e);
	*ret = v;
	return r;
}

static int eval_pipeline(struct run *run, const struct pipeline *pl, json_t *dot, json_t **ret, struct error *e)
{
	int r = eval_commands(run, pl, dot, ret, e);

	return r == 0 && pl->n_vars ? variable_set(run, pl, 0, *ret, e) : r;
}

/* ---- range ---- */

static int range_one(struct run *run, const struct tnode *n, json_t *key, json_t *value, struct error *e)
{
	const struct pipeline *pl = n->pipeline;
	const size_t vars = run->n_vars;
	int r = 0;

	if (pl->n_vars == 1)
		r = variable_set(run, pl, 0, value, e);
	else if (pl->n_vars == 2)
		r = variable_set(run, pl, 0, key, e);
	if (r == 0 && pl->n_vars == 2)
		r = variable_set(run, pl, 1, value, e);
	if (r == 0)
		r = exec_list(run, n->body, value, e);
	run->n_vars = vars;
	return r;
}

/* Whether the loop is over. */
static bool range_jump(struct run *run)
{
	const bool over = run->jump == JUMP_BREAK;

	run->jump = JUMP_NONE;
	return over;
}

static int range_list(struct run *run, const struct tnode *n, json_t *list, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		r = range_one(run, n, pool_keep(&run->pool, json_integer((json_int_t)i)), json_array_get(list, i), e);
		if (range_jump(run))
			break;
	}
	return r;
}

static int range_count(struct run *run, const struct tnode *n, json_int_t count, struct error *e)
{
	int r = 0;

	for (json_int_t i = 0; r == 0 && i < count; i++) {
		json_t *v = pool_keep(&run->pool, json_integer(i));

		if (++run->steps > STEPS_MAX)
			return error_set(e, E2BIG, "the template does not come to an end");
		r = range_one(run, n, v, v, e);
		if (range_jump(run))
			break;
	}
	return r;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of the keys. */
static int range_map(struct run *run, const struct tnode *n, json_t *map, struct error *e)
{
	const size_t count = json_object_size(map);
	const char **keys = calloc(count + 1, sizeof(*keys)), *key;
	json_t *value;
	size_t k = 0;
	int r = keys ? 0 : error_oom(e);

	json_object_foreach(map, key, value)
		if (keys && k < count)
			keys[k++] = key;
	if (keys)
		qsort(keys, k, sizeof(*keys), compare_keys);
	for (size_t i = 0; r == 0 && i < k; i++) {
		r = range_one(run, n, pool_keep(&run->pool, json_string(keys[i])), json_object_get(map, keys[i]), e);
		if (range_jump(run))
			break;
	}
	free(keys);
	return r;
}

static int exec_range(struct run *run, const struct tnode *n, json_t *dot, struct error *e)
{
	json_t *v;
	int r = eval_commands(run, n->pipeline, dot, &v, e);

	if (r < 0)
		return r;
	if (!value_is_true(v))
		return exec_list(run, n->otherwise, dot, e);
	if (json_is_array(v))
		return range_list(run, n, v, e);
	if (json_is_object(v))
		return range_map(run, n, v, e);
	if (json_is_integer(v))
		return range_count(run, n, json_integer_value(v), e);
	run->place = n->place;
	return error_set(e, EINVAL, "range can't iterate over this value");
}

/* ---- the other nodes ---- */

static int exec_branch(struct run *run, const struct tnode *n, json_t *dot, struct error *e)
{
	json_t *v;
	int r = eval_pipeline(run, n->pipeline, dot, &v, e);

	if (r < 0)
		return r;
	if (!value_is_true(v))
		return exec_list(run, n->otherwise, dot, e);
	return exec_list(run, n->body, n->type == NODE_WITH ? v : dot, e);
}

/* A called template sees its argument only: as its dot, and as $. */
static int exec_template(struct run *run, const struct tnode *n, json_t *dot, struct error *e)
{
	const struct definition *d = program_find(run->program, n->text);
	const size_t vars = run->n_vars;
	json_t *v = NULL;
	int r = n->pipeline ? eval_pipeline(run, n->pipeline, dot, &v, e) : 0;

	run->place = n->place;
	if (r == 0 && !d)
		r = error_set(e, EINVAL, "template \"%s\" not defined", n->text);
	if (r == 0)
		r = variable_push(run, "", v, e);
	if (r == 0)
		r = exec_list(run, d->body, v, e);
	run->n_vars = vars;
	return r;
}

static int exec_action(struct run *run, const struct tnode *n, json_t *dot, struct error *e)
{
	json_t *v;
	int r = eval_pipeline(run, n->pipeline, dot, &v, e);

	if (r == 0 && n->pipeline->n_vars == 0)
		value_print(v, run->out);
	return r;
}

static int exec_node(struct run *run, const struct tnode *n, json_t *dot, struct error *e)
{
	switch (n->type) {
	case NODE_TEXT:
		strbuf_add(run->out, n->text, n->len);
		return 0;
	case NODE_ACTION:
		return exec_action(run, n, dot, e);
	case NODE_RANGE:
		return exec_range(run, n, dot, e);
	case NODE_TEMPLATE:
		return exec_template(run, n, dot, e);
	case NODE_BREAK:
		run->jump = JUMP_BREAK;
		return 0;
	case NODE_CONTINUE:
		run->jump = JUMP_CONTINUE;
		return 0;
	case NODE_IF:
	case NODE_WITH:
	case _NODE_MAX:
		break;
	}
	return exec_branch(run, n, dot, e);
}

/* Variables end with the block that declares them; those of {{if $x := ...}} with the {{end}}. */
static int exec_list(struct run *run, const struct tnode *n, json_t *dot, struct error *e)
{
	const size_t vars = run->n_vars;
	int r = 0;

	if (++run->depth > TEMPLATE_DEPTH * 4)
		return error_set(e, E2BIG, "templates call each other too deeply");
	for (; n && r == 0 && run->jump == JUMP_NONE; n = n->next) {
		const size_t before = run->n_vars;

		r = exec_node(run, n, dot, e);
		if (n->type != NODE_ACTION)
			run->n_vars = before;
		if (++run->steps > STEPS_MAX)
			return error_set(e, E2BIG, "the template does not come to an end");
		if (run->out->len - run->out_start > OUTPUT_MAX || run->out->oom)
			return error_set(e, E2BIG, "the template's output is larger than %d MiB",
					 OUTPUT_MAX / (1024 * 1024));
	}
	run->n_vars = vars;
	run->depth--;
	return r;
}

/* ---- the whole ---- */

static int parse_all(const struct template_options *opt, struct program *p, struct error *e)
{
	int r = 0;

	/* The first comes last: what it defines wins over what the others do. */
	for (size_t i = opt->n_sources; r == 0 && i-- > 0;)
		r = program_parse(p, &opt->sources[i], i, e);
	return r;
}

int template_render(const struct template_options *opt, json_t *data, struct strbuf *out,
		    struct template_place *ret_place, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct program p = { .arena = &a, .literals = json_array() };
	struct run *run = calloc(1, sizeof(*run));
	struct template_place place;
	int r = run && p.literals ? parse_all(opt, &p, e) : error_oom(e);

	place = p.place;
	if (r == 0) {
		*run = (struct run){
			.program = &p, .opt = opt, .pool = { .values = json_array() }, .out = out, .out_start = out->len
		};
		run->vars[run->n_vars++] = (struct variable){ "", data };
		r = exec_list(run, program_find(&p, opt->sources[0].name)->body, data, e);
		place = run->place;
		json_decref(run->pool.values);
	}
	if (r < 0 && ret_place)
		*ret_place = place;
	json_decref(p.literals);
	free(run);
	return r;
}
