// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * read.c - GET of an object or a list, as JSON, as a Table, or as metadata only
 *
 * A list that is asked for in pieces (?limit=) continues at the object that comes next in the store as it is then: it
 * is no snapshot. But all pieces have the resource version of the first one, so that who watches from there misses
 * nothing that happened between them.
 */
#include <string.h>

#include "apiserver/serve.h"
#include "cluster/jsonutil.h"

int query_number(struct call *c, const char *key, long long *ret)
{
	const char *text = api_query(c->rq, key);
	char *end;

	*ret = 0;
	if (!*text)
		return 0;
	errno = 0;
	*ret = strtoll(text, &end, 10);
	if (!*end && !errno)
		return 0;
	api_fail(c->reply, 400, "BadRequest", NULL, "%s: strconv.ParseInt: parsing \"%s\": %s", key, text,
	         errno == ERANGE ? "value out of range" : "invalid syntax");
	return -EINVAL;
}

/* Whether one media range of Accept says so: "application/json;as=Table;v=v1;g=meta.k8s.io". */
static bool range_format(const char *range, size_t len, enum format *ret)
{
	char text[160];

	if (len >= sizeof(text))
		return false;
	memcpy(text, range, len);
	text[len] = '\0';
	if (strstr(text, "as=Table")) {
		*ret = FORMAT_TABLE;
		return strncmp(text, "application/json", 16) == 0 && strstr(text, "v=v1") && !strstr(text, "v=v1beta1");
	}
	if (strstr(text, "as=PartialObjectMetadata")) {
		*ret = FORMAT_PARTIAL;
		return strncmp(text, "application/json", 16) == 0 && strstr(text, "v=v1") && !strstr(text, "v=v1beta1");
	}
	*ret = FORMAT_JSON;
	text[strcspn(text, "; ")] = '\0';
	return strcmp(text, "application/json") == 0 || strcmp(text, "*/*") == 0 || strcmp(text, "application/*") == 0;
}

int format_of(struct call *c, enum format *ret)
{
	const char *at = c->rq->accept;

	*ret = FORMAT_JSON;
	if (!at || !*at)
		return 0;
	while (*at) {
		const size_t len = strcspn(at, ",");

		if (range_format(at, len, ret))
			return 0;
		at += len;
		at += strspn(at, ", ");
	}
	api_fail(c->reply, 406, "NotAcceptable", NULL, "only the following media types are accepted: application/json");
	return -EINVAL;
}

json_t *target_present(const struct resource *res, const char *version, json_t *object)
{
	char text[64];
	json_t *copy;

	if (strcmp(version, res->versions[0]) == 0)
		return json_incref(object);
	copy = json_copy(object);
	(void)snprintf(text, sizeof(text), "%s%s%s", res->group, *res->group ? "/" : "", version);
	(void)json_object_set_new(copy, "apiVersion", json_string(text));
	return copy;
}

json_t *partial_object(const json_t *object)
{
	return json_pack("{s:s, s:s, s:O}", "kind", "PartialObjectMetadata", "apiVersion", "meta.k8s.io/v1", "metadata",
	                 json_object_get(object, "metadata"));
}

/* ---- selectors ---- */

void selection_done(struct selection *s)
{
	selector_free(s->labels);
	free(s->fields);
	*s = (struct selection){ 0 };
}

bool selection_matches(const struct selection *s, const json_t *object)
{
	return (!s->labels || selector_matches(s->labels, json_at(object, "metadata", "labels", NULL))) &&
	       (!s->fields || selector_match_fields(s->fields, s->kind, object, NULL) == 1);
}

int selection_parse(struct call *c, struct selection *ret)
{
	const char *labels = api_query(c->rq, "labelSelector"), *fields = api_query(c->rq, "fieldSelector");
	struct error e = { 0 };
	json_t *nothing = json_object();
	int r = 0;

	*ret = (struct selection){ .kind = c->t.res->kind };
	if (*labels)
		r = selector_parse_labels(labels, &ret->labels, &e);
	if (r == 0 && *fields)
		r = selector_match_fields(fields, ret->kind, nothing, &e);
	json_decref(nothing);
	if (r < 0) {
		selection_done(ret);
		api_fail(c->reply, 400, "BadRequest", NULL, "%s", e.msg);
		return r;
	}
	if (*fields)
		ret->fields = strdup(fields);
	return 0;
}

/* ---- one object ---- */

static const char *include_of(const struct call *c)
{
	const char *include = api_query(c->rq, "includeObject");

	return *include ? include : "Metadata";
}

static json_t *as_table(struct call *c, json_t *object)
{
	json_t *one = json_pack("[O]", object);
	json_t *table =
		table_make(c->t.res, one, json_text(object, "metadata", "resourceVersion", NULL), include_of(c));

	json_decref(one);
	return table;
}

void reply_object(struct call *c, int code, json_t *object)
{
	enum format format;

	if (format_of(c, &format) < 0)
		return;
	switch (format) {
	case FORMAT_TABLE:
		api_json(c->reply, code, as_table(c, object));
		break;
	case FORMAT_PARTIAL:
		api_json(c->reply, code, partial_object(object));
		break;
	default:
		api_json(c->reply, code, target_present(c->t.res, c->t.version, object));
	}
}

