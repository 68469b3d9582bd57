// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store.c - objects by resource, namespace and name, their history, and who is told
 *
 * Theory of operation: each resource is a skip list sorted by namespace and name, so that looking up, adding and
 * removing are O(log n) and lists come out sorted. A change is written to the journal first (when that fails nothing
 * has happened), then put in the list, then in a ring of the last changes, then told to the watchers. When the journal
 * has grown to several times what it has to say it is written anew: all objects, then one line with the revision.
 *
 * Journal: {"rev": N, "res": "deployments.apps", "put": {...}}
 *          {"rev": N, "res": "pods.", "del": ["default", "x"]}
 *          {"rev": N, "snapshot": true}   what came before is all there was at revision N
 *
 * Owns what belongs to any object: uid, creationTimestamp, resourceVersion, generation, when it is really gone.
 * Refuses to know kinds beyond that.
 */
#include "apiserver/store.h"

#include <string.h>
#include <sys/random.h>

#include "apiserver/journal.h"
#include "base/strbuf.h"
#include "cluster/jsonutil.h"

enum {
	LEVELS = 12,                   /* of skip lists: fit for 4^12 objects */
	HISTORY = 4096,                /* changes that can be replayed */
	COMPACT_MIN = 4 * 1024 * 1024, /* bytes: a journal smaller than this is left alone */
	COMPACT_FACTOR = 4,            /* it may be so many times as big as what it says */
	ITEM_OVERHEAD = 64,            /* bytes of a line besides the object */
};

struct item {
	json_t *object;
	char *ns, *name;           /* one allocation, at ns */
	size_t bytes;              /* of its line in a snapshot */
	struct item *next[LEVELS]; /* only as many as it has levels */
};

struct list {
	struct item *head[LEVELS];
	size_t n;
};

struct past {
	struct store_event ev; /* with references of its own */
};

struct store_watch {
	store_event_fn fn;
	void *arg;
	struct store_watch *next;
};

struct store {
	struct list lists[_RES_MAX];
	struct journal *journal; /* NULL: in memory only */
	uint64_t revision;
	uint64_t seed;                /* of the skip lists' levels */
	size_t live;                  /* bytes of a snapshot */
	size_t compact_after;         /* bytes: no room for a snapshot before the journal is longer than this */
	struct past history[HISTORY]; /* revision r is at r % HISTORY */
	uint64_t oldest;              /* changes after this revision are in history */
	struct store_watch *watches, **watches_end;
	struct strbuf line; /* kept between changes */
};

/* ---- skip lists ---- */

static int item_compare(const struct item *i, const char *ns, const char *name)
{
	const int c = strcmp(i->ns, ns);

	return c ? c : strcmp(i->name, name);
}

/* For each level where the pointer is that leads to the first item which is not before (ns, name). */
static struct item *list_seek(const struct list *l, const char *ns, const char *name, struct item **before[LEVELS])
{
	struct item **links = (struct item **)(uintptr_t)l->head;

	for (int level = LEVELS - 1; level >= 0; level--) {
		while (links[level] && item_compare(links[level], ns, name) < 0)
			links = links[level]->next;
		if (before)
			before[level] = &links[level];
	}
	return links[0];
}

static struct item *list_find(const struct list *l, const char *ns, const char *name)
{
	struct item *i = list_seek(l, ns, name, NULL);

	return i && item_compare(i, ns, name) == 0 ? i : NULL;
}

static unsigned random_levels(struct store *s)
{
	unsigned levels = 1;

	s->seed = s->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	for (uint64_t bits = s->seed >> 33; levels < LEVELS && (bits & 3) == 0; bits >>= 2)
		levels++;
	return levels;
}

static struct item *list_add(struct store *s, struct list *l, const char *ns, const char *name)
{
	const size_t ns_len = strlen(ns) + 1, name_len = strlen(name) + 1;
	const unsigned levels = random_levels(s);
	struct item **before[LEVELS];
	struct item *i = calloc(1, offsetof(struct item, next) + levels * sizeof(i->next[0]));

