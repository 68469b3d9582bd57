// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_helm_repo.c - helm repo, and search in what there is
 *
 * Owns helm's own file of repositories (repositories.yaml), so that what was added is listed. Nothing is ever fetched: whatever
 * a repository is called, the chart that is there is netemu's stand-in for Cilium's.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cluster/cilium_chart.h"
#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "cluster/yamlout.h"
#include "shim_helm.h"
#include "topology/load.h"

static const char *repo_path(struct arena *a)
{
	const char *file = getenv("HELM_REPOSITORY_CONFIG"), *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (file && *file)
		return file;
	return config && *config ? arena_printf(a, "%s/helm/repositories.yaml", config)
				 : arena_printf(a, "%s/.config/helm/repositories.yaml", home ? home : "");
}

/* {"repositories": [{"name":, "url":}]}; an empty one when there is no file. New reference. */
static json_t *repos_read(const char *path, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	json_t *all = NULL;
	size_t len;

	if (access(path, F_OK) == 0) {
		if (file_read(path, &text, &len, e) < 0)
			return NULL;
		all = yaml_to_json(text, len, e);
		if (!json_is_object(all) && !json_is_null(all)) {
			json_decref(all);
			(void)error_set(e, EINVAL, "%s is no list of repositories", path);
			return NULL;
		}
	}
	if (!json_is_object(all)) {
		json_decref(all);
		all = json_pack("{s:s, s:s}", "apiVersion", "", "generated", "0001-01-01T00:00:00Z");
	}
	if (!json_is_array(json_object_get(all, "repositories")))
		(void)json_object_set_new(all, "repositories", json_array());
	return all;
}

/* mkdir -p of the directory that @path is in. */
static void parents_make(struct arena *a, const char *path)
{
	char *copy = arena_strdup(a, path);

	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdir(copy, 0755);
		*p = '/';
	}
}

