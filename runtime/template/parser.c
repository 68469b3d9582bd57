// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parser.c - tokens into a tree; refuses to know what a function does
 */
#include <string.h>

#include "template/internal.h"

struct parser {
	struct program *program;
	struct lexer lexer;
	struct token token;    /* the one to be looked at */
	unsigned depth, loops; /* blocks that we are in */
};

static int parse_list(struct parser *p, struct tnode **ret, const char **ret_end, struct error *e);
static int parse_pipeline(struct parser *p, enum token_type end, struct pipeline **ret, struct error *e);

static int next(struct parser *p, struct error *e)
{
	const int r = lexer_next(&p->lexer, &p->token, e);

	if (p->token.number)
		(void)json_array_append_new(p->program->literals, p->token.number);
	return r;
}

static bool is_word(const struct parser *p, const char *word)
{
	return p->token.type == TOKEN_NAME && strcmp(p->token.text, word) == 0;
}

static int expect(struct parser *p, enum token_type type, const char *what, struct error *e)
{
	if (p->token.type != type)
		return error_set(e, EINVAL, "unexpected '%s' in %s", p->token.text ? p->token.text : "end", what);
	return next(p, e);
}

/* ---- operands ---- */

static void literal(struct parser *p, struct operand *o, json_t *value)
{
	(void)json_array_append_new(p->program->literals, value);
	o->type = OPERAND_LITERAL;
	o->literal = value;
}

static int parse_name(struct parser *p, struct operand *o, struct error *e)
{
	const char *name = p->token.text;

	if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0)
		return literal(p, o, json_boolean(*name == 't')), 0;
	if (strcmp(name, "nil") == 0)
		return o->type = OPERAND_NIL, 0;
	if (!function_exists(name))
		return error_set(e, EINVAL, "function \"%s\" not defined", name);
	o->type = OPERAND_FUNCTION;
	o->name = name;
	return 0;
}

static void add_field(struct parser *p, struct operand *o, const char *name)
{
	*ARENA_PUSH(p->program->arena, o->fields, o->n_fields) = name;
}

static int parse_operand_head(struct parser *p, struct operand *o, struct error *e)
{
	switch (p->token.type) {
	case TOKEN_DOT:
		o->type = OPERAND_DOT;
		return 0;
	case TOKEN_FIELD:
		o->type = OPERAND_DOT;
		add_field(p, o, p->token.text);
		return 0;
	case TOKEN_VARIABLE:
		o->type = OPERAND_VARIABLE;
		o->name = p->token.text;
		return 0;
	case TOKEN_STRING:
		literal(p, o, json_stringn_nocheck(p->token.text, p->token.len));
		return 0;
	case TOKEN_NUMBER:
		o->type = OPERAND_LITERAL;
		o->literal = p->token.number;
		return 0;
	case TOKEN_NAME:
		return parse_name(p, o, e);
	default:
		return error_set(e, EINVAL, "unexpected '%s' in an action", p->token.text ? p->token.text : "end");
	}
}

/* With the .fields that follow at once. */
static int parse_operand(struct parser *p, struct operand *o, struct error *e)
{
	int r;

	*o = (struct operand){ .place = p->token.place };
	if (p->token.type == TOKEN_OPEN_PAREN) {
		o->type = OPERAND_PIPELINE;
		r = next(p, e);
		if (r == 0)
			r = parse_pipeline(p, TOKEN_CLOSE_PAREN, &o->pipeline, e);
	} else {
		r = parse_operand_head(p, o, e);
	}
	if (r == 0)
		r = next(p, e);
	while (r == 0 && p->token.type == TOKEN_FIELD && !p->token.space) {
		add_field(p, o, p->token.text);
		r = next(p, e);
	}
	return r;
}

/* ---- pipelines ---- */

static int parse_command(struct parser *p, enum token_type end, struct command *c, struct error *e)
{
	*c = (struct command){ 0 };
	while (p->token.type != TOKEN_PIPE && p->token.type != end) {
		int r = parse_operand(p, ARENA_PUSH(p->program->arena, c->args, c->n_args), e);

		if (r < 0)
			return r;
		if (c->n_args > TEMPLATE_ARGS)
			return error_set(e, EINVAL, "more than %d arguments", TEMPLATE_ARGS);
	}
	if (c->n_args == 0)
		return error_set(e, EINVAL, "missing value for a command");
	if (c->n_args > 1 && c->args[0].type != OPERAND_FUNCTION)
		return error_set(e, EINVAL, "can't give argument to non-function");
	return 0;
}

