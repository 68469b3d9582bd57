// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cni_quirk.c - the two hops that Cilium's BPF programs take without telling (kubernetes.md 3.5)
 *
 * They count a packet's TTL down once more at each end, and drop it without an ICMP message when it is used up; so a
 * traceroute on a real cluster very likely shows "*" for its first hop and for the last but one. Off unless asked for.
 * iptables does it, because only its TTL target counts down.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "kubelet/cni_internal.h"

extern char **environ;

#define CHAIN_IN  "CILIUM_TTL_IN"
#define CHAIN_OUT "CILIUM_TTL_OUT"

enum { WORDS_MAX = 24 };

/* Chains of our own, so that they can be filled anew and taken away whole. */
static const char *const make[] = {
	"-N " CHAIN_IN,
	"-N " CHAIN_OUT,
	"-F " CHAIN_IN,
	"-F " CHAIN_OUT,
	"-A " CHAIN_IN " -m TTL --TTL-lt 2 -j DROP",
	"-A " CHAIN_IN " -j UP --TTL-dec 1",
	"-A " CHAIN_OUT " -m TTL --TTL-lt 2 -j DROP",
	"-A " CHAIN_OUT " -j UP --TTL-dec 1",
};
static const char *const unhook[] = {
	"-D PREROUTING -i lxc+ -j " CHAIN_IN,
	"-D FORWARD -o lxc+ -j " CHAIN_OUT,
};
static const char *const hook[] = {
	"-A PREROUTING -i lxc+ -j " CHAIN_IN,
	"-A FORWARD -o lxc+ -j " CHAIN_OUT,
};
static const char *const drop[] = { "-F " CHAIN_IN, "-F " CHAIN_OUT, "-X " CHAIN_IN, "-X " CHAIN_OUT };

static int spawn_wait(char *const *argv)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	pid_t pid;
	int r, status = -1;

	(void)sigemptyset(&none);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	for (int fd = 0; fd <= 2; fd++)
		(void)posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	r = posix_spawnp(&pid, argv[0], &actions, &attr, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	if (r)
		return -r;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0 ? 0 : -EIO;
}

/* One rule; in it, TTL and UP stand for what the family calls its match and its target. */
static int rule_run(int family, const char *rule)
{
	const bool v4 = family == AF_INET;
	char text[160], *argv[WORDS_MAX] = { v4 ? "iptables" : "ip6tables", "-w", "-t", "mangle" }, *save = NULL;
	size_t n = 4;

	(void)snprintf(text, sizeof(text), "%s", rule);
	for (char *w = strtok_r(text, " ", &save); w && n + 1 < WORDS_MAX; w = strtok_r(NULL, " ", &save)) {
		if (strcmp(w, "TTL") == 0)
			w = v4 ? "ttl" : "hl";
		else if (strcmp(w, "UP") == 0)
			w = v4 ? "TTL" : "HL";
		else if (strcmp(w, "--TTL-lt") == 0)
			w = v4 ? "--ttl-lt" : "--hl-lt";
		else if (strcmp(w, "--TTL-dec") == 0)
			w = v4 ? "--ttl-dec" : "--hl-dec";
		argv[n++] = w;
	}
	return spawn_wait(argv);
}

static void rules_remove(int family)
{
	for (size_t i = 0; i < ARRAY_SIZE(unhook); i++)
		(void)rule_run(family, unhook[i]);
	for (size_t i = 0; i < ARRAY_SIZE(drop); i++)
		(void)rule_run(family, drop[i]);
}

static int rules_make(int family)
{
	int r = 0;

	rules_remove(family);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(make); i++)
		r = rule_run(family, make[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(hook); i++)
		r = rule_run(family, hook[i]);
	return r;
}

int cni_quirk_set(struct cni *c, bool on, struct error *e)
{
	int r = 0;

	if (on == c->quirk)
		return 0;
	for (size_t i = 0; i < c->n_families; i++) {
		const int family = c->families[i].ipam.cidr.family;

		if (!on)
			rules_remove(family);
		else if (r == 0)
			r = rules_make(family);
	}
	c->quirk = on && r == 0;
	return r < 0 ? error_set(e, -r, "the TTL quirk needs iptables with its TTL target in the node") : 0;
}
