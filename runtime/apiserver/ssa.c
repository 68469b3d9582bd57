// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ssa.c - server-side apply: who owns which field
 *
 * Theory of operation: each manager has a set of fields in metadata.managedFields. An apply merges what it says into
 * the object; where that changes a field which another manager has, it is a conflict, or with force the other loses
 * the field. What the manager had applied before and says no longer is removed, unless another manager has it too.
 * Other writes give what they changed to their manager, and take it from all others.
 *
 * Objects that only the cluster itself writes (pods of controllers, statuses of kubelets) are not tracked: that would
 * double their size for nobody. Tracking begins with the first client that says who it is (?fieldManager=).
 */
#include <string.h>

#include "apiserver/fieldset.h"
#include "apiserver/serve.h"
#include "cluster/jsonutil.h"

const char *ssa_manager(const struct call *c, char buf[128])
{
	const char *name = api_query(c->rq, "fieldManager");

	if (*name)
		(void)snprintf(buf, 128, "%s", name);
	else
		(void)snprintf(buf, 128, "%.*s", (int)strcspn(c->rq->user_agent ? c->rq->user_agent : "", "/ "),
		               c->rq->user_agent ? c->rq->user_agent : "");
	if (!*buf)
		(void)snprintf(buf, 128, "unknown");
	return buf;
}

/* ---- entries ---- */

struct manager {
	const char *name, *operation, *version, *sub;
};

static bool entry_is(const json_t *entry, const struct manager *m)
{
	return strcmp(json_text(entry, "manager", NULL), m->name) == 0 &&
	       strcmp(json_text(entry, "operation", NULL), m->operation) == 0 &&
	       strcmp(json_text(entry, "subresource", NULL), m->sub) == 0;
}

static json_t *entry_find(const json_t *entries, const struct manager *m)
{
	json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry) if (entry_is(entry, m)) return entry;
	return NULL;
}

static void entry_set(json_t *entries, const struct manager *m, json_t *fields)
{
	json_t *entry = entry_find(entries, m);
	char now[KUBE_TIME_LEN];

	if (entry && json_equal(json_object_get(entry, "fieldsV1"), fields)) {
		json_decref(fields);
		return;
	}
	if (!entry) {
		entry = json_pack("{s:s, s:s}", "manager", m->name, "operation", m->operation);
		(void)json_array_append_new(entries, entry);
	}
	(void)json_object_set_new(entry, "apiVersion", json_string(m->version));
	(void)json_object_set_new(entry, "time", json_string(kube_time(time(NULL), now)));
	(void)json_object_set_new(entry, "fieldsType", json_string("FieldsV1"));
	(void)json_object_set_new(entry, "fieldsV1", fields);
	if (*m->sub)
		(void)json_object_set_new(entry, "subresource", json_string(m->sub));
}

static void drop_empty(json_t *entries)
{
	for (size_t i = json_array_size(entries); i-- > 0;)
		if (fieldset_is_empty(json_object_get(json_array_get(entries, i), "fieldsV1")))
			(void)json_array_remove(entries, i);
}

static void entry_subtract(json_t *entry, const json_t *set)
{
	(void)json_object_set_new(entry, "fieldsV1", fieldset_subtract(json_object_get(entry, "fieldsV1"), set));
}

/* What nobody owns: identity, and what the API server itself writes. */
static json_t *ownable(const struct resource *res, const json_t *object, const char *sub)
{
	static const char *const keys[] = { "name",
		                            "namespace",
		                            "uid",
		                            "creationTimestamp",
		                            "resourceVersion",
		                            "generation",
		                            "selfLink",
		                            "deletionTimestamp",
		                            "deletionGracePeriodSeconds",
		                            "managedFields",
		                            "generateName" };
	json_t *own = json_copy((json_t *)(uintptr_t)object), *meta = json_copy(json_object_get(object, "metadata"));

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		(void)json_object_del(meta, keys[i]);
	if (json_object_size(meta) > 0)
		(void)json_object_set(own, "metadata", meta);
	else
		(void)json_object_del(own, "metadata");
	json_decref(meta);
	(void)json_object_del(own, "apiVersion");
	(void)json_object_del(own, "kind");
	if (resource_has_sub(res, "status") && strcmp(sub, "status") != 0)
		(void)json_object_del(own, "status");
	return own;
}