/* "$x :=", "$i, $x :=", "$x =". Return: 1 when it is a declaration; then the tokens up to it are taken. */
static int parse_declaration(struct parser *p, struct pipeline *pl, struct error *e)
{
	const struct lexer saved = p->lexer;
	const struct token first = p->token;
	int r = 0;

	while (p->token.type == TOKEN_VARIABLE && pl->n_vars < ARRAY_SIZE(pl->vars)) {
		pl->vars[pl->n_vars++] = p->token.text;
		r = next(p, e);
		if (r < 0 || p->token.type != TOKEN_COMMA)
			break;
		r = next(p, e);
	}
	if (r < 0)
		return r;
	if (pl->n_vars && (p->token.type == TOKEN_DECLARE || p->token.type == TOKEN_ASSIGN)) {
		pl->assigns = p->token.type == TOKEN_ASSIGN;
		r = next(p, e);
		return r < 0 ? r : 1;
	}
	p->lexer = saved;
	p->token = first;
	pl->n_vars = 0;
	return 0;
}

static int parse_pipeline(struct parser *p, enum token_type end, struct pipeline **ret, struct error *e)
{
	struct pipeline *pl = arena_alloc(p->program->arena, sizeof(*pl));
	int r;

	if (++p->depth > TEMPLATE_DEPTH)
		return error_set(e, EINVAL, "more than %d levels", TEMPLATE_DEPTH);
	pl->place = p->token.place;
	r = parse_declaration(p, pl, e);
	while (r >= 0) {
		r = parse_command(p, end, ARENA_PUSH(p->program->arena, pl->commands, pl->n_commands), e);
		if (r < 0 || p->token.type == end)
			break;
		r = next(p, e); /* the pipe */
	}
	for (size_t i = 1; r >= 0 && i < pl->n_commands; i++)
		if (pl->commands[i].args[0].type != OPERAND_FUNCTION)
			r = error_set(e, EINVAL, "non executable command in pipeline stage %zu", i + 1);
	p->depth--;
	*ret = pl;
	return r < 0 ? r : 0;
}

/* A pipeline up to the end of its action. */
static int parse_action_pipeline(struct parser *p, struct pipeline **ret, struct error *e)
{
	int r = parse_pipeline(p, TOKEN_CLOSE, ret, e);

	return r < 0 ? r : next(p, e);
}

/* ---- blocks ---- */

static int parse_block(struct parser *p, struct tnode *n, struct error *e);

/* {{else}}, {{else if ...}}, {{else with ...}} */
static int parse_else(struct parser *p, struct tnode *n, struct error *e)
{
	const char *end = NULL;
	int r;

	if (p->token.type == TOKEN_CLOSE) {
		r = next(p, e);
		if (r == 0)
			r = parse_list(p, &n->otherwise, &end, e);
		if (r == 0 && strcmp(end, "end") != 0)
			r = error_set(e, EINVAL, "expected end; found {{%s}}", end);
		return r < 0 ? r : expect(p, TOKEN_CLOSE, "end", e);
	}
	if (!is_word(p, "if") && !is_word(p, "with"))
		return error_set(e, EINVAL, "unexpected '%s' after else", p->token.text ? p->token.text : "");
	n->otherwise = arena_alloc(p->program->arena, sizeof(*n->otherwise));
	*n->otherwise = (struct tnode){ .type = is_word(p, "if") ? NODE_IF : NODE_WITH, .place = p->token.place };
	r = next(p, e);
	return r < 0 ? r : parse_block(p, n->otherwise, e);
}

static int parse_block(struct parser *p, struct tnode *n, struct error *e)
{
	const char *end = NULL;
	int r = parse_action_pipeline(p, &n->pipeline, e);

	p->loops += n->type == NODE_RANGE;
	if (r == 0)
		r = parse_list(p, &n->body, &end, e);
	p->loops -= n->type == NODE_RANGE;
	if (r < 0)
		return r;
	if (strcmp(end, "else") == 0)
		return parse_else(p, n, e);
	return strcmp(end, "end") == 0 ? expect(p, TOKEN_CLOSE, "end", e)
				       : error_set(e, EINVAL, "unexpected EOF: {{end}} is missing");
}

static int parse_definition(struct parser *p, const char *name, struct error *e)
{
	struct definition d = { .name = name };
	const char *end = NULL;
	int r = parse_list(p, &d.body, &end, e);

	if (r == 0 && strcmp(end, "end") != 0)
		r = error_set(e, EINVAL, "unexpected {{%s}} in a definition", end);
	if (r == 0)
		*ARENA_PUSH(p->program->arena, p->program->defs, p->program->n_defs) = d;
	return r < 0 ? r : expect(p, TOKEN_CLOSE, "end", e);
}

static int parse_string(struct parser *p, const char **ret, const char *what, struct error *e)
{
	if (p->token.type != TOKEN_STRING)
		return error_set(e, EINVAL, "%s wants a name in quotes", what);
	*ret = p->token.text;
	return next(p, e);
}

static int parse_define(struct parser *p, struct tnode *n, struct error *e)
{
	const char *name = NULL;
	int r = parse_string(p, &name, "define", e);

	(void)n;
	if (r == 0)
		r = expect(p, TOKEN_CLOSE, "define", e);
	return r < 0 ? r : parse_definition(p, name, e);
}

