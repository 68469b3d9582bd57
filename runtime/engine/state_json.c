// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * state_json.c - struct lab_state <-> text
 *
 * Pure. Each object is a table of members, read and written by the same few functions. Known members are checked
 * strictly; unknown ones are skipped, so that a newer netemu may add some without a new version.
 */
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "base/strmap.h"
#include "engine/state_internal.h"

enum member_type { MEMBER_STRING, MEMBER_INT, MEMBER_UINT, MEMBER_U64, MEMBER_I64, MEMBER_BOOL, MEMBER_STRINGS, _MEMBER_TYPE_MAX };

struct member {
	const char *key;
	enum member_type type;
	bool required;
	size_t offset;
};

#define MEMBER(s, m, t, req) { #m, t, req, offsetof(struct s, m) }

static_assert(sizeof(pid_t) == sizeof(int), "a pid is read as an int");

static const struct member lab_members[] = {
	MEMBER(lab_state, version, MEMBER_INT, true),
	MEMBER(lab_state, name, MEMBER_STRING, true),
	MEMBER(lab_state, type, MEMBER_STRING, false),
	MEMBER(lab_state, status, MEMBER_STRING, true),
	MEMBER(lab_state, path, MEMBER_STRING, false),
	MEMBER(lab_state, lab_dir, MEMBER_STRING, false),
	MEMBER(lab_state, prefix, MEMBER_STRING, false),
	MEMBER(lab_state, owner, MEMBER_STRING, false),
	MEMBER(lab_state, mgmt_network, MEMBER_STRING, false),
	MEMBER(lab_state, mgmt_dev, MEMBER_STRING, false),
	MEMBER(lab_state, mgmt_ipv4, MEMBER_STRING, false),
	MEMBER(lab_state, mgmt_ipv6, MEMBER_STRING, false),
	MEMBER(lab_state, supervisor, MEMBER_INT, true),
	MEMBER(lab_state, starttime, MEMBER_U64, true),
	MEMBER(lab_state, created, MEMBER_I64, false),
	MEMBER(lab_state, cgroups, MEMBER_STRINGS, false),
	MEMBER(lab_state, made_netns_dir, MEMBER_BOOL, false),
	{ 0 },
};

static const struct member node_members[] = {
	MEMBER(node_state, name, MEMBER_STRING, true),
	MEMBER(node_state, longname, MEMBER_STRING, true),
	MEMBER(node_state, kind, MEMBER_STRING, false),
	MEMBER(node_state, image, MEMBER_STRING, false),
	MEMBER(node_state, hostname, MEMBER_STRING, false),
	MEMBER(node_state, group, MEMBER_STRING, false),
	MEMBER(node_state, net_mode, MEMBER_STRING, false),
	MEMBER(node_state, pid, MEMBER_INT, true),
	MEMBER(node_state, starttime, MEMBER_U64, true),
	MEMBER(node_state, netns_fd, MEMBER_INT, true),
	MEMBER(node_state, bridge_fd, MEMBER_INT, false),
	MEMBER(node_state, ipv4, MEMBER_STRING, false),
	MEMBER(node_state, ipv6, MEMBER_STRING, false),
	MEMBER(node_state, command, MEMBER_STRING, false),
	MEMBER(node_state, image_id, MEMBER_STRING, false),
	MEMBER(node_state, user, MEMBER_STRING, false),
	MEMBER(node_state, workdir, MEMBER_STRING, false),
	MEMBER(node_state, ports, MEMBER_STRINGS, false),
	MEMBER(node_state, labels, MEMBER_STRINGS, false),
	{ 0 },
};

static const struct member status_members[] = {
	MEMBER(node_state, state, MEMBER_STRING, true),
	MEMBER(node_state, exit_status, MEMBER_INT, false),
	MEMBER(node_state, started_at, MEMBER_I64, false),
	MEMBER(node_state, finished_at, MEMBER_I64, false),
	MEMBER(node_state, restarts, MEMBER_UINT, false),
	MEMBER(node_state, health, MEMBER_STRING, false),
	MEMBER(node_state, failing_streak, MEMBER_UINT, false),
	{ 0 },
};

