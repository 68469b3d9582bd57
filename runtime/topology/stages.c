// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stages.c - stages of a node: for whom it waits, and what runs when it enters and leaves them
 *
 * Owns their syntax, which is containerlab's, and how they are inherited: all levels' together, each wait once. Refuses to
 * know whether the waits can end (stagegraph.c), and what a stage is (plan/steps.c).
 */
#include <string.h>

#include "topology/nodekeys.h"

/* ---- keys ---- */

enum stage_key { SK_WAIT_FOR, SK_EXEC, _SK_MAX };
enum wait_key { WK_NODE, WK_STAGE, _WK_MAX };
enum exec_key { XK_COMMAND, XK_TARGET, XK_PHASE, _XK_MAX };

static void check_stage(struct loader *l, const struct value *v);
static void check_create(struct loader *l, const struct value *v);
static void check_waits(struct loader *l, const struct value *v);
static void check_execs(struct loader *l, const struct value *v);
static void check_stage_name(struct loader *l, const struct value *v);
static void check_command(struct loader *l, const struct value *v);
static void check_target(struct loader *l, const struct value *v);
static void check_phase(struct loader *l, const struct value *v);

static const struct schema_key stages_keys[] = {
	[STAGE_CREATE] = { "create", SHAPE_MAP, 0, check_create, "its init and its main process start" },
	[STAGE_CREATE_LINKS] = { "create-links", SHAPE_MAP, 0, check_stage,
		"its ends of its links are made" },
	[STAGE_CONFIGURE] = { "configure", SHAPE_MAP, 0, check_stage, "done before the node's own `exec` lines run" },
	[STAGE_HEALTHY] = { "healthy", SHAPE_MAP, 0, check_stage, "its `healthcheck` has succeeded" },
	[STAGE_EXIT] = { "exit", SHAPE_MAP, 0, check_stage,
		"its main process has ended (with `restart-policy: on-failure`: for good)" },
};
static_assert(ARRAY_SIZE(stages_keys) == _STAGE_MAX, "one a stage");
const struct schema stages_schema = { stages_keys, ARRAY_SIZE(stages_keys) };

static const struct schema_key stage_keys[] = {
	[SK_WAIT_FOR] = { "wait-for", SHAPE_LIST, 0, check_waits, "the node enters the stage after others have completed theirs" },
	[SK_EXEC] = { "exec", SHAPE_ANY, 0, check_execs, "commands; a failure is shown, not fatal" },
};
static_assert(ARRAY_SIZE(stage_keys) == _SK_MAX, "one a key");
const struct schema stage_schema = { stage_keys, ARRAY_SIZE(stage_keys) };

static const struct schema_key wait_keys[] = {
	[WK_NODE] = { "node", SHAPE_STRING, 0, NULL, "for whom" },
	[WK_STAGE] = { "stage", SHAPE_STRING, 0, check_stage_name, "which one must be complete" },
};
static_assert(ARRAY_SIZE(wait_keys) == _WK_MAX, "one a key");
const struct schema stage_wait_schema = { wait_keys, ARRAY_SIZE(wait_keys) };

static const struct schema_key exec_keys[] = {
	[XK_COMMAND] = { "command", SHAPE_STRING, 0, check_command, "split into words, no shell" },
	[XK_TARGET] = { "target", SHAPE_STRING, 0, check_target, "container (the node), or host: in the topology file's directory" },
	[XK_PHASE] = { "phase", SHAPE_STRING, 0, check_phase, "on-enter, or on-exit" },
};
static_assert(ARRAY_SIZE(exec_keys) == _XK_MAX, "one a key");
const struct schema stage_exec_schema = { exec_keys, ARRAY_SIZE(exec_keys) };

/* The form of containerlab 0.50 and earlier: exec: {on-enter: [LINE], on-exit: [LINE]} */
enum phase { ON_ENTER, ON_EXIT, _PHASE_MAX };

static void check_lines(struct loader *l, const struct value *v);