	if (i)
		i->ns = malloc(ns_len + name_len);
	if (!i || !i->ns) {
		free(i);
		return NULL;
	}
	memcpy(i->ns, ns, ns_len);
	i->name = i->ns + ns_len;
	memcpy(i->name, name, name_len);
	(void)list_seek(l, ns, name, before);
	for (unsigned level = 0; level < levels; level++) {
		i->next[level] = *before[level];
		*before[level] = i;
	}
	l->n++;
	return i;
}

static void item_free(struct item *i)
{
	json_decref(i->object);
	free(i->ns);
	free(i);
}

static void list_remove(struct list *l, struct item *i)
{
	struct item **before[LEVELS];

	(void)list_seek(l, i->ns, i->name, before);
	for (unsigned level = 0; level < LEVELS && *before[level] == i; level++)
		*before[level] = i->next[level];
	l->n--;
	item_free(i);
}

/* ---- history ---- */

static void past_done(struct past *p)
{
	json_decref(p->ev.object);
	json_decref(p->ev.old);
	*p = (struct past){ 0 };
}

static void remember(struct store *s, const struct store_event *ev)
{
	struct past *p = &s->history[ev->revision % HISTORY];

	past_done(p);
	p->ev = *ev;
	p->ev.text = NULL;
	p->ev.text_len = 0;
	json_incref(p->ev.object);
	json_incref(p->ev.old);
	if (ev->revision > HISTORY && s->oldest < ev->revision - HISTORY)
		s->oldest = ev->revision - HISTORY;
}

static void forget_history(struct store *s)
{
	for (size_t i = 0; i < HISTORY; i++)
		past_done(&s->history[i]);
	s->oldest = s->revision;
}

int store_replay(const struct store *s, uint64_t since, store_event_fn fn, void *arg)
{
	if (since < s->oldest)
		return -ERANGE;
	for (uint64_t r = since + 1; r <= s->revision; r++)
		if (s->history[r % HISTORY].ev.revision == r)
			fn(&s->history[r % HISTORY].ev, arg);
	return 0;
}

/* ---- the journal ---- */

static void line_begin(struct strbuf *line, uint64_t revision, const struct resource *res)
{
	strbuf_printf(line, "{\"rev\":%llu,\"res\":\"%s.%s\",", (unsigned long long)revision, res->plural, res->group);
}

static const struct resource *resource_of_key(const char *key)
{
	const char *dot = strchr(key, '.');

	for (size_t i = 0; dot && i < _RES_MAX; i++)
		if (strlen(resources[i].plural) == (size_t)(dot - key) &&
		    strncmp(resources[i].plural, key, (size_t)(dot - key)) == 0 &&
		    strcmp(resources[i].group, dot + 1) == 0)
			return &resources[i];
	return NULL;
}

/* Put an object where it belongs. Takes no reference on failure. */
static struct item *put(struct store *s, const struct resource *res, json_t *object, json_t **ret_old)
{
	struct list *l = &s->lists[res->id];
	struct item *i = list_find(l, kube_namespace(object), kube_name(object));

	*ret_old = NULL;
	if (!i) {
		i = list_add(s, l, kube_namespace(object), kube_name(object));
		if (!i)
			return NULL;
	} else {
		*ret_old = i->object;
	}
	i->object = object;
	return i;
}

static void set_bytes(struct store *s, struct item *i, size_t bytes)
{
	s->live += bytes - i->bytes;
	i->bytes = bytes;
}

