// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_helm_release.c - what helm tells of releases: status, list, history, get
 */
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "cluster/cilium_chart.h"
#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "kubeprint.h"
#include "shim_helm.h"

/* ---- reading ---- */

static json_t *release_decode(const json_t *secret)
{
	const char *data = json_text(secret, "data", "release", NULL);
	_cleanup_strbuf_ struct strbuf once = { 0 }, text = { 0 };

	if (base64_decode(&once, data, strlen(data)) < 0 || base64_decode(&text, strbuf_str(&once), once.len) < 0)
		return NULL;
	return json_loadb(strbuf_str(&text), text.len, 0, NULL);
}

/* All revisions of all releases, oldest first. NULL with @e. New reference. */
static json_t *releases(struct kube *k, struct error *e)
{
	const struct kube_request rq = { .method = "GET", .path = "/api/v1/secrets?labelSelector=owner%3Dhelm" };
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	json_t *all = NULL, *secret;
	size_t i;

	if (kube_http(k, &rq, NULL, NULL, &reply, e) < 0)
		return NULL;
	if (!kube_ok(&reply)) {
		(void)kube_failure(&reply, e);
		return NULL;
	}
	all = json_array();
	json_array_foreach(json_object_get(reply.json, "items"), i, secret) {
		json_t *one = release_decode(secret);
		size_t at = 0;

		while (one && at < json_array_size(all) &&
		       json_int(json_array_get(all, at), 0, "version", NULL) < json_int(one, 0, "version", NULL))
			at++;
		if (one)
			(void)json_array_insert_new(all, at, one);
	}
	return all;
}

json_t *helm_release(struct kube *k, const char *name, json_int_t revision, struct error *e)
{
	_cleanup_json_ json_t *all = releases(k, e);
	json_t *found = NULL, *one;
	size_t i;

	json_array_foreach(all, i, one)
		if (strcmp(json_text(one, "name", NULL), name) == 0 && (!revision || revision == json_int(one, 0, "version", NULL)))
			found = one;
	if (all && !found)
		(void)error_set(e, ENOENT, "release: not found");
	return json_incref(found);
}

/* The release that a command names, with its --revision. Return: exit code. */
static int release_open(const struct cli *cli, json_t **ret)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	struct error e = { 0 };
	int code = helm_cluster_open(cli, &k);

	if (code != CLI_OK)
		return code;
	*ret = helm_release(&k, cli_args(cli)->v[0], cli_number(cli, "revision", 0), &e);
	return *ret ? CLI_OK : helm_fail("%s", e.msg);
}

/* ---- writing ---- */

enum { WHEN_LEN = 64 };

/* As helm writes points in time: for people, or in a list. */
static const char *when(char buf[WHEN_LEN], bool in_list, const json_t *release)
{
	const time_t t = kube_time_parse(json_text(release, "info", "last_deployed", NULL));
	struct tm tm;

	buf[0] = '\0';
	if (localtime_r(&t, &tm))
		(void)(in_list ? strftime(buf, WHEN_LEN, "%Y-%m-%d %H:%M:%S.000000000 %z %Z", &tm)
			       : strftime(buf, WHEN_LEN, "%a %b %e %H:%M:%S %Y", &tm));
	return buf;
}

static const char *info(const json_t *release, const char *key)
{
	return json_text(release, "info", key, NULL);
}

static const char *chart(const json_t *release, const char *key)
{
	return json_text(release, "chart", "metadata", key, NULL);
}

static void print_notes(const json_t *release)
{
	(void)printf("NOTES:\nYou have successfully installed Cilium.\n\nYour release version is %s.\n", chart(release, "version"));
}

int helm_release_print(const struct cli *cli, const json_t *release, bool notes)
{
	const char *format;
	char buf[WHEN_LEN];

	if (!helm_format(cli, &format))
		return CLI_FAILED;
	if (format)
		return helm_print(release, format);
	(void)printf("NAME: %s\nLAST DEPLOYED: %s\nNAMESPACE: %s\nSTATUS: %s\nREVISION: %" JSON_INTEGER_FORMAT "\n",
		     json_text(release, "name", NULL), when(buf, false, release), json_text(release, "namespace", NULL),
		     info(release, "status"), json_int(release, 0, "version", NULL));
	if (verb_option_find(cli->verb, "show-desc") && cli_flag(cli, "show-desc"))
		(void)printf("DESCRIPTION: %s\n", info(release, "description"));
	(void)printf("TEST SUITE: None\n");
	if (notes)
		print_notes(release);
	return CLI_OK;
}

int helm_status(const struct cli *cli)
{
	_cleanup_json_ json_t *release = NULL;
	const int code = release_open(cli, &release);

	return code == CLI_OK ? helm_release_print(cli, release, true) : code;
}

/* ---- tables ---- */

enum { CELLS_MAX = 8, CELL_LEN = 128 };

struct grid {
	struct arena arena;
	const char **rows; /* n rows of columns cells */
	size_t n, columns;
};

static void grid_add(struct grid *g, const char *const *cells)
{
	for (size_t c = 0; c < g->columns; c++)
		*ARENA_PUSH(&g->arena, g->rows, g->n) = arena_strdup(&g->arena, cells[c]);
}

