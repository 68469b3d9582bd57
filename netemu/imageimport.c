// SPDX-License-Identifier: GPL-2.0-or-later
#include "imageimport.h"

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "launch.h"

extern char **environ;

enum { FIELD_ID = 1, FIELD_SIZE, FIELD_FILES, FIELD_NOTE, FIELD_NAMES };

static void image_read(struct arena *a, const struct strv *fields, struct imported_image *out)
{
	*out = (struct imported_image){ .id = fields->v[FIELD_ID],
					.size = strtoll(fields->v[FIELD_SIZE], NULL, 10),
					.n_files = strtoll(fields->v[FIELD_FILES], NULL, 10),
					.note = fields->v[FIELD_NOTE] };
	for (size_t i = FIELD_NAMES; i < fields->n; i++)
		strv_add(a, &out->names, fields->v[i]);
}

/* "image\tID..." or "error\tTEXT" */
static void line_read(struct arena *a, char *line, struct imported_image **ret, size_t *ret_n, struct error *e)
{
	struct strv fields = { 0 };

	line[strcspn(line, "\n")] = '\0';
	for (const char *s = strsep(&line, "\t"); s; s = strsep(&line, "\t"))
		strv_add(a, &fields, s);
	if (strcmp(fields.v[0], "image") == 0 && fields.n >= FIELD_NAMES)
		image_read(a, &fields, ARENA_PUSH(a, *ret, *ret_n));
	else if (strcmp(fields.v[0], "error") == 0 && fields.n > 1)
		(void)error_set(e, EIO, "%s", fields.v[1]);
}

static pid_t helper_start(const char *source, const char *name, FILE **ret, struct error *e)
{
	char path[PATH_MAX + 64];
	char *const argv[] = { path, (char *)source, (char *)name, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;
	int p[2], r = launch_program_path("netemu-image", path, sizeof(path), e);

	if (r < 0)
		return r;
	if (pipe2(p, O_CLOEXEC) < 0)
		return error_errno(e, errno, "make a pipe");
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, p[1], STDOUT_FILENO);
	r = posix_spawn(&pid, path, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(p[1]);
	*ret = r ? NULL : fdopen(p[0], "r");
	if (*ret)
		return pid;
	(void)close(p[0]);
	return error_errno(e, r ? r : ENOMEM, "start %s", path);
}

int image_import(struct arena *a, const char *source, const char *name, struct imported_image **ret, size_t *ret_n,
		 struct error *e)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	struct error said = { 0 };
	size_t cap = 0;
	int status = 0;
	const pid_t pid = helper_start(source, name, &f, e);

	if (pid < 0)
		return pid;
	while (getline(&line, &cap, f) > 0)
		line_read(a, line, ret, ret_n, &said);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (!said.code)
		return error_set(e, EIO, "%s: netemu-image was ended", source);
	return error_set(e, EIO, "%s: %s", strcmp(source, "-") == 0 ? "standard input" : source, said.msg);
}

const char *image_size(struct arena *a, int64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double v = (double)bytes;
	size_t unit = 0;

	for (; v >= 1000 && unit + 1 < ARRAY_SIZE(units); unit++)
		v /= 1000;
	return arena_printf(a, "%.3g%s", v, units[unit]);
}
