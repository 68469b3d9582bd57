// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * diag.c - the list of mistakes and how one is shown
 *
 * Owns: collecting, ordering, the quoted source line and its caret. Knows nothing of YAML, and prints only when
 * told to: into the stream it is given.
 */
#include "topology/diag.h"

#include <stdarg.h>
#include <string.h>

#include "topology/source.h"

/* A file can hold a million mistakes; nobody reads more than this many. */
enum { DIAG_MAX_ENTRIES = 1000 };
/* Texts are cut to this many bytes: what they quote may be a whole file. */
enum { DIAG_TEXT_MAX = 1024 };
/* Source lines are quoted through a window of this many characters around the column. */
enum { DIAG_WINDOW = 96 };

uint32_t diag_add_file(struct diag *d, const char *path, const char *text, size_t len)
{
	struct diag_file *f = ARENA_PUSH(&d->arena, d->files, d->n_files);

	*f = (struct diag_file){ .path = path, .text = text, .len = len };
	return (uint32_t)(d->n_files - 1);
}

bool diag_wants_hints(const struct diag *d)
{
	return d->n_errors < DIAG_MAX_HINTS;
}

static void diag_vadd(struct diag *d, enum diag_level level, struct pos pos, const char *hint, const char *fmt,
		      va_list ap) __attribute__((format(printf, 5, 0)));

static void diag_vadd(struct diag *d, enum diag_level level, struct pos pos, const char *hint, const char *fmt,
		      va_list ap)
{
	char msg[DIAG_TEXT_MAX];
	struct diag_entry *e;

	if (level == DIAG_ERROR)
		d->n_errors++;
	if (d->n_entries >= DIAG_MAX_ENTRIES)
		return;
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	e = ARENA_PUSH(&d->arena, d->entries, d->n_entries);
	*e = (struct diag_entry){
		.level = level,
		.pos = pos,
		.msg = arena_strdup(&d->arena, msg),
		.hint = hint ? arena_printf(&d->arena, "%.*s", DIAG_TEXT_MAX, hint) : NULL,
	};
}

void diag_error(struct diag *d, struct pos pos, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_vadd(d, DIAG_ERROR, pos, hint, fmt, ap);
	va_end(ap);
}

void diag_warning(struct diag *d, struct pos pos, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_vadd(d, DIAG_WARNING, pos, hint, fmt, ap);
	va_end(ap);
}

static int pos_cmp(const struct pos *a, const struct pos *b)
{
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->col == b->col ? 0 : a->col < b->col ? -1 : 1;
}

/* Entries live in one array, so that their addresses keep the order in which they came. */
static int entry_cmp(const void *pa, const void *pb)
{
	const struct diag_entry *a = *(const struct diag_entry *const *)pa, *b = *(const struct diag_entry *const *)pb;
	const int r = pos_cmp(&a->pos, &b->pos);

	if (r)
		return r;
	return a == b ? 0 : a < b ? -1 : 1;
}

/* Start of line @line (1-based) of @f, or NULL; *@ret_len without the line's end. */
static const char *source_line(const struct diag_file *f, uint32_t line, size_t *ret_len)
{
	const char *p = f->text, *end = f->text ? f->text + f->len : NULL, *nl;

	if (!p || line == 0)
		return NULL;
	for (; line > 1; line--) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			return NULL;
		p++;
	}
	nl = memchr(p, '\n', (size_t)(end - p));
	*ret_len = (size_t)((nl ? nl : end) - p);
	if (*ret_len && p[*ret_len - 1] == '\r')
		(*ret_len)--;
	return p;
}

/* Cells that a character takes on a terminal: wide for the CJK blocks, full-width forms and emoji. */
static unsigned char_cells(uint32_t c)
{
	return (c >= 0x2e80 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xff60) ||
			       (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || c >= 0x20000
		       ? 2
		       : 1;
}

/* Writes text that came from a file: control characters would drive the reader's terminal. */
static void put_clean(FILE *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t c;
		const size_t n = utf8_decode(s + i, len - i, &c);

		if (n == 0 || (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0))
			(void)fputc('?', out);
		else if (c < 0x20)
			(void)fputc(' ', out);
		else
			(void)fwrite(s + i, 1, n, out);
		i += n ? n : 1;
	}
}

