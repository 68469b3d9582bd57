// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe.c - looking whether a container is well, and running its hooks
 *
 * Both are the same handlers: exec (through the container's own init), httpGet, tcpSocket (from the node's network
 * namespace, as a kubelet does). Nothing blocks: each handler is sockets on the loop and a timer. HTTPS is a connection
 * and no more: the certificate would not be checked anyway. Source: kubernetes pkg/kubelet/prober, pkg/probe.
 *
 *   timer --begin()--> exec: container.connect, AGENT_RUN, AGENT_EXITED --+--> finish(ok, output) --> counted, timer
 *                      http, tcp: connect, request, status line ----------+
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/strbuf.h"
#include "engine/agentc.h"
#include "kubelet/pod.h"

enum { SECOND = 1000000, OUTPUT_MAX = 10240, HOOK_SECONDS = 3600, EXEC_ID = 1 };

struct probe {
	struct container *c; /* NULL once it is stopped while a call is on its way */
	struct pod *pod;
	json_t *spec; /* own reference: the handler, and the timing of a probe */
	enum probe_kind kind;
	hook_fn hook; /* it is a hook */
	int fd, out; /* connection; exec: what it prints */
	struct loop_handle io, out_io, timer, timeout;
	struct strbuf text; /* what came */
	bool sent, calling, running;
	json_int_t good, bad; /* in a row */
	char target[INPREFIX_STRLEN + 8]; /* for messages: "10.1.2.3:80" */
};

static const struct {
	const char *key, *word;
} kinds[] = {
	[PROBE_STARTUP] = { "startupProbe", "Startup" },
	[PROBE_LIVENESS] = { "livenessProbe", "Liveness" },
	[PROBE_READINESS] = { "readinessProbe", "Readiness" },
};
static_assert(ARRAY_SIZE(kinds) == _PROBE_KIND_MAX, "a probe lacks its words");

static void finish(struct probe *p, bool ok, const char *fmt, ...) _printf_(3, 4);

/* ---- clearing up ---- */

static void handles_drop(struct probe *p)
{
	struct loop *loop = p->pod->k->loop;

	loop_remove(loop, p->io);
	loop_remove(loop, p->out_io);
	loop_remove(loop, p->timeout);
	p->io = p->out_io = p->timeout = (struct loop_handle){ 0 };
	p->fd = fd_close(p->fd);
	p->out = fd_close(p->out);
	strbuf_done(&p->text);
	p->text = (struct strbuf){ 0 };
	p->sent = p->running = false;
}

static struct probe *probe_free(struct probe *p)
{
	if (!p)
		return NULL;
	handles_drop(p);
	loop_remove(p->pod->k->loop, p->timer);
	p->c = NULL;
	if (p->calling)
		return NULL; /* the answer frees it */
	json_decref(p->spec);
	free(p);
	return NULL;
}

static struct probe *probe_new(struct container *c, const json_t *spec)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (p)
		*p = (struct probe){ .c = c,
				     .pod = c->pod,
				     .spec = json_incref((json_t *)(uintptr_t)spec),
				     .fd = -EBADF,
				     .out = -EBADF };
	return p;
}

/* ---- what comes of it ---- */

static void failed_for_good(struct probe *p)
{
	struct container *c = p->c;
	char why[320];

	if (p->kind == PROBE_READINESS) {
		c->ready = false;
		pod_touch(c->pod);
		return;
	}
	(void)snprintf(why, sizeof(why), "Container %s failed %s probe, will be restarted", c->name,
		       p->kind == PROBE_LIVENESS ? "liveness" : "startup");
	/* Frees all probes of the container. */
	container_stop(c, json_int(p->spec, pod_grace(c->pod), "terminationGracePeriodSeconds", NULL), why);
}

static void others_start(struct container *c);

static void succeeded(struct probe *p)
{
	struct container *c = p->c;

	if (p->kind == PROBE_READINESS && !c->ready) {
		c->ready = true;
		pod_touch(c->pod);
	}
	if (p->kind != PROBE_STARTUP)
		return;
	c->probes[PROBE_STARTUP] = probe_free(p);
	others_start(c);
	pod_touch(c->pod);
	pod_sync(c->pod);
}

static void probe_over(struct probe *p, bool ok, const char *output)
{
	struct container *c = p->c;

	(void)loop_set_timer(c->pod->k->loop, p->timer,
			     (uint64_t)json_int(p->spec, 10, "periodSeconds", NULL) * SECOND);
	p->good = ok ? p->good + 1 : 0;
	p->bad = ok ? 0 : p->bad + 1;
	if (!ok)
		kubelet_event(c->pod->k, c->pod->object, "Warning", "Unhealthy", "%s probe failed: %s",
			      kinds[p->kind].word, output);
	if (ok && p->good >= json_int(p->spec, 1, "successThreshold", NULL))
		succeeded(p);
	else if (!ok && p->bad >= json_int(p->spec, 3, "failureThreshold", NULL))
		failed_for_good(p);
}

