// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_store.c - the objects of a cluster: what is stored, told, replayed, and read back after a kill
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "apiserver/store.h"
#include "base/strbuf.h"
#include "cluster/jsonutil.h"

static json_t *object(const char *ns, const char *name, int value)
{
	return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:i}}", "kind", "ConfigMap", "apiVersion", "v1", "metadata",
	                 "namespace", ns, "name", name, "data", "value", value);
}

static struct store *store_new(const char *dir)
{
	struct store *s = NULL;
	struct error e = { 0 };

	if (store_open(dir, &s, &e) < 0)
		fail_msg("%s", e.msg);
	return s;
}

static json_t *create(struct store *s, const char *ns, const char *name, int value)
{
	json_t *stored = NULL;

	assert_int_equal(store_create(s, RES_CONFIGMAPS, object(ns, name, value), &stored, NULL), 0);
	return stored;
}

static int put(struct store *s, const char *ns, const char *name, int value)
{
	return store_update(s, RES_CONFIGMAPS, object(ns, name, value), NULL, NULL);
}

static json_int_t value_of(const struct store *s, const char *ns, const char *name)
{
	return json_int(store_get(s, RES_CONFIGMAPS, ns, name), -1, "data", "value", NULL);
}

/* ---- objects ---- */

static void test_create(void **state _unused_)
{
	struct store *s = store_new(NULL);
	struct error e = { 0 };
	json_t *o = create(s, "a", "x", 1);

	assert_int_equal(strlen(kube_uid(o)), 36);
	assert_int_equal(kube_uid(o)[14], '4');
	assert_string_equal(json_text(o, "metadata", "resourceVersion", NULL), "1");
	assert_true(kube_time_parse(json_text(o, "metadata", "creationTimestamp", NULL)) > 0);
	assert_null(json_at(o, "metadata", "generation", NULL)); /* config maps count none */
	assert_int_equal(store_create(s, RES_CONFIGMAPS, object("a", "x", 2), NULL, &e), -EEXIST);
	assert_string_equal(e.msg, "configmaps \"x\" already exists");
	assert_ptr_equal(store_get(s, RES_CONFIGMAPS, "a", "x"), o);
	assert_null(store_get(s, RES_CONFIGMAPS, "b", "x"));
	assert_null(store_get(s, RES_SECRETS, "a", "x"));
	assert_int_equal(store_revision(s), 1);
	store_close(s);
}

static void test_generate_name(void **state _unused_)
{
	struct store *s = store_new(NULL);
	json_t *o, *stored;
	char first[64] = "";

	for (int i = 0; i < 2; i++) {
		o = json_pack("{s:{s:s, s:s}}", "metadata", "namespace", "a", "generateName", "web-");
		assert_int_equal(store_create(s, RES_PODS, o, &stored, NULL), 0);
		assert_int_equal(strncmp(kube_name(stored), "web-", 4), 0);
		assert_int_equal(strlen(kube_name(stored)), 9);
		assert_string_not_equal(kube_name(stored), first);
		(void)snprintf(first, sizeof(first), "%s", kube_name(stored));
	}
	store_close(s);
}

static void test_update(void **state _unused_)
{
	struct store *s = store_new(NULL);
	struct error e = { 0 };
	json_t *stale, *o;
	char uid[64];

	o = create(s, "a", "x", 1);
	(void)snprintf(uid, sizeof(uid), "%s", kube_uid(o));
	stale = json_deep_copy(o);
	assert_int_equal(put(s, "a", "x", 2), 0);
	assert_int_equal(value_of(s, "a", "x"), 2);
	assert_string_equal(kube_uid(store_get(s, RES_CONFIGMAPS, "a", "x")), uid);
	assert_int_equal(store_update(s, RES_CONFIGMAPS, stale, NULL, &e), -ESTALE);
	assert_string_equal(
		e.msg,
		"Operation cannot be fulfilled on configmaps \"x\": the object has been modified; please apply your "
		"changes to the latest version and try again");
	assert_int_equal(put(s, "a", "nobody", 2), -ENOENT);
	/* nothing new: no revision */
	assert_int_equal(put(s, "a", "x", 2), 0);
	assert_int_equal(store_revision(s), 2);
	store_close(s);
}

