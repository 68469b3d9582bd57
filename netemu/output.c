// SPDX-License-Identifier: GPL-2.0-or-later
#include "output.h"

#include <string.h>
#include <sys/ioctl.h>

#include "base/strbuf.h"
#include "cli.h"

enum { GAP = 2, ELASTIC_MIN = 8 };

static const char *const style_codes[] = {
	[STYLE_PLAIN] = "", [STYLE_GOOD] = "\033[32m", [STYLE_WARN] = "\033[33m",
	[STYLE_BAD] = "\033[31m", [STYLE_DIM] = "\033[2m",
};

static_assert(ARRAY_SIZE(style_codes) == _STYLE_MAX, "one code for each style");

static const char *const format_words[] = {
	[OUTPUT_TABLE] = "table", [OUTPUT_JSON] = "json", [OUTPUT_CSV] = "csv",
};

static_assert(ARRAY_SIZE(format_words) == _OUTPUT_FORMAT_MAX, "one word for each format");

void table_init(struct table *t, const struct column *columns, size_t n_columns)
{
	*t = (struct table){ .columns = columns, .n_columns = n_columns };
}

struct cell *table_add_row(struct table *t)
{
	struct cell **row = ARENA_PUSH(&t->arena, t->rows, t->n_rows);

	*row = arena_alloc(&t->arena, t->n_columns * sizeof(**row));
	return *row;
}

void table_done(struct table *t)
{
	arena_done(&t->arena);
	*t = (struct table){ 0 };
}

static unsigned terminal_width(FILE *out)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws;

	if (!isatty(fileno(out)))
		return 0;
	if (ioctl(fileno(out), TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		return ws.ws_col;
	return columns ? (unsigned)strtoul(columns, NULL, 10) : 0;
}

void output_init(struct output *o, const char *format)
{
	*o = (struct output){ .out = stdout, .colour = cli_colour(stdout), .width = terminal_width(stdout) };
	for (size_t i = 0; format && i < ARRAY_SIZE(format_words); i++)
		if (strcmp(format, format_words[i]) == 0)
			o->format = (enum output_format)i;
}

const char *output_text(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s ? s : "");

	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = *p == '\t' || *p == '\n' ? ' ' : '?';
	/* the C1 controls U+0080..U+009F are C2 80..C2 9F */
	for (char *p = copy; *p; p++)
		if ((unsigned char)p[0] == 0xc2 && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] < 0xa0)
			p[0] = p[1] = '?';
	return copy;
}

/* ---- table ---- */