static int repos_write(struct arena *a, const char *path, const json_t *all, struct error *e)
{
	const char *tmp = arena_printf(a, "%s.%d", path, (int)getpid());
	_cleanup_strbuf_ struct strbuf text = { 0 };
	int fd, r = json_to_yaml(all, &text, e);

	if (r < 0)
		return r;
	parents_make(a, path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return error_errno(e, errno, "write %s", tmp);
	if (write(fd, strbuf_str(&text), text.len) != (ssize_t)text.len || rename(tmp, path) < 0) {
		r = error_errno(e, errno, "write %s", path);
		(void)unlink(tmp);
	}
	(void)fd_close(fd);
	return r;
}

static size_t repo_index(const json_t *repos, const char *name)
{
	size_t i = 0;

	while (i < json_array_size(repos) && strcmp(json_text(json_array_get(repos, i), "name", NULL), name) != 0)
		i++;
	return i;
}

int helm_repo_add(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = repo_path(&a), *name = cli_args(cli)->v[0], *url = cli_args(cli)->v[1];
	struct error e = { 0 };
	_cleanup_json_ json_t *all = repos_read(path, &e);
	json_t *repos = json_object_get(all, "repositories");
	size_t i;

	if (!all)
		return helm_fail("%s", e.msg);
	if (strchr(name, '/'))
		return helm_fail("repository name (%s) contains '/'. Please specify a different name without '/'", name);
	i = repo_index(repos, name);
	if (i < json_array_size(repos) && !cli_flag(cli, "force-update")) {
		if (strcmp(json_text(json_array_get(repos, i), "url", NULL), url) != 0)
			return helm_fail("repository name (%s) already exists, please specify a different name", name);
		(void)printf("\"%s\" already exists with the same configuration, skipping\n", name);
		return CLI_OK;
	}
	if (i < json_array_size(repos))
		(void)json_array_remove(repos, i);
	(void)json_array_append_new(repos, json_pack("{s:s, s:s}", "name", name, "url", url));
	if (repos_write(&a, path, all, &e) < 0)
		return helm_fail("%s", e.msg);
	(void)printf("\"%s\" has been added to your repositories\n", name);
	return CLI_OK;
}

int helm_repo_remove(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = repo_path(&a);
	struct error e = { 0 };
	_cleanup_json_ json_t *all = repos_read(path, &e);
	json_t *repos = json_object_get(all, "repositories");

	for (size_t i = 0; all && i < cli_args(cli)->n; i++) {
		const size_t at = repo_index(repos, cli_args(cli)->v[i]);

		if (at == json_array_size(repos))
			return helm_fail("no repo named \"%s\" found", cli_args(cli)->v[i]);
		(void)json_array_remove(repos, at);
	}
	if (!all || repos_write(&a, path, all, &e) < 0)
		return helm_fail("%s", e.msg);
	for (size_t i = 0; i < cli_args(cli)->n; i++)
		(void)printf("\"%s\" has been removed from your repositories\n", cli_args(cli)->v[i]);
	return CLI_OK;
}

int helm_repo_list(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct error e = { 0 };
	_cleanup_json_ json_t *all = repos_read(repo_path(&a), &e);
	const json_t *repos = json_object_get(all, "repositories"), *one;
	const char *format;
	size_t i, width = strlen("NAME");

	if (!helm_format(cli, &format))
		return CLI_FAILED;
	if (!all || json_array_size(repos) == 0)
		return helm_fail("%s", all ? "no repositories to show" : e.msg);
	if (format)
		return helm_print(repos, format);
	json_array_foreach(repos, i, one)
		width = MAX_OF(width, strlen(json_text(one, "name", NULL)));
	(void)printf("%-*s\tURL\n", (int)width, "NAME");
	json_array_foreach(repos, i, one)
		(void)printf("%-*s\t%s\n", (int)width, json_text(one, "name", NULL), json_text(one, "url", NULL));
	return CLI_OK;
}

int helm_repo_update(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct error e = { 0 };
	_cleanup_json_ json_t *all = repos_read(repo_path(&a), &e);
	const json_t *repos = json_object_get(all, "repositories"), *one;
	size_t i;

	if (!all || json_array_size(repos) == 0)
		return helm_fail("%s", all ? "no repositories found. You must add one before updating" : e.msg);
	for (i = 0; i < cli_args(cli)->n; i++)
		if (repo_index(repos, cli_args(cli)->v[i]) == json_array_size(repos))
			return helm_fail("no repositories found matching '%s'.  Nothing will be updated", cli_args(cli)->v[i]);
	(void)printf("Hang tight while we grab the latest from your chart repositories...\n");
	json_array_foreach(repos, i, one)
		if (cli_args(cli)->n == 0 || strv_contains(cli_args(cli), json_text(one, "name", NULL)))
			(void)printf("...Successfully got an update from the \"%s\" chart repository\n", json_text(one, "name", NULL));
	(void)printf("Update Complete. ⎈Happy Helming!⎈\n");
	return CLI_OK;
}

/* Each repository is taken to have Cilium's chart: that is what its name would be asked for. */
int helm_search_repo(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct error e = { 0 };
	_cleanup_json_ json_t *all = repos_read(repo_path(&a), &e);
	const json_t *repos = json_object_get(all, "repositories"), *one;
	const char *word = cli_args(cli)->n ? cli_args(cli)->v[0] : "";
	bool found = false;
	size_t i;

	if (!all || json_array_size(repos) == 0)
		return helm_fail("%s", all ? "no repositories configured" : e.msg);
	json_array_foreach(repos, i, one) {
		const char *name = arena_printf(&a, "%s/cilium", json_text(one, "name", NULL));

		if (!strstr(json_text(one, "url", NULL), "cilium") || !strstr(name, word))
			continue;
		if (!found)
			(void)printf("%-*s\tCHART VERSION\tAPP VERSION\tDESCRIPTION\n", (int)strlen(name), "NAME");
		found = true;
		(void)printf("%s\t%-13s\t%-11s\twhat netemu has built in instead of Cilium\n", name, cilium_chart_version,
			     cilium_chart_version);
	}
	if (!found)
		(void)printf("No results found\n");
	return CLI_OK;
}
