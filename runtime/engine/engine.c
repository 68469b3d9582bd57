// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine.c - one handler an operation
 *
 * Theory of Operation
 *
 * Operations come in runs of one type. Netlink operations are queued on the connection of their namespace (opened
 * when the namespace was made, so nothing is entered again) and flushed where a run ends: the kernel works
 * through them without a round trip each. The process moves into each namespace once, to make it and to write its
 * sysctls, and comes home before anything else starts.
 */
#include "engine/engine.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "base/strbuf.h"
#include "cluster/cri.h"
#include "engine/agentc.h"
#include "engine/groups.h"
#include "engine/late.h"
#include "engine/linkops.h"
#include "engine/ports.h"
#include "engine/volumestore.h"
#include "image/store.h"
#include "kernel/fault.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/rootfs.h"
#include "kernel/sandbox.h"
#include "kernel/sysctl.h"

static const char netns_dir[] = "/run/netns";
static const char default_path[] = ENGINE_PATH;

pid_t pidfd_host_pid(int pidfd)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64], line[128];
	int pid = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pid: %d", &pid) == 1)
			break;
	return pid > 0 ? pid : 0;
}

/* The calling process as the host's procfs sees it. */
static pid_t self_host_pid(void)
{
	char buf[32];
	const ssize_t n = readlink("/proc/self", buf, sizeof(buf) - 1);

	if (n <= 0)
		return 0;
	buf[n] = '\0';
	return (pid_t)strtol(buf, NULL, 10);
}

static int enter(struct engine *en, int ns, struct error *e)
{
	int r;

	if (en->current_ns == ns)
		return 0;
	r = netns_enter(en->ns_fd[ns], e);
	if (r == 0)
		en->current_ns = ns;
	return r;
}

static int conn_open(struct engine *en, int ns, struct error *e)
{
	int r = nlconn_open(NETLINK_ROUTE, &en->conn[ns], e);

	if (r < 0)
		return r;
	nlconn_label(en->conn[ns], "%s", en->plan->ns[ns].name);
	nlconn_batch(en->conn[ns], true);
	return 0;
}

