// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_server.c - where the API is served for kubectl: address and port, names in the certificate, kubeconfig
 *
 * The port is the cluster file's, or any free one that is remembered in KUBE_DIR/port: after a restart a kubeconfig
 * that was copied is still good. A certificate of the administrator's is all there is to get in.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "apiserver/http.h"
#include "cluster/cri.h"
#include "cluster/jsonutil.h"

enum { CONNS_MAX = 8192, ACCEPT_RETRY_USEC = 100000, ACCEPTS = 64 /* a turn */ };

struct http {
	struct api *api;
	struct tls *tls;
	int fd;
	struct loop_handle id, timer;
	struct conn_list conns;
};

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* ---- names ---- */

static void names_add(struct strbuf *s, const char *name)
{
	if (*name)
		strbuf_add(s, name, strlen(name) + 1);
}

/* All that a client may call us by, each with its NUL. */
static void names_collect(const json_t *cluster, struct strbuf *s)
{
	static const char *const always[] = {
		"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
		"127.0.0.1", "::1",
	};
	const json_t *node, *addr;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(always); i++)
		names_add(s, always[i]);
	names_add(s, json_text(cluster, "apiServerAddress", NULL));
	json_array_foreach (json_at(cluster, "nodes", NULL), i, node) {
		names_add(s, json_text(node, "hostname", NULL));
		json_array_foreach (json_at(node, "addresses", NULL), j, addr)
			if (json_is_string(addr))
				names_add(s, json_string_value(addr));
	}
}

static int names_list(const struct strbuf *s, const char ***ret)
{
	size_t n = 0;
	const char **v;

	for (size_t i = 0; i < s->len; i++)
		n += s->buf[i] == '\0';
	v = calloc(n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	n = 0;
	for (const char *p = s->buf; p < s->buf + s->len; p += strlen(p) + 1)
		v[n++] = p;
	*ret = v;
	return 0;
}

static int open_tls(struct http *h, struct error *e)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	_cleanup_free_ const char **names = NULL;

	names_collect(h->api->cluster, &s);
	if (s.oom || names_list(&s, &names) < 0)
		return error_oom(e);
	return tls_open(h->api->dir, names, &h->tls, e);
}

/* ---- the port ---- */

static unsigned port_read(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	unsigned port = 0;

	return f && fscanf(f, "%u", &port) == 1 && port <= UINT16_MAX ? port : 0;
}

static socklen_t address_make(const char *text, unsigned port, union address *a)
{
	*a = (union address){ 0 };
	if (inet_pton(AF_INET6, text, &a->in6.sin6_addr) == 1) {
		a->in6.sin6_family = AF_INET6;
		a->in6.sin6_port = htons((uint16_t)port);
		return sizeof(a->in6);
	}
	a->in.sin_family = AF_INET;
	a->in.sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, text, &a->in.sin_addr) == 1 ? sizeof(a->in) : 0;
}

