// SPDX-License-Identifier: GPL-2.0-or-later
#include "launch.h"

#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#include "engine/hostenv.h"
#include "engine/labtls.h"
#include "engine/ports.h"
#include "engine/labdir.h"
#include "engine/state.h"
#include "kernel/fault.h"
#include "kernel/drain.h"
#include "kernel/sandbox.h"
#include "supervisor/report.h"

enum { DRAIN_MS = 2000 };

/* ---- what a lab needs from others ---- */

static bool needs_foreign(const struct node *n)
{
	return n->kind == NODE_EXT_CONTAINER ||
	       (n->kind == NODE_LINUX && n->net_mode == NET_CONTAINER && n->net_node == LAB_INDEX_NONE);
}

static const char *foreign_name(const struct node *n)
{
	return n->kind == NODE_EXT_CONTAINER ? n->name : n->net_target;
}

/* An ext-container that is not there becomes an idle node itself, in which its exec lines are done. */
static void stub_become(struct lab *lab, struct node *n)
{
	n->kind = NODE_LINUX;
	n->net_mode = NET_NONE;
	n->longname = arena_printf(&lab->arena, "%s%s", lab->prefix, n->name);
}

/* Adds an idle node that stands for a container that is not there. Return: its index. */
static int32_t stub_add(struct lab *lab, const char *name, struct pos pos)
{
	struct node stub = { .name = name, .hostname = name, .kind = NODE_LINUX, .net_mode = NET_NONE,
			     .net_node = LAB_INDEX_NONE, .pos = pos };

	stub.longname = arena_printf(&lab->arena, "%s%s", lab->prefix, name);
	*ARENA_PUSH(&lab->arena, lab->nodes, lab->n_nodes) = stub;
	return (int32_t)lab->n_nodes - 1;
}

/* Makes what node @i needs, and points all to it who need the same. */
static void stub_make(struct lab *lab, size_t i)
{
	const char *name = foreign_name(&lab->nodes[i]);
	int32_t at = LAB_INDEX_NONE;

	for (size_t k = 0; k < lab->n_nodes; k++)
		if (lab->nodes[k].kind == NODE_EXT_CONTAINER && strcmp(lab->nodes[k].name, name) == 0)
			at = (int32_t)k;
	if (at != LAB_INDEX_NONE)
		stub_become(lab, &lab->nodes[at]);
	else
		at = stub_add(lab, name, lab->nodes[i].net_pos);
	for (size_t k = 0; k < lab->n_nodes; k++)
		if (lab->nodes[k].kind == NODE_LINUX && needs_foreign(&lab->nodes[k]) &&
		    strcmp(foreign_name(&lab->nodes[k]), name) == 0)
			lab->nodes[k].net_node = at;
}

void launch_check(struct lab *const *labs, size_t n, bool stub, struct diag *d)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < labs[i]->n_nodes; k++) {
			const struct node *node = &labs[i]->nodes[k];
			const bool own = node->kind != NODE_EXT_CONTAINER;
			struct plan_foreign f;
			struct error e = { 0 };
			int r;

			if (!needs_foreign(node) || hostenv_find_in(labs[i], foreign_name(node), own, labs, n))
				continue;
			r = hostenv_find(&a, labs[i], foreign_name(node), own, &f, &e);
			if (r == 0)
				continue;
			if (r != -ENOENT)
				diag_error(d, own ? node->net_pos : node->pos, NULL, "%s", e.msg);
			else if (stub)
				stub_make(labs[i], k);
			else
				diag_error(d, own ? node->net_pos : node->pos,
					   "give the file that makes it too (netemu run topo.yaml cluster.yaml), start its lab first, "
					   "or use --stub-missing for idle nodes in its place",
					   "container '%s' of node '%s' is not there", foreign_name(node), node->name);
		}
	}
}

/* ---- plans ---- */

