// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_logstream.c - logs of containers: parts of them, lines in pieces, followed through a rotation to the container's end
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "apiserver/logstream.h"
#include "cluster/jsonutil.h"

#define STAMP "2024-01-01T00:00:0"

static char dir[64];
static struct api api;
static struct strbuf got;
static bool ended, slow;

static bool on_text(void *arg _unused_, const char *data, size_t len)
{
	strbuf_add(&got, data, len);
	return !slow;
}

static void on_end(void *arg _unused_)
{
	ended = true;
}

static void append(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/podlogs/%s", dir, name);
	f = fopen(path, "ae");
	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static void rotate(void)
{
	char from[128], to[128];

	(void)snprintf(from, sizeof(from), "%s/podlogs/abc.log", dir);
	(void)snprintf(to, sizeof(to), "%s/podlogs/abc.log.1", dir);
	assert_int_equal(rename(from, to), 0);
}

static json_t *pod(const char *id, const char *state)
{
	return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:[{s:s, s:o, s:{s:{}}}]}}", "apiVersion", "v1", "kind", "Pod", "metadata", "name", "p",
			 "namespace", "default", "status", "containerStatuses", "name", "c", "containerID",
			 json_sprintf("netemu://%s", id), "state", state);
}

static int setup(void **state _unused_)
{
	struct error e = { 0 };
	char path[96];

	(void)snprintf(dir, sizeof(dir), "/tmp/netemu-logs.XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/podlogs", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	api = (struct api){ .lab_dir = dir };
	if (loop_new(&api.loop, &e) < 0 || store_open(NULL, &api.store, &e) < 0 ||
	    store_create(api.store, RES_PODS, pod("abc", "running"), NULL, &e) < 0)
		fail_msg("%s", e.msg);
	ended = slow = false;
	strbuf_reset(&got);
	append("abc.log.1", STAMP "1.000000001Z stdout F old1\n" STAMP "2.000000001Z stderr F old2\n");
	append("abc.log", STAMP "3.000000001Z stdout F new1\n" STAMP "4.000000001Z stdout P par\n" STAMP "5.000000001Z stdout F tial\n"
			  "rubbish\n" STAMP "6.000000001Z stdout F \n" STAMP "7.000000001Z stdout F new3\n");
	return 0;
}

static int teardown(void **state _unused_)
{
	char cmd[128];

	store_close(api.store);
	loop_free(api.loop);
	strbuf_done(&got);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static struct log_stream *start(const char *query)
{
	struct log_stream *ls = NULL;
	struct error e = { 0 };
	json_t *q = api_query_parse(query);

	if (log_stream_start(&api, store_get(api.store, RES_PODS, "default", "p"), "c", "abc", q, on_text, on_end, NULL, &ls, &e) < 0)
		fail_msg("%s", e.msg);
	json_decref(q);
	return ls;
}

/* Runs the loop until @want was told. */
static void await(const char *want)
{
	for (int i = 0; i < 500 && strcmp(strbuf_str(&got), want) != 0; i++)
		assert_true(loop_run_once(api.loop, 10000) >= 0);
	assert_string_equal(strbuf_str(&got), want);
}

static void await_end(void)
{
	for (int i = 0; i < 500 && !ended; i++)
		assert_true(loop_run_once(api.loop, 10000) >= 0);
	assert_true(ended);
}

static void test_parts(void **state _unused_)
{
	static const struct {
		const char *query, *want;
	} cases[] = {
		{ "", "old1\nold2\nnew1\npartial\n\nnew3\n" },
		{ "tailLines=1", "new3\n" },
		{ "tailLines=2", "\nnew3\n" },
		{ "tailLines=6", "new1\npartial\n\nnew3\n" },
		{ "tailLines=7", "old2\nnew1\npartial\n\nnew3\n" },
		{ "tailLines=100", "old1\nold2\nnew1\npartial\n\nnew3\n" },
		{ "tailLines=0", "" },
		{ "limitBytes=7", "old1\nol" },
		{ "sinceTime=2024-01-01T00:00:06Z", "\nnew3\n" },
		{ "sinceTime=2024-01-01T00:00:04.5%2B00:00", "partial\n\nnew3\n" },
		{ "sinceSeconds=3600", "" },
		{ "tailLines=1&timestamps=true", STAMP "7.000000001Z new3\n" },
		{ "tailLines=5&timestamps=true&limitBytes=40", STAMP "4.000000001Z partial\n2" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct log_stream *ls = start(cases[i].query);

		await_end();
		if (strcmp(strbuf_str(&got), cases[i].want) != 0)
			fail_msg("%s: got \"%s\"", cases[i].query, strbuf_str(&got));
		(void)log_stream_free(ls);
		strbuf_reset(&got);
		ended = false;
	}
}

static void test_bad_options(void **state _unused_)
{
	static const char *const bad[] = { "tailLines=-1", "tailLines=x", "limitBytes=0", "sinceSeconds=0", "sinceTime=yesterday",
					   "sinceSeconds=1&sinceTime=2024-01-01T00:00:00Z", "tailLines=99999999999999999999" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		json_t *q = api_query_parse(bad[i]);
		struct error e = { 0 };

		if (log_options_check(q, &e) != -EINVAL || !e.msg[0])
			fail_msg("accepted: %s", bad[i]);
		json_decref(q);
	}
}

static void test_follow(void **state _unused_)
{
	struct log_stream *ls = start("follow=true&tailLines=1");

	await("new3\n");
	append("abc.log", STAMP "8.000000001Z stdout F a li");
	append("abc.log", "ne\n");
	await("new3\na line\n");
	append("abc.log", STAMP "8.100000001Z stdout F last of the file\n");
	rotate();
	append("abc.log", STAMP "8.200000001Z stdout F first of the next\n");
	await("new3\na line\nlast of the file\nfirst of the next\n");
	assert_false(ended);
	/* What was written before the status told of the end is not missed. */
	append("abc.log", STAMP "9.000000001Z stdout F bye\n");
	assert_int_equal(store_update(api.store, RES_PODS, pod("abc", "terminated"), NULL, NULL), 0);
	await_end();
	assert_string_equal(strbuf_str(&got), "new3\na line\nlast of the file\nfirst of the next\nbye\n");
	(void)log_stream_free(ls);
}

/* Another container has taken its place: this one has ended. */
static void test_follow_restarted(void **state _unused_)
{
	struct log_stream *ls = start("follow=true&tailLines=1");

	await("new3\n");
	assert_int_equal(store_update(api.store, RES_PODS, pod("def", "running"), NULL, NULL), 0);
	await_end();
	(void)log_stream_free(ls);
}

static void test_follow_deleted(void **state _unused_)
{
	struct log_stream *ls = start("follow=true&tailLines=0");

	assert_int_equal(loop_run_once(api.loop, 0) < 0, 0);
	assert_int_equal(store_delete(api.store, RES_PODS, "default", "p"), 0);
	await_end();
	assert_int_equal(got.len, 0);
	(void)log_stream_free(ls);
}

/* Who takes nothing more is given nothing more. */
static void test_slow(void **state _unused_)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	struct log_stream *ls;
	size_t have;

	strbuf_printf(&line, STAMP "8.000000001Z stdout F %01000d\n", 1);
	for (int i = 0; i < 1000; i++)
		append("abc.log", line.buf);
	slow = true;
	ls = start("tailLines=1000");
	for (int i = 0; i < 10; i++)
		(void)loop_run_once(api.loop, 1000);
	have = got.len;
	assert_true(have > 0 && have < 200000 && !ended);
	slow = false;
	log_stream_continue(ls);
	await_end();
	assert_int_equal(got.len, 1001 * 1000);
	(void)log_stream_free(ls);
}

static void test_none(void **state _unused_)
{
	struct log_stream *ls;
	char cmd[128];

	(void)snprintf(cmd, sizeof(cmd), "rm -f %s/podlogs/abc.log*", dir);
	assert_int_equal(system(cmd), 0);
	ls = start("follow=true");
	assert_int_equal(loop_run_once(api.loop, 0) < 0, 0);
	append("abc.log", STAMP "8.000000001Z stdout F at last\n");
	await("at last\n");
	(void)log_stream_free(ls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test_setup_teardown(test_follow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_follow_restarted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_follow_deleted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
