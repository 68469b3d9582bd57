// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_pins.c - bytes -> pins of a dual-stack cluster: no two nodes get the same pod CIDR by them
 */
#include <stdlib.h>
#include <string.h>

#include "cluster/pins.h"
#include "topology/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check(const struct lab *lab)
{
	struct inprefix a, b;

	for (size_t i = 0; i < lab->n_nodes; i++)
		for (size_t j = 0; j < lab->n_nodes; j++)
			for (size_t k = 0; i != j && k < lab->pod_subnets.n; k++) {
				must(lab->nodes[i].pod_cidrs.n == lab->pod_subnets.n);
				must(inprefix_parse(lab->nodes[i].pod_cidrs.v[k], &a) == 0);
				must(inprefix_parse(lab->nodes[j].pod_cidrs.v[k], &b) == 0);
				must(!inprefix_overlap(&a, &b));
			}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char cluster[] = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n"
				      "networking: {ipFamily: dual, podSubnet: '10.1.0.0/22,fd00:1::/62'}\n"
				      "nodes: [{role: control-plane}, {role: worker}, {role: worker}]\n";
	const struct load_options opt = { 0 };
	struct diag d = { 0 }, pd = { 0 };
	struct lab *lab = lab_load(&d, "/c.yaml", cluster, sizeof(cluster) - 1, &opt);
	char *text = malloc(size + 1);
	json_t *pins;

	must(text && lab && !d.n_errors);
	memcpy(text, data, size);
	text[size] = '\0';
	pins = pins_load(&pd, "pins", text, size, lab, size & 1);
	must(pins || pd.n_errors);
	if (pins && !(size & 1))
		pins_apply(lab, pins);
	check(lab);
	json_decref(pins);
	lab_free(lab);
	diag_done(&pd);
	diag_done(&d);
	free(text);
	return 0;
}