static int foreign_collect(const struct lab *lab, struct arena *a, struct plan_env *env, struct error *e)
{
	struct plan_foreign *f = arena_alloc(a, (lab->n_nodes + 1) * sizeof(*f));

	for (size_t i = 0; i < lab->n_nodes; i++) {
		const struct node *n = &lab->nodes[i];
		int r;

		if (!needs_foreign(n))
			continue;
		r = hostenv_find(a, lab, foreign_name(n), n->kind != NODE_EXT_CONTAINER, &f[i], e);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	env->foreign = f;
	return 0;
}

struct plan *launch_plan(const struct lab *lab, struct arena *a, uint32_t seed, struct diag *d, struct error *e)
{
	struct plan_env env = { .seed = seed };
	int r = hostenv_collect(a, &env, e);

	if (r == 0)
		r = foreign_collect(lab, a, &env, e);
	if (r == 0)
		hostenv_missing(lab, a, &env);
	return r < 0 ? NULL : plan_build(lab, &env, d);
}

static uint32_t seed_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (uint32_t)(ts.tv_nsec ^ ts.tv_sec ^ (getpid() << 16));
}

/* ---- the helper programs ---- */

int launch_program_path(const char *name, char *ret, size_t size, struct error *e)
{
	const char *dirs[2] = { getenv("NETEMU_LIBEXEC") };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	if (strrchr(self, '/'))
		*strrchr(self, '/') = '\0';
	dirs[1] = self;
	for (size_t i = 0; i < 3; i++) {
		if (i < 2 && !dirs[i])
			continue;
		if (i < 2)
			(void)snprintf(ret, size, "%s/%s", dirs[i], name);
		else
			(void)snprintf(ret, size, "%s/../libexec/netemu/%s", self, name);
		if (access(ret, R_OK) == 0)
			return 0;
	}
	return error_set(e, ENOENT, "%s was not found beside %s/netemu nor in ../libexec/netemu: reinstall netemu", name, self);
}

static int program_open(const char *name, struct error *e)
{
	char path[PATH_MAX + 64];
	int r = launch_program_path(name, path, sizeof(path), e);

	if (r < 0)
		return r;
	r = open(path, O_RDONLY | O_CLOEXEC);
	return r < 0 ? error_errno(e, errno, "open %s", path) : r;
}

/* What a cluster is run by. */
static int cluster_programs_open(struct launch *l, struct error *e)
{
	l->kubelet_fd = program_open("netemu-kubelet", e);
	if (l->kubelet_fd < 0)
		return l->kubelet_fd;
	l->apiserver_fd = program_open("netemu-apiserver", e);
	return l->apiserver_fd < 0 ? l->apiserver_fd : 0;
}

static sigset_t signals_wanted(void)
{
	sigset_t mask;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGINT);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigaddset(&mask, SIGHUP);
	return mask;
}

static int signals_open(struct error *e)
{
	const sigset_t mask = signals_wanted();
	int fd;

	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	fd = fault_fails("signalfd of run") ? -1 : signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_errno(e, errno, "make a signalfd") : fd;
}

int launch_init(struct launch *l, const struct cli *cli, struct diag *d, struct lab *const *labs, size_t n,
		struct error *e)
{
	_cleanup_close_ int init_file = -EBADF;
	char path[64];
	size_t k = 0;

	*l = (struct launch){ .cli = cli, .diag = d, .commit = { -EBADF, -EBADF }, .init_fd = -EBADF, .kubelet_fd = -EBADF,
			      .apiserver_fd = -EBADF, .signals = -EBADF };
	init_file = program_open("netemu-init", e);
	if (init_file < 0)
		return init_file;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", init_file);
	l->init_fd = sandbox_load_init(path, e);
	if (l->init_fd < 0)
		return l->init_fd;
	l->labs = calloc(n + 1, sizeof(*l->labs));
	if (!l->labs)
		return error_oom(e);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n; i++)
			if ((labs[i]->type == LAB_CLUSTER) == (pass == 0))
				l->labs[k++] = (struct launched){ .lab = labs[i], .sup = { .pidfd = -EBADF, .reports = -EBADF },
								  .dirfd = -EBADF };
	l->n = n;
	if (n && l->labs[0].lab->type == LAB_CLUSTER && cluster_programs_open(l, e) < 0)
		return -e->code;
	if (fault_fails("pipe to commit with") || pipe2(l->commit, O_CLOEXEC) < 0)
		return error_errno(e, errno, "make a pipe");
	l->signals = signals_open(e);
	return l->signals < 0 ? l->signals : 0;
}