static void test_generation(void **state _unused_)
{
	struct store *s = store_new(NULL);
	json_t *stored, *o = json_pack("{s:{s:s, s:s}, s:{s:i}}", "metadata", "namespace", "a", "name", "d", "spec",
	                               "replicas", 1);

	assert_int_equal(store_create(s, RES_DEPLOYMENTS, o, &stored, NULL), 0);
	assert_int_equal(json_int(stored, 0, "metadata", "generation", NULL), 1);
	o = json_deep_copy(stored);
	(void)json_object_set_new(o, "status", json_pack("{s:i}", "replicas", 1));
	assert_int_equal(store_update(s, RES_DEPLOYMENTS, o, &stored, NULL), 0);
	assert_int_equal(json_int(stored, 0, "metadata", "generation", NULL), 1);
	o = json_deep_copy(stored);
	(void)json_object_set_new(json_object_get(o, "spec"), "replicas", json_integer(2));
	assert_int_equal(store_update(s, RES_DEPLOYMENTS, o, &stored, NULL), 0);
	assert_int_equal(json_int(stored, 0, "metadata", "generation", NULL), 2);
	store_close(s);
}

static void test_finalizers(void **state _unused_)
{
	struct store *s = store_new(NULL);
	json_t *o = object("a", "x", 1), *stored;

	(void)json_object_set_new(json_object_get(o, "metadata"), "finalizers", json_pack("[s]", "me"));
	assert_int_equal(store_create(s, RES_CONFIGMAPS, o, &stored, NULL), 0);
	o = json_deep_copy(stored);
	(void)json_object_set_new(json_object_get(o, "metadata"), "deletionTimestamp",
	                          json_string("2026-01-01T00:00:00Z"));
	assert_int_equal(store_update(s, RES_CONFIGMAPS, o, &stored, NULL), 0);
	assert_non_null(stored);
	o = json_deep_copy(stored);
	(void)json_object_del(json_object_get(o, "metadata"), "finalizers");
	assert_int_equal(store_update(s, RES_CONFIGMAPS, o, &stored, NULL), 0);
	assert_null(stored);
	assert_null(store_get(s, RES_CONFIGMAPS, "a", "x"));
	assert_int_equal(store_count(s, RES_CONFIGMAPS), 0);
	store_close(s);
}

/* ---- lists ---- */

static void note_name(json_t *o, void *arg)
{
	strbuf_printf(arg, "%s/%s ", kube_namespace(o), kube_name(o));
}

static void test_lists_are_sorted(void **state _unused_)
{
	_cleanup_strbuf_ struct strbuf seen = { 0 };
	struct store *s = store_new(NULL);
	json_t *list;

	create(s, "b", "y", 1);
	create(s, "a", "z", 1);
	create(s, "b", "x", 1);
	create(s, "a", "y", 1);
	create(s, "ab", "q", 1);
	store_each(s, RES_CONFIGMAPS, NULL, note_name, &seen);
	assert_string_equal(strbuf_str(&seen), "a/y a/z ab/q b/x b/y ");
	strbuf_reset(&seen);
	store_each(s, RES_CONFIGMAPS, "b", note_name, &seen);
	assert_string_equal(strbuf_str(&seen), "b/x b/y ");
	assert_int_equal(store_delete(s, RES_CONFIGMAPS, "b", "x"), 0);
	assert_int_equal(store_delete(s, RES_CONFIGMAPS, "b", "x"), -ENOENT);
	list = store_list(s, RES_CONFIGMAPS, "b");
	assert_int_equal(json_array_size(list), 1);
	json_decref(list);
	store_close(s);
}

/* ---- events ---- */

