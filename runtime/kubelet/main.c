// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - the kubelet stub's command line: run, or be called systemctl and start, stop and show it
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "cluster/cri.h"
#include "kubelet/kubelet.h"
#include "kubelet/speaker.h"

enum { STOP_MS = 10000, AGAIN_MS = 300, FAILED_MAX = 10, EXIT_NO_UNIT = 4, EXIT_INACTIVE = 3 };

/* ---- systemctl, as far as people use it on a Kind node ---- */

static bool is_kubelet(const char *unit)
{
	return strcmp(unit, "kubelet") == 0 || strcmp(unit, "kubelet.service") == 0;
}

/* A process of its own without terminal, adopted by the node's init; returns when it has begun. */
static int unit_start(void)
{
	struct pollfd p = { .events = POLLIN };
	int ends[2];
	pid_t pid;

	if (kubelet_pid())
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (setsid() < 0 || null < 0 || fork() != 0)
			_exit(0);
		for (int i = 0; i < 3; i++)
			(void)dup2(null, i);
		(void)execl(CRI_KUBELET, "kubelet", NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	p.fd = ends[0];
	/* The last copy of the pipe goes with the exec. */
	(void)poll(&p, 1, STOP_MS);
	(void)close(ends[0]);
	return pid < 0;
}

static int unit_stop(void)
{
	const pid_t pid = kubelet_pid();
	struct pollfd p = { .events = POLLIN };
	int r = 0;

	if (!pid)
		return 0;
	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p.fd < 0 || kill(pid, SIGTERM) < 0 || poll(&p, 1, STOP_MS) <= 0)
		r = 1;
	(void)fd_close(p.fd);
	return r;
}

static int unit_restart(void)
{
	return unit_stop() || unit_start();
}

static int unit_is_active(void)
{
	(void)puts(kubelet_pid() ? "active" : "inactive");
	return kubelet_pid() ? 0 : EXIT_INACTIVE;
}

static int unit_status(void)
{
	const pid_t pid = kubelet_pid();

	(void)puts("* kubelet.service - kubelet: The Kubernetes Node Agent (netemu's stub)");
	(void)printf("     Loaded: loaded (" CRI_KUBELET "; enabled)\n");
	(void)printf("     Active: %s\n", pid ? "active (running)" : "inactive (dead)");
	if (pid)
		(void)printf("   Main PID: %d (kubelet)\n", (int)pid);
	return pid ? 0 : EXIT_INACTIVE;
}

static int unit_nothing(void)
{
	return 0;
}

static const struct {
	const char *verb;
	int (*fn)(void);
} unit_verbs[] = {
	{ "start", unit_start },   { "stop", unit_stop },	 { "restart", unit_restart },
	{ "status", unit_status }, { "is-active", unit_is_active }, { "enable", unit_nothing },
	{ "disable", unit_nothing },
};

static int systemctl_main(int argc, char **argv)
{
	const char *words[2] = { NULL, NULL };
	size_t n = 0;

	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-' && n < ARRAY_SIZE(words))
			words[n++] = argv[i];
	if (n > 0 && strcmp(words[0], "daemon-reload") == 0)
		return 0;
	if (n < 2) {
		(void)fputs("usage: systemctl start|stop|restart|status|is-active kubelet\n", stderr);
		return 1;
	}
	if (!is_kubelet(words[1])) {
		(void)fprintf(stderr, "Unit %s%s could not be found.\n", words[1],
			      strchr(words[1], '.') ? "" : ".service");
		return EXIT_NO_UNIT;
	}
	for (size_t i = 0; i < ARRAY_SIZE(unit_verbs); i++)
		if (strcmp(words[0], unit_verbs[i].verb) == 0)
			return unit_verbs[i].fn();
	(void)fprintf(stderr, "Unknown command verb %s.\n", words[0]);
	return 1;
}

/* ---- the kubelet ---- */

/* The supervisor drops a connection for want of memory or descriptors; were there no supervisor, we would be dead. */
static int run(struct error *e)
{
	int r;

	for (unsigned failed = 0; (r = kubelet_run(e)) != 0; (void)poll(NULL, 0, AGAIN_MS)) {
		failed = r < 0 ? failed + 1 : 0;
		if (failed == FAILED_MAX)
			break;
	}
	return r;
}

static int kubelet_main(void)
{
	struct error e = { 0 };
	pid_t other;
	const int lock = kubelet_lock(&other, &e);
	int r = lock;

	if (lock >= 0) {
		/* io_uring would buy nothing here, and its rings are memory in each node. */
		(void)setenv("NETEMU_LOOP", "poll", 0);
		r = run(&e);
	}
	(void)fd_close(lock);
	if (r < 0)
		(void)fprintf(stderr, "kubelet: %s\n", e.msg);
	return r < 0;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	if (strcmp(slash ? slash + 1 : argv[0], "systemctl") == 0)
		return systemctl_main(argc, argv);
	if (argc == 3 && strcmp(argv[1], "speaker") == 0)
		return speaker_main(argv[2]);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		(void)puts("netemu-kubelet " NETEMU_VERSION);
		return 0;
	}
	if (argc > 1 && argv[1][0] != '-') {
		(void)fprintf(stderr, "kubelet: what is %s?\n", argv[1]);
		return 64;
	}
	return kubelet_main();
}
