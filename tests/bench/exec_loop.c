// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * exec_loop.c - how long a command takes, without a shell around it
 *
 *   exec_loop N COMMAND...         runs COMMAND N times, prints the median in microseconds
 *   exec_loop N -PID COMMAND...    the same inside the namespaces of process PID, by bare system calls
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* fork, setns, vfork and exec: what no program that enters namespaces can do without. */
static pid_t enter(int pidfd, char **argv)
{
	const pid_t pid = fork();
	int status;

	if (pid)
		return pid;
	if (setns(pidfd, CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC) < 0)
		_exit(125);
	if (vfork() == 0) {
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	_exit(wait(&status) > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static double once(int pidfd, char **argv)
{
	const double start = now_us();
	int status;
	pid_t pid;

	if (pidfd >= 0)
		pid = enter(pidfd, argv);
	else if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0)
		err(1, "%s", argv[0]);
	if (waitpid(pid, &status, 0) < 0 || status)
		errx(1, "%s: wait status %d", argv[0], status);
	return now_us() - start;
}

int main(int argc, char **argv)
{
	const int n = argc > 2 ? atoi(argv[1]) : 0, inside = argc > 3 && argv[2][0] == '-';
	double *took;
	int pidfd = -1;

	if (n <= 0 || n > 100000)
		errx(64, "usage: exec_loop N [-PID] COMMAND...");
	if (inside && (pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[2] + 1), 0)) < 0)
		err(1, "process %s", argv[2] + 1);
	took = calloc((size_t)n, sizeof(*took));
	if (!took)
		err(1, "memory");
	for (int i = 0; i < n; i++)
		took[i] = once(pidfd, argv + 2 + inside);
	qsort(took, (size_t)n, sizeof(*took), compare);
	(void)printf("%.0f\n", took[n / 2]);
	free(took);
	return 0;
}