static void note_event(const struct store_event *ev, void *arg)
{
	static const char letters[] = "AMD";

	strbuf_printf(arg, "%c%llu:%s=%lld", letters[ev->type], (unsigned long long)ev->revision, kube_name(ev->object),
	              (long long)json_int(ev->object, -1, "data", "value", NULL));
	if (ev->old)
		strbuf_printf(arg, "(%lld)", (long long)json_int(ev->old, -1, "data", "value", NULL));
	strbuf_putc(arg, ' ');
}

static void test_watch(void **state _unused_)
{
	_cleanup_strbuf_ struct strbuf seen = { 0 }, again = { 0 };
	struct store *s = store_new(NULL);
	struct store_watch *w = store_watch(s, note_event, &seen);

	create(s, "a", "x", 1);
	put(s, "a", "x", 2);
	store_delete(s, RES_CONFIGMAPS, "a", "x");
	assert_string_equal(strbuf_str(&seen), "A1:x=1 M2:x=2(1) D3:x=2 ");
	store_unwatch(s, w);
	create(s, "a", "x", 1);
	assert_string_equal(strbuf_str(&seen), "A1:x=1 M2:x=2(1) D3:x=2 ");
	assert_int_equal(store_replay(s, 1, note_event, &again), 0);
	assert_string_equal(strbuf_str(&again), "M2:x=2(1) D3:x=2 A4:x=1 ");
	store_close(s);
}

static void test_replay_has_an_end(void **state _unused_)
{
	struct strbuf none = { 0 };
	struct store *s = store_new(NULL);

	create(s, "a", "x", 0);
	for (int i = 1; i <= 5000; i++)
		put(s, "a", "x", i);
	assert_int_equal(store_replay(s, 1, note_event, &none), -ERANGE);
	assert_int_equal(none.len, 0);
	assert_int_equal(store_replay(s, 5000, note_event, &none), 0);
	assert_string_equal(strbuf_str(&none), "M5001:x=5000(4999) ");
	strbuf_done(&none);
	store_close(s);
}

/* ---- the journal ---- */

static char dir[64];

static int make_dir(void **state _unused_)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/netemu-store.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state _unused_)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/journal", dir);
	(void)unlink(path);
	return rmdir(dir);
}