static int flush(struct engine *en, struct error *e)
{
	for (size_t i = 0; i < en->plan->n_ns; i++) {
		int r = en->conn[i] ? nlconn_flush(en->conn[i], e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * A procfs keeps an entry of the same name for each network namespace that it was looked through from, in one chain
 * of its hash table (proc_sys_compare()): to look through one procfs from a thousand took half as long as to make them.
 */
enum { NETNS_A_PROCFS = 32 };

static int op_netns(struct engine *en, const struct op *op, struct error *e)
{
	const int fd = netns_create(e);
	int r;

	if (fd < 0)
		return fd;
	en->ns_fd[op->ns] = fd;
	en->current_ns = op->ns;
	if (op->ns % NETNS_A_PROCFS == 0) {
		(void)fd_close(en->procfd);
		en->procfd = -EBADF;
		r = sysctl_open(&en->procfd, e);
		if (r < 0)
			return r;
	}
	spawner_netns_made(&en->spawner, op->ns);
	return conn_open(en, op->ns, e);
}

static int op_sysctl(struct engine *en, const struct op *op, struct error *e)
{
	int r = enter(en, op->ns, e);

	if (r < 0)
		return r;
	r = sysctl_write(en->procfd, op->key, op->value, e);
	return r < 0 ? error_wrap(e, "%s", en->plan->ns[op->ns].name) : 0;
}

static int op_bridge(struct engine *en, const struct op *op, struct error *e)
{
	const struct plan_if *f = &en->plan->ifs[op->a];
	const struct link_bridge spec = {
		.ifname = f->name,
		.mtu = op->mtu,
		.ifindex = (int)f->ifindex,
		.group_fwd_mask = LINK_FWD_MASK_LLDP,
	};

	return link_create_bridge(en->conn[f->ns], &spec, e);
}

static int op_veth(struct engine *en, const struct op *op, struct error *e)
{
	const struct plan *p = en->plan;
	const struct plan_if *a = &p->ifs[op->a], *b = &p->ifs[op->b];
	struct link_veth spec = {
		.a = { .netns_fd = -1, .ifname = a->name, .mac = &op->mac_a, .mtu = op->mtu, .ifindex = (int)a->ifindex },
		.b = { .netns_fd = en->ns_fd[b->ns], .ifname = b->name, .mac = &op->mac_b, .mtu = op->mtu,
		       .ifindex = (int)b->ifindex },
	};
	int r = 0;

	if (op->c != PLAN_NONE)
		r = engine_if_index(en, op->c, &spec.a.master, e);
	if (r == 0)
		r = link_create_veth(en->conn[a->ns], &spec, e);
	return r;
}

static int op_master(struct engine *en, const struct op *op, struct error *e)
{
	int port = 0, bridge = 0;
	int r = engine_if_index(en, op->a, &port, e);

	if (r == 0)
		r = engine_if_index(en, op->b, &bridge, e);
	return r < 0 ? r : link_set_master(en->conn[en->plan->ifs[op->a].ns], port, bridge, e);
}

static int op_alias(struct engine *en, const struct op *op, struct error *e)
{
	int index = 0;
	int r = engine_if_index(en, op->a, &index, e);

	return r < 0 ? r : link_set_alias(en->conn[op->ns], index, op->value, e);
}

static int op_addr(struct engine *en, const struct op *op, struct error *e)
{
	int index;
	int r = engine_if_index(en, op->a, &index, e);

	if (r < 0)
		return r;
	return addr_add(en->conn[op->ns], index, &op->addr, op->addr.family == AF_INET6 ? IFA_F_NODAD : 0, e);
}

static int op_up(struct engine *en, const struct op *op, struct error *e)
{
	int index = 1; /* lo */
	int r = op->a == PLAN_NONE ? 0 : engine_if_index(en, op->a, &index, e);

	return r < 0 ? r : link_set_up(en->conn[op->ns], index, e);
}

static int op_route(struct engine *en, const struct op *op, struct error *e)
{
	int index;
	int r = engine_if_index(en, op->a, &index, e);

	return r < 0 ? r : route_add(en->conn[op->ns], NULL, &op->addr, index, e);
}

/* All subnets go into one table with the first; a host that cannot masquerade is no reason to fail. */
static int op_masquerade(struct engine *en, const struct op *op, struct error *e)
{
	const struct inprefix subnets[] = { en->plan->v4, en->plan->v6 };
	const size_t first = en->plan->v4.family ? 0 : 1;
	const size_t n = (size_t)(en->plan->v4.family != 0) + (en->plan->v6.family != 0);
	struct error why = { 0 };
	char msg[640];
	int r;

	if (en->nft)
		return 0;
	r = enter(en, PLAN_NS_INDEX_HOST, e);
	if (r < 0)
		return r;
	r = nft_masquerade_open(en->plan->lab->name, &subnets[first], n, op->value, &en->nft, &why);
	if (r == 0)
		return 0;
	if (r != -EOPNOTSUPP && r != -EEXIST && r != -EPERM)
		return error_set(e, -r, "%s", why.msg);
	(void)snprintf(msg, sizeof(msg), "nodes do not reach the outside: %s", why.msg);
	engine_lock(en);
	if (en->warn)
		en->warn(en->warn_arg, msg);
	engine_unlock(en);
	return 0;
}

/* Whether a name in /run/netns is a link that some netemu made, and whose lab is dead. */
static bool name_is_stale(int dirfd, const char *name)
{
	_cleanup_close_ int fd = -EBADF;
	char target[64];
	const ssize_t n = readlinkat(dirfd, name, target, sizeof(target) - 1);
	struct statfs sf;
	int pid, num, end = 0;

	target[MAX_OF(n, 0)] = '\0';
	if (sscanf(target, "/proc/%d/fd/%d%n", &pid, &num, &end) != 2 || end != n)
		return false;
	fd = openat(dirfd, name, O_PATH | O_CLOEXEC);
	return fd < 0 ? errno == ENOENT : fstatfs(fd, &sf) == 0 && sf.f_type != NSFS_MAGIC;
}

static int netns_dir_open(struct engine *en, struct error *e)
{
	(void)fd_close(en->netns_dirfd);
	(void)mkdir(netns_dir, 0755);
	en->netns_dirfd = fault_fails("open /run/netns") ? -1 : open(netns_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return en->netns_dirfd < 0 ? error_errno(e, errno, "open %s", netns_dir) : 0;
}

static int op_name(struct engine *en, const struct op *op, struct error *e)
{
	char target[64];
	int r;

	(void)snprintf(target, sizeof(target), "/proc/%d/fd/%d", (int)en->self, en->ns_fd[op->ns]);
	r = fault_fails("name in /run/netns") || symlinkat(target, en->netns_dirfd, op->value) < 0 ? -errno : 0;
	/* The lab that had made the directory was the last with a name in it, and took it away. */
	if (r == -ENOENT && netns_dir_open(en, NULL) == 0) {
		en->made_netns_dir = true;
		r = symlinkat(target, en->netns_dirfd, op->value) < 0 ? -errno : 0;
	}
	if (r == -EEXIST && name_is_stale(en->netns_dirfd, op->value) && unlinkat(en->netns_dirfd, op->value, 0) == 0)
		r = symlinkat(target, en->netns_dirfd, op->value) < 0 ? -errno : 0;
	if (r == -EEXIST)
		return error_set(e, EEXIST, "%s/%s exists already: something else uses that name (see `ip netns list`)",
				 netns_dir, op->value);
	return r < 0 ? error_errno(e, -r, "name %s/%s", netns_dir, op->value) : 0;
}

static bool env_has(const struct strv *env, const char *word)
{
	const size_t key = strcspn(word, "=") + 1;

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], word, key) == 0)
			return true;
	return false;
}

/* The file's, then its image's own as far as the file does not say otherwise, then what every process needs. */
static void node_env(struct arena *a, const struct node *n, struct strv *env)
{
	const char *const defaults[] = { default_path, "HOME=/root", arena_printf(a, "HOSTNAME=%s", n->hostname) };

	for (size_t i = 0; i < n->env.n; i++)
		strv_add(a, env, n->env.v[i]);
	for (size_t i = 0; n->imported && i < n->imported->env.n; i++)
		if (!env_has(env, n->imported->env.v[i]))
			strv_add(a, env, n->imported->env.v[i]);
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (!env_has(env, defaults[i]))
			strv_add(a, env, defaults[i]);
}

enum { RESOLV_MAX = 8192 };

/* Whether a line of resolv.conf names a server that a node could reach: one that is not on the host's loopback. */
static bool is_reachable_server(const char *line)
{
	return strncmp(line, "nameserver ", 11) == 0 && strncmp(line + 11, "127.", 4) != 0 && strncmp(line + 11, "::1", 3) != 0;
}

static const char *line_next(const char *line)
{
	return strchr(line, '\n') ? strchr(line, '\n') + 1 : "";
}

/* The host's resolv.conf, wherever it names a server. Return: whether one does. */
static bool resolv_read(char text[RESOLV_MAX])
{
	static const char *const paths[] = { "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_close_ int fd = open(paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		const ssize_t n = fd >= 0 ? read(fd, text, RESOLV_MAX - 1) : -1;

		text[n > 0 ? n : 0] = '\0';
		for (const char *p = text; *p; p = line_next(p))
			if (is_reachable_server(p))
				return true;
	}
	return false;
}

/* A node that names only search domains keeps the host's servers. */
static void put_host_servers(struct strbuf *out)
{
	char text[RESOLV_MAX];

	if (!resolv_read(text))
		return;
	for (const char *p = text; *p; p = line_next(p))
		if (is_reachable_server(p))
			strbuf_printf(out, "%.*s\n", (int)strcspn(p, "\n"), p);
}

static int node_resolv_conf(const struct node *n, const char *fs_dir, const char *area, struct error *e)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	if (n->dns_servers.n == 0)
		put_host_servers(&s);
	for (size_t k = 0; k < n->dns_servers.n; k++)
		strbuf_printf(&s, "nameserver %s\n", n->dns_servers.v[k]);
	for (size_t k = 0; k < n->dns_search.n; k++)
		strbuf_printf(&s, "%s%s%s", k ? " " : "search ", n->dns_search.v[k], k + 1 == n->dns_search.n ? "\n" : "");
	for (size_t k = 0; k < n->dns_options.n; k++)
		strbuf_printf(&s, "%s%s%s", k ? " " : "options ", n->dns_options.v[k], k + 1 == n->dns_options.n ? "\n" : "");
	return rootfs_write(fs_dir, area, "etc/resolv.conf", strbuf_str(&s), e);
}