static int read_put(struct store *s, const struct resource *res, json_t *object, size_t bytes, struct error *e)
{
	struct store_event ev = { .type = STORE_ADDED, .res = res, .object = object, .revision = s->revision };
	struct item *i;

	if (!*kube_name(object))
		return error_set(e, EBADMSG, "journal: an object without a name");
	i = put(s, res, json_incref(object), &ev.old);
	if (!i) {
		json_decref(object);
		return error_oom(e);
	}
	set_bytes(s, i, bytes);
	if (ev.old)
		ev.type = STORE_MODIFIED;
	remember(s, &ev);
	json_decref(ev.old);
	return 0;
}

static json_t *with_revision(const json_t *object, uint64_t revision)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)object), *meta = json_copy(json_object_get(object, "metadata"));
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)revision);
	(void)json_object_set_new(meta, "resourceVersion", json_string(text));
	(void)json_object_set_new(copy, "metadata", meta);
	return copy;
}

/* Take an item out and make the event of it; the caller drops ev->object. */
static void drop(struct store *s, const struct resource *res, struct item *i, struct store_event *ev)
{
	*ev = (struct store_event){ STORE_DELETED, res, with_revision(i->object, s->revision), NULL, s->revision,
		                    NULL,          0 };
	s->live -= i->bytes;
	list_remove(&s->lists[res->id], i);
	remember(s, ev);
}

static void read_del(struct store *s, const struct resource *res, const json_t *key)
{
	const char *ns = json_string_value(json_array_get(key, 0)), *name = json_string_value(json_array_get(key, 1));
	struct item *i = ns && name ? list_find(&s->lists[res->id], ns, name) : NULL;
	struct store_event ev;

	if (i) {
		drop(s, res, i, &ev);
		json_decref(ev.object);
	}
}

static int read_record(const json_t *record, size_t bytes, void *arg, struct error *e)
{
	struct store *s = arg;
	const struct resource *res = resource_of_key(json_text(record, "res", NULL));
	json_t *object = json_object_get(record, "put");
	const json_t *del = json_object_get(record, "del");

	s->revision = (uint64_t)json_int(record, (json_int_t)s->revision, "rev", NULL);
	if (json_bool(record, "snapshot", NULL)) {
		forget_history(s);
		return 0;
	}
	if (!res || (!object && !del))
		return error_set(e, EBADMSG, "journal: neither an object nor the end of one");
	if (object)
		return read_put(s, res, object, bytes, e);
	read_del(s, res, del);
	return 0;
}

static void compact(struct store *s)
{
	_cleanup_strbuf_ struct strbuf all = { 0 };

	for (size_t r = 0; r < _RES_MAX; r++)
		for (struct item *i = s->lists[r].head[0]; i; i = i->next[0]) {
			line_begin(&all, s->revision, &resources[r]);
			strbuf_puts(&all, "\"put\":");
			json_write(i->object, &all);
			strbuf_puts(&all, "}\n");
		}
	strbuf_printf(&all, "{\"rev\":%llu,\"snapshot\":true}\n", (unsigned long long)s->revision);
	/* Else the long one stays: not every change from now on is to try again. */
	s->compact_after = journal_replace(s->journal, &all, NULL) < 0 ? journal_size(s->journal) + COMPACT_MIN : 0;
}

static bool is_long(const struct store *s)
{
	const size_t size = s->journal ? journal_size(s->journal) : 0;

	return size > COMPACT_MIN && size > COMPACT_FACTOR * s->live && size > s->compact_after;
}

static int write_line(struct store *s, struct error *e)
{
	strbuf_puts(&s->line, "}\n");
	if (s->line.oom)
		return error_oom(e);
	return journal_append(s->journal, s->line.buf, s->line.len, e);
}

/* Write a put; @ev gets the text. */
static int write_put(struct store *s, struct store_event *ev, struct error *e)
{
	size_t begin;
	int r;

	strbuf_reset(&s->line);
	line_begin(&s->line, ev->revision, ev->res);
	strbuf_puts(&s->line, "\"put\":");
	begin = s->line.len;
	json_write(ev->object, &s->line);
	ev->text_len = s->line.len - begin;
	r = s->journal ? write_line(s, e) : s->line.oom ? error_oom(e) : 0;
	if (r == 0)
		ev->text = s->line.buf + begin;
	return r;
}