static void finish(struct probe *p, bool ok, const char *fmt, ...)
{
	char output[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(output, sizeof(output), fmt, ap);
	va_end(ap);
	handles_drop(p);
	if (p->hook) {
		struct container *c = p->c;
		const hook_fn fn = p->hook;

		c->hook_run = NULL;
		(void)probe_free(p);
		fn(c, ok, output);
	} else {
		probe_over(p, ok, output);
	}
}

static void timed_out(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct probe *p = arg;

	if (json_object_get(p->spec, "exec"))
		finish(p, false, "command timed out");
	else if (json_object_get(p->spec, "httpGet"))
		finish(p, false,
		       "Get \"http://%s%s\": context deadline exceeded (Client.Timeout exceeded while awaiting "
		       "headers)",
		       p->target, json_text(p->spec, "httpGet", "path", NULL));
	else
		finish(p, false, "dial tcp %s: i/o timeout", p->target);
}

/* ---- exec ---- */

/* Return: false when nothing more comes. */
static bool output_read(struct probe *p)
{
	char buf[1024];
	ssize_t n;

	while ((n = read(p->out, buf, sizeof(buf))) > 0)
		if (p->text.len < OUTPUT_MAX)
			strbuf_add(&p->text, buf, (size_t)n);
	return n < 0 && errno == EAGAIN;
}

static void output_came(struct loop *loop, struct loop_handle id, uint32_t revents _unused_, void *arg)
{
	if (!output_read(arg))
		loop_remove(loop, id);
}

static void agent_said(struct loop *loop _unused_, struct loop_handle id _unused_, uint32_t revents _unused_, void *arg)
{
	struct probe *p = arg;
	_cleanup_free_ char *text = NULL;
	struct agent_event ev;
	struct error e = { 0 };
	int fd = -EBADF;
	const int r = agent_recv(p->fd, &ev, &fd, &e);

	(void)fd_close(fd);
	if (r == -EAGAIN || (r > 0 && ev.type == AGENT_STARTED))
		return;
	(void)output_read(p);
	text = strbuf_steal(&p->text);
	if (r > 0 && ev.type == AGENT_EXITED)
		finish(p, ev.arg == 0, "%s", text ? text : "");
	else if (r > 0 && ev.type == AGENT_REFUSED)
		finish(p, false, "%s", strerror((int)ev.arg));
	else
		finish(p, false, "the container has ended");
}

static void strv_fill(struct arena *a, struct strv *v, const json_t *words)
{
	size_t i;
	json_t *w;

	json_array_foreach (words, i, w)
		if (json_string_value(w))
			strv_add(a, v, json_string_value(w));
}

static int exec_run(struct probe *p, int out, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_json_ json_t *vars = NULL;
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct strv argv = { 0 }, env = { 0 };
	struct agent_command cmd = { .argv = &argv, .env = &env, .fds = { null, out, out } };
	char user[48];

	if (null < 0)
		return error_errno(e, errno, "open /dev/null");
	(void)podenv_make(p->c, &vars, NULL);
	strv_fill(&a, &argv, json_at(p->spec, "exec", "command", NULL));
	strv_fill(&a, &env, vars);
	container_user(p->c, user, sizeof(user));
	cmd.user = user;
	cmd.cwd = json_text(p->c->spec, "workingDir", NULL);
	if (argv.n == 0)
		return error_set(e, EINVAL, "no command");
	return agent_run(p->fd, EXEC_ID, &cmd, e);
}

static int exec_begin(struct probe *p, struct error *e)
{
	struct loop *loop = p->pod->k->loop;
	_cleanup_close_ int out = -EBADF;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(e, errno, "make a pipe");
	p->out = ends[0];
	out = ends[1];
	(void)fcntl(p->out, F_SETFL, O_NONBLOCK);
	r = exec_run(p, out, e);
	if (r < 0)
		return r;
	(void)fcntl(p->fd, F_SETFL, O_NONBLOCK);
	r = loop_add_fd(loop, p->fd, POLLIN, agent_said, p, &p->io, e);
	if (r == 0)
		r = loop_add_fd(loop, p->out, POLLIN, output_came, p, &p->out_io, e);
	return r;
}

static void connected(struct rpc_message *m, const struct error *e, void *arg)
{
	struct probe *p = arg;
	struct error mine = { 0 };

	p->calling = false;
	if (!p->c) {
		struct pod *pod = p->pod;

		json_decref(p->spec);
		free(p);
		(void)pod_answered(pod, m);
		return;
	}
	if (!pod_answered(p->pod, m) || !p->running)
		return;
	if (!e && m->n_fds) {
		p->fd = TAKE_FD(m->fds[0]);
		if (exec_begin(p, &mine) == 0)
			return;
	}
	finish(p, false, "%s", e ? e->msg : mine.msg);
}

static void exec_ask(struct probe *p)
{
	if (p->calling)
		return;
	p->calling = true;
	pod_call(p->pod, json_pack("{s:s, s:s}", "op", "container.connect", "container", p->c->id), NULL, 0, connected,
		 p);
}

/* ---- http and tcp ---- */

/* A port's number, which may be the name of one of the container's ports. 0: none. */
static uint16_t port_number(const struct container *c, const json_t *port)
{
	const char *name = json_string_value(port);
	size_t i;
	json_t *own;

	if (json_is_integer(port))
		return (uint16_t)json_integer_value(port);
	json_array_foreach (json_object_get(c->spec, "ports"), i, own)
		if (name && strcmp(json_text(own, "name", NULL), name) == 0)
			return (uint16_t)json_int(own, 0, "containerPort", NULL);
	return name ? (uint16_t)atoi(name) : 0;
}

static int target_address(struct probe *p, const json_t *handler, struct sockaddr_storage *sa, socklen_t *ret_len)
{
	_cleanup_free_ char *own = podenv_field(p->pod, "status.podIP");
	const char *host = json_text(handler, "host", NULL);
	const uint16_t port = port_number(p->c, json_object_get(handler, "port"));
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;
	struct sockaddr_in *in = (struct sockaddr_in *)sa;
	struct inprefix a;

	if (!*host)
		host = own;
	if (!host || inprefix_parse(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &a) < 0)
		return -EINVAL;
	memset(sa, 0, sizeof(*sa));
	sa->ss_family = (sa_family_t)a.family;
	if (a.family == AF_INET) {
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a.addr, 4);
	} else {
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, a.addr, 16);
	}
	*ret_len = a.family == AF_INET ? sizeof(*in) : sizeof(*in6);
	(void)snprintf(p->target, sizeof(p->target), a.family == AF_INET ? "%s:%u" : "[%s]:%u", host, port);
	return 0;
}

