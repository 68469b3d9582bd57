// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_http.c - the API server over TLS: who gets in, requests in all shapes, 1000 watches, slow readers, a restart
 *
 * The server is a child process; the client is a blocking one here.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "apiserver/api.h"
#include "apiserver/http.h"
#include "apiserver/httpmsg.h"
#include "cluster/jsonutil.h"

#define CONFIGMAPS "/api/v1/namespaces/default/configmaps"
#define WATCHED	   "/api/v1/namespaces/kube-public/configmaps"

static char dir[64];
static pid_t server;
static int server_life = -1; /* closed: the server ends */
static unsigned port;
static gnutls_certificate_credentials_t admin, stranger, nobody;

/* ---- the server ---- */

static void life_over(struct loop *loop, struct loop_handle id _unused_, uint32_t revents _unused_, void *arg _unused_)
{
	loop_exit(loop, 0);
}

static _Noreturn void serve(int life, int report)
{
	static const char cluster[] = "{\"name\": \"t\", \"version\": \"v1.27.3\", \"podSubnets\": [\"10.244.0.0/16\"],"
				      " \"serviceSubnets\": [\"10.96.0.0/16\"], \"defaultCNI\": true, \"nodes\": []}";
	struct api api = { .cluster = json_loads(cluster, 0, NULL), .pins = json_object(), .dir = dir, .lab_dir = dir };
	struct error e = { 0 };
	unsigned p = 0;

	(void)signal(SIGPIPE, SIG_IGN);
	if (loop_new(&api.loop, &e) < 0 || store_open(NULL, &api.store, &e) < 0 || watches_start(&api, &e) < 0 ||
	    events_start(&api, &e) < 0 || bootstrap(&api, &e) < 0 || http_start(&api, &e, &p) < 0 ||
	    loop_add_fd(api.loop, life, POLLIN, life_over, NULL, NULL, &e) < 0) {
		(void)dprintf(2, "server: %s\n", e.msg);
		exit(3);
	}
	if (write(report, &p, sizeof(p)) != sizeof(p) || loop_run(api.loop) < 0)
		exit(4);
	http_free(&api);
	events_free(&api);
	watches_free(&api);
	store_close(api.store);
	json_decref(api.cluster);
	json_decref(api.pins);
	loop_free(api.loop);
	exit(0); /* not _exit: leaks are looked for */
}

static void server_start(void)
{
	int life[2], report[2];

	assert_int_equal(pipe2(life, O_CLOEXEC), 0);
	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		(void)close(life[1]);
		serve(life[0], report[1]);
	}
	(void)close(life[0]);
	(void)close(report[1]);
	server_life = life[1];
	if (read(report[0], &port, sizeof(port)) != sizeof(port))
		fail_msg("the server did not start");
	(void)close(report[0]);
}

static void server_stop(void)
{
	int status = 0;

	(void)close(server_life);
	assert_int_equal(waitpid(server, &status, 0), server);
	assert_int_equal(status, 0);
	server = 0;
}

/* How many descriptors the server has. */
static size_t server_fds(void)
{
	_cleanup_closedir_ DIR *d = NULL;
	char path[64];
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)server);
	d = opendir(path);
	while (d && readdir(d))
		n++;
	return n;
}

static void assert_fds(size_t want)
{
	size_t have = server_fds();

	for (int i = 0; i < 1000 && have != want; i++, have = server_fds())
		(void)poll(NULL, 0, 10);
	assert_int_equal(have, want);
}

static long server_rss_kb(void)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64], line[256];
	long kb = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)server);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	return kb;
}

/* ---- the client ---- */

struct client {
	int fd;
	gnutls_session_t tls;
	char in[65536];
	size_t len;
};

