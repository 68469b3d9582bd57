// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speaker_main.c - `netemu-kubelet speaker MODEL.json`: a speaker alone, for tests
 *
 * SIGHUP reads the file again, SIGUSR1 prints the peers, SIGUSR2 the advertised routes; SIGTERM ends it, and leaves the daemons behind.
 */
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "cluster/jsonutil.h"
#include "kubelet/speaker.h"

struct alone {
	struct speaker *sp;
	const char *path;
	int signals;
};

static void print_line(const char *what, json_t *j)
{
	_cleanup_json_ json_t *own = j;
	_cleanup_free_ char *text = json_dumps(own, JSON_COMPACT);

	(void)printf("%s %s\n", what, text ? text : "");
	(void)fflush(stdout);
}

static void print_routes(struct alone *a)
{
	print_line("advertised", speaker_routes(a->sp, "advertised", "ipv4"));
	print_line("available", speaker_routes(a->sp, "available", "ipv4"));
	print_line("advertised6", speaker_routes(a->sp, "advertised", "ipv6"));
}

static void apply(struct alone *a)
{
	_cleanup_json_ json_t *config = json_load_file(a->path, 0, NULL);

	speaker_set(a->sp, config);
	print_line("notes", json_deep_copy(speaker_notes(a->sp)));
}

static void changed(struct speaker *sp, void *arg _unused_)
{
	print_line("changed", speaker_peers(sp));
}

static void signalled(struct loop *loop, struct loop_handle id _unused_, uint32_t revents _unused_, void *arg)
{
	struct alone *a = arg;
	struct signalfd_siginfo info;

	if (read(a->signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGHUP:
		apply(a);
		return;
	case SIGUSR1:
		print_line("peers", speaker_peers(a->sp));
		print_line("notes", json_deep_copy(speaker_notes(a->sp)));
		return;
	case SIGUSR2:
		print_routes(a);
		return;
	default:
		loop_exit(loop, 0);
	}
}

int speaker_main(const char *path)
{
	_cleanup_loop_ struct loop *loop = NULL;
	struct alone a = { .path = path };
	struct error e = { 0 };
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	a.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	r = loop_new(&loop, &e);
	if (r >= 0)
		r = loop_add_fd(loop, a.signals, POLLIN, signalled, &a, NULL, &e);
	a.sp = r >= 0 ? speaker_new(loop, &e) : NULL;
	if (!a.sp) {
		(void)fprintf(stderr, "speaker: %s\n", e.msg);
		return 1;
	}
	speaker_on_change(a.sp, changed, NULL);
	apply(&a);
	r = loop_run(loop);
	a.sp = speaker_free(a.sp);
	return r < 0;
}