static int write_del(struct store *s, const struct resource *res, const struct item *i, struct error *e)
{
	if (!s->journal)
		return 0;
	strbuf_reset(&s->line);
	line_begin(&s->line, s->revision + 1, res);
	strbuf_puts(&s->line, "\"del\":[");
	strbuf_json_string(&s->line, i->ns);
	strbuf_putc(&s->line, ',');
	strbuf_json_string(&s->line, i->name);
	strbuf_putc(&s->line, ']');
	return write_line(s, e);
}

/* ---- open and close ---- */

int store_open(const char *dir, struct store **ret, struct error *e)
{
	struct store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_oom(e);
	s->watches_end = &s->watches;
	(void)!getrandom(&s->seed, sizeof(s->seed), 0);
	r = dir ? journal_open(dir, read_record, s, &s->journal, e) : 0;
	if (r < 0) {
		store_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct store *store_close(struct store *s)
{
	if (!s)
		return NULL;
	for (size_t r = 0; r < _RES_MAX; r++)
		for (struct item *i = s->lists[r].head[0], *next; i; i = next) {
			next = i->next[0];
			item_free(i);
		}
	forget_history(s);
	while (s->watches)
		store_unwatch(s, s->watches);
	journal_close(s->journal);
	strbuf_done(&s->line);
	free(s);
	return NULL;
}

/* ---- reading ---- */

json_t *store_get(const struct store *s, enum resource_id res, const char *ns, const char *name)
{
	const struct item *i = list_find(&s->lists[res], ns, name);

	return i ? i->object : NULL;
}

void store_each(const struct store *s, enum resource_id res, const char *ns, store_each_fn fn, void *arg)
{
	const bool all = !ns || !*ns;

	for (const struct item *i = list_seek(&s->lists[res], all ? "" : ns, "", NULL); i; i = i->next[0]) {
		if (!all && strcmp(i->ns, ns) != 0)
			break;
		fn(i->object, arg);
	}
}

static void collect(json_t *object, void *arg)
{
	(void)json_array_append(arg, object);
}

json_t *store_list(const struct store *s, enum resource_id res, const char *ns)
{
	json_t *list = json_array();

	store_each(s, res, ns, collect, list);
	return list;
}

size_t store_count(const struct store *s, enum resource_id res)
{
	return s->lists[res].n;
}

uint64_t store_revision(const struct store *s)
{
	return s->revision;
}

/* ---- watches ---- */

struct store_watch *store_watch(struct store *s, store_event_fn fn, void *arg)
{
	struct store_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	*w = (struct store_watch){ .fn = fn, .arg = arg };
	*s->watches_end = w;
	s->watches_end = &w->next;
	return w;
}

void store_unwatch(struct store *s, struct store_watch *w)
{
	struct store_watch **at = &s->watches;

	while (*at && *at != w)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = w->next;
	if (s->watches_end == &w->next)
		s->watches_end = at;
	free(w);
}

static void tell(struct store *s, const struct store_event *ev)
{
	for (struct store_watch *w = s->watches, *next; w; w = next) {
		next = w->next;
		w->fn(ev, w->arg);
	}
	if (is_long(s))
		compact(s);
}

/* ---- changing ---- */

static void new_uid(char uid[37])
{
	uint8_t b[16];

	(void)!getrandom(b, sizeof(b), 0);
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	(void)snprintf(uid, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
	               b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* As apiserver's names.SimpleNameGenerator: the prefix, cut to fit, and five letters that make no words. */
static void generate_name(const struct store *s, enum resource_id res, json_t *meta)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	const char *prefix = json_text(meta, "generateName", NULL), *ns = json_text(meta, "namespace", NULL);
	char name[64];

	do {
		uint8_t random[5];
		int n = snprintf(name, sizeof(name), "%.58s", prefix);

		(void)!getrandom(random, sizeof(random), 0);
		for (size_t i = 0; i < sizeof(random); i++)
			name[n++] = letters[random[i] % (sizeof(letters) - 1)];
		name[n] = '\0';
	} while (list_find(&s->lists[res], ns, name));
	(void)json_object_set_new(meta, "name", json_string(name));
}

/* Whether a kind counts generations: those with a spec that somebody works on, as the real strategies do. */
static bool has_generation(enum resource_id res)
{
	switch (res) {
	case RES_DEPLOYMENTS:
	case RES_REPLICASETS:
	case RES_REPLICATIONCONTROLLERS:
	case RES_DAEMONSETS:
	case RES_STATEFULSETS:
	case RES_JOBS:
	case RES_CRONJOBS:
	case RES_PDBS:
	case RES_CRDS:
		return true;
	default:
		return resources[res].custom;
	}
}

/* The object with a metadata of its own, which may be changed. Reference of @object is taken. */
static json_t *own_metadata(json_t *object, json_t **ret_meta)
{
	json_t *own = json_copy(object), *meta = json_copy(json_object_get(object, "metadata"));

	json_decref(object);
	if (!meta)
		meta = json_object();
	(void)json_object_set_new(own, "metadata", meta);
	*ret_meta = meta;
	return own;
}

static void set_revision(json_t *meta, uint64_t revision)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)revision);
	(void)json_object_set_new(meta, "resourceVersion", json_string(text));
}

