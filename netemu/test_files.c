// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_files.c - the tests of a command line: found, read, checked against their topologies and against this machine
 */
#include <limits.h>
#include <regex.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "kernel/hostinfo.h"
#include "plan/profile.h"
#include "test_cmd.h"
#include "test_run.h"

enum { DEPTH_MAX = 8, SLOW_FACTOR = 3 };

/* ---- finding ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_yaml(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static bool is_test(const char *path)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_free_ char *text = NULL;
	struct strv topologies = { 0 };
	size_t len;

	return file_read(path, &text, &len, NULL) == 0 && file_test_topologies(path, text, len, &a, &topologies);
}

static int find_in(struct arena *a, const char *dir, unsigned depth, struct strv *ret, struct error *e)
{
	_cleanup_closedir_ DIR *d = opendir(dir);
	struct strv names = { 0 };
	int r = 0;

	if (!d)
		return error_errno(e, errno, "%s", dir);
	for (const struct dirent *entry = readdir(d); entry; entry = readdir(d))
		if (entry->d_name[0] != '.')
			strv_add(a, &names, arena_printf(a, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", entry->d_name));
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct stat sb;

		if (lstat(names.v[i], &sb) < 0)
			continue;
		if (S_ISDIR(sb.st_mode) && depth < DEPTH_MAX)
			r = find_in(a, names.v[i], depth + 1, ret, e);
		else if (S_ISREG(sb.st_mode) && is_yaml(names.v[i]) && is_test(names.v[i]))
			strv_add(a, ret, names.v[i]);
	}
	return r;
}

static int find_tests(struct arena *a, const struct strv *paths, struct strv *ret, struct error *e)
{
	for (size_t i = 0; i < paths->n; i++) {
		const size_t before = ret->n;
		struct stat sb;
		int r;

		if (stat(paths->v[i], &sb) < 0)
			return error_errno(e, errno, "%s", paths->v[i]);
		if (!S_ISDIR(sb.st_mode)) {
			strv_add(a, ret, paths->v[i]);
			continue;
		}
		r = find_in(a, paths->v[i], 0, ret, e);
		if (r < 0)
			return r;
		if (ret->n == before)
			return error_set(e, ENOENT, "%s: no test is there (a *.yaml with 'topology:' and 'steps:')", paths->v[i]);
	}
	return 0;
}

/* ---- reading ---- */

static bool is_wanted(const char *filter, const char *name)
{
	return !filter || step_matches(filter, name);
}

/* Slow machines get more time; what must stay so, or must not come, not. */
static void stretch(struct test *t)
{
	const char *slow = getenv("KSFT_MACHINE_SLOW");

	if (!slow || !*slow || strcmp(slow, "no") == 0)
		return;
	t->settle_s *= SLOW_FACTOR;
	t->timeout_ms *= SLOW_FACTOR;
	for (size_t i = 0; i < t->n_steps; i++)
		if (t->steps[i].mode == TEST_WITHIN)
			t->steps[i].ms *= SLOW_FACTOR;
}

static bool wants_frr(const struct node *n)
{
	const struct profile *p = n->image ? profile_find(n->image) : NULL;

	return p && p->layer == LAYER_FRR;
}

static void need(struct test *t, struct strv *list, const char *what)
{
	if (!strv_contains(list, what))
		strv_add(&t->arena, list, what);
}

/* What a test needs of the kernel, told by what it does. */
static void derive(struct test *t, const struct files *f)
{
	for (size_t i = 0; i < t->n_steps; i++) {
		const struct test_step *s = &t->steps[i];

		if (s->verb != TEST_IMPAIR)
			continue;
		for (int k = 0; k < _IMPAIR_KEY_MAX; k++)
			if (step_string(s, impair_key_names[k]))
				need(t, &t->features, k == IMPAIR_RATE ? "tbf" : "netem");
	}
	for (size_t i = 0; i < f->n; i++) {
		const struct lab *lab = f->labs[i];

		for (size_t k = 0; k < lab->n_nodes; k++)
			if (wants_frr(&lab->nodes[k]))
				need(t, &t->features, "frr");
		for (size_t k = 0; k < lab->n_links; k++)
			for (size_t end = 0; end < 2; end++) {
				const struct impair *im = &lab->links[k].end[end].impair;

				if (im->delay_us || im->jitter_us || im->loss > 0 || im->corruption > 0)
					need(t, &t->features, "netem");
			}
	}
}

/* The topology is read, too: its mistakes are the test's, and steps name its nodes. */
static void check_topology(struct test_set *set, struct test *t)
{
	const struct load_options opt = { .name = "test", .environ_ = environ, .check_files = true };
	const struct strv paths = { (char *[]){ (char *)t->path, NULL }, 1 };
	_cleanup_files_ struct files f = { 0 };
	struct strv names = { 0 };
	struct error e = { 0 };

	if (files_load(&paths, &opt, NULL, &f, &e) < 0 && e.code) {
		diag_error(&set->diag, (struct pos){ .file = t->file }, NULL, "%s", e.msg);
		return;
	}
	for (size_t i = 0; i < f.n; i++)
		for (size_t k = 0; k < f.labs[i]->n_nodes; k++)
			strv_add(&set->arena, &names, f.labs[i]->nodes[k].name);
	if (f.diag.n_errors) {
		diag_print(&f.diag, stderr, cli_colour(stderr));
		set->diag.n_errors++;
		return;
	}
	test_check_nodes(t, &names, &set->diag);
	derive(t, &f);
}

