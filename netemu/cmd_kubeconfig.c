// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_kubeconfig.c - netemu kubeconfig: what kubectl needs to know of a cluster
 */
#include <string.h>

#include "cli.h"
#include "cluster/cri.h"
#include "kubeclient.h"
#include "topology/load.h"

int cmd_kubeconfig(const struct cli *cli)
{
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_free_ char *text = NULL;
	struct error e = { 0 };
	const char *path;
	size_t len;

	/* An answer means that the file is there, and that the port in it is the API server's. */
	if (kube_open(cli_args(cli)->n ? cli_args(cli)->v[0] : NULL, KUBE_START_MS, &k, &e) < 0)
		return cli_fail(cli, &e);
	path = kube_file(&k.arena, k.lab, KUBE_KUBECONFIG);
	if (cli_flag(cli, "path")) {
		(void)puts(path);
		return CLI_OK;
	}
	if (file_read(path, &text, &len, &e) < 0)
		return cli_fail(cli, &e);
	(void)fwrite(text, 1, len, stdout);
	return CLI_OK;
}