/* ---- conflicts ---- */

struct conflicts {
	json_t *causes;  /* as Status wants them */
	const char *who; /* `conflict with "x" using v1` without the first two words, while one entry is gone through */
	struct strbuf text;
	size_t n;
	struct strbuf first; /* the only one, when there is only one */
};

static void add_conflict(const char *path, void *arg)
{
	struct conflicts *cf = arg;

	(void)json_array_append_new(cf->causes,
	                            json_pack("{s:s, s:o, s:s}", "reason", "FieldManagerConflict", "message",
	                                      json_sprintf("conflict with %s", cf->who), "field", path));
	if (cf->n++ == 0)
		strbuf_printf(&cf->first, "conflict with %s: %s", cf->who, path);
	strbuf_printf(&cf->text, "\n- %s", path);
}

static void entry_name(const json_t *entry, char buf[512])
{
	const char *sub = json_text(entry, "subresource", NULL);
	int n = snprintf(buf, 512, "\"%.128s\"", json_text(entry, "manager", NULL));

	if (*sub)
		n += snprintf(buf + n, 512 - (size_t)n, " with subresource \"%.64s\"", sub);
	if (strcmp(json_text(entry, "operation", NULL), "Update") == 0)
		(void)snprintf(buf + n, 512 - (size_t)n, " using %.128s", json_text(entry, "apiVersion", NULL));
}

static void entry_conflicts(struct conflicts *cf, json_t *entry, const json_t *changed, bool force)
{
	json_t *both = fieldset_intersect(json_object_get(entry, "fieldsV1"), changed);
	char name[512];

	if (!fieldset_is_empty(both)) {
		if (force) {
			entry_subtract(entry, both);
		} else {
			entry_name(entry, name);
			cf->who = name;
			strbuf_printf(&cf->text, "%sconflicts with %s:", cf->text.len ? "\n" : "", name);
			fieldset_each(both, add_conflict, cf);
		}
	}
	json_decref(both);
}

static int check_conflicts(struct call *c, json_t *entries, const struct manager *m, const json_t *changed)
{
	const bool force = api_query_true(c->rq, "force");
	struct conflicts cf = { .causes = json_array() };
	json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry) if (!entry_is(entry, m)) entry_conflicts(&cf, entry, changed, force);
	if (cf.n > 0)
		api_fail(c->reply, 409, "Conflict", json_pack("{s:O}", "causes", cf.causes),
		         "Apply failed with %zu conflict%s: %s", cf.n, cf.n == 1 ? "" : "s",
		         cf.n == 1 ? strbuf_str(&cf.first) : strbuf_str(&cf.text));
	json_decref(cf.causes);
	strbuf_done(&cf.text);
	strbuf_done(&cf.first);
	return cf.n > 0 ? -ESTALE : 0;
}

/* ---- apply ---- */

/* What was applied before and is no longer, and nobody else has. */
static void remove_dropped(const char *kind, json_t *merged, const json_t *entries, const struct manager *m,
                           const json_t *now)
{
	json_t *gone = fieldset_subtract(json_object_get(entry_find(entries, m), "fieldsV1"), now), *entry, *less;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		if (entry_is(entry, m))
			continue;
		less = fieldset_subtract(gone, json_object_get(entry, "fieldsV1"));
		json_decref(gone);
		gone = less;
	}
	if (!fieldset_is_empty(gone))
		fieldset_remove(kind, merged, gone);
	json_decref(gone);
}

static void set_entries(json_t *object, json_t *entries)
{
	drop_empty(entries);
	(void)json_object_set_new(json_object_make(object, "metadata"), "managedFields", entries);
}