/* Return: a listening socket or -errno. */
static int listen_on(const char *address, unsigned port, struct error *e)
{
	_cleanup_close_ int fd = -EBADF;
	const int on = 1;
	union address a;
	const socklen_t len = address_make(address, port, &a);

	if (!len)
		return error_set(e, EINVAL, "apiServerAddress: %s is no address", address);
	fd = socket(a.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_errno(e, errno, "make a socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &a.sa, len) < 0 || listen(fd, SOMAXCONN) < 0)
		return error_errno(e, errno, "listen on %s port %u", address, port);
	return TAKE_FD(fd);
}

static int listen_somewhere(struct http *h, const char *address, const char *port_file, struct error *e)
{
	const json_int_t fixed = json_int(h->api->cluster, 0, "apiServerPort", NULL);
	unsigned remembered;
	int fd;

	if (fixed > 0)
		return listen_on(address, (unsigned)fixed, e);
	remembered = port_read(port_file);
	fd = remembered ? listen_on(address, remembered, NULL) : -ENOENT;
	return fd >= 0 ? fd : listen_on(address, 0, e);
}

static unsigned port_of(int fd)
{
	union address a = { 0 };
	socklen_t len = sizeof(a);

	(void)getsockname(fd, &a.sa, &len);
	return ntohs(a.sa.sa_family == AF_INET6 ? a.in6.sin6_port : a.in.sin_port);
}

/* ---- accepting ---- */

static void listener_ready(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg);

static void listener_again(struct loop *loop, struct loop_handle id, void *arg)
{
	struct http *h = arg;

	(void)id;
	(void)loop_modify(loop, h->id, POLLIN);
}

/* No descriptors, no memory: those who wait in the queue go on waiting, but the loop does not spin. */
static void listener_rest(struct http *h)
{
	(void)loop_modify(h->api->loop, h->id, 0);
	if (loop_set_timer(h->api->loop, h->timer, ACCEPT_RETRY_USEC) < 0)
		(void)loop_add_timer(h->api->loop, ACCEPT_RETRY_USEC, listener_again, h, &h->timer, NULL);
}

static void listener_ready(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	struct http *h = arg;

	(void)loop;
	(void)id;
	(void)revents;
	for (int i = 0; i < ACCEPTS; i++) {
		int fd;

		if (h->conns.n >= CONNS_MAX) {
			listener_rest(h);
			return;
		}
		fd = accept4(h->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			(void)http_conn_new(h->api, fd, h->tls, &h->conns, NULL);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			listener_rest(h);
		if (fd < 0)
			return;
	}
}

/* ---- start and end ---- */

static void raise_descriptors(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < rl.rlim_max) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
}

static int write_files(struct http *h, const char *address, unsigned port, const char *port_file, struct error *e)
{
	_cleanup_strbuf_ struct strbuf path = { 0 }, server = { 0 };
	char text[16];
	const int n = snprintf(text, sizeof(text), "%u\n", port);
	int r = tls_write_file(port_file, text, (size_t)n, e);

	if (r < 0)
		return r;
	strbuf_printf(&path, "%s/%s", h->api->dir, strrchr(KUBE_KUBECONFIG, '/') + 1);
	strbuf_printf(&server, strchr(address, ':') ? "https://[%s]:%u" : "https://%s:%u", address, port);
	if (path.oom || server.oom)
		return error_oom(e);
	return tls_kubeconfig(h->tls, path.buf, json_text(h->api->cluster, "name", NULL), server.buf, e);
}

static int http_open(struct http *h, struct error *e, unsigned *ret_port)
{
	const char *address = json_text(h->api->cluster, "apiServerAddress", NULL);
	_cleanup_strbuf_ struct strbuf port_file = { 0 };
	int r;

	if (!*address)
		address = "127.0.0.1";
	strbuf_printf(&port_file, "%s/port", h->api->dir);
	if (port_file.oom)
		return error_oom(e);
	r = open_tls(h, e);
	if (r < 0)
		return r;
	h->fd = listen_somewhere(h, address, port_file.buf, e);
	if (h->fd < 0)
		return h->fd;
	*ret_port = port_of(h->fd);
	r = write_files(h, address, *ret_port, port_file.buf, e);
	return r < 0 ? r : loop_add_fd(h->api->loop, h->fd, POLLIN, listener_ready, h, &h->id, e);
}

int http_start(struct api *api, struct error *e, unsigned *ret_port)
{
	struct http *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return error_oom(e);
	*h = (struct http){ .api = api, .fd = -EBADF };
	api->http = h;
	raise_descriptors();
	r = http_open(h, e, ret_port);
	if (r < 0)
		http_free(api);
	return r;
}

void http_free(struct api *api)
{
	struct http *h = TAKE_PTR(api->http);

	if (!h)
		return;
	loop_remove(api->loop, h->id);
	loop_remove(api->loop, h->timer);
	while (h->conns.head)
		conn_end(h->conns.head);
	(void)fd_close(h->fd);
	(void)tls_free(h->tls);
	free(h);
}
