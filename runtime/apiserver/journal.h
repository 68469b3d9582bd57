/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal.h - the file in which a store's changes are written, a line of JSON each
 *
 * The last line may be torn (kill -9 in the middle of a write): it is cut off when the file is read again. There is no
 * fsync(): a lab does not outlive its machine.
 */
#ifndef NETEMU_APISERVER_JOURNAL_H
#define NETEMU_APISERVER_JOURNAL_H

#include <jansson.h>

#include "base/error.h"
#include "base/strbuf.h"

struct journal;

/** journal_read_fn - one line. Return: 0 or -errno, which ends the reading. */
typedef int (*journal_read_fn)(const json_t *record, size_t bytes, void *arg, struct error *e);

/**
 * journal_open() - open or make DIR/journal (and DIR), and read what it has
 *
 * Return: 0; -EBADMSG for a file that is no journal; what @fn returned; another -errno.
 */
int journal_open(const char *dir, journal_read_fn fn, void *arg, struct journal **ret, struct error *e);
struct journal *journal_close(struct journal *j);

/** journal_append() - write whole lines; all or nothing. Return: 0 or -errno. */
int journal_append(struct journal *j, const char *text, size_t len, struct error *e);

/** journal_size() - bytes in the file */
size_t journal_size(const struct journal *j);

/** journal_replace() - make @lines the whole content, at once. Return: 0, or -errno: the old content is still there. */
int journal_replace(struct journal *j, const struct strbuf *lines, struct error *e);

#endif
