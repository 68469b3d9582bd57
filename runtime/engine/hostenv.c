// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/hostenv.h"

#include <fcntl.h>
#include <string.h>

#include "engine/state.h"
#include "kernel/hostinfo.h"

/* Labs name their link on the host; other interfaces speak for themselves. */
static const char *holder_name(struct arena *a, const struct taken_prefix *p)
{
	const size_t n = strlen(PLAN_ALIAS);

	if (strncmp(p->alias, PLAN_ALIAS, n) == 0)
		return arena_printf(a, "lab %s", p->alias + n);
	return arena_strdup(a, p->ifname);
}

int hostenv_collect(struct arena *a, struct plan_env *ret, struct error *e)
{
	_cleanup_free_ struct taken_prefix *prefixes = NULL;
	_cleanup_free_ struct link_info *links = NULL;
	struct plan_taken *taken = NULL;
	const char **bridges = NULL, **names = NULL;
	size_t n_prefixes = 0, n_links = 0;
	int r = hostinfo_taken_prefixes(&prefixes, &n_prefixes, e);

	if (r == 0)
		r = hostinfo_links(&links, &n_links, e);
	if (r < 0)
		return r;
	ret->n_taken = ret->n_bridges = ret->n_host_links = 0;
	for (size_t i = 0; i < n_prefixes; i++)
		*ARENA_PUSH(a, taken, ret->n_taken) =
			(struct plan_taken){ prefixes[i].prefix, arena_strdup(a, prefixes[i].ifname),
					     holder_name(a, &prefixes[i]) };
	for (size_t i = 0; i < n_links; i++) {
		const char *name = arena_strdup(a, links[i].ifname);

		*ARENA_PUSH(a, names, ret->n_host_links) = name;
		if (*links[i].altname)
			*ARENA_PUSH(a, names, ret->n_host_links) = arena_strdup(a, links[i].altname);
		if (strcmp(links[i].kind, "bridge") == 0)
			*ARENA_PUSH(a, bridges, ret->n_bridges) = name;
	}
	ret->n_cpus = (uint32_t)MAX_OF(sysconf(_SC_NPROCESSORS_CONF), 0L);
	ret->taken = taken;
	ret->bridges = bridges;
	ret->host_links = names;
	return 0;
}

/* ---- what the kernel lacks, of that which the lab needs ---- */

static bool needs_kind(const struct lab *lab, enum link_type type)
{
	for (size_t i = 0; i < lab->n_links; i++)
		if (lab->links[i].type == type)
			return true;
	return false;
}

/* Asking for a qdisc takes a child: only when there is a reason to. */
static bool needs_qdisc(const struct lab *lab)
{
	for (size_t i = 0; i < lab->n_links * 2; i++)
		if (!impair_is_none(&lab->links[i / 2].end[i % 2].impair))
			return true;
	return false;
}

void hostenv_missing(const struct lab *lab, struct arena *a, struct plan_env *ret)
{
	static const struct {
		enum link_type type;
		const char *kind;
		bool loaded; /* loading ifb would make interfaces on the host */
	} kinds[] = {
		{ LINK_MACVLAN, "macvlan", false },	{ LINK_VXLAN, "vxlan", false }, { LINK_VXLAN_STITCH, "vxlan", false },
		{ LINK_DUMMY, "dummy", false }, { LINK_DUMMY, "ifb", true },
	};
	static const char *const qdiscs[] = { "netem", "tbf" };
	const char **missing = NULL;

	ret->n_missing = 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (needs_kind(lab, kinds[i].type) && !hostinfo_has_kind(kinds[i].kind, kinds[i].loaded))
			*ARENA_PUSH(a, missing, ret->n_missing) = kinds[i].kind;
	for (size_t i = 0; i < ARRAY_SIZE(qdiscs); i++)
		if (needs_qdisc(lab) && !hostinfo_has_qdisc(qdiscs[i]))
			*ARENA_PUSH(a, missing, ret->n_missing) = qdiscs[i];
	if ((needs_kind(lab, LINK_VXLAN_STITCH) || needs_kind(lab, LINK_VETH_STITCH)) && !hostinfo_has_redirect())
		*ARENA_PUSH(a, missing, ret->n_missing) = "mirred";
	ret->missing = missing;
}