static const struct member daemon_members[] = {
	MEMBER(daemon_state, name, MEMBER_STRING, true),
	MEMBER(daemon_state, pid, MEMBER_INT, false),
	MEMBER(daemon_state, running, MEMBER_BOOL, true),
	MEMBER(daemon_state, deaths, MEMBER_UINT, false),
	MEMBER(daemon_state, last_status, MEMBER_INT, false),
	{ 0 },
};

static const struct member check_members[] = {
	MEMBER(check_state, start_us, MEMBER_I64, true),
	MEMBER(check_state, end_us, MEMBER_I64, true),
	MEMBER(check_state, exit_code, MEMBER_INT, true),
	MEMBER(check_state, output, MEMBER_STRING, true),
	{ 0 },
};

/* ---- writing ---- */

static void strings_format(const struct strv *v, struct strbuf *out)
{
	strbuf_putc(out, '[');
	for (size_t i = 0; i < v->n; i++) {
		strbuf_puts(out, i ? ", " : "");
		strbuf_json_string(out, v->v[i]);
	}
	strbuf_putc(out, ']');
}

static void member_format(const struct member *m, const char *base, struct strbuf *out)
{
	const void *p = base + m->offset;

	switch (m->type) {
	case MEMBER_STRING:
		strbuf_json_string(out, *(const char *const *)p ? *(const char *const *)p : "");
		break;
	case MEMBER_INT:
		strbuf_printf(out, "%d", *(const int *)p);
		break;
	case MEMBER_UINT:
		strbuf_printf(out, "%u", *(const unsigned *)p);
		break;
	case MEMBER_U64:
		strbuf_printf(out, "%" PRIu64, *(const uint64_t *)p);
		break;
	case MEMBER_I64:
		strbuf_printf(out, "%" PRId64, *(const int64_t *)p);
		break;
	case MEMBER_BOOL:
		strbuf_puts(out, *(const bool *)p ? "true" : "false");
		break;
	case MEMBER_STRINGS:
		strings_format(p, out);
		break;
	case _MEMBER_TYPE_MAX:
		break;
	}
}

/* The members of an object without its braces. */
static void members_format(const struct member *members, const void *base, struct strbuf *out)
{
	for (const struct member *m = members; m->key; m++) {
		strbuf_printf(out, "%s\"%s\": ", m == members ? "" : ", ", m->key);
		member_format(m, base, out);
	}
}

static void link_format(const struct link_state *l, struct strbuf *out)
{
	strbuf_printf(out, "[%" PRId32 ", ", l->node[0]);
	strbuf_json_string(out, l->ifname[0]);
	strbuf_printf(out, ", %" PRId32 ", ", l->node[1]);
	strbuf_json_string(out, l->ifname[1]);
	strbuf_putc(out, ']');
}

void state_json_format(const struct lab_state *st, struct strbuf *out)
{
	strbuf_puts(out, "{");
	members_format(lab_members, st, out);
	strbuf_puts(out, ",\n\"nodes\": [");
	for (size_t i = 0; i < st->n_nodes; i++) {
		strbuf_puts(out, i ? ",\n{" : "\n{");
		members_format(node_members, &st->nodes[i], out);
		strbuf_puts(out, "}");
	}
	strbuf_puts(out, "],\n\"links\": [");
	for (size_t i = 0; i < st->n_links; i++) {
		strbuf_puts(out, i ? ",\n" : "\n");
		link_format(&st->links[i], out);
	}
	strbuf_puts(out, "]}\n");
}

