// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_run.c - make everything in these files real
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "cluster/jsonutil.h"
#include "cmd_inspect.h"
#include "engine/noderoot.h"
#include "engine/settle.h"
#include "engine/state.h"
#include "files.h"
#include "holders.h"
#include "images.h"
#include "inspect.h"
#include "kubeapply.h"
#include "kubeclient.h"
#include "launch.h"
#include "speakers.h"
#include "supervisor/report.h"

enum { WAIT_DEFAULT_S = 60, WAIT_NODES_S = 30, KILL_AFTER_MS = 5000, PENDING_SHOWN = 20 /* lines */, EXIT_INTERRUPTED = 130 };

/*
 * Mistakes that only show on this machine (a missing container, a taken subnet) get a list of their own, since
 * those of the files have been shown already.
 */
static void diag_again(const struct files *files, struct diag *d)
{
	for (size_t i = 0; i < files->diag.n_files; i++)
		(void)diag_add_file(d, files->diag.files[i].path, files->diag.files[i].text, files->diag.files[i].len);
}

static int invalid(const struct diag *d)
{
	diag_print(d, stderr, cli_colour(stderr));
	return CLI_INVALID;
}

static int dry_run(const struct cli *cli, const struct files *files, struct diag *d)
{
	struct error e = { 0 };

	for (size_t i = 0; i < files->n; i++) {
		_cleanup_(plan_freep) struct plan *p = NULL;
		_cleanup_arena_ struct arena a = { 0 };

		p = launch_plan(files->labs[i], &a, 0, d, &e);
		if (!p)
			return e.code ? cli_fail(cli, &e) : invalid(d);
		plan_print(p, stdout);
	}
	kube_apply_print_plan(&files->manifests);
	return CLI_OK;
}

/* ---- --wait ---- */

/* The image's own entrypoint starts what /etc/frr/daemons says, in its own time: those must answer. */
static const char *const *daemons_expected(struct arena *a, const struct lab *lab, const struct lab_state *st, size_t i)
{
	const struct node *n = &lab->nodes[i];
	const struct profile *p = i < lab->n_nodes && n->image ? profile_find(n->image) : NULL;
	const char **names;

	if (!p || p->layer != LAYER_FRR || !plan_runs_image(n, p) || !st->nodes[i].pid)
		return NULL;
	names = arena_alloc(a, FRR_ROUTING_MAX * sizeof(*names));
	noderoot_frr_daemons(st->nodes[i].pid, names);
	return names;
}

static struct settle_node *settle_nodes(struct arena *a, const struct lab_state *st, const struct lab *lab,
					const struct speakers *speakers)
{
	struct settle_node *nodes = arena_alloc(a, (st->n_nodes + speakers->n + 1) * sizeof(*nodes));

	for (size_t i = 0; i < st->n_nodes; i++)
		nodes[i] = (struct settle_node){ .name = st->nodes[i].name, .pid = st->nodes[i].pid,
						 .bridge = lab->nodes[i].kind == NODE_BRIDGE,
						 .daemons = daemons_expected(a, lab, st, i) };
	for (size_t i = 0; i < speakers->n; i++)
		nodes[st->n_nodes + i] = speakers->nodes[i];
	return nodes;
}

static struct settle_link *settle_links(struct arena *a, const struct lab_state *st)
{
	struct settle_link *links = arena_alloc(a, (st->n_links + 1) * sizeof(*links));

	for (size_t i = 0; i < st->n_links; i++)
		links[i] = (struct settle_link){ { (size_t)st->links[i].node[0], (size_t)st->links[i].node[1] },
						 { st->links[i].ifname[0], st->links[i].ifname[1] } };
	return links;
}

/* Ctrl-C: the lab is there already, and stays. */
static int check_interrupted(void *arg, const struct settle_report *report)
{
	const struct launch *l = arg;
	struct pollfd p = { .fd = l->signals, .events = POLLIN };

	(void)report;
	return poll(&p, 1, 0) > 0 ? -EINTR : 0;
}

static int wait_settled(const struct cli *cli, struct launch *l, const struct lab *lab, const struct speakers *speakers,
			unsigned seconds)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	_cleanup_(settle_report_done) struct settle_report report = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	struct settle_input in = { 0 };
	struct error e = { 0 };
	int r = state_load(lab->name, &st, &e);

	if (r < 0)
		return cli_fail(cli, &e);
	in.nodes = settle_nodes(&a, st, lab, speakers);
	in.n_nodes = st->n_nodes + speakers->n;
	in.links = settle_links(&a, st);
	in.n_links = st->n_links;
	r = settle_wait(&in, seconds, check_interrupted, l, &report, &e);
	if (r == 0)
		return CLI_OK;
	(void)cli_fail(cli, &e);
	for (size_t i = 0; i < report.lines.n; i++)
		cli_note(cli, "still waiting for %s", report.lines.v[i]);
	return r == -EINTR ? EXIT_INTERRUPTED : CLI_FAILED;
}

