// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_topology.c - bytes -> lab, with everything that is then done to a lab without privileges
 *
 * Beyond what the sanitizers see, a lab without errors must be one that the rest of netemu can rely on.
 */
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"
#include "topology/dump.h"
#include "topology/load.h"
#include "topology/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_node(const struct lab *lab, size_t i)
{
	const struct node *n = &lab->nodes[i];

	must(lab_find_node(lab, n->name) == (int32_t)i);
	if (n->kind == NODE_BRIDGE && strchr(n->name, '|')) /* one inside of a node is an interface and no more */
		must(n->net_node != LAB_INDEX_NONE && !name_check_node(strchr(n->name, '|') + 1));
	else
		must(!name_check_host(n->name) && !name_check_host(n->hostname));
	must(n->longname && !strchr(n->longname, '/'));
	must(n->net_node == LAB_INDEX_NONE || ((size_t)n->net_node < lab->n_nodes && n->net_node != (int32_t)i));
	must(n->net_mode != NET_CONTAINER || n->net_target);
	for (size_t k = 0; k < n->n_binds; k++)
		must(*n->binds[k].src == '/' && *n->binds[k].dst == '/' && n->binds[k].dst[1]);
	for (size_t k = 0; k < n->n_exec; k++)
		must(n->exec[k].text != NULL);
	for (size_t k = 0; k < n->n_sysctls; k++)
		must(!name_check_sysctl(n->sysctls[k].key) && !strchr(n->sysctls[k].value, '\n'));
	for (size_t k = 0; k < n->env.n; k++)
		must(strchr(n->env.v[k], '=') > n->env.v[k]);
}

/* Pod CIDRs: one a subnet, of no other node's. */
static void check_cluster(const struct lab *lab)
{
	struct inprefix a, b;

	must(lab->pod_subnets.n && lab->ip_family && lab->version && lab->api_address);
	for (size_t i = 0; i < lab->n_nodes; i++) {
		const struct node *n = &lab->nodes[i];

		must(n->pod_cidrs.n == (n->kube ? lab->pod_subnets.n : 0));
		must(n->node_ips.n <= 2 && (!n->kube || n->n_kube_labels >= 5));
		for (size_t k = 0; k < n->pod_cidrs.n; k++) {
			must(inprefix_parse(n->pod_cidrs.v[k], &a) == 0);
			if (i == 0 || !lab->nodes[i - 1].kube)
				continue;
			must(inprefix_parse(lab->nodes[i - 1].pod_cidrs.v[k], &b) == 0 && !inprefix_overlap(&a, &b));
		}
	}
}

/* An end is a node's, or the second one of a link that has none there. */
static void check_link(const struct lab *lab, const struct link *l)
{
	const bool two = l->type == LINK_VETH || l->type == LINK_VETH_STITCH;
	struct error e = { 0 };

	must(l->type < _LINK_TYPE_MAX && l->macvlan < _MACVLAN_MAX);
	must(two == (l->end[1].node != LAB_INDEX_NONE));
	must((l->type == LINK_VXLAN || l->type == LINK_VXLAN_STITCH) == (l->remote.family != 0));
	must(!l->remote.family || (l->vni && l->dst_port && l->remote.len == inprefix_bits(&l->remote)));
	must(l->type != LINK_MACVLAN || *l->end[1].ifname);
	for (size_t i = 0; i < 2; i++) {
		const struct endpoint *e2 = &l->end[i];

		must(impair_check(&e2->impair, &e) == 0);
		if (i == 1 && !two && l->type != LINK_MGMT_NET)
			continue;
		must(e2->node == LAB_INDEX_NONE || (size_t)e2->node < lab->n_nodes);
		must(!name_check_if(e2->ifname) && !name_check_end(e2->name));
		must(!e2->altname == (strcmp(e2->name, e2->ifname) == 0) && (!e2->altname || !strchr(e2->altname, '/')));
	}
}

/* Whatever a lab is, there is a plan, or a reason why not. */
static void check_plan(const struct lab *lab)
{
	const struct plan_env env = { 0 };
	struct diag d = { 0 };
	struct plan *p = plan_build(lab, &env, &d);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	must(f && (p || d.n_errors));
	if (p)
		plan_print(p, f);
	plan_freep(&p);
	(void)fclose(f);
	free(text);
	diag_done(&d);
}

static void check_lab(const struct lab *lab)
{
	if (lab->type == LAB_CLUSTER)
		check_cluster(lab);
	must(lab->name && !strchr(lab->name, '/') && *lab->name != '.' && *lab->path == '/');
	must(lab->n_nodes > 0);
	for (size_t i = 0; i < lab->n_nodes; i++)
		check_node(lab, i);
	for (size_t i = 0; i < lab->n_links; i++)
		check_link(lab, &lab->links[i]);
	check_plan(lab);
}

static void print_all(const struct diag *d, const struct lab *lab)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	must(f != NULL);
	diag_print(d, f, len & 1);
	if (lab)
		lab_dump(lab, f);
	(void)fclose(f);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *env[] = { "A=a", "EMPTY=", "LINES=x: 1\ny: 2", "HOME=/u", NULL };
	static char *maps[] = { "srl=linux", "crpd=", NULL }, *filter[] = { "a", "b", NULL };
	const struct strv map_kinds = { maps, 2 }, node_filter = { filter, 2 };
	struct load_options opt = { .environ_ = env, .map_kinds = &map_kinds };
	struct diag d = { 0 };
	struct lab *lab;
	char *text = malloc(size + 1);

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (size && data[size - 1] == 'F') /* some inputs with a filter, which few labs survive */
		opt.node_filter = &node_filter;
	lab = lab_load(&d, "/labs/fuzz.yaml", text, size, &opt);
	must(lab || d.n_errors);
	if (lab && !d.n_errors)
		check_lab(lab);
	print_all(&d, lab);
	lab_free(lab);
	diag_done(&d);
	free(text);
	return 0;
}