static bool request_send(struct probe *p)
{
	const json_t *http = json_object_get(p->spec, "httpGet");
	const char *path = json_text(http, "path", NULL), *host = p->target;
	_cleanup_strbuf_ struct strbuf s = { 0 };
	bool agent = false, accept = false;
	size_t i;
	json_t *h;

	json_array_foreach (json_object_get(http, "httpHeaders"), i, h)
		if (strcasecmp(json_text(h, "name", NULL), "Host") == 0)
			host = json_text(h, "value", NULL);
	strbuf_printf(&s, "GET %s%s HTTP/1.1\r\nHost: %s\r\n", *path == '/' ? "" : "/", path, host);
	json_array_foreach (json_object_get(http, "httpHeaders"), i, h) {
		const char *name = json_text(h, "name", NULL);

		agent = agent || strcasecmp(name, "User-Agent") == 0;
		accept = accept || strcasecmp(name, "Accept") == 0;
		if (strcasecmp(name, "Host") != 0)
			strbuf_printf(&s, "%s: %s\r\n", name, json_text(h, "value", NULL));
	}
	strbuf_printf(&s, "%s%sConnection: close\r\n\r\n", agent ? "" : "User-Agent: kube-probe/1.27\r\n",
		      accept ? "" : "Accept: */*\r\n");
	return !s.oom && send(p->fd, s.buf, s.len, MSG_NOSIGNAL) == (ssize_t)s.len;
}

/* Return: false until the status line is there. */
static bool reply_read(struct probe *p)
{
	char buf[512];
	const ssize_t n = recv(p->fd, buf, sizeof(buf), 0);
	int code = 0;

	if (n > 0 && p->text.len < OUTPUT_MAX)
		strbuf_add(&p->text, buf, (size_t)n);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n > 0 && !strchr(strbuf_str(&p->text), '\n'))
		return false;
	if (sscanf(strbuf_str(&p->text), "HTTP/%*d.%*d %d", &code) != 1)
		finish(p, false, "Get \"http://%s%s\": malformed HTTP response", p->target,
		       json_text(p->spec, "httpGet", "path", NULL));
	else
		finish(p, code >= 200 && code < 400, "HTTP probe failed with statuscode: %d", code);
	return true;
}

static void connect_failed(struct probe *p, int code)
{
	const bool http = json_object_get(p->spec, "httpGet");
	_cleanup_strbuf_ struct strbuf s = { 0 };

	if (http)
		strbuf_printf(&s, "Get \"http://%s%s\": ", p->target, json_text(p->spec, "httpGet", "path", NULL));
	strbuf_printf(&s, "dial tcp %s: connect: %s", p->target,
		      code == ECONNREFUSED ? "connection refused" : strerror(code));
	finish(p, false, "%s", strbuf_str(&s));
}