static void status_format(const struct node_state *n, struct strbuf *out)
{
	strbuf_puts(out, "{\"name\": ");
	strbuf_json_string(out, n->name);
	strbuf_puts(out, ", ");
	members_format(status_members, n, out);
	strbuf_puts(out, ", \"daemons\": [");
	for (size_t i = 0; i < n->n_daemons; i++) {
		strbuf_puts(out, i ? ", {" : "{");
		members_format(daemon_members, &n->daemons[i], out);
		strbuf_puts(out, "}");
	}
	strbuf_puts(out, "], \"checks\": [");
	for (size_t i = 0; i < n->n_checks; i++) {
		strbuf_puts(out, i ? ", {" : "{");
		members_format(check_members, &n->checks[i], out);
		strbuf_puts(out, "}");
	}
	strbuf_puts(out, "]}");
}

void state_status_format(const struct lab_state *st, struct strbuf *out)
{
	strbuf_puts(out, "{\"nodes\": [");
	for (size_t i = 0; i < st->n_nodes; i++) {
		strbuf_puts(out, i ? ",\n" : "\n");
		status_format(&st->nodes[i], out);
	}
	strbuf_puts(out, "]}\n");
}

/* ---- reading ---- */

static int integer_in(const json_t *v, json_int_t min, json_int_t max, json_int_t *ret)
{
	if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max)
		return -EPROTO;
	*ret = json_integer_value(v);
	return 0;
}

static int strings_parse(const json_t *array, struct arena *a, struct strv *ret)
{
	if (!json_is_array(array))
		return -EPROTO;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *s = json_string_value(json_array_get(array, i));

		if (!s)
			return -EPROTO;
		strv_add(a, ret, s);
	}
	return 0;
}

static int member_parse(const struct member *m, const json_t *v, struct arena *a, char *base)
{
	void *p = base + m->offset;
	json_int_t n = 0;
	int r = 0;

	switch (m->type) {
	case MEMBER_STRING:
		r = json_is_string(v) ? 0 : -EPROTO;
		if (r == 0)
			*(const char **)p = arena_strdup(a, json_string_value(v));
		break;
	case MEMBER_INT:
		r = integer_in(v, INT_MIN, INT_MAX, &n);
		*(int *)p = (int)n;
		break;
	case MEMBER_UINT:
		r = integer_in(v, 0, UINT_MAX, &n);
		*(unsigned *)p = (unsigned)n;
		break;
	case MEMBER_U64:
		r = integer_in(v, 0, LLONG_MAX, &n);
		*(uint64_t *)p = (uint64_t)n;
		break;
	case MEMBER_I64:
		r = integer_in(v, LLONG_MIN, LLONG_MAX, &n);
		*(int64_t *)p = n;
		break;
	case MEMBER_BOOL:
		r = json_is_boolean(v) ? 0 : -EPROTO;
		*(bool *)p = json_is_true(v);
		break;
	case MEMBER_STRINGS:
		r = strings_parse(v, a, p);
		break;
	case _MEMBER_TYPE_MAX:
		break;
	}
	return r;
}

static int members_parse(const struct member *members, const json_t *obj, struct arena *a, void *base, struct error *e)
{
	if (!json_is_object(obj))
		return error_set(e, EPROTO, "not an object");
	for (const struct member *m = members; m->key; m++) {
		const json_t *v = json_object_get(obj, m->key);

		if (!v && m->required)
			return error_set(e, EPROTO, "no \"%s\"", m->key);
		if (!v && m->type == MEMBER_STRING)
			*(const char **)((char *)base + m->offset) = "";
		if (v && member_parse(m, v, a, base) < 0)
			return error_set(e, EPROTO, "\"%s\" is not what it should be", m->key);
	}
	return 0;
}

static int node_parse(const json_t *obj, struct arena *a, struct node_state *n, struct error *e)
{
	int r = members_parse(node_members, obj, a, n, e);

	if (r < 0)
		return r;
	if (!state_name_valid(n->name) || !state_name_valid(n->longname))
		return error_set(e, EPROTO, "a name that no node can have");
	if (n->pid < 0 || n->netns_fd < -1)
		return error_set(e, EPROTO, "a pid or fd that cannot be");
	n->state = n->health = "";
	return 0;
}