static int tcp_open(void)
{
	const struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval limit = { .tv_sec = 20 };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_true(fd >= 0);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	assert_int_equal(connect(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static struct client *client_open(gnutls_certificate_credentials_t creds)
{
	struct client *c = calloc(1, sizeof(*c));
	int r;

	assert_non_null(c);
	c->fd = tcp_open();
	assert_true(gnutls_init(&c->tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) >= 0);
	assert_true(gnutls_set_default_priority(c->tls) >= 0);
	assert_true(gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, creds) >= 0);
	gnutls_session_set_verify_cert(c->tls, "127.0.0.1", 0);
	gnutls_transport_set_int(c->tls, c->fd);
	do
		r = gnutls_handshake(c->tls);
	while (r < 0 && !gnutls_error_is_fatal(r));
	if (r < 0)
		fail_msg("handshake: %s", gnutls_strerror(r));
	return c;
}

static void client_close(struct client *c)
{
	gnutls_deinit(c->tls);
	(void)close(c->fd);
	free(c);
}

static void send_bytes(struct client *c, const char *data, size_t len)
{
	while (len) {
		const ssize_t n = gnutls_record_send(c->tls, data, len);

		assert_true(n > 0);
		data += n;
		len -= (size_t)n;
	}
}

static void send_text(struct client *c, const char *text)
{
	send_bytes(c, text, strlen(text));
}

/* More input. Return: false at the end. */
static bool receive(struct client *c)
{
	ssize_t n;

	assert_true(c->len < sizeof(c->in) - 1);
	do
		n = gnutls_record_recv(c->tls, c->in + c->len, sizeof(c->in) - 1 - c->len);
	while (n < 0 && !gnutls_error_is_fatal((int)n) && n != GNUTLS_E_AGAIN);
	if (n == GNUTLS_E_AGAIN)
		fail_msg("no answer in time; so far: %s", c->in);
	if (n <= 0)
		return false;
	c->len += (size_t)n;
	c->in[c->len] = '\0';
	return true;
}

/* Input up to and with @text, then taken away. Return: what it was, in a static buffer. */
static const char *expect(struct client *c, const char *text)
{
	static char got[sizeof(c->in)];
	const char *at;
	size_t n;

	while (!(at = strstr(c->in, text)))
		if (!receive(c))
			fail_msg("ended before \"%s\": %s", text, c->in);
	n = (size_t)(at - c->in) + strlen(text);
	memcpy(got, c->in, n);
	got[n] = '\0';
	c->len -= n;
	memmove(c->in, c->in + n, c->len + 1);
	return got;
}

/* A reply with its body. Return: the status. */
static int reply(struct client *c, char *body, size_t size)
{
	const char *head = expect(c, "\r\n\r\n"), *length = strstr(head, "Content-Length: ");
	const int status = (int)strtol(head + strlen("HTTP/1.1 "), NULL, 10);
	size_t left = length ? strtoul(length + strlen("Content-Length: "), NULL, 10) : 0, have = 0;

	assert_memory_equal(head, "HTTP/1.1 ", 9);
	while (left) {
		const size_t n = MIN_OF(left, c->len);

		if (!n) {
			assert_true(receive(c));
			continue;
		}
		if (body && have + n < size)
			memcpy(body + have, c->in, n);
		have += n;
		left -= n;
		c->len -= n;
		memmove(c->in, c->in + n, c->len + 1);
	}
	if (body)
		body[MIN_OF(have, size - 1)] = '\0';
	return status;
}

static int get(struct client *c, const char *path, char *body, size_t size)
{
	char rq[512];

	(void)snprintf(rq, sizeof(rq), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	send_text(c, rq);
	return reply(c, body, size);
}

/* A config map with @bytes of data. Return: the status. */
static int post(struct client *c, const char *path, const char *name, size_t bytes)
{
	_cleanup_strbuf_ struct strbuf body = { 0 }, rq = { 0 };

	strbuf_printf(&body, "{\"metadata\":{\"name\":\"%s\"},\"data\":{\"a\":\"%0*d\"}}", name, (int)bytes, 1);
	strbuf_printf(&rq, "POST %s HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", path, body.len, body.buf);
	send_bytes(c, rq.buf, rq.len);
	return reply(c, NULL, 0);
}

static void assert_alive(void)
{
	struct client *c = client_open(admin);

	assert_int_equal(get(c, "/version", NULL, 0), 200);
	client_close(c);
}

/* ---- tests ---- */

static void assert_unauthorized(gnutls_certificate_credentials_t creds)
{
	static const char *const requests[] = {
		"GET /version HTTP/1.1\r\n\r\n",
		"POST " CONFIGMAPS " HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n",
		"GET /api/v1/namespaces/default/pods/p/exec?command=id&stdout=1 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n",
	};
	char body[512];

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		struct client *c = client_open(creds);

		send_text(c, requests[i]);
		assert_int_equal(reply(c, body, sizeof(body)), 401);
		assert_non_null(strstr(body, "\"reason\":\"Unauthorized\""));
		assert_false(receive(c)); /* closed */
		client_close(c);
	}
}

static void test_no_certificate(void **state _unused_)
{
	assert_unauthorized(nobody);
}

static void test_strange_certificate(void **state _unused_)
{
	assert_unauthorized(stranger);
}

static void test_long_head_of_stranger(void **state _unused_)
{
	struct client *c = client_open(nobody);
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_printf(&s, "GET /%0*d", 20000, 1);
	send_bytes(c, s.buf, s.len);
	assert_int_equal(reply(c, NULL, 0), 431);
	client_close(c);
}

/* A command of some length is in the request's line. */
static void test_long_heads(void **state _unused_)
{
	static const struct {
		int len, status;
	} heads[] = { { 60000, 200 }, { 900000, 200 }, { HTTP_HEAD_MAX, 431 } };

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct client *c = client_open(admin);
		_cleanup_strbuf_ struct strbuf s = { 0 };

		strbuf_printf(&s, "GET /version?x=%0*d HTTP/1.1\r\n\r\n", heads[i].len, 1);
		send_bytes(c, s.buf, s.len);
		assert_int_equal(reply(c, NULL, 0), heads[i].status);
		client_close(c);
	}
}

static void test_keep_alive(void **state _unused_)
{
	struct client *c = client_open(admin);
	char body[4096];

	assert_int_equal(get(c, "/version", body, sizeof(body)), 200);
	assert_non_null(strstr(body, "v1.27.3"));
	assert_int_equal(get(c, "/nothing", body, sizeof(body)), 404);
	/* pipelined, the last one closes; HEAD has no body, but a length */
	send_text(c, "GET /version HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\n\r\nHEAD /version HTTP/1.1\r\nConnection: close\r\n\r\n");
	assert_int_equal(reply(c, NULL, 0), 200);
	assert_int_equal(reply(c, NULL, 0), 404);
	assert_non_null(strstr(expect(c, "\r\n\r\n"), "Connection: close"));
	assert_false(receive(c));
	client_close(c);
}

/* One that has to wait in the queue, but leaves it at once: the next request is still read. */
static void test_long_replies(void **state _unused_)
{
	struct client *c = client_open(admin);

	assert_int_equal(post(c, CONFIGMAPS, "long", CONN_QUEUE_LOW * 2), 201);
	for (int i = 0; i < 10; i++)
		assert_int_equal(get(c, CONFIGMAPS "/long", NULL, 0), 200);
	client_close(c);
}

static void test_http_1_0(void **state _unused_)
{
	struct client *c = client_open(admin);

	send_text(c, "GET /version HTTP/1.0\r\n\r\n");
	assert_int_equal(reply(c, NULL, 0), 200);
	assert_false(receive(c));
	client_close(c);
}

static void test_bodies(void **state _unused_)
{
	struct client *c = client_open(admin);
	char body[512];

	send_text(c, "POST " CONFIGMAPS " HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
		     "16\r\n{\"metadata\":{\"name\":\"c\r\n");
	send_text(c, "4\r\n\"}}\n\r\n0\r\n\r\n");
	assert_int_equal(reply(c, body, sizeof(body)), 201);
	send_text(c, "POST " CONFIGMAPS " HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 25\r\nExpect: 100-continue\r\n\r\n");
	(void)expect(c, "HTTP/1.1 100 Continue\r\n\r\n");
	send_text(c, "{\"metadata\":{\"name\":\"d\"}}");
	assert_int_equal(reply(c, body, sizeof(body)), 201);
	assert_int_equal(post(c, CONFIGMAPS, "big", 1000000), 201);
	assert_int_equal(get(c, CONFIGMAPS "/big", NULL, 0), 200);
	send_text(c, "POST " CONFIGMAPS " HTTP/1.1\r\nContent-Length: 3145729\r\n\r\n");
	assert_int_equal(reply(c, body, sizeof(body)), 413);
	assert_non_null(strstr(body, "limit is 3145728"));
	client_close(c);
}

static void test_malformed(void **state _unused_)
{
	static const char *const bad[] = { "\r\n\r\nFOO\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
					   "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "GET /%zz HTTP/1.1\r\n\r\n" };
	char junk[5000];
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct client *c = client_open(admin);

		send_text(c, bad[i]);
		assert_int_equal(reply(c, NULL, 0), 400);
		client_close(c);
	}
	/* not even TLS */
	memset(junk, 'G', sizeof(junk));
	fd = tcp_open();
	assert_true(send(fd, junk, sizeof(junk), MSG_NOSIGNAL) > 0);
	while (recv(fd, junk, sizeof(junk), 0) > 0)
		;
	(void)close(fd);
	assert_alive();
}

/* An upgrade that is none. */
static void test_upgrades(void **state _unused_)
{
	struct client *c = client_open(admin);

	assert_int_equal(get(c, "/api/v1/namespaces/default/pods/none/exec?command=id", NULL, 0), 404);
	client_close(c);
}

static struct client *watch_open(void)
{
	struct client *c = client_open(admin);

	send_text(c, "GET " WATCHED "?watch=true HTTP/1.1\r\n\r\n");
	(void)expect(c, "\r\n\r\n");
	return c;
}

static void test_thousand_watches(void **state _unused_)
{
	enum { WATCHES = 1000 };
	static struct client *c[WATCHES];
	struct client *maker = client_open(admin);
	const size_t fds = server_fds();
	const long rss = server_rss_kb();

	for (size_t i = 0; i < WATCHES; i++)
		c[i] = watch_open();
	assert_fds(fds + WATCHES);
	printf("a watch takes %ld KB\n", (server_rss_kb() - rss) / WATCHES);
	assert_int_equal(post(maker, WATCHED, "seen-by-all", 1), 201);
	for (size_t i = 0; i < WATCHES; i++)
		(void)expect(c[i], "seen-by-all");
	/* Who goes is noticed without anything to send. */
	for (size_t i = 0; i < WATCHES; i++)
		client_close(c[i]);
	assert_fds(fds);
	client_close(maker);
}

/* Who watches and does not read is given up, long before the server's memory is. */
static void test_slow_reader(void **state _unused_)
{
	struct client *c = watch_open(), *maker = client_open(admin);
	const size_t fds = server_fds();
	const long rss _unused_ = server_rss_kb();
	char name[32];

	for (int i = 0; i < 90; i++) {
		(void)snprintf(name, sizeof(name), "slow-%d", i);
		assert_int_equal(post(maker, WATCHED, name, 1000000), 201);
	}
	assert_fds(fds - 1);
#ifndef __SANITIZE_ADDRESS__ /* which keeps what was freed */
	assert_true(server_rss_kb() < rss + 90 * 1000 * 3 + CONN_QUEUE_MAX / 1024); /* the objects are the store's */
#endif
	client_close(c);
	client_close(maker);
}

/* Port and certificates stay; so a kubeconfig that was copied is still good. */
static void test_restart(void **state _unused_)
{
	const unsigned before = port;

	server_stop();
	server_start();
	assert_int_equal(port, before);
	assert_alive();
}

static void assert_private(const char *name)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_files(void **state _unused_)
{
	assert_private("kubeconfig");
	assert_private("pki/ca.pem");
	assert_private("pki/admin.pem");
	assert_private("port");
}

/* ---- frame ---- */

static gnutls_certificate_credentials_t creds_of(const char *who)
{
	gnutls_certificate_credentials_t creds;
	char path[128];

	assert_true(gnutls_certificate_allocate_credentials(&creds) >= 0);
	(void)snprintf(path, sizeof(path), "%s/pki/ca.pem", dir);
	assert_int_equal(gnutls_certificate_set_x509_trust_file(creds, path, GNUTLS_X509_FMT_PEM), 1);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, who);
	if (*who)
		assert_int_equal(gnutls_certificate_set_x509_key_file(creds, path, path, GNUTLS_X509_FMT_PEM), 0);
	return creds;
}

