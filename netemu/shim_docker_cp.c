// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker_cp.c - docker cp
 *
 * A path in a node is resolved by the kernel inside the node's own root (openat2(2), RESOLVE_IN_ROOT), whatever symbolic links
 * are there; then the host's cp or tar works on descriptors, and never follows a link at the place that it writes to. So it
 * works for a node that has neither.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "shim_docker.h"

/* One side of a copy: a directory, and a name in it ("." for the directory itself). */
struct place {
	bool in_node, stream; /* stream: "-" */
	int root;	      /* of the node, or AT_FDCWD */
	int dir;	      /* where the name is */
	char name[256];
	bool exists, is_dir, slash; /* slash: the path ended in one */
	const char *text;	    /* as it was typed */
};

static void place_done(struct place *p)
{
	if (p->in_node)
		(void)fd_close(p->root);
	(void)fd_close(p->dir);
}

static int place_open(const struct place *p, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC), .resolve = p->in_node ? RESOLVE_IN_ROOT : 0 };

	return (int)syscall(SYS_openat2, p->root, *path ? path : "/", &how, sizeof(how));
}

/* The directory that a path's last component is in, and that component. */
static int place_split(struct place *p, const char *path)
{
	char parent[4096];
	const char *slash, *name;
	size_t n = strlen(path);

	if (n >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(parent, path, n + 1);
	while (n > 1 && parent[n - 1] == '/')
		parent[--n] = '\0';
	slash = strrchr(parent, '/');
	name = slash ? slash + 1 : parent;
	if (strlen(name) >= sizeof(p->name))
		return -ENAMETOOLONG;
	(void)strcpy(p->name, name);
	if (!*p->name || strcmp(p->name, "..") == 0 || strcmp(p->name, ".") == 0) {
		(void)snprintf(p->name, sizeof(p->name), ".");
		p->dir = place_open(p, parent, O_PATH | O_DIRECTORY);
		return p->dir < 0 ? -errno : 0;
	}
	if (slash)
		parent[slash == parent ? 1 : slash - parent] = '\0';
	p->dir = place_open(p, slash ? parent : p->in_node ? "/" : ".", O_PATH | O_DIRECTORY);
	return p->dir < 0 ? -errno : 0;
}

/* What is there: through links, but never out of the node's root. */
static void place_look(struct place *p, const char *path)
{
	struct stat st;
	const int fd = place_open(p, path, O_PATH);

	p->exists = fd >= 0 && fstat(fd, &st) == 0;
	p->is_dir = p->exists && S_ISDIR(st.st_mode);
	(void)fd_close(fd);
}

/* "NODE:PATH", a path of the host, or "-". Return: 0, -ENOENT when there is no such directory, -ESRCH for no such node (said). */
static int place_find(const char *text, struct place *ret)
{
	_cleanup_shim_node_ struct shim_node n = { 0 };
	const char *colon = text[0] == '/' || text[0] == '.' ? NULL : strchr(text, ':'),
		   *path = colon ? colon + 1 : text;
	char buf[256];

	*ret = (struct place){
		.root = AT_FDCWD, .dir = -EBADF, .text = text, .in_node = colon, .stream = strcmp(text, "-") == 0
	};
	if (ret->stream)
		return 0;
	if (colon) {
		(void)snprintf(buf, sizeof(buf), "%.*s", (int)(colon - text), text);
		if (!docker_find(buf, &n))
			return -ESRCH;
		(void)snprintf(buf, sizeof(buf), "/proc/%d/root", (int)n.node->pid);
		ret->root = open(buf, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (ret->root < 0)
			return -errno;
	}
	ret->slash = *path && path[strlen(path) - 1] == '/';
	place_look(ret, path);
	return place_split(ret, path);
}

/* ---- the host's programs ---- */

static void keep_open(int fd)
{
	(void)fcntl(fd, F_SETFD, 0);
}

static void fd_path(char *buf, size_t size, int fd, const char *name)
{
	(void)snprintf(buf, size, "/proc/self/fd/%d/%s", fd, name);
	keep_open(fd);
}

/* cp itself removes what it writes over: a link there is replaced, not followed. */
static int copy(const struct cli *cli, const struct place *from, const struct place *to)
{
	char src[320], dst[320];
	const bool archive = cli_flag(cli, "archive");
	char *const argv[] = { (char *)"cp",
			       (char *)(cli_flag(cli, "follow-link") ? "-rL" : "-dR"),
			       (char *)(archive ? "--preserve=all" : "--preserve=mode,timestamps"),
			       (char *)"--remove-destination",
			       (char *)"-T",
			       (char *)"--",
			       src,
			       dst,
			       NULL };

	fd_path(src, sizeof(src), from->dir, from->name);
	fd_path(dst, sizeof(dst), to->dir, to->name);
	return shim_program(argv) == 0 ? CLI_OK : CLI_FAILED;
}

static int stream_out(const struct place *from)
{
	char dir[64];
	char *const argv[] = { (char *)"tar", (char *)"-C",	  dir, (char *)"-cf", (char *)"-",
			       (char *)"--",  (char *)from->name, NULL };

	fd_path(dir, sizeof(dir), from->dir, "");
	return shim_program(argv) == 0 ? CLI_OK : CLI_FAILED;
}

static int stream_in(struct place *to)
{
	char dir[64];
	char *const argv[] = { (char *)"tar", (char *)"-C", dir, (char *)"-xf", (char *)"-", NULL };

	fd_path(dir, sizeof(dir), to->dir, "");
	return shim_program(argv) == 0 ? CLI_OK : CLI_FAILED;
}

/* ---- docker's rules ---- */

static int enter_target(struct place *to)
{
	const char *path = to->in_node ? strchr(to->text, ':') + 1 : to->text;
	const int dir = place_open(to, path, O_PATH | O_DIRECTORY);

	if (dir < 0)
		return -errno;
	(void)fd_close(to->dir);
	to->dir = dir;
	return 0;
}

/* Into a directory that is there; "SRC/." means what is in it. */
static int target_name(const struct place *from, struct place *to)
{
	const size_t n = strlen(from->text);
	const bool contents = from->is_dir && n >= 2 && strcmp(from->text + n - 2, "/.") == 0;

	if (!to->is_dir)
		return 0;
	if (enter_target(to) < 0)
		return -errno;
	(void)snprintf(to->name, sizeof(to->name), "%s", contents || strcmp(from->name, ".") == 0 ? "." : from->name);
	return 0;
}

static int complain(const char *text, const char *why)
{
	(void)fprintf(stderr, "docker: %s: %s\n", text, why);
	return CLI_FAILED;
}

static int copy_between(const struct cli *cli, const struct place *from, struct place *to)
{
	if (!from->exists)
		return from->in_node
			       ? (fprintf(stderr,
					  "Error response from daemon: Could not find the file %s in container %.*s\n",
					  strchr(from->text, ':') + 1, (int)strcspn(from->text, ":"), from->text),
				  CLI_FAILED)
			       : complain(from->text, "no such file or directory");
	if (to->slash && !to->is_dir)
		return complain(to->text, "no such directory");
	if (from->is_dir && to->exists && !to->is_dir)
		return complain(to->text, "cannot copy a directory to a file");
	if (target_name(from, to) < 0)
		return complain(to->text, strerror(errno));
	return copy(cli, from, to);
}

static int transfer(const struct cli *cli, struct place *from, struct place *to)
{
	int code;

	if (from->in_node == to->in_node)
		return complain("cp", from->in_node ? "copying between containers is not supported"
						    : "must specify at least one container source");
	if (to->stream)
		return from->exists ? stream_out(from) : docker_no_such(from->text);
	if (from->stream)
		return to->is_dir && enter_target(to) == 0 ? stream_in(to)
							   : complain(to->text, "destination must be a directory");
	code = copy_between(cli, from, to);
	if (code == CLI_OK && !cli_flag(cli, "quiet") && isatty(STDERR_FILENO))
		(void)fprintf(stderr, "Successfully copied %s to %s\n", from->text, to->text);
	return code;
}

int docker_cp(const struct cli *cli)
{
	const struct strv *args = cli_args(cli);
	_cleanup_(place_done) struct place from = { .dir = -EBADF }, to = { .dir = -EBADF };
	int r = place_find(args->v[0], &from);

	if (r == 0)
		r = place_find(args->v[1], &to);
	if (r == -ESRCH)
		return CLI_FAILED;
	if (r < 0)
		return complain(to.text ? to.text : from.text, strerror(-r));
	return transfer(cli, &from, &to);
}
