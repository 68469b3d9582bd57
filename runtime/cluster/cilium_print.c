// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/cilium_print.h"

#include <string.h>

#include "cluster/jsonutil.h"

enum { COLUMNS_MAX = 9, MIN_WIDTH = 5, PADDING = 3 };

/* Rows of cells. What is in the last column is not padded; a row that ends before it ends with a padded cell. */
struct table {
	char *(*rows)[COLUMNS_MAX];
	size_t n, cap, columns;
};

static void table_done(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t c = 0; c < COLUMNS_MAX; c++)
			free(t->rows[i][c]);
	free(t->rows);
}
#define _cleanup_table_ _cleanup_(table_done)

static void table_row(struct table *t)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 16;
		t->rows = reallocarray(t->rows, t->cap, sizeof(t->rows[0]));
		if (!t->rows)
			abort();
	}
	memset(t->rows[t->n++], 0, sizeof(t->rows[0]));
}

static void table_cell(struct table *t, size_t column, const char *fmt, ...) _printf_(3, 4);
static void table_cell(struct table *t, size_t column, const char *fmt, ...)
{
	struct strbuf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&text, fmt, ap);
	va_end(ap);
	free(t->rows[t->n - 1][column]);
	t->rows[t->n - 1][column] = strbuf_steal(&text);
}

static void table_head(struct table *t, const char *const *names)
{
	table_row(t);
	for (; names[t->columns]; t->columns++)
		table_cell(t, t->columns, "%s", names[t->columns]);
}

static void table_print(const struct table *t, struct strbuf *out)
{
	size_t width[COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < t->n; i++)
		for (size_t c = 0; c < t->columns; c++)
			width[c] = MAX_OF(width[c], MAX_OF((t->rows[i][c] ? strlen(t->rows[i][c]) : 0) + PADDING,
							   (size_t)MIN_WIDTH));
	for (size_t i = 0; i < t->n; i++) {
		size_t end = t->columns;

		while (end > 0 && !t->rows[i][end - 1])
			end--;
		for (size_t c = 0; c < end; c++)
			strbuf_printf(out, "%-*s", c + 1 < t->columns ? (int)width[c] : 0,
				      t->rows[i][c] ? t->rows[i][c] : "");
		strbuf_putc(out, '\n');
	}
}

/* ---- order ---- */

static int by_node(const void *x, const void *y)
{
	return strcmp(json_text(*(json_t *const *)x, "node", NULL), json_text(*(json_t *const *)y, "node", NULL));
}

static int by_peer(const void *x, const void *y)
{
	const json_t *a = *(json_t *const *)x, *b = *(json_t *const *)y;
	const json_int_t d = json_int(a, 0, "local-asn", NULL) - json_int(b, 0, "local-asn", NULL);

	return d ? (d < 0 ? -1 : 1) : strcmp(json_text(a, "peer-address", NULL), json_text(b, "peer-address", NULL));
}

static int by_route(const void *x, const void *y)
{
	const json_t *a = *(json_t *const *)x, *b = *(json_t *const *)y;
	const json_int_t d = json_int(a, 0, "vrouter", NULL) - json_int(b, 0, "vrouter", NULL);
	int r = strcmp(json_text(a, "peer", NULL), json_text(b, "peer", NULL));

	if (d)
		return d < 0 ? -1 : 1;
	return r ? r : strcmp(json_text(a, "prefix", NULL), json_text(b, "prefix", NULL));
}

/* The elements in another order; NULL-terminated, to be freed. */
static json_t **sorted(const json_t *array, int (*compare)(const void *, const void *))
{
	const size_t n = json_array_size(array);
	json_t **v = calloc(n + 1, sizeof(*v));

	for (size_t i = 0; v && i < n; i++)
		v[i] = json_array_get(array, i);
	if (v && n)
		qsort(v, n, sizeof(v[0]), compare);
	return v;
}

static void print_errors(json_t *const *nodes, struct strbuf *out)
{
	for (; nodes && *nodes; nodes++)
		if (json_object_get(*nodes, "error"))
			strbuf_printf(out, "%s: %s\n", json_text(*nodes, "node", NULL),
				      json_text(*nodes, "error", NULL));
}

/* ---- peers ---- */