static bool wants_reply(const struct probe *p)
{
	return json_object_get(p->spec, "httpGet") &&
	       strcmp(json_text(p->spec, "httpGet", "scheme", NULL), "HTTPS") != 0;
}

static void socket_ready(struct loop *loop, struct loop_handle id, uint32_t revents _unused_, void *arg)
{
	struct probe *p = arg;
	int code = 0;
	socklen_t len = sizeof(code);

	if (p->sent) {
		(void)reply_read(p);
		return;
	}
	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0 || code)
		connect_failed(p, code ? code : errno);
	else if (!wants_reply(p))
		finish(p, true, "connected");
	else if (!request_send(p))
		finish(p, false, "Get \"http://%s\": write: %s", p->target, strerror(errno));
	else {
		p->sent = true;
		(void)loop_modify(loop, id, POLLIN);
	}
}

static void socket_begin(struct probe *p, const json_t *handler)
{
	struct sockaddr_storage sa;
	struct error e = { 0 };
	socklen_t len;

	if (target_address(p, handler, &sa, &len) < 0) {
		finish(p, false, "the probe's host is no address");
		return;
	}
	p->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0 || (connect(p->fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS))
		connect_failed(p, errno);
	else if (loop_add_fd(p->pod->k->loop, p->fd, POLLOUT, socket_ready, p, &p->io, &e) < 0)
		finish(p, false, "%s", e.msg);
}

/* ---- running them ---- */

static void begin(struct probe *p, uint64_t seconds)
{
	static const char *const sockets[] = { "httpGet", "tcpSocket", "grpc" };

	(void)loop_add_timer(p->pod->k->loop, seconds * SECOND, timed_out, p, &p->timeout, NULL);
	p->running = true;
	if (json_object_get(p->spec, "exec")) {
		exec_ask(p);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
		if (json_object_get(p->spec, sockets[i])) {
			socket_begin(p, json_object_get(p->spec, sockets[i]));
			return;
		}
	finish(p, true, "nothing to do");
}

static void probe_due(struct loop *loop, struct loop_handle id, void *arg)
{
	struct probe *p = arg;

	/* It is set again when this one is over; until then it only has to exist. */
	(void)loop_set_timer(loop, id, (uint64_t)HOOK_SECONDS * SECOND);
	begin(p, (uint64_t)MAX_OF(json_int(p->spec, 1, "timeoutSeconds", NULL), (json_int_t)1));
}

static void probe_start(struct container *c, enum probe_kind kind)
{
	const json_t *spec = json_object_get(c->spec, kinds[kind].key);
	const int64_t delay =
		json_int(spec, 0, "initialDelaySeconds", NULL) - ((int64_t)time(NULL) - (int64_t)c->started_at);
	struct probe *p = spec ? probe_new(c, spec) : NULL;

	if (!p)
		return;
	p->kind = kind;
	c->probes[kind] = p;
	(void)loop_add_timer(c->pod->k->loop, (uint64_t)MAX_OF(delay, (int64_t)0) * SECOND, probe_due, p, &p->timer,
			     NULL);
}

static void others_start(struct container *c)
{
	c->started = true;
	probe_start(c, PROBE_LIVENESS);
	probe_start(c, PROBE_READINESS);
	c->ready = c->ready || !c->probes[PROBE_READINESS];
}

void probes_start(struct container *c)
{
	if (!c->started)
		probe_start(c, PROBE_STARTUP);
	if (!c->probes[PROBE_STARTUP])
		others_start(c);
	pod_touch(c->pod);
}

void probes_stop(struct container *c)
{
	for (size_t i = 0; i < _PROBE_KIND_MAX; i++)
		c->probes[i] = probe_free(c->probes[i]);
}

/* A hook that sleeps (1.29) or does nothing ends by its timer. */
static void hook_due(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct probe *p = arg;

	if (json_object_get(p->spec, "sleep"))
		finish(p, true, "slept");
	else
		begin(p, HOOK_SECONDS);
}

struct probe *hook_start(struct container *c, const json_t *handler, hook_fn fn)
{
	const json_int_t sleep = json_int(handler, 0, "sleep", "seconds", NULL);
	struct probe *p = probe_new(c, handler);

	if (!p)
		return NULL;
	p->hook = fn;
	(void)loop_add_timer(c->pod->k->loop, (uint64_t)MAX_OF(sleep, (json_int_t)0) * SECOND, hook_due, p, &p->timer,
			     NULL);
	return p;
}

struct probe *hook_stop(struct probe *hook)
{
	return probe_free(hook);
}