/* ---- starting ---- */

/* Handles the reports of one supervisor until @until comes. */
static int reports_await(struct launch *l, const struct launched *m, enum report_type until, struct error *e)
{
	for (;;) {
		struct pollfd p[] = { { .fd = m->sup.reports, .events = POLLIN }, { .fd = l->signals, .events = POLLIN } };
		struct report rep;
		int r;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return error_errno(e, errno, "poll");
		if (p[1].revents)
			return error_set(e, EINTR, "interrupted");
		if (!p[0].revents)
			continue;
		r = report_recv(m->sup.reports, &rep);
		if (r == 0)
			return error_set(e, EIO, "lab %s: its supervisor was killed", m->lab->name);
		if (r < 0)
			return error_errno(e, -r, "lab %s: listen to its supervisor", m->lab->name);
		if (rep.type == until)
			return 0;
		if (rep.type == REPORT_FAILED)
			return error_set(e, rep.error.code ? rep.error.code : EIO, "lab %s: %s", m->lab->name, rep.error.msg);
		if (rep.type == REPORT_WARNING)
			cli_note(l->cli, "warning: %s", rep.error.msg);
		if (rep.type == REPORT_LOG)
			(void)fputs(rep.error.msg, stdout);
	}
}

static bool plan_uses_frr(const struct plan *p)
{
	for (size_t i = 0; i < p->lab->n_nodes; i++)
		if (p->nodes[i].profile && p->nodes[i].profile->layer == LAYER_FRR)
			return true;
	return false;
}

static void plan_notices(const struct launch *l, const struct launched *m)
{
	if (m->plan->notice)
		cli_note(l->cli, "lab %s: %s", m->lab->name, m->plan->notice);
	if (m->plan->dummy_kind && strcmp(m->plan->dummy_kind, "dummy") != 0)
		cli_note(l->cli, "lab %s: this kernel has no dummy interfaces: links of type dummy are of kind %s, which does the same",
			 m->lab->name, m->plan->dummy_kind);
	if (plan_uses_frr(m->plan) && !hostenv_has_frr())
		cli_note(l->cli, "warning: lab %s: its routers need FRR, which is not installed (apt-get install frr)", m->lab->name);
	if (m->plan->mgmt_dev[0] && m->plan->v4.family && m->lab->mgmt.external_access && !hostenv_forwards())
		cli_note(l->cli, "lab %s: nodes do not reach beyond the host while it does not forward (sysctl -w net.ipv4.ip_forward=1)",
			 m->lab->name);
}

/* Whether an end of a link is on the host, which has an interface of that name. */
static bool is_taken(const struct lab *lab, const struct endpoint *e)
{
	return e->node != LAB_INDEX_NONE && lab->nodes[e->node].net_mode == NET_HOST && if_nametoindex(e->ifname) != 0;
}

/* Whether the lab needs of the host what a lab that was ended a moment ago may still have: a name, a tunnel's number. */
static bool shares_host(const struct lab *lab)
{
	for (size_t i = 0; i < lab->n_links; i++) {
		const struct link *k = &lab->links[i];

		if (k->remote.family || (k->type == LINK_MACVLAN && k->macvlan == MACVLAN_PASSTHRU) ||
		    is_taken(lab, &k->end[0]) || is_taken(lab, &k->end[1]))
			return true;
	}
	return false;
}

