// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/podcidr.h"

/* kubeadm refuses what would need a bitmap of more than 2^16 blocks. */
enum { BLOCK_BITS_MAX = 16 };

/* One pod subnet that is being cut up. */
struct range {
	struct inprefix block; /* the next one to look at */
	uint8_t mask;
	size_t used, total; /* blocks */
};

static int range_init(struct range *r, const struct lab *cluster, const char *subnet, struct error *e)
{
	struct inprefix p;

	if (inprefix_parse(subnet, &p) < 0)
		return error_set(e, ERANGE, "'%s' is not a subnet", subnet);
	r->mask = p.family == AF_INET ? cluster->node_mask4 : cluster->node_mask6;
	r->block = inprefix_network(&p);
	if (p.len > r->mask)
		return error_set(e, ERANGE, "the pod subnet %s is smaller than what one node gets, a /%u", subnet, r->mask);
	if (r->mask - p.len > BLOCK_BITS_MAX)
		return error_set(e, ERANGE, "the pod subnet %s is more than %u bits larger than what one node gets, a /%u",
				 subnet, BLOCK_BITS_MAX, r->mask);
	r->total = (size_t)1 << (r->mask - p.len);
	r->used = 0;
	r->block.len = r->mask;
	return 0;
}

/* The pin of a family among a node's, or NULL. */
static const char *pin_of(const struct strv *pins, int family, struct inprefix *ret)
{
	for (size_t i = 0; pins && i < pins->n; i++)
		if (inprefix_parse(pins->v[i], ret) == 0 && ret->family == family)
			return pins->v[i];
	return NULL;
}

static bool is_pinned(const struct lab *cluster, const struct strv *pinned, const struct inprefix *block)
{
	struct inprefix pin;

	for (size_t i = 0; pinned && i < cluster->n_nodes; i++)
		if (pin_of(&pinned[i], block->family, &pin) && inprefix_overlap(&pin, block))
			return true;
	return false;
}

static int block_next(struct range *r, const struct lab *cluster, const struct strv *pinned, struct inprefix *ret)
{
	while (r->used < r->total) {
		*ret = r->block;
		r->block = inprefix_next_net(&r->block);
		r->used++;
		if (!is_pinned(cluster, pinned, ret))
			return 0;
	}
	return -ENOSPC;
}

static size_t count_kube(const struct lab *cluster)
{
	size_t n = 0;

	for (size_t i = 0; i < cluster->n_nodes; i++)
		n += cluster->nodes[i].kube;
	return n;
}

static int subnet_assign(const struct lab *cluster, const char *subnet, const struct strv *pinned, struct arena *a,
			 struct strv *ret, struct error *e)
{
	struct range range;
	struct inprefix block;
	char text[INPREFIX_STRLEN];
	int r = range_init(&range, cluster, subnet, e);

	for (size_t i = 0; r == 0 && i < cluster->n_nodes; i++) {
		const char *pin = pinned ? pin_of(&pinned[i], range.block.family, &block) : NULL;

		if (!cluster->nodes[i].kube)
			continue;
		if (!pin && block_next(&range, cluster, pinned, &block) < 0)
			return error_set(e, ENOSPC, "the pod subnet %s has room for %zu nodes (a /%u each); the cluster has %zu",
					 subnet, range.total, range.mask, count_kube(cluster));
		strv_add(a, &ret[i], inprefix_str(&block, text));
	}
	return r;
}

int podcidr_assign(const struct lab *cluster, const struct strv *pinned, struct arena *a, struct strv *ret,
		   struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < cluster->pod_subnets.n; i++)
		r = subnet_assign(cluster, cluster->pod_subnets.v[i], pinned, a, ret, e);
	return r;
}
