// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * groups.c - see groups.h
 */
#include "engine/groups.h"

#include <string.h>

#include "kernel/cgroup.h"

static struct cgroup_limits limits_of(const struct engine *en, size_t node)
{
	const struct node_limits *l = &en->plan->lab->nodes[node].limits;

	return (struct cgroup_limits){ .cpu_milli = l->cpu_milli, .memory = l->memory, .cpus = l->cpus };
}

static bool is_limited(const struct engine *en, size_t node)
{
	const struct cgroup_limits l = limits_of(en, node);
	bool limited = false;

	for (int i = 0; i < _CGROUP_MAX; i++)
		limited |= cgroup_is_limited(&l, (enum cgroup_controller)i);
	return limited && en->plan->nodes[node].has_init;
}

/* The index keeps those apart whose long names are cut off; the rest is for people who look at /sys/fs/cgroup. */
static const char *group_name(struct arena *a, const struct engine *en, size_t node)
{
	return arena_printf(a, "netemu-%.80s-%zu-%.80s", en->plan->lab->name, node, en->plan->lab->nodes[node].name);
}

int groups_plan(struct engine *en, struct error *e)
{
	const size_t n = en->plan->lab->n_nodes;

	en->node_cgroups = arena_alloc(&en->arena, (n + 1) * sizeof(*en->node_cgroups));
	for (size_t i = 0; i < n; i++) {
		const struct cgroup_limits l = limits_of(en, i);

		if (!is_limited(en, i))
			continue;
		if (!en->cgroups) {
			struct cgroup_host *host = arena_alloc(&en->arena, sizeof(*host));
			const int r = cgroup_host_read(&en->arena, host, e);

			if (r < 0)
				return r;
			en->cgroups = host;
		}
		cgroup_paths(&en->arena, en->cgroups, group_name(&en->arena, en, i), &l, &en->node_cgroups[i]);
	}
	return 0;
}

static const char *group_dir(struct arena *a, const struct engine *en, size_t node, enum cgroup_controller which)
{
	return arena_printf(a, "%s/%s", en->cgroups->at[which].dir, group_name(a, en, node));
}

static const char *memory_dir(struct arena *a, const struct engine *en, size_t node)
{
	return group_dir(a, en, node, CGROUP_MEMORY);
}

static void warn_missing(const struct engine *en, size_t node, enum cgroup_controller which, const struct error *why)
{
	char msg[700];

	(void)snprintf(msg, sizeof(msg), "node %s runs without its limit of %s: %s", en->plan->lab->nodes[node].name,
		       cgroup_controller_names[which], why->msg);
	if (en->warn)
		en->warn(en->warn_arg, msg);
}

static bool has_word(const struct strv *v, const char *word)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->v[i], word) == 0)
			return true;
	return false;
}

static int oom_watch(struct engine *en, size_t node, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	int fd;

	if (!en->plan->lab->nodes[node].limits.memory || !has_word(&en->node_cgroups[node], memory_dir(&a, en, node)))
		return 0;
	fd = cgroup_oom_open(en->cgroups, memory_dir(&a, en, node), e);
	if (fd < 0)
		return fd;
	en->nodes[node].oom = fd;
	return 0;
}

int groups_make(struct engine *en, size_t node, bool fresh, struct error *e)
{
	const struct cgroup_limits l = limits_of(en, node);
	_cleanup_arena_ struct arena a = { 0 };
	struct strv made = { 0 };

	if (!is_limited(en, node))
		return 0;
	for (int i = 0; i < _CGROUP_MAX; i++) {
		const enum cgroup_controller which = (enum cgroup_controller)i;
		struct error why = { 0 };
		bool first; /* in version 2 all controllers have one directory */
		int r;

		if (!cgroup_is_limited(&l, which))
			continue;
		first = fresh && !has_word(&made, group_dir(&a, en, node, which));
		r = cgroup_make(en->cgroups, group_name(&a, en, node), &l, which, first, &why);
		if (r == -EOPNOTSUPP)
			warn_missing(en, node, which, &why);
		else if (r < 0)
			return error_set(e, -r, "%s", why.msg);
		else
			cgroup_path_add(&en->arena, en->cgroups, group_name(&a, en, node), which, &made);
	}
	en->node_cgroups[node] = made;
	return oom_watch(en, node, e);
}

/* Version 1 tells nothing else; version 2 also tells of pages that were found in time. */
bool groups_oom(struct engine *en, size_t node)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct engine_node *n = &en->nodes[node];
	uint64_t before = n->oom_kills;
	char buf[4096];

	while (read(n->oom, buf, sizeof(buf)) > 0)
		;
	n->oom_kills = cgroup_oom_kills(memory_dir(&a, en, node));
	return !en->cgroups->at[CGROUP_MEMORY].v2 || n->oom_kills > before;
}

void groups_state(const struct engine *en, struct lab_state *st)
{
	for (size_t i = 0; i < en->plan->lab->n_nodes; i++)
		for (size_t k = 0; k < en->node_cgroups[i].n; k++)
			strv_add(&st->arena, &st->cgroups, en->node_cgroups[i].v[k]);
}