static const struct schema_key old_exec_keys[] = {
	[ON_ENTER] = { "on-enter", SHAPE_STRINGS, 0, check_lines, "an older form: commands in the node" },
	[ON_EXIT] = { "on-exit", SHAPE_STRINGS, 0, check_lines, "likewise" },
};
static_assert(ARRAY_SIZE(old_exec_keys) == _PHASE_MAX, "one a phase");
const struct schema stage_old_exec_schema = { old_exec_keys, ARRAY_SIZE(old_exec_keys) };

/* ---- checks, once where it stands ---- */

void stages_check(struct loader *l, const struct value *v)
{
	const struct value *keys[_STAGE_MAX];

	schema_read(l, v, SCHEMA(stages_keys), "'stages'", keys);
}

static void check_stage(struct loader *l, const struct value *v)
{
	const struct value *keys[_SK_MAX];

	schema_read(l, v, SCHEMA(stage_keys), "a stage", keys);
}

/* When it is entered there is nothing yet to run a command in. */
static void check_create(struct loader *l, const struct value *v)
{
	const struct value *x = value_get(v, "exec");

	check_stage(l, v);
	for (size_t i = 0; x && x->type == VALUE_SEQ && i < x->n; i++)
		if (strcmp(value_string(value_get(x->items[i], "target")), "host") != 0 &&
		    strcmp(value_string(value_get(x->items[i], "phase")), "on-exit") != 0)
			diag_warning(l->d, x->items[i]->pos, "give it 'phase: on-exit', or 'target: host'",
				     "this command does not run: the node is not there yet when it enters stage create");
}

static void check_waits(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct value *keys[_WK_MAX];
		const size_t errors = l->d->n_errors;

		schema_read(l, v->items[i], SCHEMA(wait_keys), "an item of 'wait-for'", keys);
		if (l->d->n_errors == errors && (!value_is_set(keys[WK_NODE]) || !value_is_set(keys[WK_STAGE])))
			diag_error(l->d, v->items[i]->pos, "write {node: NAME, stage: configure}",
				   "an item of 'wait-for' needs a node and a stage");
	}
}

static void check_word(struct loader *l, const struct value *v, const char *what, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v->text, words[i]) == 0)
			return;
	diag_error(l->d, v->pos, suggest_of(l, v->text, words, n), "there is no %s '%s'", what, v->text);
}

static void check_stage_name(struct loader *l, const struct value *v)
{
	check_word(l, v, "stage", stage_names, _STAGE_MAX);
}

static void check_target(struct loader *l, const struct value *v)
{
	static const char *const targets[] = { "container", "host" };

	if (*v->text)
		check_word(l, v, "target", targets, ARRAY_SIZE(targets));
}

static void check_phase(struct loader *l, const struct value *v)
{
	static const char *const phases[] = { [ON_ENTER] = "on-enter", [ON_EXIT] = "on-exit" };

	static_assert(ARRAY_SIZE(phases) == _PHASE_MAX, "one a phase");
	if (*v->text)
		check_word(l, v, "phase", phases, ARRAY_SIZE(phases));
}

static void check_command(struct loader *l, const struct value *v)
{
	struct error e = { 0 };
	struct strv words;

	if (shlex_split(&l->scratch, v->text, &words, &e) < 0)
		diag_error(l->d, v->pos, NULL, "cannot be split into words: %s", e.msg);
	else if (!words.n)
		diag_error(l->d, v->pos, NULL, "an empty command");
}

static void check_lines(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (value_is_set(v->items[i]))
			check_command(l, v->items[i]);
}

static void check_execs(struct loader *l, const struct value *v)
{
	const struct value *keys[_XK_MAX], *old[_PHASE_MAX];

	if (v->type == VALUE_MAP)
		schema_read(l, v, SCHEMA(old_exec_keys), "'exec' of a stage", old);
	else if (shape_check(l, v, SHAPE_LIST, "exec"))
		for (size_t i = 0; i < v->n; i++) {
			const size_t errors = l->d->n_errors;

			schema_read(l, v->items[i], SCHEMA(exec_keys), "an item of 'exec'", keys);
			if (l->d->n_errors == errors && !keys[XK_COMMAND])
				diag_error(l->d, v->items[i]->pos, "write {command: LINE, target: container, phase: on-exit}",
					   "an item of 'exec' needs a command");
		}
}