/* Write, store, remember and tell a new or changed object. @object's reference is taken. */
static int commit(struct store *s, enum resource_id res, json_t *object, json_t **ret, struct error *e)
{
	struct store_event ev = { STORE_ADDED, &resources[res], object, NULL, s->revision + 1, NULL, 0 };
	struct item *i;
	int r = write_put(s, &ev, e);

	if (r < 0) {
		json_decref(object);
		return r;
	}
	i = put(s, ev.res, object, &ev.old);
	if (!i) {
		json_decref(object);
		return error_oom(e);
	}
	s->revision++;
	set_bytes(s, i, ev.text_len + ITEM_OVERHEAD);
	if (ev.old)
		ev.type = STORE_MODIFIED;
	remember(s, &ev);
	if (ret)
		*ret = object;
	tell(s, &ev);
	json_decref(ev.old);
	return 0;
}

int store_create(struct store *s, enum resource_id res, json_t *object, json_t **ret, struct error *e)
{
	char uid[37], now[KUBE_TIME_LEN];
	json_t *meta;

	object = own_metadata(object, &meta);
	if (!*json_text(meta, "name", NULL) && *json_text(meta, "generateName", NULL))
		generate_name(s, res, meta);
	if (list_find(&s->lists[res], json_text(meta, "namespace", NULL), json_text(meta, "name", NULL))) {
		const int r = error_set(e, EEXIST, "%s \"%s\" already exists", resources[res].plural,
		                        json_text(meta, "name", NULL));

		json_decref(object);
		return r;
	}
	new_uid(uid);
	(void)json_object_set_new(meta, "uid", json_string(uid));
	(void)json_object_set_new(meta, "creationTimestamp", json_string(kube_time(time(NULL), now)));
	set_revision(meta, s->revision + 1);
	if (has_generation(res))
		(void)json_object_set_new(meta, "generation", json_integer(1));
	return commit(s, res, object, ret, e);
}

/* Whether two objects say the same in all keys but @skip. */
static bool same_but(const json_t *a, const json_t *b, const char *skip1, const char *skip2)
{
	const json_t *sides[2] = { a, b };
	const char *key;
	json_t *v;

	for (size_t i = 0; i < 2; i++)
		json_object_foreach((json_t *)(uintptr_t)sides[i], key, v)
		{
			json_t *other = json_object_get(sides[!i], key);

			if (strcmp(key, skip1) != 0 && strcmp(key, skip2) != 0 &&
			    (!other || (i == 0 && !json_equal(v, other))))
				return false;
		}
	return true;
}