/* Another cluster's administrator, of the same names. */
static void make_stranger(void)
{
	static const char *const names[] = { NULL };
	struct error e = { 0 };
	struct tls *t = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/other", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	if (tls_open(path, names, &t, &e) < 0)
		fail_msg("%s", e.msg);
	(void)tls_free(t);
}

static int group_setup(void **state _unused_)
{
	struct rlimit rl;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
	(void)snprintf(dir, sizeof(dir), "/tmp/netemu-http.XXXXXX");
	assert_non_null(mkdtemp(dir));
	server_start();
	make_stranger();
	admin = creds_of("pki/admin.pem");
	stranger = creds_of("other/pki/admin.pem");
	nobody = creds_of("");
	return 0;
}

static int group_teardown(void **state _unused_)
{
	char cmd[128];

	gnutls_certificate_free_credentials(admin);
	gnutls_certificate_free_credentials(stranger);
	gnutls_certificate_free_credentials(nobody);
	if (server)
		server_stop();
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_certificate),
		cmocka_unit_test(test_strange_certificate),
		cmocka_unit_test(test_long_head_of_stranger),
		cmocka_unit_test(test_long_heads),
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_long_replies),
		cmocka_unit_test(test_http_1_0),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_upgrades),
		cmocka_unit_test(test_thousand_watches),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
