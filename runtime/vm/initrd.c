// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * initrd.c - an initramfs in memory
 */
#include "vm/initrd.h"

#include <string.h>

static void pad(struct strbuf *s)
{
	static const char zeros[4] = "";

	strbuf_add(s, zeros, (4 - s->len % 4) % 4);
}

static void entry_add(struct strbuf *s, const char *name, unsigned mode, const void *data, size_t size)
{
	/* magic, inode, mode, uid, gid, links, mtime, size, device (2), special device (2), length of the name, checksum */
	strbuf_printf(s, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", 0, mode, 0, 0, 1, 0, size, 0, 0, 0, 0,
		      strlen(name) + 1, 0);
	strbuf_add(s, name, strlen(name) + 1);
	pad(s);
	strbuf_add(s, data, size);
	pad(s);
}

void initrd_add(struct strbuf *s, const char *path, unsigned mode, const void *data, size_t size)
{
	entry_add(s, path + (*path == '/'), mode, data, size);
}

void initrd_end(struct strbuf *s)
{
	entry_add(s, "TRAILER!!!", 0, NULL, 0);
}