/* As helm's: cells as wide as the widest, a tab between. */
static void grid_print(struct grid *g, bool head)
{
	size_t width[CELLS_MAX] = { 0 };

	for (size_t i = 0; i < g->n; i++)
		width[i % g->columns] = MAX_OF(width[i % g->columns], strlen(g->rows[i]));
	for (size_t i = head ? 0 : g->columns; i < g->n; i++)
		(void)printf("%-*s%c", (int)width[i % g->columns], g->rows[i], (i + 1) % g->columns ? '\t' : '\n');
	arena_done(&g->arena);
}

static json_t *list_row(const json_t *r)
{
	char revision[24], name[CELL_LEN], buf[WHEN_LEN];

	(void)snprintf(revision, sizeof(revision), "%" JSON_INTEGER_FORMAT, json_int(r, 0, "version", NULL));
	(void)snprintf(name, sizeof(name), "%s-%s", chart(r, "name"), chart(r, "version"));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "name", json_text(r, "name", NULL), "namespace",
			 json_text(r, "namespace", NULL), "revision", revision, "updated", when(buf, true, r), "status",
			 info(r, "status"), "chart", name, "app_version", chart(r, "appVersion"));
}

/* Rows of the same keys, in their order. */
static int rows_print(const json_t *rows, const char *const *keys, size_t n, const char *format, bool head)
{
	struct grid g = { .columns = n };
	const char *cells[CELLS_MAX];
	const json_t *row;
	size_t i;

	if (format)
		return helm_print(rows, format);
	for (size_t c = 0; c < n; c++) {
		char *title = arena_strdup(&g.arena, keys[c]);

		for (char *p = title; *p; p++)
			*p = (char)(*p == '_' ? ' ' : *p - 32);
		cells[c] = title;
	}
	grid_add(&g, cells);
	json_array_foreach(rows, i, row) {
		for (size_t c = 0; c < n; c++) {
			const json_t *cell = json_object_get(row, keys[c]);

			cells[c] = json_is_string(cell) ? json_string_value(cell)
							: arena_printf(&g.arena, "%" JSON_INTEGER_FORMAT, json_integer_value(cell));
		}
		grid_add(&g, cells);
	}
	grid_print(&g, head);
	return CLI_OK;
}

/* Whether a release is of a status that was asked for: those that are deployed, when none was. */
static bool status_wanted(const struct cli *cli, const json_t *release)
{
	static const char *const statuses[] = { "deployed", "superseded", "failed", "pending", "uninstalled", "uninstalling" };
	bool asked = false;

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		asked |= cli_flag(cli, statuses[i]);
		if (cli_flag(cli, statuses[i]) && strcmp(info(release, "status"), statuses[i]) == 0)
			return true;
	}
	return cli_flag(cli, "all") || (!asked && strcmp(info(release, "status"), "deployed") == 0);
}

static bool list_wanted(const struct cli *cli, const json_t *release)
{
	const char *ns = cli_value(cli, "namespace"), *filter = cli_value(cli, "filter");

	return status_wanted(cli, release) && (!filter || strstr(json_text(release, "name", NULL), filter)) &&
	       (cli_flag(cli, "all-namespaces") || strcmp(json_text(release, "namespace", NULL), ns ? ns : "default") == 0);
}

/* All revisions, and how they are to be written. Return: exit code. */
static int releases_open(const struct cli *cli, const char **ret_format, json_t **ret)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	struct error e = { 0 };
	int code;

	if (!helm_format(cli, ret_format))
		return CLI_FAILED;
	code = helm_cluster_open(cli, &k);
	if (code != CLI_OK)
		return code;
	*ret = releases(&k, &e);
	return *ret ? CLI_OK : helm_fail("%s", e.msg);
}

int helm_list(const struct cli *cli)
{
	static const char *const keys[] = { "name", "namespace", "revision", "updated", "status", "chart", "app_version" };
	_cleanup_json_ json_t *all = NULL, *rows = json_array();
	const char *format;
	json_t *one;
	size_t i;
	const int code = releases_open(cli, &format, &all);

	if (code != CLI_OK)
		return code;
	json_array_foreach(all, i, one)
		if (list_wanted(cli, one))
			(void)json_array_append_new(rows, list_row(one));
	if (!cli_flag(cli, "short") || format)
		return rows_print(rows, keys, ARRAY_SIZE(keys), format, !cli_flag(cli, "no-headers"));
	json_array_foreach(rows, i, one)
		(void)puts(json_text(one, "name", NULL));
	return CLI_OK;
}