static off_t journal_bytes(void)
{
	struct stat st;
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/journal", dir);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void append(const char *text)
{
	char path[96];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/journal", dir);
	f = fopen(path, "ae");
	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static void test_restart(void **state _unused_)
{
	_cleanup_strbuf_ struct strbuf again = { 0 };
	struct store *s = store_new(dir);
	char uid[64];

	(void)snprintf(uid, sizeof(uid), "%s", kube_uid(create(s, "a", "x", 1)));
	create(s, "a", "y", 1);
	put(s, "a", "x", 2);
	store_delete(s, RES_CONFIGMAPS, "a", "y");
	store_close(s);
	s = store_new(dir);
	assert_int_equal(store_revision(s), 4);
	assert_int_equal(value_of(s, "a", "x"), 2);
	assert_string_equal(kube_uid(store_get(s, RES_CONFIGMAPS, "a", "x")), uid);
	assert_int_equal(store_count(s, RES_CONFIGMAPS), 1);
	/* who watched goes on from where he was */
	assert_int_equal(store_replay(s, 2, note_event, &again), 0);
	assert_string_equal(strbuf_str(&again), "M3:x=2(1) D4:y=1 ");
	create(s, "a", "z", 1);
	assert_int_equal(store_revision(s), 5);
	store_close(s);
}

static void test_torn_line(void **state _unused_)
{
	struct store *s = store_new(dir);
	off_t good;

	create(s, "a", "x", 1);
	store_close(s);
	good = journal_bytes();
	append("{\"rev\":2,\"res\":\"configmaps.\",\"put\":{\"metad");
	s = store_new(dir);
	assert_int_equal(store_revision(s), 1);
	assert_int_equal(journal_bytes(), good);
	put(s, "a", "x", 7);
	store_close(s);
	s = store_new(dir);
	assert_int_equal(value_of(s, "a", "x"), 7);
	store_close(s);
}

static void test_damage_is_told(void **state _unused_)
{
	struct store *s = store_new(dir);
	struct error e = { 0 };

	create(s, "a", "x", 1);
	store_close(s);
	append("garbage\n");
	append("{\"rev\":3,\"res\":\"configmaps.\",\"del\":[\"a\",\"x\"]}\n");
	s = NULL;
	assert_int_equal(store_open(dir, &s, &e), -EBADMSG);
	assert_null(s);
	assert_string_equal(e.msg, "journal: line 2 is no JSON object");
}

static void count_event(const struct store_event *ev _unused_, void *arg)
{
	++*(int *)arg;
}

/* No room for the journal: nothing has happened, nobody hears of it, and later all goes on. */
static void test_no_room(void **state _unused_)
{
	struct store *s = store_new(dir);
	struct rlimit rl, full;
	uint64_t before;
	json_t *o, *stored;
	int told = 0;

	o = object("a", "x", 1);
	(void)json_object_set_new(json_object_get(o, "metadata"), "finalizers", json_pack("[s]", "me"));
	(void)json_object_set_new(json_object_get(o, "metadata"), "deletionTimestamp",
	                          json_string("2026-01-01T00:00:00Z"));
	assert_int_equal(store_create(s, RES_CONFIGMAPS, o, &stored, NULL), 0);
	before = store_revision(s);
	assert_non_null(store_watch(s, count_event, &told));
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &rl), 0);
	full = (struct rlimit){ .rlim_cur = (rlim_t)journal_bytes() + 5, .rlim_max = rl.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	assert_int_equal(store_create(s, RES_CONFIGMAPS, object("a", "y", 1), NULL, NULL), -EFBIG);
	assert_int_equal(put(s, "a", "x", 2), -EFBIG);
	assert_int_equal(store_delete(s, RES_CONFIGMAPS, "a", "x"), -EFBIG);
	o = json_deep_copy(stored);
	(void)json_object_del(json_object_get(o, "metadata"), "finalizers");
	assert_int_equal(store_update(s, RES_CONFIGMAPS, o, NULL, NULL), -EFBIG);
	assert_int_equal(told, 0);
	assert_int_equal(store_revision(s), before);
	assert_ptr_equal(store_get(s, RES_CONFIGMAPS, "a", "x"), stored);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &rl), 0);
	create(s, "a", "z", 9);
	store_close(s);
	s = store_new(dir);
	assert_int_equal(store_count(s, RES_CONFIGMAPS), 2);
	assert_int_equal(value_of(s, "a", "z"), 9);
	assert_int_equal(value_of(s, "a", "x"), 1);
	store_close(s);
}

static void test_compaction(void **state _unused_)
{
	struct store *s = store_new(dir);
	char name[16];

	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		create(s, "a", name, 0);
	}
	for (int i = 1; i <= 60000; i++)
		put(s, "a", "n7", i);
	assert_true(journal_bytes() < 8 * 1024 * 1024);
	store_close(s);
	s = store_new(dir);
	assert_int_equal(store_count(s, RES_CONFIGMAPS), 100);
	assert_int_equal(value_of(s, "a", "n7"), 60000);
	assert_int_equal(store_revision(s), 60100);
	store_close(s);
}

static void test_many(void **state _unused_)
{
	struct store *s = store_new(NULL);
	const time_t begin = time(NULL);
	char name[32];

	for (int i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof(name), "n%d", (i * 7919) % 10000);
		create(s, "a", name, i);
	}
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 10000; i++) {
			(void)snprintf(name, sizeof(name), "n%d", i);
			put(s, "a", name, round * 10000 + i + 1);
		}
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(store_delete(s, RES_CONFIGMAPS, "a", name), 0);
	}
	assert_int_equal(store_count(s, RES_CONFIGMAPS), 0);
	assert_true(time(NULL) - begin < 20); /* takes 0.4 s; scans would take minutes */
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_generate_name),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_generation),
		cmocka_unit_test(test_finalizers),
		cmocka_unit_test(test_lists_are_sorted),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_replay_has_an_end),
		cmocka_unit_test_setup_teardown(test_restart, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_torn_line, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_no_room, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_damage_is_told, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_compaction, make_dir, remove_dir),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
