// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * settle_vty.c - where settle.c's questions go in earnest: the vty sockets below /proc/PID/root/run/frr
 *
 * Owns one connection, kept as long as the next question is for the same daemon. Knows no FRR command.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#include "engine/settle_internal.h"
#include "engine/vty.h"

/* A daemon that is busy for longer is asked again in the next round. */
enum { ASK_TIMEOUT_MS = 2000 };

void vty_cache_done(struct vty_cache *cache)
{
	cache->vty = vty_close(cache->vty);
}

/*
 * Below a directory of the node's, a symbolic link is the node's, too: "/run/frr" leading to "/" must not mean the
 * host's. Kernels and sandboxes without openat2(2) get a stricter rule: no link as the last component.
 */
static int open_below(int rootfd, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd = (int)syscall(SYS_openat2, rootfd, path, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(rootfd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_run_frr(pid_t pid)
{
	_cleanup_close_ int rootfd = -EBADF;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	rootfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return rootfd < 0 ? -errno : open_below(rootfd, "run/frr");
}

static int vty_cache_connect(struct vty_cache *cache, size_t node, const char *daemon, struct error *e)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r;

	if (cache->vty && cache->node == node && strcmp(cache->daemon, daemon) == 0)
		return 0;
	vty_cache_done(cache);
	dirfd = open_run_frr(cache->in->nodes[node].pid);
	if (dirfd < 0)
		return error_errno(e, -dirfd, "open its /run/frr");
	r = vty_connect(dirfd, daemon, ASK_TIMEOUT_MS, &cache->vty, e);
	if (r < 0)
		return r;
	cache->node = node;
	(void)snprintf(cache->daemon, sizeof(cache->daemon), "%s", daemon);
	return 0;
}

int settle_ask_vty(void *arg, size_t node, const char *daemon, const char *command, struct strbuf *out,
		   struct error *e)
{
	struct vty_cache *cache = arg;
	int r;

	r = vty_cache_connect(cache, node, daemon, e);
	if (r < 0)
		return r;
	r = vty_ask(cache->vty, command, out, e);
	if (r < 0 && r != -EPROTO)
		vty_cache_done(cache);
	return r;
}