static void add_family(struct table *t, const json_t *family)
{
	table_cell(t, 6, "%s/%s", json_text(family, "afi", NULL), json_text(family, "safi", NULL));
	table_cell(t, 7, "%lld", (long long)json_int(family, 0, "received", NULL));
	table_cell(t, 8, "%lld", (long long)json_int(family, 0, "advertised", NULL));
}

static void add_peer(struct table *t, const char *node, const json_t *peer)
{
	const json_t *families = json_object_get(peer, "families"), *f;
	char uptime[GO_DURATION_LEN];
	size_t i;

	table_row(t);
	table_cell(t, 0, "%s", node);
	table_cell(t, 1, "%lld", (long long)json_int(peer, 0, "local-asn", NULL));
	table_cell(t, 2, "%lld", (long long)json_int(peer, 0, "peer-asn", NULL));
	table_cell(t, 3, "%s", json_text(peer, "peer-address", NULL));
	table_cell(t, 4, "%s", json_text(peer, "session-state", NULL));
	table_cell(t, 5, "%s",
		   go_duration((json_int(peer, 0, "uptime-nanoseconds", NULL) + 500000000) / 1000000000, uptime));
	json_array_foreach(families, i, f) {
		if (i)
			table_row(t);
		add_family(t, f);
	}
}

void cilium_peers_print(const json_t *nodes, struct strbuf *out)
{
	static const char *const names[] = { "Node",   "Local AS", "Peer AS",  "Peer Address", "Session State",
					     "Uptime", "Family",   "Received", "Advertised",   NULL };
	_cleanup_free_ json_t **by_name = sorted(nodes, by_node);
	_cleanup_table_ struct table t = { 0 };

	table_head(&t, names);
	for (json_t **n = by_name; n && *n; n++) {
		_cleanup_free_ json_t **peers = sorted(json_object_get(*n, "peers"), by_peer);

		for (size_t i = 0; peers && peers[i]; i++)
			add_peer(&t, i ? "" : json_text(*n, "node", NULL), peers[i]);
	}
	table_print(&t, out);
	print_errors(by_name, out);
}

/* ---- routes ---- */

static bool any_peer(const json_t *nodes)
{
	const json_t *n, *r;
	size_t i, k;

	json_array_foreach(nodes, i, n)
		json_array_foreach(json_object_get(n, "routes"), k, r)
			if (*json_text(r, "peer", NULL))
				return true;
	return false;
}

/* @before: the row above of the same node, or NULL; what is the same there is not said again. */
static void add_route(struct table *t, const char *node, const json_t *route, const json_t *before, bool with_peer)
{
	const bool same = before && json_equal(json_object_get(before, "vrouter"), json_object_get(route, "vrouter"));
	const bool same_peer = same && strcmp(json_text(before, "peer", NULL), json_text(route, "peer", NULL)) == 0;
	char age[GO_DURATION_LEN];
	size_t c = 0;

	table_row(t);
	table_cell(t, c++, "%s", before ? "" : node);
	if (!same)
		table_cell(t, c, "%lld", (long long)json_int(route, 0, "vrouter", NULL));
	c++;
	if (with_peer)
		table_cell(t, c++, "%s", same_peer ? "" : json_text(route, "peer", NULL));
	table_cell(t, c++, "%s", json_text(route, "prefix", NULL));
	table_cell(t, c++, "%s", json_text(route, "nexthop", NULL));
	table_cell(t, c++, "%s", go_duration(json_int(route, 0, "age", NULL), age));
	table_cell(t, c, "%s", json_text(route, "attrs", NULL));
}

void cilium_routes_print(const json_t *nodes, struct strbuf *out)
{
	static const char *const available[] = { "Node", "VRouter", "Prefix", "NextHop", "Age", "Attrs", NULL };
	static const char *const advertised[] = {
		"Node", "VRouter", "Peer", "Prefix", "NextHop", "Age", "Attrs", NULL
	};
	const bool with_peer = any_peer(nodes);
	_cleanup_free_ json_t **by_name = sorted(nodes, by_node);
	_cleanup_table_ struct table t = { 0 };

	table_head(&t, with_peer ? advertised : available);
	for (json_t **n = by_name; n && *n; n++) {
		_cleanup_free_ json_t **routes = sorted(json_object_get(*n, "routes"), by_route);

		for (size_t i = 0; routes && routes[i]; i++)
			add_route(&t, json_text(*n, "node", NULL), routes[i], i ? routes[i - 1] : NULL, with_peer);
	}
	table_print(&t, out);
	print_errors(by_name, out);
}