static int apply_to(struct call *c, const json_t *live, const json_t *config, const struct manager *m, json_t **ret)
{
	const char *kind = c->t.res->kind;
	json_t *entries = json_deep_copy(json_at(live, "metadata", "managedFields", NULL));
	json_t *merged = fieldset_merge(kind, live, config), *changed = fieldset_changed(kind, live, merged);
	json_t *now = fieldset_of(kind, config);
	int r;

	if (!entries)
		entries = json_array();
	r = check_conflicts(c, entries, m, changed);
	json_decref(changed);
	if (r < 0) {
		json_decref(now);
		json_decref(entries);
		json_decref(merged);
		return r;
	}
	remove_dropped(kind, merged, entries, m, now);
	entry_set(entries, m, now);
	set_entries(merged, entries);
	*ret = merged;
	return 0;
}

int ssa_apply(struct call *c, const json_t *live, const json_t *applied, json_t **ret)
{
	char name[128];
	const struct manager m = { ssa_manager(c, name), "Apply", json_text(applied, "apiVersion", NULL), c->t.sub };
	json_t *config = ownable(c->t.res, applied, c->t.sub), *entries;
	const char *revision = json_text(applied, "metadata", "resourceVersion", NULL);
	int r = 0;

	if (live) {
		r = apply_to(c, live, config, &m, ret);
		if (r == 0 && *revision)
			(void)json_object_set_new(json_object_get(*ret, "metadata"), "resourceVersion",
			                          json_string(revision));
	} else {
		*ret = json_deep_copy(applied);
		entries = json_array();
		entry_set(entries, &m, fieldset_of(c->t.res->kind, config));
		set_entries(*ret, entries);
	}
	json_decref(config);
	return r;
}

/* ---- other writes ---- */

static bool is_apply(const struct call *c)
{
	return c->rq->content_type && strncmp(c->rq->content_type, "application/apply-patch", 23) == 0;
}

static bool is_tracked(const struct call *c, const json_t *object, const json_t *old)
{
	return *api_query(c->rq, "fieldManager") ||
	       json_array_size(json_at(old, "metadata", "managedFields", NULL)) > 0 ||
	       json_array_size(json_at(object, "metadata", "managedFields", NULL)) > 0;
}

static void give_changes(const char *kind, json_t *entries, const struct manager *m, const json_t *before,
                         const json_t *after)
{
	json_t *changed = fieldset_changed(kind, before, after), *had = fieldset_of(kind, before),
	       *has = fieldset_of(kind, after);
	json_t *gone = fieldset_subtract(had, has), *entry, *mine;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		entry_subtract(entry, gone);
		if (!entry_is(entry, m))
			entry_subtract(entry, changed);
	}
	mine = fieldset_union(json_object_get(entry_find(entries, m), "fieldsV1"), changed);
	if (fieldset_is_empty(mine))
		json_decref(mine);
	else
		entry_set(entries, m, mine);
	json_decref(gone);
	json_decref(had);
	json_decref(has);
	json_decref(changed);
}

void ssa_track(const struct call *c, json_t *object, const json_t *old)
{
	json_t *said = json_at(object, "metadata", "managedFields", NULL), *entries, *before, *after;
	char name[128];
	const struct manager m = { ssa_manager(c, name), "Update", resource_api_version(c->t.res), c->t.sub };

	if (is_apply(c) || !is_tracked(c, object, old))
		return;
	if (json_array_size(said) >
	    0) /* a client may write them itself: kubectl moves from client- to server-side apply so */
		entries = json_deep_copy(said);
	else if (said && old)
		entries = json_array();
	else
		entries = json_deep_copy(json_at(old, "metadata", "managedFields", NULL));
	if (!entries)
		entries = json_array();
	before = old ? ownable(c->t.res, old, c->t.sub) : json_object();
	after = ownable(c->t.res, object, c->t.sub);
	give_changes(c->t.res->kind, entries, &m, before, after);
	json_decref(before);
	json_decref(after);
	set_entries(object, entries);
}
