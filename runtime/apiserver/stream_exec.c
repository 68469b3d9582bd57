// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream_exec.c - exec and attach: between the channels of a client and the processes of a container
 *
 * exec asks the runtime (cri.h) for a connection to the container's init and has it start a command, on pipes or on a
 * terminal; the connection closed, the command gets SIGHUP. attach gets the main process's own output and input.
 *
 * Nothing is lost and little is kept: a client that does not read pauses the command's output, a command that does
 * not read pauses the client. The end of a command does not wait for who has inherited its output.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "apiserver/channels.h"
#include "apiserver/pump.h"
#include "base/strv.h"
#include "cluster/jsonutil.h"
#include "engine/agentc.h"

enum { RUN_ID = 1, CTRL_D = 4, KILLED = 128 + 9 };

struct session {
	struct api *api;
	struct channels *ch; /* NULL: the client has gone */
	bool calling; /* the runtime's answer is to come */
	bool attach, tty, ready;
	bool exited;
	int exit_code;
	unsigned wanted; /* bits of enum channel */
	char id[64]; /* of the container */
	struct winsize size;
	struct arena arena;
	struct strv argv, env;
	const char *cwd, *user;
	int agent; /* exec: connection to the container's init */
	struct loop_handle agent_id;
	int master; /* exec with a terminal */
	struct sink in;
	struct source out[2]; /* stdout (or the terminal), stderr */
	struct byte_queue early; /* input before there is somebody to take it */
	bool early_end;
};

/* ---- life ---- */

static void close_source(struct session *s, struct source *src)
{
	const int fd = src->fd;

	pump_source_done(src);
	if (fd != s->master)
		(void)fd_close(fd);
}

static void close_sink(struct session *s)
{
	const int fd = s->in.fd;

	sink_done(&s->in);
	if (fd != s->master)
		(void)fd_close(fd);
}

static void session_release(struct session *s)
{
	loop_remove(s->api->loop, s->agent_id);
	close_sink(s);
	for (size_t i = 0; i < ARRAY_SIZE(s->out); i++)
		close_source(s, &s->out[i]);
	s->master = fd_close(s->master);
	s->agent = fd_close(s->agent);
	byte_queue_done(&s->early);
	s->ch = channels_free(s->ch);
	if (s->calling)
		return; /* the answer frees it */
	arena_done(&s->arena);
	free(s);
}

static void session_finish(struct session *s, json_t *status)
{
	channels_finish(TAKE_PTR(s->ch), status);
	session_release(s);
}

static void session_fail(struct session *s, const char *text)
{
	_cleanup_strbuf_ struct strbuf m = { 0 };

	strbuf_printf(&m, "Internal error occurred: error %s container: %s", s->attach ? "attaching to" : "executing command in", text);
	session_finish(s, json_pack("{s:{}, s:s, s:s, s:s, s:{s:[{s:s}]}, s:i}", "metadata", "status", "Failure", "message", strbuf_str(&m),
				    "reason", "InternalError", "details", "causes", "message", strbuf_str(&m) + strlen("Internal error occurred: "),
				    "code", 500));
}

/* As kubelet's: what kubectl takes its own exit status from. */
static void session_exit(struct session *s)
{
	char code[16], text[80];

	if (s->exit_code == 0) {
		session_finish(s, json_pack("{s:{}, s:s}", "metadata", "status", "Success"));
		return;
	}
	(void)snprintf(code, sizeof(code), "%d", s->exit_code);
	(void)snprintf(text, sizeof(text), "command terminated with non-zero exit code: exit status %s", code);
	session_finish(s, json_pack("{s:{}, s:s, s:s, s:s, s:{s:[{s:s, s:s}]}}", "metadata", "status", "Failure", "message", text, "reason",
				    "NonZeroExitCode", "details", "causes", "reason", "ExitCode", "message", code));
}

/* ---- output ---- */

static bool outputs_open(const struct session *s)
{
	return s->out[0].fd >= 0 || s->out[1].fd >= 0;
}

static void outputs_pause(struct session *s, bool paused)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->out); i++)
		pump_source_pause(&s->out[i], paused);
}

static void output(struct session *s, enum channel c, const char *data, size_t len)
{
	channels_write(s->ch, c, data, len);
	if (channels_queued(s->ch) > PUMP_HIGH)
		outputs_pause(s, true);
}

