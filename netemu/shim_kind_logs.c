// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_kind_logs.c - kind export logs: what nodes and pods of a cluster wrote, in kind's directories
 *
 *   DIR/kind-version.txt
 *   DIR/NODE/serial.log                                  what the node's own processes wrote
 *   DIR/NODE/pods/NAMESPACE_POD_UID/CONTAINER/0.log
 *   DIR/CLUSTER-control-plane/kube-apiserver.log         when the API server had something to say
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cluster/jsonutil.h"
#include "kubeclient.h"
#include "shim_kind.h"
#include "supervisor/logstore.h"

#define API_LOG "_api"

/* A file below @dir, its parents made; -errno. */
static int file_create(int dirfd, const char *path, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	char *copy = arena_strdup(&a, path);
	int fd;

	for (char *p = strchr(copy, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdirat(dirfd, copy, 0755);
		*p = '/';
	}
	fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 ? error_errno(e, errno, "write %s", path) : fd;
}

static int text_write(int dirfd, const char *path, const char *text, struct error *e)
{
	_cleanup_close_ int fd = file_create(dirfd, path, e);
	const size_t len = strlen(text);

	if (fd < 0)
		return fd;
	return write(fd, text, len) == (ssize_t)len ? 0 : error_errno(e, errno ? errno : EIO, "write %s", path);
}

/* Nothing was logged: no file. */
static int log_copy(int logs, const char *name, int dirfd, const char *path, struct error *e)
{
	_cleanup_close_ int fd = file_create(dirfd, path, e);
	const struct logstore_read opt = { .cancel_fd = -1 };
	int r;

	if (fd < 0)
		return fd;
	r = logstore_read(logs, name, fd, &opt, e);
	if (r == -ENOENT)
		*e = (struct error){ 0 };
	return r == -ENOENT ? 0 : r;
}

static int nodes_export(const struct lab_state *st, int dirfd, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int logs = open(arena_printf(&a, "%s/%s/logs", state_dir_root(), st->name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = logs < 0 ? error_errno(e, errno, "logs of cluster %s", st->name) : 0;

	for (size_t i = 0; r == 0 && i < st->n_nodes; i++)
		r = log_copy(logs, st->nodes[i].name, dirfd, arena_printf(&a, "%s/serial.log", st->nodes[i].longname), e);
	if (r == 0 && st->n_nodes && faccessat(logs, API_LOG ".log", F_OK, 0) == 0)
		r = log_copy(logs, API_LOG, dirfd, arena_printf(&a, "%s/kube-apiserver.log", st->nodes[0].longname), e);
	return r;
}

/* ---- pods ---- */

static int container_export(struct kube *k, const json_t *pod, const char *container, int dirfd, struct error *e)
{
	_cleanup_strbuf_ struct strbuf url = { 0 };
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	struct kube_request rq = { .method = "GET", .accept = "*/*" };
	int r;

	kube_url(&url, &resources[RES_PODS], NULL, kube_namespace(pod), kube_name(pod));
	strbuf_puts(&url, "/log");
	kube_query(&url, "container", container);
	rq.path = strbuf_str(&url);
	r = kube_http(k, &rq, NULL, NULL, &reply, e);
	if (r < 0 || !kube_ok(&reply)) /* a container that has never been started has none */
		return r;
	return text_write(dirfd,
			  arena_printf(&k->arena, "%s/pods/%s_%s_%s/%s/0.log", json_text(pod, "spec", "nodeName", NULL),
				       kube_namespace(pod), kube_name(pod), kube_uid(pod), container),
			  reply.text, e);
}

static int pods_export(const char *cluster, int dirfd, struct error *e)
{
	const struct kube_request rq = { .method = "GET", .path = "/api/v1/pods" };
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	const json_t *pod, *container;
	size_t i, j;
	int r = kube_open(cluster, KUBE_START_MS, &k, e);

	if (r == 0)
		r = kube_http(&k, &rq, NULL, NULL, &reply, e);
	if (r == 0 && !kube_ok(&reply))
		r = kube_failure(&reply, e);
	json_array_foreach(json_object_get(reply.json, "items"), i, pod)
		json_array_foreach(json_at(pod, "spec", "containers", NULL), j, container)
			if (r == 0 && *json_text(pod, "spec", "nodeName", NULL))
				r = container_export(&k, pod, json_text(container, "name", NULL), dirfd, e);
	return r;
}

int kind_logs_export(const struct lab_state *st, const char *dir, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int dirfd = -EBADF;
	int r;

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return error_errno(e, errno, "make %s", dir);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return error_errno(e, errno, "open %s", dir);
	r = text_write(dirfd, "kind-version.txt", arena_printf(&a, "kind v%s netemu/" NETEMU_VERSION "\n", shim_kind.version), e);
	if (r == 0)
		r = nodes_export(st, dirfd, e);
	return r == 0 ? pods_export(st->name, dirfd, e) : r;
}
