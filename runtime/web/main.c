// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - netemu-graph NETEMU ADDRESS:PORT LAB GRAPH: started by `netemu graph`, serves the page until it is ended
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>

#include "web/web.h"

static void on_signal(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg)
{
	(void)id;
	(void)revents;
	(void)arg;
	loop_exit(loop, 0);
}

static int signals_watch(struct web *w, struct error *e)
{
	sigset_t set;
	int fd;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_errno(e, errno, "signalfd") : loop_add_fd(w->loop, fd, POLLIN, on_signal, NULL, NULL, e);
}

/* The page's files are beside the program. */
static void dir_find(struct web *w)
{
	const ssize_t n = readlink("/proc/self/exe", w->dir, sizeof(w->dir) - 16);

	w->dir[n > 0 ? n : 0] = '\0';
	if (strrchr(w->dir, '/'))
		(void)strcpy(strrchr(w->dir, '/'), "/graph");
}

static int token_make(struct web *w, struct error *e)
{
	unsigned char bytes[TOKEN_LEN / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return error_errno(e, errno, "make a token");
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(w->token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static void tell(const struct web *w, const char *address)
{
	const bool any = !*w->host || strcmp(w->host, "0.0.0.0") == 0 || strcmp(w->host, "::") == 0;

	(void)printf("lab %s: http://%s%s/#%s\n", w->lab, any ? "127.0.0.1:" : "",
		     any ? strrchr(address, ':') + 1 : address, w->token);
	if (access(w->dir, F_OK) < 0)
		(void)printf("(netemu was built without npm: a picture is all of the page)\n");
	(void)printf("Ctrl-C ends it.\n");
	(void)fflush(stdout);
}

static int start(struct web *w, const char *address, struct error *e)
{
	int r = loop_new(&w->loop, e);

	if (r == 0)
		r = signals_watch(w, e);
	if (r == 0)
		r = token_make(w, e);
	if (r == 0)
		r = web_listen(w, address, e);
	return r < 0 ? r : live_start(w, e);
}

int main(int argc, char **argv)
{
	static struct web w;
	struct error e = { 0 };

	if (argc != 5) {
		(void)fprintf(stderr, "netemu-graph: started by netemu graph\n");
		return 64;
	}
	w.netemu = argv[1];
	w.lab = argv[3];
	w.graph = json_loads(argv[4], 0, NULL);
	dir_find(&w);
	if (start(&w, argv[2], &e) < 0) {
		(void)fprintf(stderr, "netemu graph: %s\n", e.msg);
		return 1;
	}
	tell(&w, argv[2]);
	return loop_run(w.loop) < 0;
}