static int nodes_parse(const json_t *array, struct lab_state *st, struct error *e)
{
	size_t n = json_array_size(array);

	if (!json_is_array(array))
		return error_set(e, EPROTO, "no \"nodes\"");
	st->nodes = arena_alloc(&st->arena, (n ? n : 1) * sizeof(*st->nodes));
	for (size_t i = 0; i < n; i++) {
		int r = node_parse(json_array_get(array, i), &st->arena, &st->nodes[i], e);

		if (r < 0)
			return error_wrap(e, "nodes[%zu]", i);
		st->n_nodes++;
	}
	return 0;
}

static int link_end_parse(const json_t *array, size_t end, struct lab_state *st, struct link_state *l)
{
	const json_t *name = json_array_get(array, 2 * end + 1);
	json_int_t node;

	if (integer_in(json_array_get(array, 2 * end), -1, (json_int_t)st->n_nodes - 1, &node) < 0)
		return -EPROTO;
	if (!json_is_string(name))
		return -EPROTO;
	l->node[end] = (int32_t)node;
	l->ifname[end] = arena_strdup(&st->arena, json_string_value(name));
	return 0;
}

static int links_parse(const json_t *array, struct lab_state *st, struct error *e)
{
	size_t n = json_array_size(array);

	if (!json_is_array(array))
		return error_set(e, EPROTO, "no \"links\"");
	st->links = arena_alloc(&st->arena, (n ? n : 1) * sizeof(*st->links));
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(array, i);

		if (link_end_parse(v, 0, st, &st->links[i]) < 0 || link_end_parse(v, 1, st, &st->links[i]) < 0)
			return error_set(e, EPROTO, "links[%zu] is not what it should be", i);
		st->n_links++;
	}
	return 0;
}

static int version_check(const json_t *doc, struct error *e)
{
	const json_t *v = json_object_get(doc, "version");

	if (!json_is_integer(v) || json_integer_value(v) < 1)
		return error_set(e, EPROTO, "no \"version\"");
	if (json_integer_value(v) > STATE_VERSION)
		return error_set(e, EPROTONOSUPPORT, "written by a newer netemu (version %lld, this one knows %d)",
				 (long long)json_integer_value(v), STATE_VERSION);
	return 0;
}

static int lab_parse(const json_t *doc, struct lab_state *st, struct error *e)
{
	int r = version_check(doc, e);

	if (r == 0)
		r = members_parse(lab_members, doc, &st->arena, st, e);
	if (r == 0 && (!state_name_valid(st->name) || st->supervisor < 0))
		r = error_set(e, EPROTO, "a name or pid that cannot be");
	if (r == 0)
		r = nodes_parse(json_object_get(doc, "nodes"), st, e);
	if (r == 0)
		r = links_parse(json_object_get(doc, "links"), st, e);
	return r;
}

static json_t *text_parse(const char *text, size_t len, struct error *e)
{
	json_error_t je;
	json_t *doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);

	if (!doc)
		(void)error_set(e, EPROTO, "broken at line %d: %s", je.line, je.text);
	return doc;
}

int state_json_parse(const char *text, size_t len, struct lab_state **ret, struct error *e)
{
	struct lab_state *st;
	json_t *doc = text_parse(text, len, e);
	int r;

	if (!doc)
		return -EPROTO;
	st = calloc(1, sizeof(*st));
	r = st ? lab_parse(doc, st, e) : error_oom(e);
	json_decref(doc);
	if (r < 0) {
		state_free(st);
		return r;
	}
	*ret = st;
	return 0;
}

/* ---- one node of many ---- */

#define NODES_HEAD "\n\"nodes\": ["
#define DOC_TAIL "]}\n"

/* The line of the node that @key, a member as state_json_format() writes it, stands in; NULL when none does. */
static const char *node_line(const char *nodes, size_t len, const char *key)
{
	const char *at = memmem(nodes, len, key, strlen(key));

	while (at && at > nodes && at[-1] != '\n')
		at--;
	return at && strncmp(at, "{\"name\": \"", 10) == 0 ? at : NULL;
}

