// SPDX-License-Identifier: GPL-2.0-or-later
#include "kubeprint.h"

#include <ctype.h>
#include <string.h>

#include "cluster/jsonutil.h"
#include "cluster/yamlout.h"
#include "output.h"

enum { CELL_MIN = 6, PADDING = 3 }; /* of kubectl's tabwriter */

static bool column_shown(const struct kube_table *t, size_t i)
{
	return t->wide || json_int(json_array_get(t->columns, i), 0, "priority", NULL) == 0;
}

static const char *cell_text(struct arena *a, const json_t *cell)
{
	char *text;
	const char *copy;

	if (json_is_string(cell))
		return output_text(a, json_string_value(cell));
	if (json_is_null(cell) || !cell)
		return "<none>";
	text = json_dumps(cell, JSON_ENCODE_ANY | JSON_COMPACT);
	copy = arena_strdup(a, text ? text : "");
	free(text);
	return copy;
}

/* Characters, not bytes. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* The texts of a line; NULL ends it. */
static const char **line_make(struct kube_table *t, const json_t *row)
{
	const size_t n = json_array_size(t->columns);
	const char **line = arena_alloc(&t->arena, (n + 2) * sizeof(*line));
	const json_t *cells = json_object_get(row, "cells");
	size_t k = 0;

	if (t->namespaces)
		line[k++] = row ? output_text(&t->arena, json_text(row, "object", "metadata", "namespace", NULL)) : "NAMESPACE";
	for (size_t i = 0; i < n; i++) {
		char *title;

		if (!column_shown(t, i))
			continue;
		if (row) {
			line[k++] = cell_text(&t->arena, json_array_get(cells, i));
			if (i == 0 && t->prefix)
				line[k - 1] = arena_printf(&t->arena, "%s%s", t->prefix, line[k - 1]);
			continue;
		}
		title = arena_strdup(&t->arena, output_text(&t->arena, json_text(json_array_get(t->columns, i), "name", NULL)));
		for (char *c = title; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		line[k++] = title;
	}
	return line;
}

static void line_measure(struct kube_table *t, const char **line)
{
	for (size_t i = 0; line[i]; i++)
		t->widths[i] = MAX_OF(t->widths[i], MAX_OF(width_of(line[i]) + PADDING, (size_t)CELL_MIN));
}

static void line_print(const struct kube_table *t, const char **line, FILE *out)
{
	for (size_t i = 0; line[i]; i++) {
		(void)fputs(line[i], out);
		if (line[i + 1])
			(void)fprintf(out, "%*s", (int)(t->widths[i] - width_of(line[i])), "");
	}
	(void)fputc('\n', out);
}

void kube_table_print(struct kube_table *t, const json_t *table, FILE *out)
{
	const json_t *rows = json_object_get(table, "rows");
	const size_t n = json_array_size(rows);
	const char ***lines;

	if (!t->first) {
		t->first = json_incref((json_t *)(uintptr_t)table);
		t->columns = json_object_get(t->first, "columnDefinitions");
		t->widths = arena_alloc(&t->arena, (json_array_size(t->columns) + 2) * sizeof(*t->widths));
	}
	lines = arena_alloc(&t->arena, (n + 1) * sizeof(*lines));
	if (!t->headed) {
		lines[0] = line_make(t, NULL);
		line_measure(t, lines[0]);
	}
	for (size_t i = 0; i < n; i++) {
		lines[i + 1] = line_make(t, json_array_get(rows, i));
		line_measure(t, lines[i + 1]);
	}
	for (size_t i = t->headed; i <= n; i++)
		line_print(t, lines[i], out);
	t->headed = true;
}

void kube_table_done(struct kube_table *t)
{
	json_decref(t->first);
	arena_done(&t->arena);
	*t = (struct kube_table){ 0 };
}

int kube_print_object(const json_t *object, const char *format, FILE *out, struct error *e)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	if (strcmp(format, "json") == 0) {
		(void)json_dumpf(object, out, JSON_INDENT(4) | JSON_SORT_KEYS);
		(void)fputc('\n', out);
		return 0;
	}
	if (json_to_yaml(object, &text, e) < 0)
		return -EINVAL;
	(void)fwrite(strbuf_str(&text), 1, text.len, out);
	return 0;
}