/* ---- --foreground ---- */

/* Shows what the nodes write until a signal comes or all labs have ended. */
static void foreground(struct launch *l)
{
	struct pollfd p[65] = { { .fd = l->signals, .events = POLLIN } };

	for (size_t i = 0; i < l->n; i++)
		p[1 + i] = (struct pollfd){ .fd = l->labs[i].sup.reports, .events = POLLIN };
	for (size_t open = l->n; open;) {
		struct report rep;

		(void)fflush(stdout);
		if (poll(p, 1 + l->n, -1) < 0 && errno != EINTR)
			break;
		if (p[0].revents)
			break;
		for (size_t i = 0; i < l->n; i++) {
			if (p[1 + i].fd < 0 || !p[1 + i].revents)
				continue;
			if (report_recv(p[1 + i].fd, &rep) > 0) {
				(void)fputs(rep.error.msg, rep.type == REPORT_LOG ? stdout : stderr);
			} else {
				p[1 + i].fd = -1;
				open--;
			}
		}
	}
}

static int destroy_all(const struct cli *cli, const struct files *files)
{
	_cleanup_(holders_done) struct holders h = { 0 };
	struct error e = { 0 };
	int code = CLI_OK;

	for (size_t i = files->n; i-- > 0;) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (state_load(files->labs[i]->name, &st, NULL) == 0)
			holders_add(&h, st);
		if (state_destroy(files->labs[i]->name, KILL_AFTER_MS, false, &e) < 0)
			code = cli_fail(cli, &e);
	}
	holders_note(&h, cli);
	return code;
}

/* ---- objects ---- */

static const char *pin_file(const struct cli *cli)
{
	return cli_value(cli, "pin") ? cli_value(cli, "pin") : getenv("NETEMU_PIN");
}

/* @cluster: the one that was just made, or NULL: the one that is running */
static int apply(const struct cli *cli, struct files *files, const struct lab *cluster)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_diag_ struct diag d = { 0 };
	const struct kube_apply ap = { .cli = cli, .k = &k, .manifests = &files->manifests, .diag = &d, .fresh = cluster != NULL };
	struct error e = { 0 };
	int code = CLI_OK;

	if (files->manifests.n == 0)
		return CLI_OK;
	if (kube_open(cluster ? cluster->name : NULL, KUBE_START_MS, &k, &e) < 0)
		return cli_fail(cli, &e);
	if (!cluster)
		code = files_send_pins(cli, files, &k, pin_file(cli));
	diag_again(files, &d);
	return code == CLI_OK ? kube_apply(&ap) : code;
}

/* @what: "all" or, for a lab that is up and no more, "nodes": those that have registered */
static int wait_cluster(const struct cli *cli, const char *cluster, const char *what, unsigned seconds)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_json_ json_t *reply = NULL;
	struct error e = { 0 };
	json_t *line, *pending;
	size_t i;

	if (kube_open(cluster, KUBE_START_MS, &k, &e) < 0 ||
	    kube_call(&k, "wait", json_pack("{s:s, s:i}", "for", what, "timeout", (int)seconds), &reply, &e) < 0) {
		if (strcmp(what, "all") == 0)
			return cli_fail(cli, &e);
		cli_note(cli, "whether all nodes of cluster %s have registered is not known: %s", cluster, e.msg);
		return CLI_OK; /* the lab is up, which nobody has asked more of */
	}
	pending = json_object_get(reply, "pending");
	if (json_array_size(pending) == 0)
		return CLI_OK;
	(void)cli_error(cli, "cluster %s has not settled after %u s", k.lab, seconds);
	json_array_foreach(pending, i, line) {
		if (i == PENDING_SHOWN) {
			cli_note(cli, "and for %zu more", json_array_size(pending) - i);
			break;
		}
		cli_note(cli, "still waiting for %s", json_string_value(line));
	}
	return CLI_FAILED;
}

static time_t now_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static unsigned seconds_left(time_t end)
{
	return (unsigned)MAX_OF(end - now_s(), 1);
}

