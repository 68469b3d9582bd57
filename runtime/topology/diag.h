/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diag.h - mistakes in files: collected, then shown all at once
 *
 * A diagnostic knows file, line and column (1-based; columns count characters, a tab is one), what is wrong and
 * what to do. Printing (the source line and a caret) is diag_print(); nothing here decides when.
 */
#ifndef NETEMU_TOPOLOGY_DIAG_H
#define NETEMU_TOPOLOGY_DIAG_H

#include <stdio.h>

#include "base/arena.h"

enum diag_level { DIAG_ERROR, DIAG_WARNING, _DIAG_LEVEL_MAX };

/* Where a value stands. line 0 = the file as a whole. */
struct pos {
	uint32_t file; /* index into diag.files */
	uint32_t line, col;
};

struct diag_file {
	const char *path; /* as the user gave it; "<stdin>" */
	const char *text; /* whole content, NUL-terminated, for the quoted source line; may be NULL */
	size_t len;
};

struct diag_entry {
	enum diag_level level;
	struct pos pos;
	const char *msg;
	const char *hint; /* what to do, or NULL */
};

struct diag {
	struct arena arena;
	struct diag_file *files;
	size_t n_files;
	struct diag_entry *entries;
	size_t n_entries;
	size_t n_errors;
};

/** diag_add_file() - register a file (path and text are borrowed). Return: its index for struct pos. */
uint32_t diag_add_file(struct diag *d, const char *path, const char *text, size_t len);
void diag_error(struct diag *d, struct pos pos, const char *hint, const char *fmt, ...) _printf_(4, 5);
void diag_warning(struct diag *d, struct pos pos, const char *hint, const char *fmt, ...) _printf_(4, 5);
/* Suggestions cost time (edit distances): beyond this many errors callers leave them out. */
enum { DIAG_MAX_HINTS = 100 };
/** diag_wants_hints() - whether a caller should still work out a "did you mean" */
bool diag_wants_hints(const struct diag *d);
/** diag_print() - all entries, ordered by file, line and column:
 *
 *     topo.yaml:12:7: error: unknown key 'imgae' in node 'tor0'
 *       12 |       imgae: frr
 *          |       ^
 *       did you mean 'image'?
 */
void diag_print(const struct diag *d, FILE *out, bool colour);
void diag_done(struct diag *d);
#define _cleanup_diag_ _cleanup_(diag_done)

#endif
