// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_clab_table.c - nodes of labs in the box that containerlab draws
 *
 * Owns: columns, order and borders, which are containerlab's to the character, since people compare their screen with a page.
 * Nodes are in alphabetical order; each has two lines. With --all, what stands in the first two columns is said once a lab.
 */
#include "shim_clab_table.h"

#include <string.h>

#include "shim_docker.h"

enum { COL_TOPOLOGY, COL_LAB, COL_OWNER, COL_NAME, COL_KIND, COL_STATE, COL_ADDRESS, _COL_MAX };
enum { CELL_LINES = 2 };

static const char *const titles[] = {
	[COL_TOPOLOGY] = "Topology",
	[COL_LAB] = "Lab Name",
	[COL_OWNER] = "Owner",
	[COL_NAME] = "Name",
	[COL_KIND] = "Kind/Image",
	[COL_STATE] = "State",
	[COL_ADDRESS] = "IPv4/6 Address",
};
static_assert(ARRAY_SIZE(titles) == _COL_MAX, "a title for each column");

struct row {
	const char *line[CELL_LINES][_COL_MAX];
};

struct box {
	struct row *rows;
	size_t n;
	bool shown[_COL_MAX], merged[_COL_MAX]; /* merged: what is the same in the next row is not said again */
	unsigned width[_COL_MAX];
	FILE *out;
	struct arena arena;
};

static const char *address(struct arena *a, const char *prefix)
{
	return *prefix ? arena_strndup(a, prefix, strcspn(prefix, "/")) : "N/A";
}

static const char *either(const char *s)
{
	return *s ? s : "N/A";
}

static void row_add(struct box *b, const struct lab_state *st, const struct node_state *n, bool wide)
{
	struct arena *a = &b->arena;
	struct row *r = ARENA_PUSH(a, b->rows, b->n);
	const char *v4 = address(a, n->ipv4), *v6 = address(a, n->ipv6);

	for (size_t c = 0; c < _COL_MAX; c++)
		r->line[0][c] = r->line[1][c] = "";
	r->line[0][COL_TOPOLOGY] = inspect_lab_path(a, st->path);
	r->line[0][COL_LAB] = st->name;
	r->line[0][COL_OWNER] = st->owner;
	r->line[0][COL_NAME] = n->longname;
	r->line[0][COL_KIND] = wide ? arena_printf(a, "%s %s", n->kind, either(n->image)) : n->kind;
	r->line[0][COL_STATE] = docker_state(n);
	r->line[0][COL_ADDRESS] = wide ? arena_printf(a, "%s %s", v4, v6) : v4;
	r->line[1][COL_STATE] = wide ? "" : docker_health(a, n);
	if (wide && *docker_health(a, n))
		r->line[0][COL_STATE] = arena_printf(a, "%s %s", docker_state(n), docker_health(a, n));
	r->line[1][COL_KIND] = wide ? "" : either(n->image);
	r->line[1][COL_ADDRESS] = wide ? "" : v6;
	for (size_t c = 0; c < _COL_MAX; c++)
		for (size_t l = 0; l < CELL_LINES; l++) {
			r->line[l][c] = output_text(a, r->line[l][c]);
			b->width[c] = MAX_OF(b->width[c], output_text_width(r->line[l][c]));
		}
}

static int row_cmp(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	const int lab = strcmp(x->line[0][COL_LAB], y->line[0][COL_LAB]);

	return lab ? lab : strcmp(x->line[0][COL_NAME], y->line[0][COL_NAME]);
}

/* Whether a cell goes on in the next row. */
static bool goes_on(const struct box *b, size_t row, size_t c)
{
	return b->merged[c] && row + 1 < b->n && strcmp(b->rows[row].line[0][c], b->rows[row + 1].line[0][c]) == 0;
}

/* A border: its left end, what is between two columns, its right end. */
static void border(const struct box *b, const char *left, const char *mid, const char *right)
{
	const char *before = left;

	for (size_t c = 0; c < _COL_MAX; c++) {
		if (!b->shown[c])
			continue;
		(void)fputs(before, b->out);
		for (unsigned i = 0; i < b->width[c] + 2; i++)
			(void)fputs("─", b->out);
		before = mid;
	}
	(void)fprintf(b->out, "%s\n", right);
}

/* Below a row: no line below what goes on. */
static void border_below(const struct box *b, size_t row)
{
	static const char *const joints[2][2] = { { "┼", "┤" }, { "├", "│" } };
	bool first = true, open_before = false;

	for (size_t c = 0; c < _COL_MAX; c++) {
		const bool open = goes_on(b, row, c);

		if (!b->shown[c])
			continue;
		(void)fputs(first ? (open ? "│" : "├") : joints[open_before][open], b->out);
		for (unsigned i = 0; i < b->width[c] + 2; i++)
			(void)fputs(open ? " " : "─", b->out);
		first = false;
		open_before = open;
	}
	(void)fprintf(b->out, "%s\n", open_before ? "│" : "┤");
}

static void head(const struct box *b)
{
	const bool colour = cli_colour(b->out);

	for (size_t c = 0; c < _COL_MAX; c++) {
		const unsigned room = b->width[c] - output_text_width(titles[c]);

		if (b->shown[c])
			(void)fprintf(b->out, "│ %s%*s%s%*s%s ", colour ? "\033[1m" : "", (int)(room - room / 2), "",
				      titles[c], (int)(room / 2), "", colour ? "\033[0m" : "");
	}
	(void)fputs("│\n", b->out);
}

static void row_write(const struct box *b, size_t row)
{
	size_t lines = 1;

	for (size_t c = 0; c < _COL_MAX; c++)
		if (b->shown[c] && *b->rows[row].line[1][c])
			lines = CELL_LINES;
	for (size_t l = 0; l < lines; l++) {
		for (size_t c = 0; c < _COL_MAX; c++) {
			const char *s = row > 0 && goes_on(b, row - 1, c) ? "" : b->rows[row].line[l][c];

			if (b->shown[c])
				(void)fprintf(b->out, "│ %s%*s ", s, (int)(b->width[c] - output_text_width(s)), "");
		}
		(void)fputs("│\n", b->out);
	}
}

void clab_table(const struct inspected *in, bool all, bool wide, FILE *out)
{
	struct box b = { .out = out };

	for (size_t c = 0; c < _COL_MAX; c++) {
		b.shown[c] = c == COL_OWNER ? wide : c <= COL_LAB ? all : true;
		b.merged[c] = c <= COL_LAB && !wide;
		b.width[c] = output_text_width(titles[c]);
	}
	for (size_t i = 0; i < in->n; i++)
		for (size_t k = 0; k < in->labs[i]->n_nodes; k++)
			if (inspect_is_node(&in->labs[i]->nodes[k]))
				row_add(&b, in->labs[i], &in->labs[i]->nodes[k], wide);
	if (b.n)
		qsort(b.rows, b.n, sizeof(*b.rows), row_cmp);
	border(&b, "╭", "┬", "╮");
	head(&b);
	border(&b, "├", "┼", "┤");
	for (size_t i = 0; i < b.n; i++) {
		row_write(&b, i);
		if (i + 1 < b.n)
			border_below(&b, i);
	}
	border(&b, "╰", "┴", "╯");
	arena_done(&b.arena);
}
