// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kubeconfig.c - a cluster's context in the file that kubectl reads
 *
 * As kind does it: clusters, contexts and users called kind-NAME are replaced, everything else of the file stays; the file is
 * written anew beside itself, and renamed. What kind would destroy, comments, is lost here, too.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "cluster/manifest.h"
#include "cluster/yamlout.h"
#include "shim.h"
#include "topology/load.h"

static const char *const lists[] = { "clusters", "contexts", "users" };

/* Return: an object; a file that is not there is an empty one. NULL with @e set when it is something else. */
static json_t *config_load(const char *path, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	struct error why = { 0 };
	size_t len = 0;
	json_t *j;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return json_object();
	if (file_read(path, &text, &len, e) < 0)
		return NULL;
	if (strspn(text, " \t\r\n") == len)
		return json_object();
	j = yaml_to_json(text, len, &why);
	if (json_is_object(j))
		return j;
	json_decref(j);
	(void)error_set(e, EINVAL, "%s is no kubeconfig: %s", path, *why.msg ? why.msg : "it is no map");
	return NULL;
}

static json_t *list_of(json_t *config, const char *name)
{
	json_t *list = json_object_get(config, name);

	if (json_is_array(list))
		return list;
	list = json_array();
	(void)json_object_set_new(config, name, list);
	return list;
}

static void list_drop(json_t *list, const char *name)
{
	for (size_t i = json_array_size(list); i-- > 0;) {
		const char *other = json_string_value(json_object_get(json_array_get(list, i), "name"));

		if (other && strcmp(other, name) == 0)
			(void)json_array_remove(list, i);
	}
}

static int config_save(const json_t *config, const char *path, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_strbuf_ struct strbuf s = { 0 };
	const char *tmp = arena_printf(&a, "%s.netemu-%d", path, (int)getpid());
	_cleanup_close_ int fd = -EBADF;
	int r = json_to_yaml(config, &s, e);

	if (r < 0)
		return r;
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(e, errno, "make %s", tmp);
	if (write(fd, strbuf_str(&s), s.len) != (ssize_t)s.len || rename(tmp, path) < 0) {
		r = errno ? errno : ENOSPC;
		(void)unlink(tmp);
		return error_errno(e, r, "write %s", path);
	}
	return 0;
}

/* $KUBECONFIG's first file, else ~/.kube/config; its directory is made. */
static const char *config_path(struct arena *a, const char *given)
{
	const char *env = getenv("KUBECONFIG"), *home = getenv("HOME");
	const char *path;

	if (given)
		return given;
	if (env && *env && *env != ':')
		return arena_strndup(a, env, strcspn(env, ":"));
	(void)mkdir(arena_printf(a, "%s/.kube", home ? home : ""), 0750);
	path = arena_printf(a, "%s/.kube/config", home ? home : "");
	return path;
}

/* kind and kubectl lock FILE.lock (client-go's clientcmd). Return: an fd that is the lock. */
static int config_lock(struct arena *a, const char *path, struct error *e)
{
	const char *lock = arena_printf(a, "%s.lock", path);
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return error_errno(e, errno, "lock %s", lock);
	return fd;
}

static void config_unlock(struct arena *a, const char *path, int fd)
{
	(void)unlink(arena_printf(a, "%s.lock", path));
	(void)fd_close(fd);
}

static int config_add(json_t *config, const json_t *ours, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		json_t *list = list_of(config, lists[i]);

		list_drop(list, name);
		if (json_array_extend(list, json_object_get(ours, lists[i])) < 0)
			return -ENOMEM;
	}
	(void)json_object_set_new(config, "apiVersion", json_string("v1"));
	(void)json_object_set_new(config, "kind", json_string("Config"));
	return json_object_set_new(config, "current-context", json_string(name));
}

int kubeconfig_merge(const char *cluster, const char *given, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = config_path(&a, given), *name = arena_printf(&a, "kind-%s", cluster);
	json_t *ours = config_load(arena_printf(&a, "%s/%s/kube/kubeconfig", state_dir_root(), cluster), e),
	       *config = NULL;
	const int lock = ours ? config_lock(&a, path, e) : -EINVAL;
	int r = lock < 0 ? lock : 0;

	if (r == 0) {
		config = config_load(path, e);
		r = config ? config_add(config, ours, name) : -EINVAL;
		if (r == 0)
			r = config_save(config, path, e);
		config_unlock(&a, path, lock);
	}
	json_decref(config);
	json_decref(ours);
	return r;
}

int kubeconfig_forget(const char *cluster, const char *given, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = config_path(&a, given), *name = arena_printf(&a, "kind-%s", cluster), *current;
	json_t *config;
	int lock, r;

	if (access(path, F_OK) < 0)
		return 0;
	lock = config_lock(&a, path, e);
	if (lock < 0)
		return lock;
	config = config_load(path, e);
	r = config ? 0 : -EINVAL;
	if (config) {
		for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
			list_drop(list_of(config, lists[i]), name);
		current = json_string_value(json_object_get(config, "current-context"));
		if (current && strcmp(current, name) == 0)
			(void)json_object_set_new(config, "current-context", json_string(""));
		r = config_save(config, path, e);
	}
	config_unlock(&a, path, lock);
	json_decref(config);
	return r;
}