/* Of kind frr. Whoever starts FRR gives the files to its user. */
static int node_frr_files(const struct node_frr *frr, const char *fs_dir, const char *area, struct error *e)
{
	_cleanup_free_ char *daemons = rootfs_frr_daemons(&frr->daemons);
	int r = daemons ? rootfs_write(fs_dir, area, "etc/frr/daemons", daemons, e) : error_oom(e);

	if (r == 0)
		r = rootfs_write(fs_dir, area, "etc/frr/vtysh.conf", "service integrated-vtysh-config\n", e);
	return r < 0 ? r : rootfs_write(fs_dir, area, "etc/frr/frr.conf", frr->conf, e);
}

static int node_files(struct engine *en, size_t i, const char *fs_dir, struct error *e)
{
	const struct node *n = &en->plan->lab->nodes[i];
	_cleanup_strbuf_ struct strbuf s = { 0 };
	char area[32];
	int r = rootfs_node(fs_dir, (unsigned)i, e);

	(void)snprintf(area, sizeof(area), "n/%zu/u", i);
	strbuf_printf(&s, "%s\n", n->hostname);
	if (r == 0)
		r = rootfs_write(fs_dir, area, "etc/hostname", strbuf_str(&s), e);
	if (r == 0 && n->has_dns)
		r = node_resolv_conf(n, fs_dir, area, e);
	if (r == 0 && en->plan->nodes[i].profile && en->plan->nodes[i].profile->ash)
		r = rootfs_busybox(fs_dir, area, e);
	return r < 0 || !n->frr ? r : node_frr_files(n->frr, fs_dir, area, e);
}

