// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * health.c - healthcheck of a node
 *
 * Owns its syntax, which is containerlab's: Docker's `test`, times in whole seconds. Refuses to know when a check runs, and
 * what its results mean (supervisor/health.c).
 */
#include <string.h>

#include "topology/nodekeys.h"

/* Docker's, for what is not said or 0. */
enum { INTERVAL_S = 30, TIMEOUT_S = 30, RETRIES = 3 };

enum health_key { HK_TEST, HK_INTERVAL, HK_TIMEOUT, HK_RETRIES, HK_START_PERIOD, _HK_MAX };

static void test_check(struct loader *l, const struct value *v);

static const struct schema_key health_keys[] = {
	[HK_TEST] = { "test", SHAPE_ANY, 0, test_check,
		      "`[CMD, ...]`, `[CMD-SHELL, LINE]`, `[NONE]`, or a line for sh" },
	[HK_INTERVAL] = { "interval", SHAPE_UINT, 0, NULL, "seconds from a check to the next, 30" },
	[HK_TIMEOUT] = { "timeout", SHAPE_UINT, 0, NULL, "seconds after which a check is killed, and has failed, 30" },
	[HK_RETRIES] = { "retries", SHAPE_UINT, 0, NULL, "how many must fail in a row, 3" },
	[HK_START_PERIOD] = { "start-period", SHAPE_UINT, 0, NULL, "seconds in which failures do not count, 0" },
};
static_assert(ARRAY_SIZE(health_keys) == _HK_MAX, "one a key");
const struct schema health_schema = { health_keys, ARRAY_SIZE(health_keys) };

/* ---- test ---- */

/* How many words a test must have and may have, its own name included; 0: any number. */
static const struct {
	const char *name;
	size_t min, max;
} forms[] = { { "CMD", 2, 0 }, { "CMD-SHELL", 2, 2 }, { "NONE", 1, 1 } };

static const char *test_wrong(const struct value *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (strcmp(value_string(v->items[0]), forms[i].name) != 0)
			continue;
		if (v->n < forms[i].min)
			return "has no command";
		return forms[i].max && v->n > forms[i].max ? "has words too many" : NULL;
	}
	return "begins with none of CMD, CMD-SHELL and NONE";
}

static void test_check(struct loader *l, const struct value *v)
{
	const char *wrong = NULL;

	if (v->type == VALUE_NULL || v->type == VALUE_SCALAR)
		return;
	if (!shape_check(l, v, SHAPE_STRINGS, "test"))
		return;
	wrong = v->n ? test_wrong(v) : NULL;
	if (wrong)
		diag_error(l->d, v->pos, "write [CMD, ping, -c1, r1] or [CMD-SHELL, \"ping -c1 r1 | grep ttl\"]",
			   "the test of this healthcheck %s", wrong);
}

static void shell_line(struct loader *l, const char *line, struct strv *ret)
{
	strv_add(l->a, ret, "/bin/sh");
	strv_add(l->a, ret, "-c");
	strv_add(l->a, ret, line);
}

/* What the check has refused, NONE and nothing at all: no words. */
static void test_words(struct loader *l, const struct value *v, struct strv *ret)
{
	if (!v || v->type == VALUE_NULL || v->type == VALUE_MAP)
		return;
	if (v->type == VALUE_SCALAR) {
		if (*v->text)
			shell_line(l, v->text, ret);
		return;
	}
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i]->type != VALUE_SCALAR)
			return;
	if (!v->n || test_wrong(v))
		return;
	if (strcmp(v->items[0]->text, "CMD-SHELL") == 0)
		shell_line(l, v->items[1]->text, ret);
	for (size_t i = 1; strcmp(v->items[0]->text, "CMD") == 0 && i < v->n; i++)
		strv_add(l->a, ret, v->items[i]->text);
}

/* ---- the key ---- */

void health_check(struct loader *l, const struct value *v)
{
	const struct value *keys[_HK_MAX];

	schema_read(l, v, SCHEMA(health_keys), "'healthcheck'", keys);
}

static uint32_t number(const struct value *v, const char *key, uint32_t unset)
{
	const struct value *n = value_get(v, key);
	int64_t i;

	if (!n || n->type != VALUE_SCALAR || value_parse_int(n->text, &i) < 0 || i <= 0 || i > UINT32_MAX)
		return unset;
	return (uint32_t)i;
}

/* Taken whole, as containerlab does: a node's own check says nothing by what its kind's said. */
void node_apply_health(struct node_ctx *c)
{
	const struct value *v = levels_value(c->levels, NK_HEALTHCHECK);
	struct healthcheck *h = &c->node->health;

	if (!v || c->node->kind != NODE_LINUX)
		return;
	test_words(c->l, value_get(v, "test"), &h->argv);
	h->interval = number(v, "interval", INTERVAL_S);
	h->timeout = number(v, "timeout", TIMEOUT_S);
	h->retries = number(v, "retries", RETRIES);
	h->start_period = number(v, "start-period", 0);
}