void serve_get(struct call *c)
{
	json_t *object = store_get(c->api->store, c->t.res->id, c->t.ns, c->t.name);

	if (object)
		reply_object(c, 200, object);
	else
		fail_not_found(c);
}

/* ---- lists ---- */

struct page {
	json_t *objects; /* new array */
	size_t rest;     /* how many come after it */
	char next[512];  /* "REVISION/NS/NAME" of the last in it, when there are more */
	uint64_t revision;
};

struct walk {
	const struct selection *selection;
	struct page *page;
	const char *after_ns, *after_name; /* continue after this one; NULL: from the start */
	size_t limit;                      /* 0: all */
};

static void walk_object(json_t *object, void *arg)
{
	struct walk *w = arg;
	int order;

	if (w->after_ns) {
		order = strcmp(kube_namespace(object), w->after_ns);
		if (order < 0 || (order == 0 && strcmp(kube_name(object), w->after_name) <= 0))
			return;
	}
	if (!selection_matches(w->selection, object))
		return;
	if (w->limit && json_array_size(w->page->objects) == w->limit)
		w->page->rest++;
	else
		(void)json_array_append(w->page->objects, object);
}

/* ?continue=, into parts; @from: its copy. Return: 0, or -EINVAL: the reply says why. */
static int page_begin(struct call *c, char *from, struct walk *w, struct page *p)
{
	char *ns, *name;

	p->revision = store_revision(c->api->store);
	if (!from || !*from)
		return 0;
	p->revision = strtoull(from, &ns, 10);
	name = *ns == '/' ? strchr(ns + 1, '/') : NULL;
	if (!name || p->revision > store_revision(c->api->store)) {
		api_fail(c->reply, 400, "BadRequest", NULL, "continue key is not valid: %s", from);
		return -EINVAL;
	}
	*name = '\0';
	w->after_ns = ns + 1;
	w->after_name = name + 1;
	return 0;
}

static int page_read(struct call *c, const struct selection *selection, struct page *ret)
{
	_cleanup_free_ char *from = strdup(api_query(c->rq, "continue"));
	struct walk w = { .selection = selection, .page = ret };
	const json_t *last;
	long long limit;

	if (query_number(c, "limit", &limit) < 0 || page_begin(c, from, &w, ret) < 0)
		return -EINVAL;
	w.limit = limit > 0 ? (size_t)limit : 0;
	ret->objects = json_array();
	store_each(c->api->store, c->t.res->id, c->t.ns, walk_object, &w);
	last = json_array_get(ret->objects, json_array_size(ret->objects) - 1);
	if (ret->rest > 0)
		(void)snprintf(ret->next, sizeof(ret->next), "%llu/%s/%s", (unsigned long long)ret->revision,
		               kube_namespace(last), kube_name(last));
	return 0;
}

static json_t *list_metadata(const struct page *p, const struct selection *s)
{
	json_t *meta = json_object();
	char revision[24];

	(void)snprintf(revision, sizeof(revision), "%llu", (unsigned long long)p->revision);
	(void)json_object_set_new(meta, "resourceVersion", json_string(revision));
	if (p->rest > 0)
		(void)json_object_set_new(meta, "continue", json_string(p->next));
	if (p->rest > 0 && !s->labels && !s->fields)
		(void)json_object_set_new(meta, "remainingItemCount", json_integer((json_int_t)p->rest));
	return meta;
}

static void list_table(struct call *c, const struct page *p, json_t *meta)
{
	json_t *table = table_make(c->t.res, p->objects, json_text(meta, "resourceVersion", NULL), include_of(c));

	(void)json_object_set(table, "metadata", meta);
	api_json(c->reply, 200, table);
}

/* Written piece by piece: a list may be long. */
static void list_json(struct call *c, const struct page *p, const json_t *meta, bool partial)
{
	const struct resource *res = c->t.res;
	struct strbuf *out = &c->reply->body;
	json_t *object;
	size_t i;

	c->reply->code = 200;
	c->reply->content_type = "application/json";
	if (partial)
		strbuf_puts(out,
		            "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":");
	else
		strbuf_printf(out, "{\"kind\":\"%sList\",\"apiVersion\":\"%s%s%s\",\"metadata\":", res->kind,
		              res->group, *res->group ? "/" : "", c->t.version);
	json_write(meta, out);
	strbuf_puts(out, ",\"items\":[");
	json_array_foreach(p->objects, i, object)
	{
		json_t *shown = partial ? partial_object(object) : target_present(res, c->t.version, object);

		if (i > 0)
			strbuf_putc(out, ',');
		json_write(shown, out);
		json_decref(shown);
	}
	strbuf_puts(out, "]}\n");
}

void serve_list(struct call *c)
{
	_cleanup_selection_ struct selection selection = { 0 };
	struct page page = { 0 };
	enum format format;
	json_t *meta;

	if (format_of(c, &format) < 0 || selection_parse(c, &selection) < 0)
		return;
	if (api_query_true(c->rq, "watch")) {
		watch_open(c, format, &selection);
		return;
	}
	if (page_read(c, &selection, &page) < 0)
		return;
	meta = list_metadata(&page, &selection);
	if (format == FORMAT_TABLE)
		list_table(c, &page, meta);
	else
		list_json(c, &page, meta, format == FORMAT_PARTIAL);
	json_decref(meta);
	json_decref(page.objects);
}