/* Pods first: they bring what speakers advertise. */
static int wait_all(const struct cli *cli, struct launch *l, const struct files *files)
{
	_cleanup_(speakers_done) struct speakers speakers = { 0 };
	const time_t end = now_s() + cli_number(cli, "wait", WAIT_DEFAULT_S);
	int code = CLI_OK;

	for (size_t i = 0; i < files->n && code == CLI_OK; i++)
		if (files->labs[i]->type == LAB_CLUSTER) {
			code = wait_cluster(cli, files->labs[i]->name, "all", seconds_left(end));
			speakers_add(&speakers, files->labs[i]->name);
		}
	for (size_t i = 0; i < files->n && code == CLI_OK; i++)
		code = wait_settled(cli, l, files->labs[i], &speakers, seconds_left(end));
	return code;
}

/* A cluster is up when all its nodes are listed; what else is to come is --wait's. */
static int wait_nodes(const struct cli *cli, const struct files *files)
{
	int code = CLI_OK;

	for (size_t i = 0; i < files->n && code == CLI_OK; i++)
		if (files->labs[i]->type == LAB_CLUSTER)
			code = wait_cluster(cli, files->labs[i]->name, "nodes", WAIT_NODES_S);
	return code;
}

/*
 * From here on the labs are there and stay: a signal ends only what this process still does. A script that runs it in the
 * background has SIGINT ignored, which does not keep it from ending what it waits for.
 */
static void signals_restore(const struct cli *cli)
{
	sigset_t none;

	if (cli_flag(cli, "foreground"))
		return;
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int after(const struct cli *cli, struct launch *l, struct files *files)
{
	int code;

	signals_restore(cli);
	code = apply(cli, files, files_cluster(files));
	if (code == CLI_OK)
		code = cli_flag(cli, "wait") ? wait_all(cli, l, files) : wait_nodes(cli, files);
	/* Of the tool that it stands in for, standard output is what that tool prints. */
	images_show(files->labs, files->n, inspect_style.table ? stderr : stdout);
	for (size_t i = 0; i < files->n; i++)
		(void)inspect_lab(files->labs[i]->name, stdout);
	if (!cli_flag(cli, "foreground"))
		return code;
	foreground(l);
	return destroy_all(cli, files);
}

/* Nothing but manifests: for the cluster that is running. */
static int objects_only(const struct cli *cli, struct files *files)
{
	int code = apply(cli, files, NULL);

	return code == CLI_OK && cli_flag(cli, "wait") ? wait_cluster(cli, NULL, "all", cli_number(cli, "wait", WAIT_DEFAULT_S)) : code;
}

static int start(const struct cli *cli, struct files *files, struct diag *d)
{
	_cleanup_(launch_done) struct launch l = { 0 };
	struct error e = { 0 };
	int r;

	if (cli_flag(cli, "reconfigure") && destroy_all(cli, files) != CLI_OK)
		return CLI_FAILED;
	r = launch_init(&l, cli, d, files->labs, files->n, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	l.max_workers = cli_number(cli, "max-workers", 0);
	l.foreground = cli_flag(cli, "foreground");
	images_warn(cli, files->labs, files->n);
	r = launch_run(&l, &e);
	if (r == -EINTR) {
		(void)cli_fail(cli, &e);
		return EXIT_INTERRUPTED;
	}
	if (r < 0)
		return e.code ? cli_fail(cli, &e) : invalid(d);
	return after(cli, &l, files);
}

/* Objects need a cluster: exactly one of the files', else one that runs. */
static int cluster_check(const struct cli *cli, const struct files *files)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *running;
	struct error e = { 0 };
	size_t clusters = 0;

	for (size_t i = 0; i < files->n; i++)
		clusters += files->labs[i]->type == LAB_CLUSTER;
	if (files->manifests.n == 0 || clusters == 1 || cli_flag(cli, "dry-run"))
		return CLI_OK;
	if (clusters > 1)
		return cli_error(cli, "the files make %zu clusters: say which one %s is for by netemu apply --lab", clusters,
				 files->manifest_files.v[0]);
	return kube_find(NULL, &a, &running, &e) < 0 ? cli_fail(cli, &e) : CLI_OK;
}

int cmd_run(const struct cli *cli)
{
	_cleanup_files_ struct files files = { 0 };
	_cleanup_diag_ struct diag d = { 0 };
	const int code = files_load_cli(cli, &files);

	if (code != CLI_OK)
		return code;
	if (geteuid() != 0 && !cli_flag(cli, "dry-run"))
		return cli_error(cli, "must be run as root (try sudo)");
	if (cluster_check(cli, &files) != CLI_OK)
		return CLI_FAILED;
	diag_again(&files, &d);
	launch_check(files.labs, files.n, cli_flag(cli, "stub-missing"), &d);
	if (d.n_errors)
		return invalid(&d);
	if (cli_flag(cli, "dry-run"))
		return dry_run(cli, &files, &d);
	return files.n ? start(cli, &files, &d) : objects_only(cli, &files);
}
