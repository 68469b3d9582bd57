// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nl.c - see nl.h
 *
 * Theory of Operation
 * -------------------
 * The kernel handles rtnetlink and nf_tables requests inside sendmsg: when it returns, all is done and the
 * acknowledgements lie in the receive buffer. So a batch is one buffer of up to 64 requests with consecutive
 * sequence numbers, one sendmsg, and then reads until each of them is answered. The bound matters: with 300
 * unread acks the default buffer overflows and answers are lost. Batching gains little time (the work behind a
 * request is a hundred times dearer than the system call); what it gains is that a caller may queue the whole
 * set-up of a node and look at the outcome once.
 *
 * Each request carries its context, the text "label: what". An answer finds it by its sequence number, in
 * whatever order answers come; a second answer to the same request and answers to earlier, abandoned batches are
 * dropped. Only datagrams from the kernel itself (nl_pid 0) are looked at: any root process of the namespace may
 * send to our port.
 *
 * What went wrong is told by the errno of NLMSG_ERROR and by the extended ack's text (NETLINK_EXT_ACK).
 * NETLINK_CAP_ACK keeps acks small. NETLINK_GET_STRICT_CHK lets the kernel refuse dump filters that it would
 * otherwise ignore. The options are younger than some kernels, so that failing to set one is no error.
 *
 * When answers are lost (ENOBUFS, NLMSG_OVERRUN) a batch fails with -ENOBUFS, because nobody knows what was done;
 * a dump is simply taken again. A dump is always read to its end, even when its contents are no longer wanted:
 * the kernel runs one at a time on a socket (EBUSY).
 *
 * libnl is used for building messages. Its socket layer is not: it folds errnos into the fewer NLE_* codes, and
 * drops the extended ack. The parser of answers is in nlreply.c, apart, for fuzzing.
 */
#include "kernel/nl.h"

#include <netlink/msg.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/strbuf.h"
#include "kernel/fault.h"
#include "kernel/nlreply.h"

enum {
	RECV_SIZE = 32 * 1024, /* what the kernel puts into one datagram of a dump, usually */
	RECV_SIZE_MAX = 16 * 1024 * 1024,
	SEND_SIZE_MAX = 64 * 1024, /* of a batch; well below the default send buffer */
	RCVBUF_SIZE = 1024 * 1024,
	DUMP_TRIES = 16,
	ANSWER_SECONDS = 30, /* answers are there when sendmsg returns; this is against waiting forever */
};

struct request {
	size_t ctx; /* offset into nlconn.ctx */
	bool noack; /* answered only when it fails, and then for the whole batch */
	bool answered;
};

struct nlconn {
	int fd;
	bool batching;
	uint32_t seq; /* the last one used */
	struct strbuf out; /* the queued requests */
	struct strbuf ctx; /* their contexts, NUL-terminated */
	struct request *req; /* NLCONN_BATCH_MAX of them, allocated with the first */
	size_t n;
	size_t recv_size;
	char label[NLCONN_LABEL_SIZE];
};

/* What is awaited in reply to what was sent. */
struct exchange {
	nlconn_data_fn fn;
	void *arg;
	size_t pending; /* acks to come */
	int r; /* outcome: 0 or the first failure */
	bool done; /* dump: the end was seen */
	bool redo; /* dump: take it again */
};

/* ---- opening ---- */

