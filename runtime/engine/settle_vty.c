// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * settle_vty.c - where settle.c's questions go in earnest: the vty sockets below /proc/PID/root/run/frr
 *
 * Owns one connection, kept as long as the next question is for the same daemon. Knows no FRR command.
 */
#include <fcntl.h>
#include <string.h>

#include "engine/noderoot.h"
#include "engine/settle_internal.h"
#include "engine/vty.h"

/* A daemon that is busy for longer is asked again in the next round. */
enum { ASK_TIMEOUT_MS = 2000 };

void vty_cache_done(struct vty_cache *cache)
{
	cache->vty = vty_close(cache->vty);
}

static int vty_cache_connect(struct vty_cache *cache, size_t node, const char *daemon, struct error *e)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r;

	if (cache->vty && cache->node == node && strcmp(cache->daemon, daemon) == 0)
		return 0;
	vty_cache_done(cache);
	dirfd = noderoot_open(cache->in->nodes[node].pid, "run/frr", O_PATH | O_DIRECTORY);
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