int helm_history(const struct cli *cli)
{
	static const char *const keys[] = { "revision", "updated", "status", "chart", "app_version", "description" };
	_cleanup_json_ json_t *all = NULL, *rows = json_array();
	const unsigned max = cli_number(cli, "max", 256);
	const char *format;
	json_t *one;
	size_t i;
	const int code = releases_open(cli, &format, &all);

	if (code != CLI_OK)
		return code;
	json_array_foreach(all, i, one) {
		_cleanup_json_ json_t *row = list_row(one);
		char buf[WHEN_LEN];

		if (strcmp(json_text(one, "name", NULL), cli_args(cli)->v[0]) != 0)
			continue;
		(void)json_object_set(row, "revision", json_object_get(one, "version"));
		(void)json_object_set_new(row, "updated", json_string(when(buf, false, one)));
		(void)json_object_set_new(row, "description", json_string(info(one, "description")));
		(void)json_array_append(rows, row);
	}
	while (json_array_size(rows) > max)
		(void)json_array_remove(rows, 0);
	return json_array_size(rows) ? rows_print(rows, keys, ARRAY_SIZE(keys), format, true) : helm_fail("release: not found");
}

/* ---- get ---- */

/* The chart's own values, and over them what the user has said. New reference. */
static json_t *computed(const json_t *release)
{
	json_t *all = yaml_to_json(cilium_chart_values, strlen(cilium_chart_values), NULL);

	values_merge(all, json_object_get(release, "config"));
	return all;
}

static int print_values(const json_t *values, const char *title, const char *format)
{
	static const char nothing[] = "null\n";

	if (!format)
		(void)printf("%s VALUES:\n", title);
	if (json_object_size(values) == 0 && (!format || strcmp(format, "yaml") == 0))
		return fputs(nothing, stdout) < 0 ? CLI_FAILED : CLI_OK;
	return helm_print(values, format ? format : "yaml");
}

int helm_get_values(const struct cli *cli)
{
	_cleanup_json_ json_t *release = NULL, *all = NULL;
	const char *format;
	int code;

	if (!helm_format(cli, &format))
		return CLI_FAILED;
	code = release_open(cli, &release);
	if (code != CLI_OK)
		return code;
	if (!cli_flag(cli, "all"))
		return print_values(json_object_get(release, "config"), "USER-SUPPLIED", format);
	all = computed(release);
	return print_values(all, "COMPUTED", format);
}

int helm_get_manifest(const struct cli *cli)
{
	_cleanup_json_ json_t *release = NULL;
	const int code = release_open(cli, &release);

	if (code == CLI_OK)
		(void)puts(json_text(release, "manifest", NULL));
	return code;
}

int helm_get_notes(const struct cli *cli)
{
	_cleanup_json_ json_t *release = NULL;
	const int code = release_open(cli, &release);

	if (code == CLI_OK)
		print_notes(release);
	return code;
}

int helm_get_hooks(const struct cli *cli)
{
	_cleanup_json_ json_t *release = NULL;

	return release_open(cli, &release); /* the chart has none */
}

int helm_get_metadata(const struct cli *cli)
{
	_cleanup_json_ json_t *release = NULL, *all = NULL;
	const char *format;
	int code;

	if (!helm_format(cli, &format))
		return CLI_FAILED;
	code = release_open(cli, &release);
	if (code != CLI_OK)
		return code;
	all = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "name", json_text(release, "name", NULL), "chart",
			chart(release, "name"), "version", chart(release, "version"), "appVersion", chart(release, "appVersion"),
			"namespace", json_text(release, "namespace", NULL), "revision", json_int(release, 0, "version", NULL), "status",
			info(release, "status"), "deployedAt", info(release, "last_deployed"));
	if (format)
		return helm_print(all, format);
	(void)printf("NAME: %s\nCHART: %s\nVERSION: %s\nAPP_VERSION: %s\nNAMESPACE: %s\nREVISION: %" JSON_INTEGER_FORMAT
		     "\nSTATUS: %s\nDEPLOYED_AT: %s\n",
		     json_text(all, "name", NULL), json_text(all, "chart", NULL), json_text(all, "version", NULL),
		     json_text(all, "appVersion", NULL), json_text(all, "namespace", NULL), json_int(all, 0, "revision", NULL),
		     json_text(all, "status", NULL), json_text(all, "deployedAt", NULL));
	return CLI_OK;
}

int helm_get_all(const struct cli *cli)
{
	_cleanup_json_ json_t *release = NULL, *all = NULL;
	char buf[WHEN_LEN];
	const int code = release_open(cli, &release);

	if (code != CLI_OK)
		return code;
	all = computed(release);
	(void)printf("NAME: %s\nLAST DEPLOYED: %s\nNAMESPACE: %s\nSTATUS: %s\nREVISION: %" JSON_INTEGER_FORMAT
		     "\nCHART: %s\nVERSION: %s\nAPP_VERSION: %s\nTEST SUITE: None\n",
		     json_text(release, "name", NULL), when(buf, false, release), json_text(release, "namespace", NULL),
		     info(release, "status"), json_int(release, 0, "version", NULL), chart(release, "name"), chart(release, "version"),
		     chart(release, "appVersion"));
	(void)print_values(json_object_get(release, "config"), "USER-SUPPLIED", NULL);
	(void)putchar('\n');
	(void)print_values(all, "COMPUTED", NULL);
	(void)printf("\nHOOKS:\nMANIFEST:\n%s\n", json_text(release, "manifest", NULL));
	print_notes(release);
	return CLI_OK;
}