static void set_options(int fd)
{
	static const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK };
	const struct timeval tv = { .tv_sec = ANSWER_SECONDS };
	const int on = 1, size = RCVBUF_SIZE;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		(void)setsockopt(fd, SOL_NETLINK, options[i], &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	/* FORCE needs CAP_NET_ADMIN in the initial user namespace; the default is enough for a batch. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
}

static int open_socket(int protocol, int *ret_fd, struct error *e)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	_cleanup_close_ int fd = -EBADF;
	int r = fault_point("netlink socket");

	if (r < 0)
		return error_errno(e, -r, "netlink socket");
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return error_errno(e, errno, "netlink socket");
	set_options(fd);
	if (fault_fails("bind netlink socket") || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_errno(e, errno, "bind netlink socket");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int nlconn_open(int protocol, struct nlconn **ret, struct error *e)
{
	struct nlconn *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return error_oom(e);
	c->recv_size = RECV_SIZE;
	r = open_socket(protocol, &c->fd, e);
	if (r < 0) {
		free(c);
		return r;
	}
	*ret = c;
	return 0;
}

int nlconn_open_in(int protocol, int netns_fd, int self_fd, struct nlconn **ret, struct error *e)
{
	struct nlconn *c = NULL;
	int r = fault_point("setns");

	if (r < 0)
		return error_errno(e, -r, "enter network namespace");
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return error_errno(e, errno, "enter network namespace");
	r = nlconn_open(protocol, &c, e);
	if (setns(self_fd, CLONE_NEWNET) < 0) {
		(void)nlconn_close(c);
		(void)error_errno(e, errno, "return to the own network namespace");
		return -ENOTRECOVERABLE;
	}
	if (r == 0)
		*ret = c;
	return r;
}

struct nlconn *nlconn_close(struct nlconn *c)
{
	if (!c)
		return NULL;
	(void)fd_close(c->fd);
	strbuf_done(&c->out);
	strbuf_done(&c->ctx);
	free(c->req);
	free(c);
	return NULL;
}

int nlconn_fd(const struct nlconn *c)
{
	return c->fd;
}

void nlconn_label(struct nlconn *c, const char *fmt, ...)
{
	va_list ap;

	c->label[0] = '\0';
	if (!fmt)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(c->label, sizeof(c->label), fmt, ap);
	va_end(ap);
}

void nlconn_batch(struct nlconn *c, bool on)
{
	c->batching = on;
}

/* ---- the queue ---- */

/* Forget the queue. The memory goes too: a lab has a conn for each of its nodes, and rarely uses them. */
static void queue_reset(struct nlconn *c)
{
	strbuf_done(&c->out);
	strbuf_done(&c->ctx);
	free(c->req);
	c->req = NULL;
	c->n = 0;
}

static const char *request_context(const struct nlconn *c, size_t i)
{
	return strbuf_str(&c->ctx) + c->req[i].ctx;
}

/* The context of the request that comes next; it stays in the queue's text. NULL: no memory. */
static const char *_printf_(2, 0) queue_context(struct nlconn *c, const char *fmt, va_list ap)
{
	size_t at = c->ctx.len;

	if (c->label[0])
		strbuf_printf(&c->ctx, "%s: ", c->label);
	strbuf_vprintf(&c->ctx, fmt, ap);
	strbuf_putc(&c->ctx, '\0');
	return c->ctx.oom ? NULL : c->ctx.buf + at;
}

static int queue_message(struct nlconn *c, struct nl_msg *msg, bool noack, size_t ctx)
{
	static const char padding[NLMSG_ALIGNTO];
	struct nlmsghdr *h = nlmsg_hdr(msg);

	if (!c->req)
		c->req = calloc(NLCONN_BATCH_MAX, sizeof(*c->req));
	if (!c->req)
		return -ENOMEM;
	h->nlmsg_seq = ++c->seq;
	h->nlmsg_flags |= NLM_F_REQUEST | (noack ? 0 : NLM_F_ACK);
	strbuf_add(&c->out, h, h->nlmsg_len);
	strbuf_add(&c->out, padding, NLMSG_ALIGN(h->nlmsg_len) - h->nlmsg_len);
	if (c->out.oom)
		return -ENOMEM;
	c->req[c->n++] = (struct request){ .ctx = ctx, .noack = noack };
	return 0;
}

static int _printf_(5, 0) queue_va(struct nlconn *c, struct nl_msg *msg, bool noack, struct error *e, const char *fmt,
				   va_list ap)
{
	size_t at;
	const char *ctx;
	int r = 0;

	if (c->n == NLCONN_BATCH_MAX || c->out.len + nlmsg_hdr(msg)->nlmsg_len > SEND_SIZE_MAX)
		r = nlconn_flush(c, e);
	if (r < 0)
		return r;
	at = c->ctx.len;
	ctx = queue_context(c, fmt, ap);
	r = ctx ? fault_point(ctx) : -ENOMEM;
	if (r == 0)
		r = queue_message(c, msg, noack, at);
	if (r < 0) {
		r = error_errno(e, -r, "%s", ctx ? ctx : "netlink request");
		queue_reset(c);
	}
	return r;
}

int nlconn_queue(struct nlconn *c, struct nl_msg *msg, struct error *e, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = queue_va(c, msg, false, e, fmt, ap);
	va_end(ap);
	return r;
}

int nlconn_queue_noack(struct nlconn *c, struct nl_msg *msg, struct error *e, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = queue_va(c, msg, true, e, fmt, ap);
	va_end(ap);
	return r;
}

int nlconn_submit(struct nlconn *c, struct nl_msg *msg, struct error *e, const char *fmt, ...)
{
	va_list ap;
	int r = c->batching ? 0 : nlconn_flush(c, e);

	if (r < 0)
		return r;
	va_start(ap, fmt);
	r = queue_va(c, msg, false, e, fmt, ap);
	va_end(ap);
	return r < 0 || c->batching ? r : nlconn_flush(c, e);
}

/* ---- sending and receiving ---- */

static int send_queue(struct nlconn *c, struct error *e)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	do {
		n = fault_fails("send netlink request") ? -1 : sendto(c->fd, c->out.buf, c->out.len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(e, errno, "%s: send netlink request", request_context(c, 0));
	return 0;
}

/*
 * One datagram of the kernel's. Return: its length; 0 for one to be ignored; -errno. -EMSGSIZE when it was cut;
 * the next one like it will fit.
 */
static ssize_t receive(struct nlconn *c, void *buf)
{
	struct iovec iov = { .iov_base = buf, .iov_len = c->recv_size };
	struct sockaddr_nl from = { 0 };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do {
		n = fault_fails("receive from netlink") ? -1 : recvmsg(c->fd, &m, MSG_TRUNC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (n == 0)
		return -EBADMSG;
	if (m.msg_namelen != sizeof(from) || from.nl_family != AF_NETLINK || from.nl_pid != 0)
		return 0;
	if (!(m.msg_flags & MSG_TRUNC))
		return n;
	if (n <= RECV_SIZE_MAX)
		c->recv_size = MAX_OF((size_t)n, c->recv_size);
	return -EMSGSIZE;
}

/* Throw away what lies in the receive buffer: the kernel drops all answers until it has been empty once. */
static void drain(struct nlconn *c)
{
	char byte;

	while (recv(c->fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0 || errno == EINTR || errno == ENOBUFS)
		;
}

/* Why the answers stopped making sense. */
static int receive_error(struct nlconn *c, int code, struct error *e)
{
	const char *what = c->n ? request_context(c, 0) : "netlink";

	drain(c);
	if (code == ENOBUFS)
		return error_set(e, code, "%s: answers of the kernel were lost, what was done is unknown", what);
	if (code == ETIMEDOUT)
		return error_set(e, code, "%s: no answer from the kernel in %d s", what, ANSWER_SECONDS);
	if (code == EBADMSG || code == EMSGSIZE)
		return error_set(e, code = EBADMSG, "%s: the answer of the kernel is cut or malformed", what);
	return error_errno(e, code, "%s: receive from netlink", what);
}

static int request_error(const char *ctx, const struct nlreply *rep, struct error *e)
{
	if (!rep->text)
		return error_errno(e, rep->err, "%s", ctx);
	return error_set(e, rep->err, "%s: %s (%s)", ctx, strerror(rep->err), rep->text);
}

/* The queued request that a reply answers, or NULL for one of an abandoned batch. */
static struct request *answered_request(struct nlconn *c, const struct nlreply *rep)
{
	uint32_t i = rep->seq - (c->seq - (uint32_t)c->n + 1);

	return i < c->n ? &c->req[i] : NULL;
}

static void take_ack(struct nlconn *c, struct exchange *x, const struct nlreply *rep, struct error *e)
{
	struct request *q = answered_request(c, rep);

	if (!q || q->answered)
		return;
	q->answered = true;
	if (rep->err && x->r == 0)
		x->r = request_error(request_context(c, (size_t)(q - c->req)), rep, e);
	if (!q->noack)
		x->pending--;
	else if (rep->err)
		x->pending = 0;
}

static void take_data(struct nlconn *c, struct exchange *x, const struct nlreply *rep, struct error *e)
{
	if (x->fn && x->r == 0 && !x->redo && answered_request(c, rep))
		x->r = x->fn(rep->nlh, x->arg, e);
}

/* ---- batches ---- */

static int take_answers(struct nlconn *c, struct exchange *x, const void *buf, size_t len, struct error *e)
{
	struct nlreply_cursor cur = { buf, len };
	struct nlreply rep;
	int r;

	while ((r = nlreply_next(&cur, &rep)) > 0) {
		if (rep.kind == NLREPLY_OVERRUN)
			return -ENOBUFS;
		if (rep.kind == NLREPLY_ACK)
			take_ack(c, x, &rep, e);
		else if (rep.kind == NLREPLY_DATA)
			take_data(c, x, &rep, e);
	}
	return r;
}

static int collect_answers(struct nlconn *c, struct exchange *x, struct error *e)
{
	_cleanup_free_ void *buf = malloc(c->recv_size);
	ssize_t n;
	int r = buf ? 0 : -ENOMEM;

	while (r == 0 && x->pending > 0) {
		n = receive(c, buf);
		r = n < 0 ? (int)n : take_answers(c, x, buf, (size_t)n, e);
	}
	if (r < 0 && x->r == 0)
		x->r = receive_error(c, -r, e);
	return x->r;
}

static int flush_with(struct nlconn *c, nlconn_data_fn fn, void *arg, struct error *e)
{
	struct exchange x = { .fn = fn, .arg = arg };
	int r;

	if (c->n == 0)
		return 0;
	for (size_t i = 0; i < c->n; i++)
		x.pending += !c->req[i].noack;
	r = send_queue(c, e);
	if (r == 0)
		r = collect_answers(c, &x, e);
	queue_reset(c);
	return r;
}

int nlconn_flush(struct nlconn *c, struct error *e)
{
	return flush_with(c, NULL, NULL, e);
}

int nlconn_call(struct nlconn *c, struct nl_msg *msg, nlconn_data_fn fn, void *arg, struct error *e,
		const char *fmt, ...)
{
	int r = nlconn_flush(c, e);
	va_list ap;

	if (r < 0)
		return r;
	va_start(ap, fmt);
	r = queue_va(c, msg, false, e, fmt, ap);
	va_end(ap);
	return r < 0 ? r : flush_with(c, fn, arg, e);
}

/* ---- dumps ---- */

/* The end of a dump, or its refusal. */
static void take_end(struct nlconn *c, struct exchange *x, const struct nlreply *rep, struct error *e)
{
	if (!answered_request(c, rep) || (rep->kind == NLREPLY_ACK && !rep->err))
		return;
	x->done = true;
	if (rep->err && x->r == 0)
		x->r = request_error(request_context(c, 0), rep, e);
}

static int take_dump(struct nlconn *c, struct exchange *x, const void *buf, size_t len, struct error *e)
{
	struct nlreply_cursor cur = { buf, len };
	struct nlreply rep;
	int r;

	while ((r = nlreply_next(&cur, &rep)) > 0) {
		if (rep.kind == NLREPLY_OVERRUN || (rep.interrupted && answered_request(c, &rep)))
			x->redo = true;
		if (rep.kind == NLREPLY_DATA)
			take_data(c, x, &rep, e);
		else if (rep.kind == NLREPLY_DONE || rep.kind == NLREPLY_ACK)
			take_end(c, x, &rep, e);
	}
	return r;
}

/* Read one dump to its end. Lost and cut messages mean another try, not an error. */
static int collect_dump(struct nlconn *c, struct exchange *x, struct error *e)
{
	_cleanup_free_ void *buf = malloc(c->recv_size);
	size_t size = c->recv_size, grown = size;
	ssize_t n;
	int r = 0;

	if (!buf)
		return error_oom(e);
	while (r == 0 && !x->done) {
		n = receive(c, buf);
		grown = MAX_OF(grown, c->recv_size);
		c->recv_size = size; /* of the buffer at hand */
		if (n == -ENOBUFS || n == -EMSGSIZE)
			x->redo = true;
		else
			r = n < 0 ? (int)n : take_dump(c, x, buf, (size_t)n, e);
	}
	c->recv_size = grown;
	return r < 0 ? receive_error(c, -r, e) : x->r;
}

static int dump_once(struct nlconn *c, struct exchange *x, struct error *e)
{
	int r = send_queue(c, e);

	if (r == 0)
		r = collect_dump(c, x, e);
	queue_reset(c);
	return r;
}

int nlconn_dump(struct nlconn *c, struct nl_msg *msg, nlconn_data_fn fn, void *arg, struct error *e,
		const char *fmt, ...)
{
	struct exchange x = { .fn = fn, .arg = arg, .redo = true };
	int r = nlconn_flush(c, e);
	va_list ap;

	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
	for (int i = 0; r == 0 && x.redo && i < DUMP_TRIES; i++) {
		r = i == 0 ? 0 : fn(NULL, arg, e);
		x.redo = x.done = false;
		if (r < 0)
			break;
		va_start(ap, fmt);
		r = queue_va(c, msg, false, e, fmt, ap);
		va_end(ap);
		if (r == 0)
			r = dump_once(c, &x, e);
	}
	if (r == 0 && x.redo)
		r = error_set(e, EAGAIN, "%s: the table never held still", c->label[0] ? c->label : "netlink dump");
	return r;
}
