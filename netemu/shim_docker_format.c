// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker_format.c - lists and objects as docker writes them: --format, tables, JSON
 *
 * Refuses to know what the rows are about.
 */
#include <string.h>

#include "base/strbuf.h"
#include "output.h"
#include "shim_docker.h"
#include "template/template.h"

enum { COLUMN_MIN = 10, COLUMN_GAP = 3, COLUMNS_MAX = 32 };

/* Lines of cells, aligned as Go's tabwriter aligns docker's. */
static void table_print(char *const lines[], size_t n_lines)
{
	size_t width[COLUMNS_MAX] = { 0 };

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n_lines; i++) {
			const char *p = lines[i];

			for (size_t c = 0; c < COLUMNS_MAX; c++) {
				const char *tab = strchr(p, '\t');
				_cleanup_free_ char *cell = strndup(p, tab ? (size_t)(tab - p) : strlen(p));
				const size_t w = output_text_width(cell ? cell : "");

				if (!pass && tab)
					width[c] = MAX_OF(width[c], MAX_OF(w + COLUMN_GAP, (size_t)COLUMN_MIN));
				if (pass)
					(void)printf("%s%*s", cell, tab ? (int)(width[c] - w) : 0, "");
				if (!tab)
					break;
				p = tab + 1;
			}
			if (pass)
				(void)putchar('\n');
		}
}

/* On the command line, \t and \n are written as two characters. */
static const char *unescape(struct arena *a, const char *format)
{
	char *out = arena_strdup(a, format), *to = out;

	for (const char *p = format; *p; p++) {
		if (*p == '\\' && (p[1] == 't' || p[1] == 'n'))
			*to++ = *++p == 't' ? '\t' : '\n';
		else
			*to++ = *p;
	}
	*to = '\0';
	return out;
}

static int render(const char *format, json_t *data, struct strbuf *out, struct error *e)
{
	const struct template_source src = { "", format, strlen(format) };
	const struct template_options opt = { .sources = &src, .n_sources = 1, .missing_is_error = true };
	struct template_place place = { 0 };
	struct error why = { 0 };
	int r = template_render(&opt, data, out, &place, &why);

	return r < 0 ? error_set(e, -r, "template parsing error: template: :%u:%u: %s", place.line, place.col, why.msg)
		     : 0;
}

/* The titles of a table: what the template makes of them. */
static json_t *titles(const struct docker_column *columns, size_t n)
{
	json_t *map = json_object();

	for (size_t c = 0; c < n; c++)
		(void)json_object_set_new(map, columns[c].key, json_string(columns[c].title));
	return map;
}

/* The template of a table that nobody has written one for. */
static const char *usual_columns(struct arena *a, const struct docker_column *columns, size_t n)
{
	const char *text = "";

	for (size_t c = 0; c < n; c++)
		if (columns[c].shown)
			text = arena_printf(a, "%s%s{{.%s}}", text, *text ? "\t" : "", columns[c].key);
	return text;
}

int docker_rows(const char *format, bool quiet, json_t *rows, const struct docker_column *columns, size_t n,
		struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const bool usual = !format || strcmp(format, "table") == 0,
		   table = usual ? !quiet : strncmp(format, "table ", 6) == 0;
	const char *text = usual && quiet		 ? arena_printf(&a, "{{.%s}}", columns[0].key)
			   : usual			 ? usual_columns(&a, columns, n)
			   : strcmp(format, "json") == 0 ? "{{json .}}"
							 : unescape(&a, format + (table ? 6 : 0));
	struct strv lines = { 0 };
	json_t *row;
	size_t i;
	int r = 0;

	if (table)
		(void)json_array_insert_new(rows, 0, titles(columns, n));
	json_array_foreach(rows, i, row) {
		_cleanup_strbuf_ struct strbuf s = { 0 };

		if (r == 0)
			r = render(text, row, &s, e);
		strv_add(&a, &lines, strbuf_str(&s));
	}
	for (size_t k = 0; r == 0 && !table && k < lines.n; k++)
		(void)puts(lines.v[k]);
	if (r == 0 && table)
		table_print(lines.v, lines.n);
	return r;
}

static int objects_formatted(const char *format, const json_t *objects)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *text = strcmp(format, "json") == 0 ? "{{json .}}" : unescape(&a, format);
	json_t *one;
	size_t i;

	json_array_foreach(objects, i, one) {
		_cleanup_strbuf_ struct strbuf s = { 0 };
		struct error e = { 0 };

		if (render(text, one, &s, &e) < 0) {
			(void)fprintf(stderr, "%s\n", e.msg);
			return CLI_FAILED;
		}
		(void)puts(strbuf_str(&s));
	}
	return CLI_OK;
}

int docker_objects(const char *format, const json_t *objects)
{
	if (format)
		return objects_formatted(format, objects);
	(void)json_dumpf(objects, stdout, JSON_INDENT(4));
	(void)putchar('\n');
	return CLI_OK;
}