bool state_json_excerpt(const char *text, size_t len, const char *name, struct strbuf *out)
{
	const char *head_end = memmem(text, len, NODES_HEAD, strlen(NODES_HEAD)), *nodes, *line, *end;
	char key[256];

	if (!head_end || len < strlen(DOC_TAIL) || strcmp(text + len - strlen(DOC_TAIL), DOC_TAIL) != 0)
		return false;
	nodes = head_end + strlen(NODES_HEAD);
	(void)snprintf(key, sizeof(key), "\"longname\": \"%s\", ", name);
	line = node_line(nodes, len - (size_t)(nodes - text), key);
	(void)snprintf(key, sizeof(key), "\n{\"name\": \"%s\", ", name);
	if (!line) {
		line = memmem(nodes, len - (size_t)(nodes - text), key, strlen(key));
		line += line != NULL;
	}
	if (!line)
		return false;
	end = line + strcspn(line, "\n");
	while (end > line && *end != '}')
		end--;
	strbuf_add(out, text, (size_t)(nodes - text));
	strbuf_add(out, line, (size_t)(end - line) + 1);
	strbuf_puts(out, "], \"links\": []}");
	return !out->oom;
}

/* ---- the supervisor's answer ---- */

static int daemons_parse(const json_t *array, struct arena *a, struct node_state *n, struct error *e)
{
	size_t count = json_array_size(array);
	struct daemon_state *d = arena_alloc(a, (count ? count : 1) * sizeof(*d));

	for (size_t i = 0; i < count; i++) {
		int r = members_parse(daemon_members, json_array_get(array, i), a, &d[i], e);

		if (r < 0)
			return error_wrap(e, "daemons[%zu]", i);
	}
	n->daemons = d;
	n->n_daemons = count;
	return 0;
}

/* A supervisor that is older than this command has none. */
static int checks_parse(const json_t *array, struct arena *a, struct node_state *n, struct error *e)
{
	const size_t count = json_array_size(array);

	n->checks = NULL;
	n->n_checks = 0;
	for (size_t i = 0; i < count; i++) {
		int r = members_parse(check_members, json_array_get(array, i), a, ARENA_PUSH(a, n->checks, n->n_checks), e);

		if (r < 0)
			return error_wrap(e, "checks[%zu]", i);
	}
	return 0;
}

static int status_parse(struct lab_state *st, const struct strmap *names, const json_t *obj, struct error *e)
{
	const char *name = json_string_value(json_object_get(obj, "name"));
	ssize_t i = name ? strmap_get(names, name) : STRMAP_NONE;
	int r;

	if (!name)
		return error_set(e, EPROTO, "no \"name\"");
	if (i == STRMAP_NONE)
		return 0; /* made after our state.json was read */
	r = members_parse(status_members, obj, &st->arena, &st->nodes[i], e);
	if (r == 0)
		r = daemons_parse(json_object_get(obj, "daemons"), &st->arena, &st->nodes[i], e);
	if (r == 0)
		r = checks_parse(json_object_get(obj, "checks"), &st->arena, &st->nodes[i], e);
	return r < 0 ? error_wrap(e, "node %s", name) : 0;
}

static int statuses_parse(struct lab_state *st, const json_t *array, struct error *e)
{
	_cleanup_strmap_ struct strmap names = { 0 };

	if (!json_is_array(array))
		return error_set(e, EPROTO, "no \"nodes\"");
	for (size_t i = 0; i < st->n_nodes; i++)
		(void)strmap_put(&names, st->nodes[i].name, i);
	for (size_t i = 0; i < json_array_size(array); i++) {
		int r = status_parse(st, &names, json_array_get(array, i), e);

		if (r < 0)
			return r;
	}
	return 0;
}

int state_json_refresh(struct lab_state *st, const char *text, size_t len, struct error *e)
{
	json_t *doc = text_parse(text, len, e);
	int r;

	if (!doc)
		return -EPROTO;
	r = statuses_parse(st, json_object_get(doc, "nodes"), e);
	json_decref(doc);
	return r;
}
