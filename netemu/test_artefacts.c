// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_artefacts.c - what a failed test leaves for whoever looks into it: WORK/NODE/{ip,vtysh,log}.txt
 */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "nodeexec.h"
#include "test_run.h"

/* Each of the commands is bounded, and none of them changes anything. */
static const struct {
	const char *file, *script;
} bundles[] = {
	{ "ip.txt", "for c in '-d -s address' 'route show table all' '-6 route show table all' 'rule' '-6 rule' '-s neigh' 'nexthop' "
		    "'-f mpls route'; do echo \"# ip $c\"; timeout 5 ip $c 2>&1; done" },
	{ "vtysh.txt", "command -v vtysh >/dev/null && [ -d /run/frr ] || exit 0; for c in 'show running-config' 'show ip route' "
		       "'show ipv6 route' 'show bgp summary' 'show ip ospf neighbor' 'show isis neighbor' 'show interface brief' "
		       "'show nexthop-group rib'; do echo \"# $c\"; timeout 2 vtysh -c \"$c\" 2>&1; done" },
	{ "processes.txt", "ps -ef; for p in /proc/[0-9]*; do echo \"# $p $(cat $p/comm)\"; cat $p/stack 2>/dev/null; done" },
};

static void write_file(const char *dir, const char *name, const struct strbuf *text)
{
	char path[PATH_MAX];
	_cleanup_fclose_ FILE *f = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = text->len ? fopen(path, "we") : NULL;
	if (f)
		(void)fwrite(text->buf, 1, text->len, f);
}

static void read_file(const char *path, struct strbuf *out)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char buf[65536];
	size_t n;

	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_add(out, buf, n);
}

static const char *node_dir(struct run *r, const char *node)
{
	const char *dir = arena_printf(&r->arena, "%s/%s", r->work, node);

	(void)mkdir(dir, 0755);
	return dir;
}

static void save_log(struct run *r, const struct lab_state *st, const char *node)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	read_file(arena_printf(&r->arena, "%s/%s/logs/%s.log.1", state_dir_root(), st->name, node), &text);
	read_file(arena_printf(&r->arena, "%s/%s/logs/%s.log", state_dir_root(), st->name, node), &text);
	write_file(node_dir(r, node), "log.txt", &text);
}

static void save_bundle(struct run *r, const struct exec_target *targets, size_t n, const char *file, const char *script)
{
	struct strv argv = { 0 };
	struct exec_result *results = arena_alloc(&r->arena, (n + 1) * sizeof(*results));

	strv_add(&r->arena, &argv, "timeout"); /* of all of them: a daemon that is stopped answers none */
	strv_add(&r->arena, &argv, "10");
	strv_add(&r->arena, &argv, "/bin/sh");
	strv_add(&r->arena, &argv, "-c");
	strv_add(&r->arena, &argv, script);
	nodeexec_run(targets, n, &argv, results);
	for (size_t i = 0; i < n; i++) {
		write_file(node_dir(r, targets[i].st->nodes[targets[i].node].name), file, &results[i].out);
		exec_result_done(&results[i]);
	}
}

void artefacts_save(struct run *r)
{
	struct exec_target *targets = arena_alloc(&r->arena, (r->n_nodes + 1) * sizeof(*targets));
	size_t n = 0;

	for (size_t i = 0; i < r->n_nodes; i++) {
		const struct node_state *node = &r->nodes[i].st->nodes[r->nodes[i].index];

		save_log(r, r->nodes[i].st, node->name);
		/* One that is stopped or paused answers nothing. */
		if (node->pid && node->state && strcmp(node->state, "running") == 0)
			targets[n++] = (struct exec_target){ r->nodes[i].st, r->nodes[i].index };
	}
	for (size_t i = 0; i < ARRAY_SIZE(bundles); i++)
		save_bundle(r, targets, n, bundles[i].file, bundles[i].script);
}
