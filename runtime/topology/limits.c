// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * limits.c - cpu, cpu-set and memory of a node
 *
 * Owns their syntax, which is Docker's. Refuses to know how many processors the machine has (plan/plan.c).
 */
#include <ctype.h>
#include <string.h>

#include "topology/nodekeys.h"

enum { CPU_MILLI_MIN = 10, CPU_MAX = 65536 };

/* Below this a container of Docker's does not start either: its first process would not fit. */
static const uint64_t memory_min = 6ULL << 20;

const char *number_parse(const char *text, double *ret)
{
	const size_t n = strspn(text, "0123456789.");
	char *end;

	if (n == 0 || !isdigit((unsigned char)*text))
		return NULL;
	*ret = strtod(text, &end);
	return end == text + n ? end : NULL;
}

/* ---- cpu: "0.5" ---- */

static int cpu_parse(const char *text, uint32_t *ret_milli)
{
	double n;
	const char *end = number_parse(text, &n);

	if (!end || *end || n > CPU_MAX || (n > 0 && n * 1000 < CPU_MILLI_MIN))
		return -EINVAL;
	*ret_milli = (uint32_t)(n * 1000 + 0.5);
	return 0;
}

void cpu_check(struct loader *l, const struct value *v)
{
	uint32_t milli;

	if (*v->text && cpu_parse(v->text, &milli) < 0)
		diag_error(l->d, v->pos, "write 0.5 for half a processor; the least is 0.01",
			   "'%s' is no number of processors", v->text);
}

/* ---- memory: "512m" ---- */

void memory_check(struct loader *l, const struct value *v)
{
	uint64_t n;

	if (!*v->text)
		return;
	if (size_parse(v->text, &n) < 0)
		diag_error(l->d, v->pos, "write it as Docker does: 512m, 1g, 1.5Gb", "'%s' is no size", v->text);
	else if (n && n < memory_min)
		diag_error(l->d, v->pos, NULL, "%s is too little memory: the least is 6m", v->text);
}

/* ---- cpu-set: "0-3,6" ---- */

/* One number of the list. Return: what follows it, NULL: that is none. */
static const char *cpu_number(const char *p, uint32_t *ret)
{
	char *end;
	const unsigned long n = isdigit((unsigned char)*p) ? strtoul(p, &end, 10) : CPU_MAX;

	if (n >= CPU_MAX)
		return NULL;
	*ret = (uint32_t)n;
	return end;
}

int cpu_list_parse(const char *text, uint32_t *ret_max)
{
	uint32_t max = 0;

	for (const char *p = text;; p++) {
		uint32_t from = 0, to;

		p = cpu_number(p, &from);
		to = from;
		if (p && *p == '-')
			p = cpu_number(p + 1, &to);
		if (!p || to < from)
			return -EINVAL;
		max = MAX_OF(max, to);
		if (!*p)
			break;
		if (*p != ',')
			return -EINVAL;
	}
	*ret_max = max;
	return 0;
}

void cpu_set_check(struct loader *l, const struct value *v)
{
	uint32_t max;

	if (*v->text && cpu_list_parse(v->text, &max) < 0)
		diag_error(l->d, v->pos, "write 0-3 or 0,2", "'%s' is no list of processors", v->text);
}

/* ---- all of them ---- */

static const struct value *limit_value(const struct node_ctx *c, enum node_key key)
{
	const struct value *v = levels_value(c->levels, key);

	return v && *v->text ? v : NULL;
}

/* What the checks have refused stays without a limit. */
void node_apply_limits(struct node_ctx *c)
{
	const struct value *cpu = limit_value(c, NK_CPU), *memory = limit_value(c, NK_MEMORY),
			   *set = limit_value(c, NK_CPU_SET);
	struct node_limits *limits = &c->node->limits;

	if (c->node->kind != NODE_LINUX)
		return;
	if (cpu)
		(void)cpu_parse(cpu->text, &limits->cpu_milli);
	if (memory)
		(void)size_parse(memory->text, &limits->memory);
	if (set && cpu_list_parse(set->text, &limits->cpu_max) == 0) {
		limits->cpus = arena_strdup(c->l->a, set->text);
		limits->cpus_pos = set->pos;
	}
}
