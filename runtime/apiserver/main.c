// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - the API server of one cluster: reads what the cluster is, starts its parts, and waits
 *
 *   netemu-apiserver LABDIR              started by the supervisor; descriptor CRI_FD_APISERVER is its connection
 *   netemu-apiserver --standalone DIR    without a lab: no node ever runs a pod
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "apiserver/api.h"
#include "cluster/cri.h"
#include "cluster/jsonutil.h"

struct server {
	struct api api;
	char lab_dir[4096], dir[4096 + sizeof(KUBE_DIR)];
	int signals;
	bool standalone;
};

/* What --standalone serves when DIR has no cluster.json. */
static const char one_node[] =
	"{\"name\": \"netemu\", \"version\": \"v1.27.3\", \"apiServerAddress\": \"127.0.0.1\", \"apiServerPort\": 0,"
	" \"ipFamily\": \"ipv4\", \"podSubnets\": [\"10.244.0.0/16\"], \"serviceSubnets\": [\"10.96.0.0/16\"],"
	" \"defaultCNI\": true, \"kubeProxyMode\": \"iptables\", \"pins\": {}, \"nodes\": [{"
	"  \"name\": \"control-plane\", \"hostname\": \"netemu-control-plane\", \"controlPlane\": true,"
	"  \"image\": \"kindest/node:v1.27.3\", \"addresses\": [\"172.18.0.2\"], \"taints\": [],"
	"  \"labels\": {\"kubernetes.io/hostname\": \"netemu-control-plane\"}, \"podCIDRs\": [\"10.244.0.0/24\"],"
	"  \"routerIPs\": [], \"providerID\": \"kind://netemu/netemu/netemu-control-plane\"}]}";

static int read_cluster(struct server *s, struct error *e)
{
	char path[sizeof(s->lab_dir) + sizeof(KUBE_CONFIG_JSON) + 1];
	json_error_t why;
	json_t *pins;

	(void)snprintf(path, sizeof(path), "%s/%s", s->lab_dir, KUBE_CONFIG_JSON);
	if (s->standalone && access(path, F_OK) < 0)
		s->api.cluster = json_loads(one_node, 0, &why);
	else
		s->api.cluster = json_load_file(path, 0, &why);
	if (!s->api.cluster)
		return error_set(e, EBADMSG, "%s:%d: %s", path, why.line, why.text);
	pins = json_object_get(s->api.cluster, "pins");
	s->api.pins = json_is_object(pins) ? json_deep_copy(pins) : json_object();
	return 0;
}

static int set_paths(struct server *s, const char *dir, struct error *e)
{
	if (s->standalone && mkdir(dir, 0700) < 0 && errno != EEXIST)
		return error_errno(e, errno, "mkdir %s", dir);
	if (!realpath(dir, s->lab_dir))
		return error_errno(e, errno, "%s", dir);
	(void)snprintf(s->dir, sizeof(s->dir), "%s/%s", s->lab_dir, KUBE_DIR);
	if (mkdir(s->dir, 0700) < 0 && errno != EEXIST)
		return error_errno(e, errno, "mkdir %s", s->dir);
	s->api.lab_dir = s->lab_dir;
	s->api.dir = s->dir;
	return 0;
}

static void on_signal(struct loop *loop, struct loop_handle id _unused_, uint32_t revents _unused_, void *arg _unused_)
{
	loop_exit(loop, 0);
}

static int watch_signals(struct server *s, struct error *e)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return error_errno(e, errno, "signalfd");
	return loop_add_fd(s->api.loop, s->signals, POLLIN, on_signal, NULL, NULL, e);
}

static void on_runtime_message(struct rpc_peer *peer, struct rpc_message *m, void *arg _unused_)
{
	struct error e = { 0 };

	(void)error_set(&e, EOPNOTSUPP, "the API server does not know \"%s\"", json_text(m->body, "op", NULL));
	rpc_peer_fail(peer, json_int(m->body, 0, "id", NULL), &e);
}

/* The supervisor has gone: so has the lab. */
static void on_runtime_end(struct rpc_peer *peer _unused_, void *arg)
{
	struct server *s = arg;

	loop_exit(s->api.loop, 0);
}

static int connect_runtime(struct server *s, struct error *e)
{
	if (s->standalone)
		return 0;
	(void)fcntl(CRI_FD_APISERVER, F_SETFD, FD_CLOEXEC);
	return rpc_peer_new(s->api.loop, CRI_FD_APISERVER, on_runtime_message, on_runtime_end, s, &s->api.runtime, e);
}

static int open_store(struct server *s, struct error *e)
{
	int r = store_open(s->dir, &s->api.store, e);

	if (r < 0)
		return r;
	r = watches_start(&s->api, e);
	if (r == 0)
		r = events_start(&s->api, e);
	if (r == 0 && store_revision(s->api.store) == 0)
		r = bootstrap(&s->api, e);
	if (r < 0)
		return r;
	s->api.network = network_default(&s->api);
	cilium_restore(&s->api);
	return 0;
}

static int start_parts(struct server *s, struct error *e)
{
	static int (*const parts[])(struct api *, struct error *) = { nodes_start, bgp_start, controllers_start,
		                                                      rpcserver_start };
	unsigned port;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		r = parts[i](&s->api, e);
		if (r < 0)
			return r;
	}
	r = http_start(&s->api, e, &port);
	if (r == 0)
		r = bootstrap_watch(&s->api, e);
	if (r < 0)
		return r;
	if (s->api.runtime)
		rpc_peer_send(s->api.runtime, json_pack("{s:s, s:I}", "op", "ready", "port", (json_int_t)port), NULL,
		              0);
	return 0;
}

static void server_done(struct server *s)
{
	struct api *api = &s->api;

	if (api->store) {
		http_free(api);
		rpcserver_free(api);
		controllers_free(api);
		bgp_free(api);
		nodes_free(api);
		events_free(api);
		watches_free(api);
	}
	rpc_peer_free(api->runtime);
	store_close(api->store);
	json_decref(api->cluster);
	json_decref(api->pins);
	json_decref(api->network);
	loop_free(api->loop);
	(void)fd_close(s->signals);
}

static int serve(struct server *s, const char *dir, struct error *e)
{
	int r = set_paths(s, dir, e);

	if (r == 0)
		r = read_cluster(s, e);
	if (r == 0)
		r = loop_new(&s->api.loop, e);
	if (r == 0)
		r = watch_signals(s, e);
	if (r == 0)
		r = connect_runtime(s, e);
	if (r == 0)
		r = open_store(s, e);
	if (r == 0)
		r = start_parts(s, e);
	if (r < 0)
		return r;
	r = loop_run(s->api.loop);
	return r < 0 ? error_errno(e, -r, "event loop") : r;
}

int main(int argc, char *argv[])
{
	struct server s = { .signals = -EBADF };
	struct error e = { 0 };
	int r;

	s.standalone = argc == 3 && strcmp(argv[1], "--standalone") == 0;
	if (!s.standalone && argc != 2) {
		fprintf(stderr, "usage: netemu-apiserver LABDIR\n       netemu-apiserver --standalone DIR\n");
		return 2;
	}
	(void)umask(077);
	(void)prctl(PR_SET_NAME, "netemu-api"); /* started by descriptor: the kernel would call it by its number */
	r = serve(&s, argv[argc - 1], &e);
	if (r < 0)
		fprintf(stderr, "netemu-apiserver: %s\n", e.msg);
	server_done(&s);
	return r < 0;
}