static int parse_template(struct parser *p, struct tnode *n, struct error *e)
{
	int r = parse_string(p, &n->text, "template", e);

	n->type = NODE_TEMPLATE;
	if (r == 0 && p->token.type != TOKEN_CLOSE)
		return parse_action_pipeline(p, &n->pipeline, e);
	return r < 0 ? r : next(p, e);
}

/* A definition, and a call of it at once. */
static int parse_block_action(struct parser *p, struct tnode *n, struct error *e)
{
	int r = parse_string(p, &n->text, "block", e);

	n->type = NODE_TEMPLATE;
	if (r == 0)
		r = parse_action_pipeline(p, &n->pipeline, e);
	return r < 0 ? r : parse_definition(p, n->text, e);
}

static int parse_if(struct parser *p, struct tnode *n, struct error *e)
{
	n->type = NODE_IF;
	return parse_block(p, n, e);
}

static int parse_with(struct parser *p, struct tnode *n, struct error *e)
{
	n->type = NODE_WITH;
	return parse_block(p, n, e);
}

static int parse_range(struct parser *p, struct tnode *n, struct error *e)
{
	n->type = NODE_RANGE;
	return parse_block(p, n, e);
}

static int parse_jump(struct parser *p, struct tnode *n, enum node_type type, struct error *e)
{
	n->type = type;
	if (!p->loops)
		return error_set(e, EINVAL, "{{%s}} outside {{range}}", type == NODE_BREAK ? "break" : "continue");
	return expect(p, TOKEN_CLOSE, "an action", e);
}

static int parse_break(struct parser *p, struct tnode *n, struct error *e)
{
	return parse_jump(p, n, NODE_BREAK, e);
}

static int parse_continue(struct parser *p, struct tnode *n, struct error *e)
{
	return parse_jump(p, n, NODE_CONTINUE, e);
}

static const struct {
	const char *word;
	int (*parse)(struct parser *p, struct tnode *n, struct error *e);
} keywords[] = {
	{ "if", parse_if },	    { "with", parse_with },	    { "range", parse_range },
	{ "define", parse_define }, { "template", parse_template }, { "block", parse_block_action },
	{ "break", parse_break },   { "continue", parse_continue },
};

static int parse_action(struct parser *p, struct tnode *n, struct error *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (is_word(p, keywords[i].word)) {
			int r = next(p, e);

			return r < 0 ? r : keywords[i].parse(p, n, e);
		}
	n->type = NODE_ACTION;
	return parse_action_pipeline(p, &n->pipeline, e);
}

/* Until {{end}} or {{else}}, whose word is taken, or the end of the source (*ret_end is NULL). */
static int parse_list(struct parser *p, struct tnode **ret, const char **ret_end, struct error *e)
{
	struct tnode **tail = ret;
	int r = 0;

	if (++p->depth > TEMPLATE_DEPTH)
		return error_set(e, EINVAL, "more than %d levels", TEMPLATE_DEPTH);
	*ret = NULL;
	while (r == 0 && p->token.type != TOKEN_END) {
		struct tnode *n;

		if (is_word(p, "end") || is_word(p, "else")) {
			*ret_end = p->token.text;
			p->depth--;
			return next(p, e);
		}
		n = arena_alloc(p->program->arena, sizeof(*n));
		*n = (struct tnode){ .type = _NODE_MAX, .place = p->token.place };
		if (p->token.type == TOKEN_TEXT) {
			*n = (struct tnode){ .type = NODE_TEXT, .text = p->token.text, .len = p->token.len };
			r = next(p, e);
		} else {
			r = parse_action(p, n, e);
		}
		if (n->type != _NODE_MAX) { /* a definition leaves nothing */
			*tail = n;
			tail = &n->next;
		}
	}
	p->depth--;
	if (r == 0)
		*ret_end = "";
	return r;
}

int program_parse(struct program *program, const struct template_source *src, size_t index, struct error *e)
{
	struct parser p = {
		.program = program,
		.lexer = { .arena = program->arena,
			   .p = src->text,
			   .end = src->text + src->len,
			   .line_start = src->text,
			   .place = { .source = index, .line = 1 } },
	};
	struct definition d = { .name = src->name };
	const char *end = "";
	int r = next(&p, e);

	if (r == 0)
		r = parse_list(&p, &d.body, &end, e);
	if (r == 0 && *end)
		r = error_set(e, EINVAL, "unexpected {{%s}}", end);
	program->place = p.token.place;
	if (r == 0)
		*ARENA_PUSH(program->arena, program->defs, program->n_defs) = d;
	return r;
}

const struct definition *program_find(const struct program *p, const char *name)
{
	for (size_t i = p->n_defs; i-- > 0;)
		if (strcmp(p->defs[i].name, name) == 0)
			return &p->defs[i];
	return NULL;
}
