/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - one model of rows, written as an aligned table, as JSON or as CSV
 *
 * Owns: alignment, cutting to the terminal's width, colour, quoting. Refuses to know what the rows are about.
 * What comes from files or nodes is shown with its control characters replaced: a name cannot drive a terminal.
 */
#ifndef NETEMU_OUTPUT_H
#define NETEMU_OUTPUT_H

#include "base/arena.h"
#include "base/error.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV, _OUTPUT_FORMAT_MAX };

enum column_flags {
	COLUMN_RAW = 1 << 0, /* the text is JSON already: a number, true, an array */
	COLUMN_RIGHT = 1 << 1, /* aligned right in a table */
	COLUMN_ELASTIC = 1 << 2, /* may be cut when the terminal is too narrow */
	COLUMN_WIDE = 1 << 3, /* only in wide tables */
	COLUMN_NO_TABLE = 1 << 4,
	COLUMN_NO_JSON = 1 << 5,
	COLUMN_NO_CSV = 1 << 6,
};

struct column {
	const char *key; /* in JSON and CSV; these never change */
	const char *title; /* in tables */
	unsigned flags; /* enum column_flags */
};

enum style { STYLE_PLAIN, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_DIM, _STYLE_MAX };

struct cell {
	const char *text; /* NULL is "" in tables and CSV, null in JSON */
	enum style style;
};

struct table {
	struct arena arena; /* for the texts of cells, too */
	const struct column *columns;
	size_t n_columns;
	struct cell **rows; /* n_columns cells each */
	size_t n_rows;
};

struct output {
	FILE *out;
	enum output_format format;
	bool colour, wide;
	unsigned width; /* columns of the terminal; 0: no limit */
};

/** table_init() - an empty table; @columns are borrowed */
void table_init(struct table *t, const struct column *columns, size_t n_columns);
/** table_add_row() - Return: its cells, to be filled in; empty until then */
struct cell *table_add_row(struct table *t);
void table_done(struct table *t);
#define _cleanup_table_ _cleanup_(table_done)

/** output_init() - to stdout; @format: the word of --format, NULL: table; colour and width as the terminal is */
void output_init(struct output *o, const char *format);

/** output_write() - the whole table; JSON: an array of objects */
void output_write(const struct output *o, const struct table *t);

/** output_json_grouped() - JSON: an object of arrays, rows with the same text in column @group (adjacent) together */
void output_json_grouped(const struct output *o, const struct table *t, size_t group);

/** output_text() - @s with control characters replaced, allocated in @a */
const char *output_text(struct arena *a, const char *s);

/** output_text_width() - columns that a text takes on a terminal: its code points */
unsigned output_text_width(const char *s);

#endif