static void stdout_data(void *arg, const char *data, size_t len)
{
	output(arg, CHANNEL_STDOUT, data, len);
}

static void stderr_data(void *arg, const char *data, size_t len)
{
	output(arg, CHANNEL_STDERR, data, len);
}

static void output_ended(struct session *s, struct source *src)
{
	close_source(s, src);
	if (!outputs_open(s) && (s->exited || s->attach))
		session_exit(s);
}

static void stdout_end(void *arg)
{
	struct session *s = arg;

	output_ended(s, &s->out[0]);
}

static void stderr_end(void *arg)
{
	struct session *s = arg;

	output_ended(s, &s->out[1]);
}

static int open_output(struct session *s, int i, int fd, struct error *e)
{
	s->out[i] = (struct source){
		.loop = s->api->loop,
		.fd = fd,
		.on_data = i ? stderr_data : stdout_data,
		.on_end = i ? stderr_end : stdout_end,
		.arg = s,
	};
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return pump_source_open(&s->out[i], e);
}

/* ---- input ---- */

static void input_drained(void *arg)
{
	struct session *s = arg;

	channels_pause(s->ch, false);
}

static void input_closed(void *arg)
{
	struct session *s = arg;

	close_sink(s);
	channels_pause(s->ch, false);
}

/* The end of input on a terminal is a character. */
static void input_finish(struct session *s)
{
	static const char eof = CTRL_D;

	if (s->master >= 0)
		sink_write(&s->in, &eof, 1);
	else
		sink_end(&s->in);
}

static int open_input(struct session *s, int fd, struct error *e)
{
	int r;

	s->in = (struct sink){ .loop = s->api->loop, .fd = fd, .on_drained = input_drained, .on_end = input_closed, .arg = s };
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	r = sink_open(&s->in, e);
	if (r < 0)
		return r;
	sink_write(&s->in, s->early.buf + s->early.start, s->early.len);
	byte_queue_done(&s->early);
	channels_pause(s->ch, s->in.queue.len > PUMP_HIGH);
	if (s->early_end)
		input_finish(s);
	return 0;
}

/* ---- exec ---- */

static void agent_ready(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg);

/* Which ends the command gets is @cmd->fds; ours are opened here. */
static int open_pipe(struct session *s, int i, int *ret_theirs, struct error *e)
{
	int p[2], ours;

	if (!(s->wanted & 1U << i)) {
		*ret_theirs = open("/dev/null", O_RDWR | O_CLOEXEC);
		return *ret_theirs < 0 ? error_errno(e, errno, "open /dev/null") : 0;
	}
	if (pipe2(p, O_CLOEXEC) < 0)
		return error_errno(e, errno, "make a pipe");
	*ret_theirs = p[i == CHANNEL_STDIN ? 0 : 1];
	ours = p[i == CHANNEL_STDIN ? 1 : 0];
	return i == CHANNEL_STDIN ? open_input(s, ours, e) : open_output(s, i - CHANNEL_STDOUT, ours, e);
}

static int run_command(struct session *s, struct error *e)
{
	struct agent_command cmd = {
		.argv = &s->argv, .env = &s->env, .cwd = s->cwd, .user = s->user, .tty = s->tty,
		.rows = s->size.ws_row, .cols = s->size.ws_col, .fds = { -EBADF, -EBADF, -EBADF },
	};
	int r = loop_add_fd(s->api->loop, s->agent, POLLIN, agent_ready, s, &s->agent_id, e);

	for (int i = 0; i < 3 && r == 0 && !s->tty; i++)
		r = open_pipe(s, i, &cmd.fds[i], e);
	if (r == 0)
		r = agent_run(s->agent, RUN_ID, &cmd, e);
	for (int i = 0; i < 3; i++)
		(void)fd_close(cmd.fds[i]);
	return r;
}

/* Both sides are there: the channels, and the container. */
static void run_if_ready(struct session *s)
{
	struct error e = { 0 };

	if (s->ready && s->agent >= 0 && run_command(s, &e) < 0)
		session_fail(s, e.msg);
}

static int terminal_started(struct session *s, int fd, struct error *e)
{
	int r;

	s->master = fd;
	if (s->size.ws_row)
		(void)ioctl(fd, TIOCSWINSZ, &s->size);
	r = open_output(s, 0, fd, e);
	if (r == 0 && s->wanted & 1U << CHANNEL_STDIN)
		r = open_input(s, fd, e);
	return r;
}