/* Time that is up is no error: what still dies may be in nobody's way. */
static int drain(struct error *e)
{
	struct error why = { 0 };
	const int r = netns_drain(DRAIN_MS, &why);

	return r < 0 && r != -ETIMEDOUT ? error_set(e, -r, "%s", why.msg) : r;
}

/*
 * A subnet that looks taken may be that of a lab which was killed a moment ago: its end on the host goes when the
 * kernel has freed its namespaces. So wait for that, and look again. Tunnels cannot be seen from here: wait in any case.
 */
static struct plan *plan_patiently(struct launch *l, struct launched *m, struct error *e)
{
	const uint32_t seed = seed_now();
	struct plan *p;
	int r = shares_host(m->lab) ? drain(e) : 0;

	if (r < 0 && r != -ETIMEDOUT)
		return NULL;
	p = launch_plan(m->lab, &m->env, seed, l->diag, e);
	if (!p || !p->notice)
		return p;
	r = drain(e);
	if (r == -ETIMEDOUT)
		return p;
	plan_free(p);
	return r < 0 ? NULL : launch_plan(m->lab, &m->env, seed, l->diag, e);
}

/* ---- what the user finds beside the file, in /etc/hosts and SSH's configuration ---- */

/* A lab is not worse for lack of it: a read-only directory gets one line. */
static void artefact_failed(const struct launch *l, const struct launched *m, const struct error *e)
{
	cli_note(l->cli, "warning: lab %s: %s", m->lab->name, e->msg);
}

static void labdir_of(const struct launch *l, const struct launched *m)
{
	const struct diag *d = l->diag;
	struct error e = { 0 };

	if (labdir_make(m->plan, m->dirfd, m->lab->file < d->n_files ? d->files[m->lab->file].text : NULL, &e) < 0)
		artefact_failed(l, m, &e);
}

/* Not a convenience: nodes bind them. */
static int certificates_of(const struct launched *m, struct error *e)
{
	char path[PATH_MAX + 64];
	int r;

	if (!labtls_wanted(m->lab))
		return 0;
	r = launch_program_path("netemu-cert", path, sizeof(path), e);
	return r < 0 ? r : labtls_make(m->plan, m->dirfd, path, e);
}

static void hosts_announce(const struct launch *l, const struct launched *m)
{
	struct error e = { 0 };

	if (labdir_announce(m->plan, m->dirfd, &e) < 0)
		artefact_failed(l, m, &e);
}

static void ssh_configure(const struct launch *l, const struct launched *m)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	struct error e = { 0 };

	if (labdir_wants_ssh(m->plan) && (state_load(m->lab->name, &st, &e) < 0 || labdir_ssh(m->plan, st, m->dirfd, &e) < 0))
		artefact_failed(l, m, &e);
}

/* Plans and makes one lab, while no other `run` looks for a free subnet. */
static int lab_make(struct launch *l, struct launched *m, struct error *e)
{
	const bool cluster = m->lab->type == LAB_CLUSTER;
	struct supervisor_spec spec = { .dir = m->dir, .dirfd = m->dirfd, .init_fd = l->init_fd, .commit_fd = l->commit[0],
					.kubelet_fd = cluster ? l->kubelet_fd : -EBADF,
					.apiserver_fd = cluster ? l->apiserver_fd : -EBADF,
					.max_workers = l->max_workers, .foreground = l->foreground };
	int r;

	m->plan = plan_patiently(l, m, e);
	if (!m->plan)
		return e->code ? -e->code : -EINVAL;
	ports_check_host(m->lab, l->diag);
	if (l->diag->n_errors)
		return -EINVAL;
	plan_notices(l, m);
	labdir_of(l, m);
	r = certificates_of(m, e);
	if (r < 0)
		return error_wrap(e, "lab %s", m->lab->name);
	spec.plan = m->plan;
	/* The supervisor inherits the pipe's writing end only to close it: detach() keeps nothing else. */
	r = supervisor_start(&spec, &m->sup, e);
	return r < 0 ? r : reports_await(l, m, REPORT_MADE, e);
}