unsigned output_text_width(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Bytes of the first @width code points. */
static int text_bytes(const char *s, unsigned width)
{
	const char *p = s;

	for (; *p; p++)
		if (((unsigned char)*p & 0xc0) != 0x80 && width-- == 0)
			break;
	return (int)(p - s);
}

static bool column_in_table(const struct output *o, const struct column *c)
{
	return !(c->flags & COLUMN_NO_TABLE) && (o->wide || !(c->flags & COLUMN_WIDE));
}

/* Takes @excess columns from the elastic ones, always from the widest. */
static void widths_shrink(const struct table *t, unsigned *width, unsigned excess)
{
	while (excess > 0) {
		size_t widest = SIZE_MAX;

		for (size_t c = 0; c < t->n_columns; c++)
			if ((t->columns[c].flags & COLUMN_ELASTIC) && width[c] > ELASTIC_MIN &&
			    (widest == SIZE_MAX || width[c] > width[widest]))
				widest = c;
		if (widest == SIZE_MAX)
			return;
		width[widest]--;
		excess--;
	}
}

static unsigned *widths_find(const struct output *o, const struct table *t, struct arena *a)
{
	unsigned *width = arena_alloc(a, t->n_columns * sizeof(*width));
	unsigned total = 0;

	for (size_t c = 0; c < t->n_columns; c++) {
		if (!column_in_table(o, &t->columns[c]))
			continue;
		width[c] = output_text_width(t->columns[c].title);
		for (size_t r = 0; r < t->n_rows; r++)
			width[c] = MAX_OF(width[c], output_text_width(output_text(a, t->rows[r][c].text)));
		total += width[c] + (total ? GAP : 0);
	}
	if (o->width && total > o->width)
		widths_shrink(t, width, total - o->width);
	return width;
}

/* One cell; blanks on its right are not written at once but added to @pad, so that no line ends in them. */
static void cell_write(const struct output *o, const char *s, enum style style, unsigned width, bool right,
		       unsigned *pad)
{
	unsigned n = output_text_width(s);
	bool cut = n > width, paint = o->colour && style != STYLE_PLAIN && *s;
	unsigned shown = cut ? width : n;

	if (right)
		*pad += width - shown;
	if (*s)
		(void)fprintf(o->out, "%*s", (int)*pad, "");
	if (paint)
		(void)fputs(style_codes[style], o->out);
	(void)fprintf(o->out, "%.*s%s", cut ? text_bytes(s, width - 1) : (int)strlen(s), s, cut ? "\u2026" : "");
	if (paint)
		(void)fputs("\033[0m", o->out);
	if (*s)
		*pad = 0;
	*pad += (right ? 0 : width - shown) + GAP;
}

static void row_write(const struct output *o, const struct table *t, const unsigned *width, const struct cell *row,
		      struct arena *a)
{
	unsigned pad = 0;

	for (size_t c = 0; c < t->n_columns; c++) {
		const struct column *col = &t->columns[c];
		const char *s = row ? output_text(a, row[c].text) : col->title;

		if (column_in_table(o, col))
			cell_write(o, s, row ? row[c].style : STYLE_PLAIN, width[c], col->flags & COLUMN_RIGHT, &pad);
	}
	(void)fputc('\n', o->out);
}

static void table_write(const struct output *o, const struct table *t)
{
	_cleanup_arena_ struct arena a = { 0 };
	const unsigned *width = widths_find(o, t, &a);

	row_write(o, t, width, NULL, &a);
	for (size_t r = 0; r < t->n_rows; r++)
		row_write(o, t, width, t->rows[r], &a);
}

/* ---- JSON ---- */

static void json_row(const struct table *t, const struct cell *row, struct strbuf *s)
{
	bool first = true;

	strbuf_putc(s, '{');
	for (size_t c = 0; c < t->n_columns; c++) {
		const struct column *col = &t->columns[c];

		if (col->flags & COLUMN_NO_JSON)
			continue;
		strbuf_puts(s, first ? "" : ", ");
		strbuf_json_string(s, col->key);
		strbuf_puts(s, ": ");
		if ((col->flags & COLUMN_RAW) && row[c].text)
			strbuf_puts(s, row[c].text);
		else
			strbuf_json_string(s, row[c].text);
		first = false;
	}
	strbuf_putc(s, '}');
}

static void json_rows(const struct table *t, size_t from, size_t to, const char *indent, struct strbuf *s)
{
	strbuf_puts(s, "[");
	for (size_t r = from; r < to; r++) {
		strbuf_printf(s, "%s\n%s  ", r == from ? "" : ",", indent);
		json_row(t, t->rows[r], s);
	}
	if (to > from)
		strbuf_printf(s, "\n%s", indent);
	strbuf_puts(s, "]");
}

static bool same_group(const struct table *t, size_t a, size_t b, size_t group)
{
	return strcmp(t->rows[a][group].text, t->rows[b][group].text) == 0;
}

void output_json_grouped(const struct output *o, const struct table *t, size_t group)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_puts(&s, "{");
	for (size_t from = 0, to; from < t->n_rows; from = to) {
		for (to = from + 1; to < t->n_rows && same_group(t, from, to, group); to++)
			;
		strbuf_puts(&s, from ? ",\n  " : "\n  ");
		strbuf_json_string(&s, t->rows[from][group].text);
		strbuf_puts(&s, ": ");
		json_rows(t, from, to, "  ", &s);
	}
	strbuf_puts(&s, t->n_rows ? "\n}\n" : "}\n");
	(void)fputs(strbuf_str(&s), o->out);
}

static void json_write(const struct output *o, const struct table *t)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	json_rows(t, 0, t->n_rows, "", &s);
	(void)fprintf(o->out, "%s\n", strbuf_str(&s));
}

/* ---- CSV (RFC 4180, lines end in \n) ---- */

static void csv_field(FILE *out, const char *s)
{
	if (!s)
		return;
	if (!s[strcspn(s, ",\"\r\n")]) {
		(void)fputs(s, out);
		return;
	}
	(void)fputc('"', out);
	for (; *s; s++) {
		if (*s == '"')
			(void)fputc('"', out);
		(void)fputc(*s, out);
	}
	(void)fputc('"', out);
}

static void csv_row(const struct output *o, const struct table *t, const struct cell *row)
{
	bool first = true;

	for (size_t c = 0; c < t->n_columns; c++) {
		if (t->columns[c].flags & COLUMN_NO_CSV)
			continue;
		if (!first)
			(void)fputc(',', o->out);
		csv_field(o->out, row ? row[c].text : t->columns[c].key);
		first = false;
	}
	(void)fputc('\n', o->out);
}

static void csv_write(const struct output *o, const struct table *t)
{
	csv_row(o, t, NULL);
	for (size_t r = 0; r < t->n_rows; r++)
		csv_row(o, t, t->rows[r]);
}

void output_write(const struct output *o, const struct table *t)
{
	static void (*const writers[])(const struct output *o, const struct table *t) = {
		[OUTPUT_TABLE] = table_write, [OUTPUT_JSON] = json_write, [OUTPUT_CSV] = csv_write,
	};

	static_assert(ARRAY_SIZE(writers) == _OUTPUT_FORMAT_MAX, "one writer for each format");
	writers[o->format](o, t);
}