/* ---- into the node; what was wrong has been said ---- */

static bool stage_parse(const char *name, enum stage *ret)
{
	for (size_t i = 0; i < _STAGE_MAX; i++)
		if (strcmp(stage_names[i], name) == 0) {
			*ret = (enum stage)i;
			return true;
		}
	return false;
}

static bool has_wait(const struct stage_spec *s, const struct stage_wait *w)
{
	for (size_t i = 0; i < s->n_waits; i++)
		if (s->waits[i].stage == w->stage && strcmp(s->waits[i].name, w->name) == 0)
			return true;
	return false;
}

static void waits_add(struct node_ctx *c, struct stage_spec *s, const struct value *list)
{
	for (size_t i = 0; list && list->type == VALUE_SEQ && i < list->n; i++) {
		struct stage_wait w = { .node = LAB_INDEX_NONE, .pos = list->items[i]->pos };

		w.name = value_string(value_get(list->items[i], "node"));
		if (!*w.name || !stage_parse(value_string(value_get(list->items[i], "stage")), &w.stage) || has_wait(s, &w))
			continue;
		w.name = arena_strdup(c->l->a, w.name);
		*ARENA_PUSH(c->l->a, s->waits, s->n_waits) = w;
	}
}

static void exec_add(struct node_ctx *c, struct stage_spec *s, const struct value *line, bool host, bool on_exit)
{
	struct stage_exec x = { .host = host, .on_exit = on_exit };
	struct error e = { 0 };

	if (!value_is_set(line) || (s == &c->node->stages->stage[STAGE_CREATE] && !host && !on_exit))
		return;
	x.line = (struct exec_line){ .text = arena_strdup(c->l->a, magic_expand(c, line->text)), .pos = line->pos };
	if (shlex_split(c->l->a, x.line.text, &x.line.argv, &e) == 0) {
		if (x.line.argv.n)
			*ARENA_PUSH(c->l->a, s->execs, s->n_execs) = x;
	} else if (shlex_split(&c->l->scratch, line->text, &x.line.argv, NULL) == 0) { /* else check_command() has said so */
		diag_error(c->l->d, line->pos, NULL, "cannot be split into words: %s", e.msg);
	}
}

static void execs_add(struct node_ctx *c, struct stage_spec *s, const struct value *v)
{
	for (size_t i = 0; v && v->type == VALUE_SEQ && i < v->n; i++)
		exec_add(c, s, value_get(v->items[i], "command"),
			 strcmp(value_string(value_get(v->items[i], "target")), "host") == 0,
			 strcmp(value_string(value_get(v->items[i], "phase")), "on-exit") == 0);
	for (size_t k = 0; v && v->type == VALUE_MAP && k < _PHASE_MAX; k++) {
		const struct value *lines = value_get(v, old_exec_keys[k].name);

		for (size_t i = 0; lines && lines->type == VALUE_SEQ && i < lines->n; i++)
			exec_add(c, s, lines->items[i], false, k == ON_EXIT);
	}
}

void node_apply_stages(struct node_ctx *c)
{
	for (int i = 0; i < _LEVEL_MAX; i++) {
		const struct value *v = c->levels->p[i] ? c->levels->p[i]->v[NK_STAGES] : NULL;

		if (v && !c->node->stages)
			c->node->stages = arena_alloc(c->l->a, sizeof(*c->node->stages));
		for (size_t k = 0; v && k < _STAGE_MAX; k++) {
			const struct value *stage = value_get(v, stage_names[k]);

			waits_add(c, &c->node->stages->stage[k], value_get(stage, "wait-for"));
			execs_add(c, &c->node->stages->stage[k], value_get(stage, "exec"));
		}
	}
}