static void command_exited(struct session *s, int code)
{
	s->exited = true;
	s->exit_code = code;
	loop_remove(s->api->loop, s->agent_id);
	if (!outputs_open(s)) {
		session_exit(s);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(s->out); i++)
		pump_source_finish(&s->out[i]);
}

static void agent_ready(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct session *s = arg;
	struct error e = { 0 };
	struct agent_event ev;
	int fd, r = agent_recv(s->agent, &ev, &fd, &e);

	(void)loop;
	(void)id;
	(void)revents;
	if (r == -EAGAIN)
		return;
	if (r == 0) { /* its init is dead: so is the command */
		command_exited(s, KILLED);
		return;
	}
	if (r > 0 && ev.type == AGENT_REFUSED)
		r = error_errno(&e, (int)ev.arg, "start the command");
	if (r > 0 && ev.type == AGENT_STARTED && fd >= 0)
		r = terminal_started(s, TAKE_FD(fd), &e);
	(void)fd_close(fd);
	if (r < 0)
		session_fail(s, e.msg);
	else if (ev.type == AGENT_EXITED)
		command_exited(s, agent_exit_code(ev.arg));
}

static void connected(struct rpc_message *m, const struct error *e, void *arg)
{
	struct session *s = arg;

	s->calling = false;
	if (!s->ch) {
		session_release(s);
	} else if (!m || e || m->fds[0] < 0 || m->n_fds == 0) {
		session_fail(s, e ? e->msg : "the pod runtime does not answer");
	} else {
		s->agent = TAKE_FD(m->fds[0]);
		(void)fcntl(s->agent, F_SETFL, fcntl(s->agent, F_GETFL) | O_NONBLOCK);
		run_if_ready(s);
	}
}

/* ---- attach ---- */

static int attach_one(struct session *s, const char *what, int fd, struct error *e)
{
	if (strcmp(what, "stdin") == 0)
		return open_input(s, fd, e);
	return open_output(s, strcmp(what, "stderr") == 0, fd, e);
}

static int attach_all(struct session *s, struct rpc_message *m, struct error *e)
{
	const json_t *names = json_at(m->body, "fds", NULL), *name;
	size_t i;
	int r = 0;

	json_array_foreach (names, i, name)
		if (r == 0 && i < m->n_fds && json_is_string(name))
			r = attach_one(s, json_string_value(name), TAKE_FD(m->fds[i]), e);
	return r;
}

static void attached(struct rpc_message *m, const struct error *err, void *arg)
{
	struct session *s = arg;
	struct error e = { 0 };

	s->calling = false;
	if (!s->ch)
		session_release(s);
	else if (!m || err)
		session_fail(s, err ? err->msg : "the pod runtime does not answer");
	else if (attach_all(s, m, &e) < 0)
		session_fail(s, e.msg);
	else if (!outputs_open(s) && s->in.fd < 0)
		session_exit(s);
}

static void ask_attach(struct session *s)
{
	s->calling = true;
	rpc_peer_call(s->api->runtime,
		      json_pack("{s:s, s:s, s:b, s:b, s:b}", "op", "container.attach", "container", s->id, "stdin",
				(s->wanted & 1U << CHANNEL_STDIN) != 0, "stdout", (s->wanted & 1U << CHANNEL_STDOUT) != 0, "stderr",
				(s->wanted & 1U << CHANNEL_STDERR) != 0),
		      NULL, 0, attached, s);
}

/* ---- what the client does ---- */

static void client_ready(void *arg)
{
	struct session *s = arg;

	s->ready = true;
	if (!s->api->runtime)
		session_fail(s, "there is no pod runtime");
	else if (!s->attach && !s->argv.n)
		session_fail(s, "you must specify a command");
	else if (s->attach)
		ask_attach(s);
	else
		run_if_ready(s);
}

static void client_input(void *arg, const char *data, size_t len)
{
	struct session *s = arg;
	size_t waiting;

	if (s->in.loop) {
		sink_write(&s->in, data, len); /* thrown away when nobody reads any more */
		waiting = s->in.queue.len;
	} else {
		(void)byte_queue_add(&s->early, data, len);
		waiting = s->early.len;
	}
	if (waiting > PUMP_HIGH)
		channels_pause(s->ch, true);
}

static void client_input_end(void *arg)
{
	struct session *s = arg;

	if (s->in.loop)
		input_finish(s);
	else
		s->early_end = true;
}

