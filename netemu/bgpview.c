// SPDX-License-Identifier: GPL-2.0-or-later
#include "bgpview.h"

#include <string.h>

#include "cluster/cilium_print.h"
#include "cluster/jsonutil.h"
#include "kubelab.h"
#include "kubeprint.h"

bool bgp_is_view(const char *word)
{
	return strcmp(word, "bgppeers") == 0 || strcmp(word, "bgproutes") == 0;
}

struct view {
	const char *node, *table, *afi;
};

/* The words after the view's own. A word that is no option of the view is a node. */
static int words_read(const struct cli *cli, const struct strv *words, struct view *ret)
{
	*ret = (struct view){ .table = "available", .afi = "ipv4" };
	for (size_t i = 1; i < words->n; i++) {
		const char *w = words->v[i];

		if (strcmp(words->v[0], "bgproutes") == 0 && (strcmp(w, "available") == 0 || strcmp(w, "advertised") == 0))
			ret->table = w;
		else if (strcmp(words->v[0], "bgproutes") == 0 && (strcmp(w, "ipv4") == 0 || strcmp(w, "ipv6") == 0))
			ret->afi = w;
		else if (ret->node)
			return cli_usage(cli, "one node at most, not '%s' and '%s'", ret->node, w);
		else
			ret->node = w;
	}
	return CLI_OK;
}

/* The long name of a node that was named in short. */
static const char *node_name(struct kube *k, const char *word)
{
	struct lab *lab = word ? kube_lab(k, NULL) : NULL;
	const int32_t i = lab ? lab_find_node(lab, word) : LAB_INDEX_NONE;
	const char *name = i == LAB_INDEX_NONE ? word : arena_strdup(&k->arena, lab->nodes[i].longname);

	if (lab)
		lab_free(lab);
	return name;
}

int bgp_show(const struct cli *cli, struct kube *k, const struct strv *words)
{
	const bool peers = strcmp(words->v[0], "bgppeers") == 0;
	const char *format = cli_value(cli, "output");
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct error e = { 0 };
	struct view v;
	int code = words_read(cli, words, &v);
	int r;

	if (code != CLI_OK)
		return code;
	if (cli_flag(cli, "watch"))
		return cli_usage(cli, "%s is asked of the nodes when it is shown: it has no --watch", words->v[0]);
	r = kube_call(k, peers ? "bgp.peers" : "bgp.routes",
		      json_pack("{s:s*, s:s, s:s}", "node", node_name(k, v.node), "table", v.table, "afi", v.afi), &reply, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	if (format && (strcmp(format, "json") == 0 || strcmp(format, "yaml") == 0)) {
		r = kube_print_object(json_object_get(reply, "nodes"), format, stdout, &e);
		return r < 0 ? cli_fail(cli, &e) : CLI_OK;
	}
	if (peers)
		cilium_peers_print(json_object_get(reply, "nodes"), &out);
	else
		cilium_routes_print(json_object_get(reply, "nodes"), &out);
	(void)fputs(strbuf_str(&out), stdout);
	return CLI_OK;
}
