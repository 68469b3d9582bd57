// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_ctr.c - containerd's ctr, for scripts that carry images about: those that are archives are imported
 */
#include <fcntl.h>
#include <string.h>

#include "imageimport.h"
#include "shim_docker.h"

enum { TAR_RECORD = 10240 }; /* an archive with nothing in it: a record of zeros */

static const struct verb_option options[] = {
	{ "namespace", 'n', OPT_STRING, "NAMESPACE", COMPLETE_NOTHING, "accepted, without effect" },
	{ "address", 'a', OPT_STRING, "SOCKET", COMPLETE_NOTHING, "accepted, without effect" },
	{ "platform", 0, OPT_STRING, "PLATFORM", COMPLETE_NOTHING, "accepted, without effect" },
	{ "all-platforms", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "accepted, without effect" },
	{ NULL, 0, OPT_FLAG, NULL, COMPLETE_NOTHING, NULL },
};
static const struct verb globals = {
	.name = "ctr", .options = options, .max_args = ARGS_ANY, .stop_after = STOP_AT_ONCE
};

static int ctr_export(const struct cli *cli)
{
	static const char zeros[TAR_RECORD];
	const char *path = cli_args(cli)->v[0];
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, zeros, sizeof(zeros)) != TAR_RECORD) {
		(void)fprintf(stderr, "ctr: open %s: %s\n", path, strerror(errno));
		return CLI_FAILED;
	}
	(void)fprintf(stderr, "netemu: %s is an empty archive: images stand for the host's own programs\n", path);
	return CLI_OK;
}

static int ctr_pull(const struct cli *cli)
{
	(void)cli;
	(void)fprintf(stderr, "netemu: nothing to pull: images stand for the host's own programs\n");
	return CLI_OK;
}

static int import_one(const char *path)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct imported_image *v;
	struct error e = { 0 };
	size_t n;
	int r;

	if (access(path, R_OK) < 0) {
		(void)fprintf(stderr, "ctr: open %s: %s\n", path, strerror(errno));
		return CLI_FAILED;
	}
	r = shim_image_load(path, &a, &v, &n, &e);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].names.n; k++)
			(void)printf("unpacking %s (sha256:%s)...done\n", v[i].names.v[k], v[i].id);
	if (r == 0 && n == 0)
		(void)fprintf(stderr, "netemu: nothing to import: images stand for the host's own programs\n");
	if (r < 0)
		(void)fprintf(stderr, "ctr: %s\n", e.msg);
	return r < 0 ? CLI_FAILED : CLI_OK;
}

static int ctr_import(const struct cli *cli)
{
	int code = CLI_OK;

	for (size_t i = 0; i < cli_args(cli)->n && code == CLI_OK; i++)
		code = import_one(cli_args(cli)->v[i]);
	return code;
}

#define COMMAND(words, other, arguments, text, function)                                                   \
	{                                                                                                  \
		.name = words, .alias = other, .synopsis = arguments, .summary = text, .options = options, \
		.min_args = 1, .max_args = ARGS_ANY, .run = function                                       \
	}

static const struct verb commands[] = {
	COMMAND("image export", "images export", "FILE IMAGE...", "Write an empty archive", ctr_export),
	COMMAND("image import", "images import", "FILE...", "Import images", ctr_import),
	COMMAND("image pull", "images pull", "IMAGE...", "Nothing to do", ctr_pull),
	{ .name = NULL },
};

const struct shim shim_ctr = {
	.name = "ctr",
	.version = "1.7",
	.globals = &globals,
	.commands = commands,
	.usage_status = CLI_FAILED,
	.unknown = "ctr: unknown command ",
};