static void keep(json_t *meta, const json_t *old_meta, const char *key)
{
	json_t *v = json_object_get(old_meta, key);

	if (v)
		(void)json_object_set(meta, key, v);
	else
		(void)json_object_del(meta, key);
}

/* An object that was told to go, has had its time, and that nobody holds back any more. */
static bool is_finished(enum resource_id res, const json_t *object)
{
	if (!*json_text(object, "metadata", "deletionTimestamp", NULL) ||
	    json_int(object, 0, "metadata", "deletionGracePeriodSeconds", NULL) > 0)
		return false;
	return json_array_size(json_at(object, "metadata", "finalizers", NULL)) == 0 &&
	       (res != RES_NAMESPACES || json_array_size(json_at(object, "spec", "finalizers", NULL)) == 0);
}

/* @last: what it has become in the end, reference is taken; NULL: what is stored */
static int remove_item(struct store *s, const struct resource *res, struct item *i, json_t *last, struct error *e)
{
	struct store_event ev;
	int r = write_del(s, res, i, e);

	if (r < 0) {
		json_decref(last);
		return r;
	}
	if (last) {
		json_decref(i->object);
		i->object = last;
	}
	s->revision++;
	drop(s, res, i, &ev);
	tell(s, &ev);
	json_decref(ev.object);
	return 0;
}

static int update_item(struct store *s, enum resource_id res, struct item *i, json_t *object, json_t *meta,
                       json_t **ret, struct error *e)
{
	const json_t *old_meta = json_object_get(i->object, "metadata");
	const bool respec = !same_but(object, i->object, "metadata", "status");
	const bool changed = respec || !same_but(meta, old_meta, "resourceVersion", "generation") ||
	                     !same_but(object, i->object, "metadata", "");

	if (!changed) {
		json_decref(object);
		if (ret)
			*ret = i->object;
		return 0;
	}
	if (respec && has_generation(res))
		(void)json_object_set_new(meta, "generation",
		                          json_integer(json_int(old_meta, 0, "generation", NULL) + 1));
	set_revision(meta, s->revision + 1);
	if (!is_finished(res, object))
		return commit(s, res, object, ret, e);
	if (ret)
		*ret = NULL;
	return remove_item(s, &resources[res], i, object, e);
}

int store_update(struct store *s, enum resource_id res, json_t *object, json_t **ret, struct error *e)
{
	struct item *i = list_find(&s->lists[res], kube_namespace(object), kube_name(object));
	const json_t *old_meta = i ? json_object_get(i->object, "metadata") : NULL;
	const char *revision = json_text(object, "metadata", "resourceVersion", NULL);
	json_t *meta;
	int r = 0;

	if (!i)
		r = error_set(e, ENOENT, "%s \"%s\" not found", resources[res].plural, kube_name(object));
	else if (*revision && strcmp(revision, json_text(old_meta, "resourceVersion", NULL)) != 0)
		r = error_set(e, ESTALE,
		              "Operation cannot be fulfilled on %s%s%s \"%s\": the object has been modified; please "
		              "apply your "
		              "changes to the latest version and try again",
		              resources[res].plural, *resources[res].group ? "." : "", resources[res].group,
		              kube_name(object));
	if (r < 0) {
		json_decref(object);
		return r;
	}
	object = own_metadata(object, &meta);
	keep(meta, old_meta, "uid");
	keep(meta, old_meta, "creationTimestamp");
	keep(meta, old_meta, "generation");
	return update_item(s, res, i, object, meta, ret, e);
}

int store_delete(struct store *s, enum resource_id res, const char *ns, const char *name)
{
	struct item *i = list_find(&s->lists[res], ns, name);

	return i ? remove_item(s, &resources[res], i, NULL, NULL) : -ENOENT;
}