static void client_resize(void *arg, unsigned rows, unsigned cols)
{
	struct session *s = arg;

	s->size = (struct winsize){ .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	if (s->attach)
		rpc_peer_send(s->api->runtime,
			      json_pack("{s:s, s:s, s:i, s:i}", "op", "container.resize", "container", s->id, "rows", (int)rows, "cols", (int)cols), NULL, 0);
	else if (s->master >= 0)
		(void)ioctl(s->master, TIOCSWINSZ, &s->size);
}

static void client_drained(void *arg)
{
	outputs_pause(arg, false);
}

static void client_gone(void *arg)
{
	session_release(arg);
}

/* ---- the beginning ---- */

static unsigned wanted_channels(const struct stream_start *st, bool tty)
{
	static const char *const names[] = { [CHANNEL_STDIN] = "stdin", [CHANNEL_STDOUT] = "stdout", [CHANNEL_STDERR] = "stderr" };
	const struct api_request rq = { .query = (json_t *)(uintptr_t)st->query };
	unsigned bits = 1U << CHANNEL_ERROR | (tty ? 1U << CHANNEL_RESIZE : 0);

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (api_query_true(&rq, names[i]) && !(tty && i == CHANNEL_STDERR))
			bits |= 1U << i;
	return bits;
}

static struct session *session_new(const struct stream_start *st, bool attach)
{
	static const struct channels_handler handler = {
		.ready = client_ready, .input = client_input, .input_end = client_input_end,
		.resize = client_resize, .drained = client_drained, .end = client_gone,
	};
	const struct api_request rq = { .query = (json_t *)(uintptr_t)st->query };
	struct session *s = calloc(1, sizeof(*s));
	struct channels_handler h = handler;

	if (!s) {
		(void)conn_free(st->conn);
		return NULL;
	}
	*s = (struct session){ .api = st->api, .attach = attach, .tty = api_query_true(&rq, "tty"), .agent = -EBADF, .master = -EBADF };
	s->in.fd = s->out[0].fd = s->out[1].fd = -EBADF;
	s->wanted = wanted_channels(st, s->tty);
	(void)snprintf(s->id, sizeof(s->id), "%s", st->container_id);
	h.arg = s;
	s->ch = channels_new(st->conn, st->protocol, s->wanted, &h);
	if (!s->ch) {
		session_release(s);
		return NULL;
	}
	return s;
}

void attach_start(const struct stream_start *st)
{
	(void)session_new(st, true);
}

static const json_t *container_spec(const struct stream_start *st)
{
	static const char *const lists[] = { "containers", "initContainers" };
	const json_t *c;
	size_t i;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach (json_at(st->pod, "spec", lists[l], NULL), i, c)
			if (strcmp(json_text(c, "name", NULL), st->container) == 0)
				return c;
	return NULL;
}

/* A command runs as the container's main process does: its directory, its user. Its environment is the container's anyway. */
static void like_container(struct session *s, const struct stream_start *st)
{
	const json_t *spec = container_spec(st);
	const json_int_t pod_uid = json_int(st->pod, -1, "spec", "securityContext", "runAsUser", NULL);
	const json_int_t pod_gid = json_int(st->pod, 0, "spec", "securityContext", "runAsGroup", NULL);
	const json_int_t uid = json_int(spec, pod_uid, "securityContext", "runAsUser", NULL);
	const json_int_t gid = json_int(spec, pod_gid, "securityContext", "runAsGroup", NULL);

	s->cwd = arena_strdup(&s->arena, json_text(spec, "workingDir", NULL));
	s->user = uid < 0 ? "" : arena_printf(&s->arena, "%lld:%lld", (long long)uid, (long long)gid);
	if (s->tty)
		strv_add(&s->arena, &s->env, "TERM=xterm");
}

void exec_start(const struct stream_start *st)
{
	struct session *s = session_new(st, false);
	const json_t *word;
	size_t i;

	if (!s)
		return;
	json_array_foreach (json_object_get(st->query, "command"), i, word)
		if (json_is_string(word))
			strv_add(&s->arena, &s->argv, json_string_value(word));
	like_container(s, st);
	if (!s->api->runtime || !s->argv.n)
		return; /* said when the channels are open */
	s->calling = true;
	rpc_peer_call(s->api->runtime, json_pack("{s:s, s:s}", "op", "container.connect", "container", s->id), NULL, 0, connected, s);
}