/* Behind the character at @p, whose cells are added to @cells; a byte that begins none counts as one. */
static const char *next_char(const char *p, const char *end, unsigned *cells)
{
	uint32_t c = 0;
	const size_t n = utf8_decode(p, (size_t)(end - p), &c);

	*cells += n ? char_cells(c) : 1;
	return p + (n ? n : 1);
}

/* The line and, below it, a caret; long lines are shown through a window around the column. */
static void print_source(FILE *out, const struct diag_file *f, const struct pos *pos)
{
	const char *line, *p, *end, *shown;
	unsigned cells = 0, after = 0;
	size_t len, ch = 1;

	line = source_line(f, pos->line, &len);
	if (!line)
		return;
	end = line + len;
	for (p = shown = line; p < end && ch < pos->col; ch++) {
		p = next_char(p, end, &cells);
		if (ch % DIAG_WINDOW == 0) {
			shown = p;
			cells = 0;
		}
	}
	for (ch = 0; p < end && ch < DIAG_WINDOW; ch++)
		p = next_char(p, end, &after);
	(void)fprintf(out, "%4u | ", pos->line);
	put_clean(out, shown, (size_t)(p - shown));
	(void)fprintf(out, "\n     | %*s^\n", (int)cells, "");
}

static void print_entry(const struct diag *d, const struct diag_entry *e, FILE *out, bool colour)
{
	static const char *const names[] = { [DIAG_ERROR] = "error", [DIAG_WARNING] = "warning" };
	static const char *const colours[] = { [DIAG_ERROR] = "\033[1;31m", [DIAG_WARNING] = "\033[1;35m" };
	const struct diag_file *f = e->pos.file < d->n_files ? &d->files[e->pos.file] : NULL;

	static_assert(ARRAY_SIZE(names) == _DIAG_LEVEL_MAX && ARRAY_SIZE(colours) == _DIAG_LEVEL_MAX, "one a level");
	if (f) {
		put_clean(out, f->path, strlen(f->path));
		if (e->pos.line)
			(void)fprintf(out, ":%u:%u", e->pos.line, e->pos.col);
		(void)fputs(": ", out);
	}
	(void)fprintf(out, "%s%s:%s ", colour ? colours[e->level] : "", names[e->level], colour ? "\033[0m" : "");
	put_clean(out, e->msg, strlen(e->msg));
	(void)fputc('\n', out);
	if (f)
		print_source(out, f, &e->pos);
	if (e->hint) {
		(void)fputs("  ", out);
		put_clean(out, e->hint, strlen(e->hint));
		(void)fputc('\n', out);
	}
}

/* What is inherited is found once for each heir: said once. */
static bool said_before(const struct diag_entry *const *order, size_t i)
{
	const struct diag_entry *e = order[i];

	while (i-- > 0 && pos_cmp(&order[i]->pos, &e->pos) == 0)
		if (order[i]->level == e->level && strcmp(order[i]->msg, e->msg) == 0)
			return true;
	return false;
}

void diag_print(const struct diag *d, FILE *out, bool colour)
{
	_cleanup_free_ const struct diag_entry **order = NULL;

	if (!d->n_entries)
		return;
	order = calloc(d->n_entries, sizeof(*order));
	if (!order)
		return;
	for (size_t i = 0; i < d->n_entries; i++)
		order[i] = &d->entries[i];
	qsort(order, d->n_entries, sizeof(const struct diag_entry *), entry_cmp);
	for (size_t i = 0; i < d->n_entries; i++)
		if (!said_before(order, i))
			print_entry(d, order[i], out, colour);
	if (d->n_entries == DIAG_MAX_ENTRIES)
		(void)fprintf(out, "error: further mistakes are not shown\n");
}

void diag_done(struct diag *d)
{
	arena_done(&d->arena);
	*d = (struct diag){ 0 };
}