/* May take as long as another run does. A signal ends this process meanwhile, which undoes all, as kill -9 does. */
static int plan_lock_wait(const struct launched *m, struct error *e)
{
	const sigset_t mask = signals_wanted();
	int fd;

	(void)sigprocmask(SIG_UNBLOCK, &mask, NULL);
	fd = state_lock_plan(m->dirfd, e);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	return fd;
}

static int lab_start(struct launch *l, struct launched *m, struct error *e)
{
	_cleanup_close_ int plan_lock = -EBADF;
	char dir[PATH_MAX];
	int r;

	state_await_dying(m->lab->name, DRAIN_MS);
	m->dirfd = state_lock(m->lab->name, e);
	if (m->dirfd < 0)
		return m->dirfd;
	(void)snprintf(dir, sizeof(dir), "%s/%s", state_dir_root(), m->lab->name);
	m->dir = strdup(dir);
	if (!m->dir)
		return error_oom(e);
	plan_lock = plan_lock_wait(m, e);
	if (plan_lock < 0)
		return plan_lock;
	r = lab_make(l, m, e);
	plan_lock = fd_close(plan_lock);
	if (r < 0)
		return r;
	hosts_announce(l, m); /* while the nodes start */
	r = reports_await(l, m, REPORT_READY, e);
	if (r == 0)
		ssh_configure(l, m);
	return r;
}

/* Ends what was started and removes its files; the pipe's end has told those supervisors that had not committed. */
static void lab_undo(struct launched *m)
{
	if (m->sup.pidfd >= 0) {
		struct pollfd p = { .fd = m->sup.pidfd, .events = POLLIN };

		(void)kill(m->sup.pid, SIGTERM);
		if (poll(&p, 1, 5000) <= 0)
			(void)kill(m->sup.pid, SIGKILL);
		(void)waitpid(m->sup.pid, NULL, 0);
		m->sup.pidfd = fd_close(m->sup.pidfd);
	}
	if (m->dirfd >= 0)
		(void)state_remove(m->lab->name, m->dirfd, NULL);
}

static int commit(struct launch *l, struct error *e)
{
	char bytes[64] = { 0 };

	if (l->n > sizeof(bytes))
		return error_set(e, E2BIG, "more than %zu labs at a time", sizeof(bytes));
	if (fault_fails("commit") || write(l->commit[1], bytes, l->n) != (ssize_t)l->n)
		return error_errno(e, errno, "commit");
	for (size_t i = 0; i < l->n; i++) {
		int r = reports_await(l, &l->labs[i], REPORT_COMMITTED, e);

		if (r < 0 && r != -EINTR)
			return r;
	}
	return 0;
}

int launch_run(struct launch *l, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++)
		r = lab_start(l, &l->labs[i], e);
	if (r == 0)
		r = commit(l, e);
	if (r == 0)
		return 0;
	l->commit[1] = fd_close(l->commit[1]);
	for (size_t i = l->n; i-- > 0;)
		lab_undo(&l->labs[i]);
	return r;
}

void launch_done(struct launch *l)
{
	for (size_t i = 0; l->labs && i < l->n; i++) {
		struct launched *m = &l->labs[i];

		if (m->plan)
			plan_free(m->plan);
		(void)fd_close(m->sup.pidfd);
		(void)fd_close(m->sup.reports);
		(void)fd_close(m->dirfd);
		free(m->dir);
		arena_done(&m->env);
	}
	free(l->labs);
	(void)fd_close(l->commit[0]);
	(void)fd_close(l->commit[1]);
	(void)fd_close(l->init_fd);
	(void)fd_close(l->kubelet_fd);
	(void)fd_close(l->apiserver_fd);
	(void)fd_close(l->signals);
}