/* ---- other labs ---- */

/* The name with the lab's own prefix, when that rule applies; else "". */
static const char *prefixed(struct arena *a, const struct lab *lab, const char *name, bool own_prefix)
{
	return own_prefix ? arena_printf(a, "%s%s", lab->prefix ? lab->prefix : "", name) : "";
}

static void foreign_set(struct arena *a, const struct lab_state *st, size_t i, struct plan_foreign *ret)
{
	*ret = (struct plan_foreign){
		.path = arena_printf(a, "/proc/%d/fd/%d", (int)st->supervisor, st->nodes[i].netns_fd),
		.agent = arena_printf(a, "%s/%s/nodes/%s.sock", state_dir_root(), st->name, st->nodes[i].name),
		.what = arena_strdup(a, st->nodes[i].longname),
	};
}

/* How well a node fits the name: 3 best, 0 not at all. */
static unsigned rank(const char *longname, const char *shortname, bool cluster, const char *full, const char *name)
{
	if (*full && strcmp(longname, full) == 0)
		return 3;
	if (strcmp(longname, name) == 0)
		return 2;
	return cluster && strcmp(shortname, name) == 0 ? 1 : 0;
}

static int netns_by_name(struct arena *a, const char *name, struct plan_foreign *ret)
{
	const char *path = arena_printf(a, "/run/netns/%s", name);

	if (strchr(name, '/') || access(path, F_OK) < 0)
		return -ENOENT;
	*ret = (struct plan_foreign){ .path = path, .what = arena_strdup(a, path) };
	return 0;
}

int hostenv_find(struct arena *a, const struct lab *lab, const char *name, bool own_prefix, struct plan_foreign *ret,
		 struct error *e)
{
	const char *full = prefixed(a, lab, name, own_prefix);
	struct strv labs = { 0 };
	unsigned best = 0, count = 0;
	int r = state_names(a, &labs, e);

	for (size_t i = 0; r == 0 && i < labs.n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (state_load(labs.v[i], &st, NULL) < 0)
			continue;
		for (size_t k = 0; k < st->n_nodes; k++) {
			const unsigned fit = rank(st->nodes[k].longname, st->nodes[k].name, strcmp(st->type, "cluster") == 0,
						  full, name);

			if (!fit || fit < best || st->nodes[k].netns_fd < 0)
				continue;
			count = fit > best ? 1 : count + 1;
			best = fit;
			foreign_set(a, st, k, ret);
		}
	}
	if (r < 0)
		return r;
	if (best == 0)
		return netns_by_name(a, name, ret);
	if (best == 1 && count > 1)
		return error_set(e, EEXIST, "'%s' is a node of several running clusters: give its full name", name);
	return 0;
}

bool hostenv_find_in(const struct lab *lab, const char *name, bool own_prefix, struct lab *const *labs, size_t n_labs)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *full = prefixed(&a, lab, name, own_prefix);

	for (size_t i = 0; i < n_labs; i++)
		for (size_t k = 0; labs[i] != lab && k < labs[i]->n_nodes; k++)
			if (rank(labs[i]->nodes[k].longname, labs[i]->nodes[k].name, labs[i]->type == LAB_CLUSTER, full, name))
				return true;
	return false;
}

bool hostenv_has_frr(void)
{
	char path[128];

	for (size_t i = 0; profile_frr_dirs[i]; i++) {
		(void)snprintf(path, sizeof(path), "%s/frrcommon.sh", profile_frr_dirs[i]);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

bool hostenv_forwards(void)
{
	_cleanup_close_ int fd = open("/proc/sys/net/ipv4/ip_forward", O_RDONLY | O_CLOEXEC);
	char c = '0';

	return fd >= 0 && read(fd, &c, 1) == 1 && c == '1';
}
