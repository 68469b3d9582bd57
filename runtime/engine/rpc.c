// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rpc.c - the wire of engine/rpc.h: one JSON object a datagram, in a memfd when it is long
 *
 * A peer may be root of a node, so what it sends is not trusted: a memfd must be sealed (it can neither shrink under
 * the reader nor block it), and nothing longer than RPC_BODY_MAX is looked at.
 */
#include "engine/rpc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/fdpass.h"
#include "kernel/fault.h"

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, LISTEN_BACKLOG = 1024 };

/* The datagram that says: look into the first descriptor. No JSON text begins with it. */
static const char in_memfd[] = { '@' };

static_assert((int)RPC_FDS_MAX + 1 <= (int)FDPASS_MAX, "the memfd and the others fit a datagram");

void rpc_message_done(struct rpc_message *m)
{
	for (size_t i = 0; i < RPC_FDS_MAX; i++)
		if (i < m->n_fds)
			m->fds[i] = fd_close(m->fds[i]);
	json_decref(m->body);
	*m = (struct rpc_message){ 0 };
}

/* ---- sending ---- */

static int write_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		const ssize_t w = write(fd, data, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w < 0 ? -errno : -ENOSPC;
		data += w;
		n -= (size_t)w;
	}
	return 0;
}

static int body_memfd(const char *text, size_t len, struct error *e)
{
	_cleanup_close_ int fd = fault_fails("memfd of a message") ? -1 : memfd_create("netemu-rpc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return error_errno(e, errno, "make a memfd");
	r = write_all(fd, text, len);
	if (r == 0 && fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		r = -errno;
	return r < 0 ? error_errno(e, -r, "write a memfd") : TAKE_FD(fd);
}

static int datagram_send(int sock, const void *data, size_t len, const int *fds, size_t n_fds, struct error *e)
{
	while (fault_fails("send a message") || fdpass_send(sock, data, len, fds, n_fds, 0) < 0) {
		if (errno == EAGAIN)
			return -EAGAIN;
		if (errno != EINTR)
			return error_errno(e, errno, "send a message");
	}
	return 0;
}

int rpc_send_text(int sock, const char *text, size_t len, const int *fds, size_t n_fds, struct error *e)
{
	_cleanup_close_ int memfd = -EBADF;
	int all[RPC_FDS_MAX + 1];

	if (n_fds > RPC_FDS_MAX || len > RPC_BODY_MAX)
		return error_set(e, EMSGSIZE, "a message of %zu bytes with %zu descriptors is too long", len, n_fds);
	if (len <= RPC_INLINE_MAX)
		return datagram_send(sock, text, len, fds, n_fds, e);
	memfd = body_memfd(text, len, e);
	if (memfd < 0)
		return memfd;
	all[0] = memfd;
	for (size_t i = 0; i < n_fds; i++)
		all[i + 1] = fds[i];
	return datagram_send(sock, in_memfd, sizeof(in_memfd), all, n_fds + 1, e);
}

char *rpc_text(const json_t *body, size_t *ret_len)
{
	char *text = json_dumps(body, JSON_COMPACT);

	*ret_len = text ? strlen(text) : 0;
	return text;
}

int rpc_send(int sock, const json_t *body, const int *fds, size_t n_fds, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	text = rpc_text(body, &len);
	return text ? rpc_send_text(sock, text, len, fds, n_fds, e) : error_oom(e);
}

/* ---- receiving ---- */

static json_t *parse(const char *text, size_t len)
{
	json_t *j = json_loadb(text, len, JSON_ALLOW_NUL, NULL);

	if (json_is_object(j))
		return j;
	json_decref(j);
	return NULL;
}

static json_t *parse_memfd(int fd)
{
	struct stat st;
	json_t *j;
	void *p;

	if ((fcntl(fd, F_GET_SEALS) & SEALS) != SEALS || fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > RPC_BODY_MAX)
		return NULL;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return NULL;
	j = parse(p, (size_t)st.st_size);
	(void)munmap(p, (size_t)st.st_size);
	return j;
}

/* The memfd leaves the descriptors, the others move up. */
static json_t *take_memfd(int *fds, size_t *n_fds)
{
	_cleanup_close_ int memfd = fds[0];

	(*n_fds)--;
	for (size_t i = 0; i < *n_fds; i++)
		fds[i] = fds[i + 1];
	return parse_memfd(memfd);
}

int rpc_recv(int sock, struct rpc_message *ret, struct error *e)
{
	char buf[RPC_INLINE_MAX + 1];
	int fds[RPC_FDS_MAX + 1];
	struct rpc_message m = { 0 };
	size_t n_fds;
	ssize_t n;

	do
		n = fdpass_recv(sock, buf, sizeof(buf), fds, ARRAY_SIZE(fds), &n_fds, 0);
	while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return 0;
	if (n < 0)
		return errno == EAGAIN ? -EAGAIN : error_errno(e, errno, "receive a message");
	if (n == sizeof(in_memfd) && buf[0] == in_memfd[0] && n_fds > 0)
		m.body = take_memfd(fds, &n_fds);
	else if (n <= RPC_INLINE_MAX)
		m.body = parse(buf, (size_t)n);
	for (size_t i = 0; i < n_fds; i++)
		if (i < RPC_FDS_MAX)
			m.fds[m.n_fds++] = fds[i];
		else
			(void)close(fds[i]);
	if (!m.body) {
		rpc_message_done(&m);
		return error_set(e, EBADMSG, "a message is no JSON object");
	}
	*ret = m;
	return 1;
}

/* ---- addresses ---- */

/* sun_path is short: the directory goes in as a descriptor, which is returned. */
static int address_open(const char *path, struct sockaddr_un *sa, struct error *e)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	_cleanup_free_ char *dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	_cleanup_close_ int fd = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (!dir)
		return error_oom(e);
	if (fd < 0)
		return error_errno(e, errno, "%s", dir);
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", fd, name) >= (int)sizeof(sa->sun_path))
		return error_set(e, ENAMETOOLONG, "%s: too long a name", path);
	return TAKE_FD(fd);
}

int rpc_connect(const char *path, struct error *e)
{
	_cleanup_close_ int dir = -EBADF, fd = -EBADF;
	struct sockaddr_un sa;

	dir = address_open(path, &sa, e);
	if (dir < 0)
		return dir;
	fd = fault_fails("make a socket") ? -1 : socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(e, errno, "make a socket");
	if (fault_fails("connect to a socket") || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return error_errno(e, errno, "connect to %s", path);
	return TAKE_FD(fd);
}

static int bind_private(int fd, const struct sockaddr_un *sa)
{
	const mode_t mask = umask(0177);
	const int r = fault_fails("bind a socket") || bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 ||
				      listen(fd, LISTEN_BACKLOG) < 0 ?
			      -errno :
			      0;

	(void)umask(mask);
	return r;
}

int rpc_listen(const char *path, struct error *e)
{
	_cleanup_close_ int dir = -EBADF, fd = -EBADF;
	struct sockaddr_un sa;
	int r;

	dir = address_open(path, &sa, e);
	if (dir < 0)
		return dir;
	fd = fault_fails("make a socket") ? -1 : socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_errno(e, errno, "make a socket");
	if (unlink(sa.sun_path) < 0 && errno != ENOENT)
		return error_errno(e, errno, "replace %s", path);
	r = bind_private(fd, &sa);
	return r < 0 ? error_errno(e, -r, "listen on %s", path) : TAKE_FD(fd);
}

/* ---- requests ---- */

int rpc_error(const json_t *body, struct error *e)
{
	const json_t *code = json_object_get(body, "code");
	const char *text = json_string_value(json_object_get(body, "error"));

	/* a "code" without "error" is the HTTP status of an `http` reply */
	if (!text || !json_is_integer(code) || json_integer_value(code) <= 0)
		return 0;
	return error_set(e, (int)json_integer_value(code), "%s", text);
}

int rpc_call(int sock, json_t *request, struct rpc_message *ret, struct error *e)
{
	static json_int_t last_id;
	const json_int_t id = ++last_id;
	int r = json_object_set_new(request, "id", json_integer(id)) < 0 ? error_oom(e) : rpc_send(sock, request, NULL, 0, e);

	json_decref(request);
	while (r == 0) {
		_cleanup_rpc_message_ struct rpc_message m = { 0 };

		r = rpc_recv(sock, &m, e);
		if (r == 0)
			return error_set(e, ECONNRESET, "the other side has gone");
		if (r < 0)
			return r;
		r = 0;
		if (json_integer_value(json_object_get(m.body, "re")) != id)
			continue;
		r = rpc_error(m.body, e);
		if (r == 0 && ret) {
			*ret = m;
			m = (struct rpc_message){ 0 };
		}
		return r;
	}
	return r;
}
