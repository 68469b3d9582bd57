// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_complete.c - netemu __complete: names of nodes, labs, kinds and objects for the shell's completion
 *
 * Whatever goes wrong, it prints less and succeeds: a person is in the middle of typing.
 */
#include <string.h>

#include "cluster/jsonutil.h"
#include "engine/state.h"
#include "kubeclient.h"
#include "verbs.h"

static void nodes_print(const char *lab)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;

	if (state_load(lab, &st, NULL) < 0)
		return;
	for (size_t i = 0; i < st->n_nodes; i++) {
		const struct node_state *n = &st->nodes[i];

		(void)puts(n->name);
		if (strcmp(n->name, n->longname) != 0)
			(void)puts(n->longname);
	}
}

static void cluster_print(const char *lab)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;

	if (state_load(lab, &st, NULL) == 0 && strcmp(st->type, "cluster") == 0)
		(void)puts(lab);
}

static void lab_print(const char *lab)
{
	(void)puts(lab);
}

static void kinds_print(void)
{
	for (size_t i = 0; i < _RES_MAX; i++)
		(void)puts(resources[i].plural);
	(void)puts("all\nbgppeers\nbgproutes");
}

/* Names of objects of the only cluster: those of namespaced kinds in the default namespace. */
static void names_print(const char *word)
{
	const struct resource *res = resource_of_word(word);
	_cleanup_kube_reply_ struct kube_reply reply = { 0 };
	_cleanup_kube_ struct kube k = { .sock = -EBADF };
	_cleanup_strbuf_ struct strbuf path = { 0 };
	struct kube_request rq = { .method = "GET" };
	json_t *item;
	size_t i;

	if (!res || geteuid() != 0 || kube_open(NULL, 0, &k, NULL) < 0)
		return;
	kube_url(&path, res, NULL, "default", NULL);
	rq.path = strbuf_str(&path);
	if (kube_http(&k, &rq, NULL, NULL, &reply, NULL) < 0)
		return;
	json_array_foreach(json_object_get(reply.json, "items"), i, item)
		(void)puts(kube_name(item));
}

int cmd_complete(const struct cli *cli)
{
	static const struct {
		const char *what;
		void (*print)(const char *lab);
	} of_labs[] = { { "nodes", nodes_print }, { "labs", lab_print }, { "clusters", cluster_print } };
	const struct strv *args = cli_args(cli);
	_cleanup_arena_ struct arena a = { 0 };
	struct strv labs = { 0 };

	if (strcmp(args->v[0], "kinds") == 0)
		kinds_print();
	if (strcmp(args->v[0], "names") == 0 && args->n > 1)
		names_print(args->v[1]);
	for (size_t k = 0; k < ARRAY_SIZE(of_labs); k++) {
		if (strcmp(args->v[0], of_labs[k].what) != 0 || state_names(&a, &labs, NULL) < 0)
			continue;
		for (size_t i = 0; i < labs.n; i++)
			of_labs[k].print(labs.v[i]);
	}
	return CLI_OK;
}