static int node_spawn(struct engine *en, size_t i, struct sandbox_spec *spec, struct error *e)
{
	struct engine_node *en_node = &en->nodes[i];
	_cleanup_close_ int listener = -EBADF, theirs = -EBADF;
	int pair[2], r;
	pid_t pid;

	listener = agent_listen(en->nodes_dirfd, en->plan->lab->nodes[i].name, e);
	if (listener < 0)
		return listener;
	if (fault_fails("node's socket pair") ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return error_errno(e, errno, "make a socket pair");
	en_node->events = pair[0];
	theirs = pair[1];
	if (spec->layer) {
		en_node->log = fault_fails("node's log socket") ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (en_node->log < 0)
			return error_errno(e, errno, "make a log socket");
	}
	if (en->plan->nodes[i].profile->layer == LAYER_KIND) {
		en_node->cri = fault_fails("runtime's socket") ? -1 :
			       socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (en_node->cri < 0)
			return error_errno(e, errno, "make the runtime's socket");
	}
	spec->log_fd = en_node->log;
	spec->sock_fd = en_node->cri;
	spec->sock_path = CRI_SOCKET;
	spec->listen_fd = listener;
	spec->events_fd = theirs;
	r = sandbox_spawn(spec, &pid, e);
	if (r < 0)
		return r;
	en_node->pidfd = r;
	en_node->pid = pidfd_host_pid(r);
	return state_pid_starttime(en_node->pid, &en_node->starttime) < 0 ?
		       error_set(e, ESRCH, "its init ended at once") : 0;
}

static int volume_bind(const struct volume *v, struct arena *a, struct sandbox_bind *ret, struct error *e)
{
	*ret = (struct sandbox_bind){ .src = "a volume", .dst = v->dst, .ro = v->ro, .own = !v->name, .fill = v->name && !v->nocopy };
	if (!v->name)
		return 0;
	ret->src = volumestore_path(a, v->name);
	return volumestore_make(v->name, e);
}

/* @first: its files are not there yet. */
static int node_make(struct engine *en, size_t index, bool first, unsigned lane, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct node *n = &en->plan->lab->nodes[index];
	const struct plan_node *pn = &en->plan->nodes[index];
	struct sandbox_bind *binds = arena_alloc(&a, (n->n_binds + n->n_volumes + 1) * sizeof(*binds));
	struct sandbox_tmpfs *tmpfs = arena_alloc(&a, (n->n_tmpfs + 1) * sizeof(*tmpfs));
	const struct strv none = { 0 };
	struct strv env = { 0 };
	char fs_dir[512];
	struct sandbox_spec spec = {
		.fs_dir = fs_dir,
		.index = (unsigned)index,
		.layer = profile_layer_dir(pn->profile->layer),
		.host_root = pn->host_root,
		.netns = en->ns_fd[pn->ns],
		.hostname = n->hostname,
		.image = n->imported ? n->imported->root : NULL,
		.host_mounts = n->imported ? &none : &en->host_mounts,
		.binds = binds,
		.n_binds = n->n_binds + n->n_volumes,
		.tmpfs = tmpfs,
		.n_tmpfs = n->n_tmpfs,
		.nofile = en->nofile,
		.init_fd = en->init_fd,
		.lane = lane,
	};
	int r = 0;

	(void)snprintf(fs_dir, sizeof(fs_dir), "%s/fs", en->dir);
	for (size_t i = 0; i < n->n_binds; i++)
		binds[i] = (struct sandbox_bind){ .src = n->binds[i].src, .dst = n->binds[i].dst, .ro = n->binds[i].ro };
	for (size_t i = 0; r == 0 && i < n->n_volumes; i++)
		r = volume_bind(&n->volumes[i], &a, &binds[n->n_binds + i], e);
	if (r == 0)
		sandbox_binds_sort(binds, spec.n_binds);
	for (size_t i = 0; i < n->n_tmpfs; i++)
		tmpfs[i] = (struct sandbox_tmpfs){ n->tmpfs[i].dst, n->tmpfs[i].options, n->tmpfs[i].ro, n->tmpfs[i].noexec };
	node_env(&a, n, &env);
	spec.env = env.v;
	if (r == 0 && first && !pn->host_root)
		r = node_files(en, index, fs_dir, e);
	if (r == 0 && en->cgroups) {
		engine_lock(en);
		r = groups_make(en, index, first, e);
		engine_unlock(en);
	}
	spec.cgroups = &en->node_cgroups[index];
	/* The first node to have a volume fills it: one after the other. */
	if (n->n_volumes)
		engine_lock(en);
	if (r == 0)
		r = node_spawn(en, index, &spec, e);
	if (n->n_volumes)
		engine_unlock(en);
	return r < 0 ? error_wrap(e, "node %s", n->name) : 0;
}

int engine_node_make(struct engine *en, size_t node, unsigned lane, struct error *e)
{
	return node_make(en, node, true, lane, e);
}

int engine_node_late(struct engine *en, size_t node, struct error *e)
{
	const int r = enter(en, PLAN_NS_INDEX_HOST, e);

	return r < 0 ? r : node_make(en, node, true, 0, e);
}

int engine_node_start(struct engine *en, size_t node, struct error *e)
{
	const int r = enter(en, PLAN_NS_INDEX_HOST, e);

	return r < 0 ? r : node_make(en, node, false, 0, e);
}

void engine_lock(struct engine *en)
{
	(void)pthread_mutex_lock(&en->lock);
}

void engine_unlock(struct engine *en)
{
	(void)pthread_mutex_unlock(&en->lock);
}

void engine_node_close(struct engine *en, size_t node)
{
	struct engine_node *n = &en->nodes[node];
	char name[300];

	(void)fd_close(n->pidfd);
	(void)fd_close(n->log);
	(void)fd_close(n->cri);
	(void)fd_close(n->events);
	(void)fd_close(n->oom);
	*n = (struct engine_node){ .pidfd = -EBADF, .log = -EBADF, .cri = -EBADF, .events = -EBADF, .oom = -EBADF };
	(void)snprintf(name, sizeof(name), "%s.sock", en->plan->lab->nodes[node].name);
	(void)unlinkat(en->nodes_dirfd, name, 0);
}

typedef int (*op_fn)(struct engine *en, const struct op *op, struct error *e);

static const op_fn op_handlers[] = {
	[OP_NETNS] = op_netns,   [OP_SYSCTL] = op_sysctl, [OP_BRIDGE] = op_bridge,	   [OP_VETH] = op_veth,
	[OP_MASTER] = op_master, [OP_ALIAS] = op_alias, [OP_ADDR] = op_addr,	  [OP_UP] = op_up,		   [OP_ROUTE] = op_route,
	[OP_NAME] = op_name,	 [OP_NODE] = NULL,   	  [OP_MASQUERADE] = op_masquerade, [OP_COMMAND] = NULL,
	[OP_EXEC] = NULL,	 [OP_HOST_EXEC] = NULL,   [OP_DELAY] = NULL,		   [OP_WAIT] = NULL,
	[OP_LINKS] = NULL,	 [OP_HEALTHY] = NULL,     [OP_ENDED] = NULL,		   [OP_REACH] = NULL,
	[OP_MACVLAN] = op_macvlan, [OP_VXLAN] = op_vxlan,	   [OP_DUMMY] = op_dummy,
	[OP_RENAME] = op_rename, [OP_STITCH] = op_stitch, [OP_ALTNAME] = op_altname,	   [OP_IMPAIR] = op_impair,
};
static_assert(ARRAY_SIZE(op_handlers) == _OP_TYPE_MAX, "a handler, or NULL, for each operation");

/* ---- files that all nodes share ---- */

static void hosts_node(const struct engine *en, size_t i, struct strbuf *s)
{
	const struct node *n = &en->plan->lab->nodes[i];
	const struct inprefix *addr[] = { &en->plan->nodes[i].ipv4, &en->plan->nodes[i].ipv6 };
	char buf[INPREFIX_STRLEN];

	for (size_t k = 0; k < 2; k++) {
		if (!addr[k]->family)
			continue;
		strbuf_printf(s, "%s\t%s", inprefix_addr_str(addr[k], buf), n->name);
		if (strcmp(n->longname, n->name) != 0)
			strbuf_printf(s, " %s", n->longname);
		if (strcmp(n->hostname, n->name) != 0 && strcmp(n->hostname, n->longname) != 0)
			strbuf_printf(s, " %s", n->hostname);
		for (size_t j = 0; j < n->aliases.n; j++)
			strbuf_printf(s, " %s", n->aliases.v[j]);
		strbuf_putc(s, '\n');
	}
}

/* For the nodes with the host's files, and those with an image's. */
static int write_shared(const char *fs_dir, const char *path, const char *text, struct error *e)
{
	const int r = rootfs_write(fs_dir, "layer/plain", path, text, e);

	return r < 0 ? r : rootfs_write(fs_dir, "layer/image", path, text, e);
}

static int write_hosts(struct engine *en, const char *fs_dir, struct error *e)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_puts(&s, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
			"ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
	for (size_t i = 0; i < en->plan->lab->n_nodes; i++)
		hosts_node(en, i, &s);
	return write_shared(fs_dir, "etc/hosts", strbuf_str(&s), e);
}

static int write_resolv_conf(const char *fs_dir, struct error *e)
{
	char text[RESOLV_MAX];

	if (!resolv_read(text))
		(void)snprintf(text, sizeof(text), "# netemu: the host has no name server that a node could reach\n");
	return write_shared(fs_dir, "etc/resolv.conf", text, e);
}

static bool is_held(const struct engine *en, size_t node)
{
	const struct node *nodes = en->plan->lab->nodes;

	for (size_t i = 0; i < node; i++)
		if (nodes[i].imported && strcmp(nodes[i].imported->id, nodes[node].imported->id) == 0)
			return true;
	return false;
}

/* Each image once: nobody can remove it as long as this process lives. */
static int images_hold(struct engine *en, struct error *e)
{
	for (size_t i = 0; i < en->plan->lab->n_nodes; i++) {
		const struct image *im = en->plan->lab->nodes[i].imported;
		int fd;

		if (!im || is_held(en, i))
			continue;
		fd = fault_fails("hold an image") ? error_errno(e, errno, "hold image %s", im->name) : imgstore_hold(im, e);
		if (fd < 0)
			return fd;
		*ARENA_PUSH(&en->arena, en->images, en->n_images) = fd;
	}
	return 0;
}

static int build_files(struct engine *en, struct error *e)
{
	char fs_dir[512];
	int r;

	(void)snprintf(fs_dir, sizeof(fs_dir), "%s/fs", en->dir);
	if (fault_fails("mkdir fs") || (mkdir(fs_dir, 0700) < 0 && errno != EEXIST))
		return error_errno(e, errno, "mkdir %s", fs_dir);
	r = rootfs_build(fs_dir, e);
	if (r == 0)
		r = write_hosts(en, fs_dir, e);
	if (r == 0)
		r = write_resolv_conf(fs_dir, e);
	if (r == 0 && access("/bin/ash", F_OK) < 0)
		r = rootfs_shell(fs_dir, "layer/plain", "ash", e);
	if (r == 0 && en->kubelet_fd >= 0)
		r = rootfs_kubelet(fs_dir, en->kubelet_fd, CRI_KUBELET, e);
	if (r == 0)
		r = rootfs_host_mounts(&en->arena, &en->host_mounts, e);
	return r < 0 ? r : images_hold(en, e);
}

/* ---- the run ---- */

static int dirs_open(struct engine *en, struct error *e)
{
	if (fault_fails("mkdir nodes") || (mkdirat(en->dirfd, "nodes", 0700) < 0 && errno != EEXIST))
		return error_errno(e, errno, "mkdir %s/nodes", en->dir);
	en->nodes_dirfd = fault_fails("open nodes") ? -1 : openat(en->dirfd, "nodes", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (en->nodes_dirfd < 0)
		return error_errno(e, errno, "open %s/nodes", en->dir);
	en->made_netns_dir = access(netns_dir, F_OK) < 0;
	return 0;
}

static int foreign_open(struct engine *en, struct error *e)
{
	for (size_t i = 0; i < en->plan->n_ns; i++) {
		const struct plan_ns *ns = &en->plan->ns[i];
		int r;

		if (ns->type != PLAN_NS_FOREIGN)
			continue;
		if (!ns->path)
			return error_set(e, ENOENT, "network namespace of %s was not found", ns->name);
		en->ns_fd[i] = netns_open(ns->path, e);
		if (en->ns_fd[i] < 0)
			return en->ns_fd[i];
		r = nlconn_open_in(NETLINK_ROUTE, en->ns_fd[i], en->ns_fd[PLAN_NS_INDEX_HOST], &en->conn[i], e);
		if (r < 0)
			return r;
		nlconn_label(en->conn[i], "%s", ns->name);
		nlconn_batch(en->conn[i], true);
	}
	return 0;
}

/* A node costs a handful of descriptors, and the usual soft limit of 1024 is for programs that use select(2). */
static void descriptors_raise(struct engine *en)
{
	struct rlimit all;

	if (getrlimit(RLIMIT_NOFILE, &en->nofile) < 0)
		return;
	all = (struct rlimit){ .rlim_cur = en->nofile.rlim_max, .rlim_max = en->nofile.rlim_max };
	(void)setrlimit(RLIMIT_NOFILE, &all);
}

int engine_init(struct engine *en, const struct plan *plan, const char *dir, int dirfd, int init_fd, struct error *e)
{
	const size_t n = plan->lab->n_nodes;
	int r;

	*en = (struct engine){ .plan = plan, .dir = dir, .dirfd = dirfd, .nodes_dirfd = -EBADF, .netns_dirfd = -EBADF,
			       .procfd = -EBADF, .lock = PTHREAD_MUTEX_INITIALIZER, .init_fd = init_fd, .abort_fd = -1, .kubelet_fd = -1, .self = self_host_pid() };
	descriptors_raise(en);
	en->ns_fd = arena_alloc(&en->arena, plan->n_ns * sizeof(*en->ns_fd));
	en->conn = arena_alloc(&en->arena, plan->n_ns * sizeof(struct nlconn *));
	en->ifindex = arena_alloc(&en->arena, (plan->n_ifs + 1) * sizeof(*en->ifindex));
	en->nodes = arena_alloc(&en->arena, (n + 1) * sizeof(*en->nodes));
	for (size_t i = 0; i < plan->n_ns; i++)
		en->ns_fd[i] = -EBADF;
	for (size_t i = 0; i < plan->n_ifs; i++)
		en->ifindex[i] = plan->ifs[i].ifindex;
	for (size_t i = 0; i < n; i++)
		en->nodes[i] = (struct engine_node){ .pidfd = -EBADF, .log = -EBADF, .cri = -EBADF, .events = -EBADF, .oom = -EBADF };
	en->ns_fd[PLAN_NS_INDEX_HOST] = netns_self(e);
	if (en->ns_fd[PLAN_NS_INDEX_HOST] < 0)
		return en->ns_fd[PLAN_NS_INDEX_HOST];
	en->late = late_plan(&en->arena, plan);
	r = sandbox_prepare(e);
	if (r == 0)
		r = groups_plan(en, e);
	if (r == 0)
		r = conn_open(en, PLAN_NS_INDEX_HOST, e);
	return r < 0 ? r : dirs_open(en, e);
}

static bool aborted(const struct engine *en)
{
	struct pollfd p = { .fd = en->abort_fd, .events = POLLIN };

	return en->abort_fd >= 0 && poll(&p, 1, 0) > 0;
}

/* Whether a namespace outlives the lab: what the lab has there is removed by hand. */
static bool ns_is_others(const struct plan_ns *ns)
{
	return ns->type == PLAN_NS_HOST || ns->type == PLAN_NS_FOREIGN;
}

/* Whether an operation is only queued when its handler returns. */
static bool op_is_queued(enum op_type type)
{
	return type == OP_BRIDGE || type == OP_VETH || type == OP_MASTER || type == OP_ADDR || type == OP_UP || type == OP_ROUTE ||
	       (type >= OP_MACVLAN && type <= OP_IMPAIR);
}

/* ---- late links ---- */

static void conns_close_own(struct engine *en)
{
	for (size_t i = 0; i < en->plan->n_ns; i++)
		if (!ns_is_others(&en->plan->ns[i]) && !(en->late && en->late->uses_ns[i]))
			en->conn[i] = nlconn_close(en->conn[i]);
}

static void parked_name(size_t link, char buf[32])
{
	(void)snprintf(buf, 32, "_late%zu", link);
}

/* The pair of @op, with the end @parked where nobody looks. */
static int veth_park(struct engine *en, const struct op *op, int32_t parked, struct error *e)
{
	const bool swap = parked == op->a;
	const struct plan_if *f = &en->plan->ifs[swap ? op->b : op->a];
	char name[32];
	const struct link_veth spec = {
		.a = { .netns_fd = -1, .ifname = f->name, .mac = swap ? &op->mac_b : &op->mac_a, .mtu = op->mtu, .ifindex = (int)f->ifindex },
		.b = { .netns_fd = en->ns_fd[PLAN_NS_INDEX_LAB], .ifname = name, .mac = swap ? &op->mac_a : &op->mac_b, .mtu = op->mtu },
	};
	struct link_veth with_bridge = spec;
	int r = 0;

	parked_name((size_t)op->link, name);
	if (op->c != PLAN_NONE)
		r = engine_if_index(en, op->c, &with_bridge.a.master, e);
	return r < 0 ? r : link_create_veth(en->conn[f->ns], &with_bridge, e);
}

static int veth_unpark(struct engine *en, size_t link, int32_t parked, struct error *e)
{
	const struct plan_if *f = &en->plan->ifs[parked];
	struct nlconn *c = en->conn[PLAN_NS_INDEX_LAB];
	char name[32];
	int index = 0, r;

	parked_name(link, name);
	r = link_get_index(c, name, &index, e);
	if (r == 0)
		r = link_move(c, index, en->ns_fd[f->ns], f->name, e);
	en->ifindex[parked] = 0; /* the kernel chooses */
	return r < 0 ? r : nlconn_flush(c, e);
}

/* The operations on a link that are (@about) on the interface @ifc, or are not. */
static int late_ops_run(struct engine *en, size_t link, int32_t ifc, bool about, struct error *e)
{
	enum op_type last = _OP_TYPE_MAX;
	int r = 0;

	for (uint32_t i = en->late->first[link]; r == 0 && i; i = en->late->next[i - 1]) {
		const struct op *op = &en->plan->ops[i - 1];
		const bool is_pair = op->type == OP_VETH && ifc != PLAN_NONE;
		const op_fn fn = op_handlers[op->type];

		if (!fn || (is_pair ? about : (op->a == ifc) != about))
			continue;
		if (op->type != last)
			r = flush(en, e);
		if (r == 0)
			r = is_pair ? veth_park(en, op, ifc, e) : fn(en, op, e);
		last = op->type;
	}
	return r < 0 ? r : flush(en, e);
}

/* The end that is not due yet; PLAN_NONE: all is, or it cannot be kept apart. */
static int32_t end_to_park(const struct engine *en, size_t link, const bool here[2])
{
	const struct link *k = &en->plan->lab->links[link];
	const size_t end = here[0] ? 1 : 0;

	if ((here[0] && here[1]) || k->type != LINK_VETH || en->plan->lab->nodes[k->end[end].node].kind != NODE_LINUX)
		return PLAN_NONE;
	return en->plan->links[link].end[end];
}

static void late_made(struct engine *en, size_t link)
{
	en->late->state[link] = LATE_MADE;
	if (--en->late->left > 0)
		return;
	memset(en->late->uses_ns, 0, en->plan->n_ns);
	conns_close_own(en);
}

int engine_link_make(struct engine *en, size_t link, const bool here[2], struct error *e)
{
	struct late *l = en->late;
	int32_t parked;
	int r;

	if (!l || !l->first[link] || l->state[link] == LATE_MADE || (!here[0] && !here[1]))
		return 0;
	parked = end_to_park(en, link, here);
	if (l->state[link] == LATE_HALF) {
		if (parked != PLAN_NONE)
			return 0;
		r = veth_unpark(en, link, l->parked[link], e);
		if (r == 0)
			r = late_ops_run(en, link, l->parked[link], true, e);
		late_made(en, link);
		return r;
	}
	r = late_ops_run(en, link, parked, false, e);
	if (r < 0) /* what is called so may be somebody else's */
		return r;
	l->state[link] = LATE_HALF;
	l->parked[link] = parked;
	if (parked == PLAN_NONE)
		late_made(en, link);
	return 0;
}

/* ---- all that is made at once ---- */

static int networks_make(struct engine *en, struct error *e)
{
	enum op_type last = _OP_TYPE_MAX;

	for (size_t i = 0; i < en->plan->n_ops; i++) {
		const struct op *op = &en->plan->ops[i];
		const op_fn fn = op->type < _OP_TYPE_MAX ? op_handlers[op->type] : NULL;
		int r = 0;

		if (!fn || op->late)
			continue;
		if (aborted(en))
			return error_set(e, ECANCELED, "interrupted");
		if (spawner_failed(&en->spawner))
			return 0;
		if (op->type != last && op_is_queued(last))
			r = flush(en, e);
		if (r == 0)
			r = fn(en, op, e);
		if (r < 0)
			return r;
		last = op->type;
	}
	return flush(en, e);
}

/* The networks in this thread, the nodes in another. */
static int ops_run(struct engine *en, struct error *e)
{
	struct error late = { 0 };
	int r = spawner_start(&en->spawner, en, e), r2;

	if (r == 0)
		r = networks_make(en, e);
	if (r == 0)
		r = enter(en, PLAN_NS_INDEX_HOST, e);
	conns_close_own(en);
	r2 = spawner_end(&en->spawner, r < 0, &late);
	if (r == 0 && r2 < 0)
		r = error_set(e, -r2, "%s", late.msg);
	return r;
}

int engine_apply(struct engine *en, struct error *e)
{
	int r = rootfs_private(e);

	if (r == 0)
		r = sysctl_open(&en->procfd, e);
	if (r == 0)
		r = netns_dir_open(en, e);
	if (r == 0)
		r = build_files(en, e);
	if (r == 0)
		r = foreign_open(en, e);
	if (r == 0)
		r = ops_run(en, e);
	en->applied = r == 0;
	return r;
}

/* ---- state ---- */

static const char *net_mode_text(struct arena *a, const struct node *n)
{
	return n->net_mode == NET_CONTAINER ? arena_printf(a, "container:%s", n->net_target) : net_mode_names[n->net_mode];
}

static const char *prefix_text(struct arena *a, const struct inprefix *p)
{
	char buf[INPREFIX_STRLEN] = "";

	return arena_strdup(a, p->family ? inprefix_str(p, buf) : "");
}

/* As shlex_split() takes it apart again. */
static void add_word(struct strbuf *line, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%^";

	strbuf_puts(line, line->len ? " " : "");
	if (*word && !word[strspn(word, plain)]) {
		strbuf_puts(line, word);
		return;
	}
	strbuf_putc(line, '\'');
	for (; *word; word++)
		if (*word == '\'')
			strbuf_puts(line, "'\\''");
		else
			strbuf_putc(line, *word);
	strbuf_putc(line, '\'');
}

static void node_state_fill(const struct engine *en, struct arena *a, size_t i, struct node_state *out)
{
	const struct node *n = &en->plan->lab->nodes[i];
	const struct plan_node *pn = &en->plan->nodes[i];
	_cleanup_strbuf_ struct strbuf cmd = { 0 };

	for (size_t k = 0; k < pn->command.n; k++)
		add_word(&cmd, pn->command.v[k]);
	*out = (struct node_state){
		.name = n->name,
		.longname = n->longname,
		.kind = node_kind_text(n),
		.image = n->image && n->kind == NODE_LINUX ? n->image : "",
		.hostname = n->hostname,
		.group = n->group ? n->group : "",
		.net_mode = net_mode_text(a, n),
		.pid = en->nodes[i].pid,
		.starttime = en->nodes[i].starttime,
		.netns_fd = pn->ns != PLAN_NONE ? MAX_OF(en->ns_fd[pn->ns], -1) : -1, /* it may not be there yet */
		.bridge_fd = pn->bridge != PLAN_NONE ? MAX_OF(en->ns_fd[en->plan->ifs[pn->bridge].ns], 0) : 0,
		.ipv4 = prefix_text(a, &pn->ipv4),
		.ipv6 = prefix_text(a, &pn->ipv6),
		.command = arena_strdup(a, strbuf_str(&cmd)),
		.image_id = n->imported ? n->imported->id : "",
		.user = n->imported && pn->user ? pn->user : "",
		.workdir = pn->workdir ? pn->workdir : "",
		.state = "running",
	};
	ports_state(en, i, a, &out->ports);
	for (size_t k = 0; k < n->n_labels; k++)
		strv_add(a, &out->labels, arena_printf(a, "%s=%s", n->labels[k].key, n->labels[k].value));
}

struct lab_state *engine_state(const struct engine *en, const char *status)
{
	const struct lab *lab = en->plan->lab;
	struct lab_state *st = calloc(1, sizeof(*st));
	const char *owner = getenv("SUDO_USER");

	if (!st)
		return NULL;
	st->version = STATE_VERSION;
	st->name = lab->name;
	st->type = lab->type == LAB_CLUSTER ? "cluster" : "topology";
	st->status = status;
	st->path = lab->path;
	st->lab_dir = lab->lab_dir ? lab->lab_dir : "";
	st->prefix = lab->prefix;
	st->owner = owner && *owner ? owner : "root";
	st->mgmt_network = lab->mgmt.network ? lab->mgmt.network : "";
	st->mgmt_dev = en->plan->mgmt_dev;
	st->mgmt_ipv4 = prefix_text(&st->arena, &en->plan->v4);
	st->mgmt_ipv6 = prefix_text(&st->arena, &en->plan->v6);
	st->supervisor = en->self;
	(void)state_pid_starttime(en->self, &st->starttime);
	st->created = time(NULL);
	st->made_netns_dir = en->made_netns_dir;
	groups_state(en, st);
	st->n_nodes = lab->n_nodes;
	st->nodes = arena_alloc(&st->arena, (lab->n_nodes + 1) * sizeof(*st->nodes));
	for (size_t i = 0; i < lab->n_nodes; i++)
		node_state_fill(en, &st->arena, i, &st->nodes[i]);
	st->n_links = lab->n_links;
	st->links = arena_alloc(&st->arena, (lab->n_links + 1) * sizeof(*st->links));
	for (size_t i = 0; i < lab->n_links; i++)
		st->links[i] = (struct link_state){ { lab->links[i].end[0].node, lab->links[i].end[1].node },
						    { lab->links[i].end[0].ifname, lab->links[i].end[1].ifname } };
	return st;
}

void engine_remove_host_links(struct engine *en)
{
	for (size_t i = 0; i < en->plan->n_ns; i++)
		if (en->conn[i])
			nlconn_batch(en->conn[i], false);
	for (size_t i = 0; i < en->plan->n_ops; i++) {
		const struct op *op = &en->plan->ops[i];
		const int32_t ends[] = { op->a, op->b };

		/* A name that the file chose may be somebody else's, and the reason why applying failed. */
		if (op->type != OP_VETH || (op->link != PLAN_NONE && (!en->applied || (op->late && en->late->state[op->link] == LATE_NONE))))
			continue;
		for (size_t k = 0; k < 2; k++) {
			const struct plan_if *f = &en->plan->ifs[ends[k]];
			struct nlconn *c = en->conn[f->ns];
			int index;

			if (c && ns_is_others(&en->plan->ns[f->ns]) && link_get_index(c, f->name, &index, NULL) == 0)
				(void)link_delete(c, index, NULL);
		}
	}
}

void engine_unmount(const struct engine *en)
{
	char fs_dir[512];

	if (!en->dir)
		return;
	(void)snprintf(fs_dir, sizeof(fs_dir), "%s/fs", en->dir);
	rootfs_unmount(fs_dir);
}

void engine_done(struct engine *en)
{
	for (size_t i = 0; en->plan && i < en->plan->n_ns; i++) {
		en->conn[i] = nlconn_close(en->conn[i]);
		(void)fd_close(en->ns_fd[i]);
	}
	for (size_t i = 0; en->plan && i < en->plan->lab->n_nodes; i++) {
		(void)fd_close(en->nodes[i].pidfd);
		(void)fd_close(en->nodes[i].log);
		(void)fd_close(en->nodes[i].cri);
		(void)fd_close(en->nodes[i].events);
		(void)fd_close(en->nodes[i].oom);
	}
	for (size_t i = 0; i < en->n_images; i++)
		(void)fd_close(en->images[i]);
	en->nft = nft_table_close(en->nft);
	(void)fd_close(en->nodes_dirfd);
	(void)fd_close(en->netns_dirfd);
	(void)fd_close(en->procfd);
	arena_done(&en->arena);
}
