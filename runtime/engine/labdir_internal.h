/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * labdir_internal.h - what those share that write into the lab's directory: owners, and the record of what was made
 */
#ifndef NETEMU_ENGINE_LABDIR_INTERNAL_H
#define NETEMU_ENGINE_LABDIR_INTERNAL_H

#include <fcntl.h>

#include "base/error.h"
#include "base/strbuf.h"

enum { LABDIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, LABDIR_MODE = 0755 };

/** labdir_give() - a new file becomes that of who typed sudo */
void labdir_give(int fd);

/** labdir_record_add() - a line of the record; a name that holds a line's end would be read as another, and is left out */
void labdir_record_add(struct strbuf *record, const char *word, const char *name);

/** labdir_record_write() - to the end of the record in @statefd, before what it names is made. Return: 0 or -errno. */
int labdir_record_write(int statefd, const struct strbuf *text, struct error *e);

#endif