static int load_one(struct test_set *set, const char *path, const char *filter, struct error *e)
{
	const size_t errors = set->diag.n_errors;
	struct test_file *f;
	struct test *t;
	char *text = NULL;
	size_t len;
	int r = file_read(path, &text, &len, e);

	if (r < 0)
		return r;
	t = test_load(&set->diag, arena_strdup(&set->arena, path), text, len);
	if (t && !is_wanted(filter, t->name)) {
		test_unload(t);
		/* The diag quotes the text: it stays. */
		t = NULL;
	}
	f = ARENA_PUSH(&set->arena, set->files, set->n);
	*f = (struct test_file){ .path = arena_strdup(&set->arena, path), .text = text, .test = t };
	if (t && set->diag.n_errors == errors)
		check_topology(set, t);
	if (t)
		stretch(t);
	return 0;
}

/* Those that are not wanted are left out, once all mistakes are known. */
static void keep_wanted(struct test_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		if (set->files[i].test)
			set->files[n++] = set->files[i];
		else
			free(set->files[i].text);
	}
	set->n = n;
}

int testset_load(const struct cli *cli, const struct strv *paths, const char *filter, struct test_set *ret)
{
	struct strv files = { 0 };
	struct error e = { 0 };
	regex_t re;

	*ret = (struct test_set){ 0 };
	if (filter && regcomp(&re, filter, REG_EXTENDED | REG_NOSUB) != 0)
		return cli_usage(cli, "--filter %s: not an extended regular expression", filter);
	if (filter)
		regfree(&re);
	if (find_tests(&ret->arena, paths, &files, &e) < 0)
		return cli_fail(cli, &e);
	for (size_t i = 0; i < files.n; i++)
		if (load_one(ret, files.v[i], filter, &e) < 0)
			return cli_fail(cli, &e);
	diag_print(&ret->diag, stderr, cli_colour(stderr));
	if (ret->diag.n_errors)
		return CLI_USAGE;
	keep_wanted(ret);
	if (ret->n == 0)
		return cli_error(cli, "no test's name matches '%s'", filter ? filter : "");
	return CLI_OK;
}

void testset_done(struct test_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		test_unloadp(&set->files[i].test);
		free(set->files[i].text);
	}
	diag_done(&set->diag);
	arena_done(&set->arena);
}

/* ---- what this machine has ---- */

static const struct probe_item *probed(const struct probe_report *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->items[i].name, name) == 0 && strcmp(p->items[i].group, "limits") != 0)
			return &p->items[i];
	return NULL;
}

/* "zebra version 8.4.4 in /usr/lib/frr" -> "8.4.4" */
static const char *frr_version(struct test_set *set, const struct probe_report *p)
{
	const struct probe_item *frr = probed(p, "frr");
	const char *version = frr && frr->state != PROBE_NO ? strstr(frr->detail, "version ") : NULL;

	return version ? arena_strndup(&set->arena, version + 8, strcspn(version + 8, " ")) : "";
}

static bool has_program(const char *name)
{
	_cleanup_free_ char *path = strdup(getenv("PATH") ? getenv("PATH") : "/usr/sbin:/usr/bin:/sbin:/bin");
	char full[PATH_MAX], *rest = NULL;

	for (char *dir = path ? strtok_r(path, ":", &rest) : NULL; dir; dir = strtok_r(NULL, ":", &rest)) {
		(void)snprintf(full, sizeof(full), "%s/%s", dir, name);
		if (access(full, X_OK) == 0)
			return true;
	}
	for (size_t i = 0; profile_frr_dirs[i]; i++) {
		(void)snprintf(full, sizeof(full), "%s/%s", profile_frr_dirs[i], name);
		if (access(full, X_OK) == 0)
			return true;
	}
	return false;
}

static const char *lacks(struct test_set *set, const struct test *t, const struct probe_report *p)
{
	const char *frr = frr_version(set, p);
	struct utsname u;

	(void)uname(&u);
	if (geteuid() != 0)
		return "must be run as root";
	if (t->kernel && test_version(t->kernel, u.release) != 1)
		return arena_printf(&set->arena, "wants a kernel %s, this one is %s", t->kernel, u.release);
	for (size_t i = 0; i < t->features.n; i++) {
		const struct probe_item *item = probed(p, t->features.v[i]);

		if (!item)
			return arena_printf(&set->arena, "wants '%s', which netemu probe does not know", t->features.v[i]);
		if (item->state == PROBE_NO)
			return arena_printf(&set->arena, "this machine has no %s (%s)", t->features.v[i], item->group);
	}
	for (size_t i = 0; i < t->programs.n; i++)
		if (!has_program(t->programs.v[i]))
			return arena_printf(&set->arena, "the program %s is not installed", t->programs.v[i]);
	if (t->frr && (!*frr || test_version(t->frr, frr) != 1))
		return arena_printf(&set->arena, "wants FRR %s, here is %s", t->frr, *frr ? frr : "none");
	return NULL;
}

void testset_requirements(struct test_set *set)
{
	_cleanup_probe_report_ struct probe_report p = { 0 };

	(void)hostinfo_probe(&p, NULL);
	for (size_t i = 0; i < set->n; i++)
		set->files[i].skip = lacks(set, set->files[i].test, &p);
}

struct report_head testset_head(struct test_set *set)
{
	_cleanup_probe_report_ struct probe_report p = { 0 };
	struct report_head head = { .version = NETEMU_VERSION };
	struct utsname u;

	(void)uname(&u);
	(void)hostinfo_probe(&p, NULL);
	head.kernel = arena_strdup(&set->arena, u.release);
	head.frr = frr_version(set, &p);
	return head;
}
