// SPDX-License-Identifier: GPL-2.0-or-later
#include "cluster/pins.h"

#include <string.h>

#include "cluster/jsonutil.h"
#include "cluster/podcidr.h"
#include "topology/loader.h"

struct reader {
	struct loader l;
	const struct lab *cluster;
	bool running;
	json_t *pins;
	struct strv *cidrs; /* pinned, one a node */
	struct pos *pos; /* where, one a node */
	struct strv *result; /* all CIDRs that follow, one a node */
	struct strmap taken; /* addresses -> index in holders */
	struct strv holders;
};

/* ---- keys ---- */

enum node_key { NK_CIDR, NK_CIDRS, NK_ROUTER, NK_ROUTERS, _NK_MAX };

static const struct schema_key node_keys[] = {
	[NK_CIDR] = { "podCIDR", SHAPE_STRING, 0, NULL, NULL },
	[NK_CIDRS] = { "podCIDRs", SHAPE_STRINGS, 0, NULL, NULL },
	[NK_ROUTER] = { "routerIP", SHAPE_STRING, 0, NULL, NULL },
	[NK_ROUTERS] = { "routerIPs", SHAPE_STRINGS, 0, NULL, NULL },
};
static_assert(ARRAY_SIZE(node_keys) == _NK_MAX, "one a key");

enum pod_key { PK_NODE, PK_IP, PK_IPS, _PK_MAX };

static const struct schema_key pod_keys[] = {
	[PK_NODE] = { "node", SHAPE_STRING, 0, NULL, NULL },
	[PK_IP] = { "ip", SHAPE_STRING, 0, NULL, NULL },
	[PK_IPS] = { "ips", SHAPE_STRINGS, 0, NULL, NULL },
};
static_assert(ARRAY_SIZE(pod_keys) == _PK_MAX, "one a key");

enum file_key { FK_NODES, FK_PODS, _FK_MAX };

static const struct schema_key file_keys[] = {
	[FK_NODES] = { "nodes", SHAPE_MAP, 0, NULL, NULL },
	[FK_PODS] = { "pods", SHAPE_MAP, 0, NULL, NULL },
};
static_assert(ARRAY_SIZE(file_keys) == _FK_MAX, "one a key");

/* ---- helpers ---- */

static ssize_t node_find(const struct lab *cluster, const char *name)
{
	for (size_t i = 0; i < cluster->n_nodes; i++)
		if (cluster->nodes[i].kube &&
		    (strcmp(cluster->nodes[i].name, name) == 0 || strcmp(cluster->nodes[i].longname, name) == 0))
			return (ssize_t)i;
	return -1;
}

static ssize_t node_lookup(struct reader *r, const char *name, struct pos pos)
{
	const ssize_t i = node_find(r->cluster, name);
	struct suggest s = { .word = name };

	if (i >= 0)
		return i;
	for (size_t k = 0; k < r->cluster->n_nodes && diag_wants_hints(r->l.d); k++)
		if (r->cluster->nodes[k].kube)
			suggest_try(&s, r->cluster->nodes[k].name);
	diag_error(r->l.d, pos, suggest_hint(&r->l, &s), "cluster '%s' has no node '%s'", r->cluster->name, name);
	return -1;
}

/* One value, or the list of them: at most one a family. Calls @fn with each that is an address of the wanted kind. */
static void each_address(struct reader *r, const struct value *one, const struct value *list, bool subnet,
			 void (*fn)(struct reader *r, const struct value *v, const struct inprefix *p, void *arg), void *arg)
{
	const struct value *const single[] = { one };
	const struct value *const *items = list ? list->items : single;
	const size_t n = list ? list->n : one ? 1 : 0;
	struct inprefix p;
	int families = 0;

	if (one && list)
		diag_error(r->l.d, list->pos, NULL, "give one value or a list of them, not both");
	for (size_t i = 0; i < n; i++) {
		const char *text = value_string(items[i]);

		if ((strchr(text, '/') != NULL) != subnet || inprefix_parse(text, &p) < 0) {
			diag_error(r->l.d, items[i]->pos, NULL, "'%s' is not %s", text,
				   subnet ? "a subnet (ADDRESS/LENGTH)" : "an IP address");
			continue;
		}
		if (families & (p.family == AF_INET ? 1 : 2))
			diag_error(r->l.d, items[i]->pos, NULL, "there is one of that family already");
		families |= p.family == AF_INET ? 1 : 2;
		fn(r, items[i], &p, arg);
	}
}

static bool in_any(const struct strv *subnets, const struct inprefix *p)
{
	struct inprefix net;

	for (size_t i = 0; i < subnets->n; i++)
		if (inprefix_parse(subnets->v[i], &net) == 0 && net.family == p->family && net.len <= p->len &&
		    inprefix_contains(&net, p))
			return true;
	return false;
}

static const char *joined(struct reader *r, const struct strv *words)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	for (size_t i = 0; i < words->n; i++)
		strbuf_printf(&s, "%s%s", i ? ", " : "", words->v[i]);
	return arena_strdup(&r->l.scratch, strbuf_str(&s));
}

/* Nobody else may have the address. @who: "pod default/x" */
static void address_take(struct reader *r, const struct value *v, const struct inprefix *p, const char *who)
{
	char buf[INPREFIX_STRLEN];
	const char *text = arena_strdup(&r->l.scratch, inprefix_addr_str(p, buf));

	if (!strmap_put(&r->taken, text, r->holders.n))
		diag_error(r->l.d, v->pos, NULL, "%s is the address of %s already", text,
			   r->holders.v[strmap_get(&r->taken, text)]);
	else
		strv_add(&r->l.scratch, &r->holders, who);
}

static json_t *node_entry(struct reader *r, size_t node)
{
	return json_object_make(json_object_make(r->pins, "nodes"), r->cluster->nodes[node].longname);
}

/* ---- nodes ---- */

static void cidr_add(struct reader *r, const struct value *v, const struct inprefix *p, void *arg)
{
	const size_t node = *(const size_t *)arg;
	const struct inprefix net = inprefix_network(p);
	struct inprefix other;
	char buf[INPREFIX_STRLEN];

	if (!inprefix_same_addr(&net, p))
		diag_error(r->l.d, v->pos, NULL, "'%s' has host bits set", v->text);
	if (r->running && !strv_contains(&r->cluster->nodes[node].pod_cidrs, inprefix_str(p, buf))) {
		diag_error(r->l.d, v->pos, "pin it when the cluster is made (netemu run --pin)",
			   "node '%s' has the pod CIDR %s already, and keeps it", r->cluster->nodes[node].name,
			   joined(r, &r->cluster->nodes[node].pod_cidrs));
		return;
	}
	if (!r->running && !in_any(&r->cluster->pod_subnets, p)) {
		diag_error(r->l.d, v->pos, NULL, "%s is not in the cluster's pod subnet, %s", v->text,
			   joined(r, &r->cluster->pod_subnets));
		return;
	}
	for (size_t i = 0; i < r->cluster->n_nodes; i++)
		for (size_t k = 0; i != node && k < r->cidrs[i].n; k++)
			if (inprefix_parse(r->cidrs[i].v[k], &other) == 0 && inprefix_overlap(&other, p))
				diag_error(r->l.d, v->pos, NULL, "%s is pinned to node '%s' already (line %u)", v->text,
					   r->cluster->nodes[i].name, r->pos[i].line);
	r->pos[node] = v->pos;
	strv_add(&r->l.scratch, &r->cidrs[node], inprefix_str(p, buf));
}

static void router_add(struct reader *r, const struct value *v, const struct inprefix *p, void *arg)
{
	const size_t node = *(const size_t *)arg;
	const struct node *n = &r->cluster->nodes[node];
	char buf[INPREFIX_STRLEN];

	if (!in_any(&r->result[node], p)) {
		diag_error(r->l.d, v->pos, NULL, "%s is not in the pod CIDR of node '%s', %s", v->text, n->name,
			   joined(r, &r->result[node]));
		return;
	}
	address_take(r, v, p, arena_printf(&r->l.scratch, "node %s's cilium_host", n->name));
	(void)json_array_append_new(json_array_make(node_entry(r, node), "routerIPs"), json_string(inprefix_addr_str(p, buf)));
}

/* @routers: the second pass, when all pod CIDRs are known */
static void nodes_read(struct reader *r, const struct value *nodes, bool routers)
{
	const struct value *keys[_NK_MAX];
	_cleanup_diag_ struct diag unused = { 0 };
	struct diag *d = r->l.d;

	for (size_t i = 0; nodes && i < nodes->n; i++) {
		const struct pair *p = &nodes->pairs[i];
		ssize_t found;
		size_t node;

		r->l.d = routers ? &unused : d; /* said in the first pass */
		found = node_lookup(r, p->key, p->key_pos);
		schema_read(&r->l, p->value, SCHEMA(node_keys), arena_printf(&r->l.scratch, "the pins of node '%s'", p->key), keys);
		r->l.d = d;
		if (found < 0)
			continue;
		node = (size_t)found;
		if (routers)
			each_address(r, keys[NK_ROUTER], keys[NK_ROUTERS], false, router_add, &node);
		else
			each_address(r, keys[NK_CIDR], keys[NK_CIDRS], true, cidr_add, &node);
	}
}

/* What the pins leave for the other nodes. */
static void assign(struct reader *r, struct pos pos)
{
	struct error e = { 0 };

	if (r->l.d->n_errors)
		return;
	for (size_t i = 0; r->running && i < r->cluster->n_nodes; i++)
		r->result[i] = r->cluster->nodes[i].pod_cidrs;
	if (!r->running && podcidr_assign(r->cluster, r->cidrs, &r->l.scratch, r->result, &e) < 0)
		diag_error(r->l.d, pos, NULL, "with these pins, %s", e.msg);
	for (size_t i = 0; i < r->cluster->n_nodes; i++)
		for (size_t k = 0; k < r->cidrs[i].n; k++)
			(void)json_array_append_new(json_array_make(node_entry(r, i), "podCIDRs"), json_string(r->cidrs[i].v[k]));
}

/* ---- pods ---- */

struct pod {
	const char *name; /* "default/nettool-1" */
	ssize_t node; /* or -1 */
	json_t *entry;
};

static void ip_add(struct reader *r, const struct value *v, const struct inprefix *p, void *arg)
{
	const struct pod *pod = arg;
	char buf[INPREFIX_STRLEN];
	bool ok = false;

	for (size_t i = 0; i < r->cluster->n_nodes; i++)
		ok = ok || ((pod->node < 0 || (size_t)pod->node == i) && in_any(&r->result[i], p));
	if (!ok && pod->node >= 0)
		diag_error(r->l.d, v->pos, NULL, "%s is not in the pod CIDR of node '%s', %s", v->text,
			   r->cluster->nodes[pod->node].name, joined(r, &r->result[pod->node]));
	else if (!ok)
		diag_error(r->l.d, v->pos, NULL, "%s is in no node's pod CIDR", v->text);
	address_take(r, v, p, arena_printf(&r->l.scratch, "pod %s", pod->name));
	(void)json_array_append_new(json_array_make(pod->entry, "ips"), json_string(inprefix_addr_str(p, buf)));
}

static void pod_read(struct reader *r, const struct pair *p)
{
	const struct value *keys[_PK_MAX];
	struct pod pod = { .node = -1 };

	pod.name = strchr(p->key, '/') ? p->key : arena_printf(&r->l.scratch, "default/%s", p->key);
	schema_read(&r->l, p->value, SCHEMA(pod_keys), arena_printf(&r->l.scratch, "the pins of pod '%s'", p->key), keys);
	if (json_object_get(json_object_get(r->pins, "pods"), pod.name))
		diag_error(r->l.d, p->key_pos, NULL, "pod %s is pinned already", pod.name);
	pod.entry = json_object_make(json_object_make(r->pins, "pods"), pod.name);
	if (keys[PK_NODE]) {
		pod.node = node_lookup(r, value_string(keys[PK_NODE]), keys[PK_NODE]->pos);
		if (pod.node < 0)
			return;
		(void)json_object_set_new(pod.entry, "node", json_string(r->cluster->nodes[pod.node].longname));
	}
	each_address(r, keys[PK_IP], keys[PK_IPS], false, ip_add, &pod);
}

/* ---- all of it ---- */

static void file_read_pins(struct reader *r, const struct value *root)
{
	const struct value *keys[_FK_MAX];

	schema_read(&r->l, root, SCHEMA(file_keys), "a pin file", keys);
	nodes_read(r, keys[FK_NODES], false);
	assign(r, root->pos);
	if (r->l.d->n_errors)
		return;
	nodes_read(r, keys[FK_NODES], true);
	for (size_t i = 0; keys[FK_PODS] && i < keys[FK_PODS]->n; i++)
		pod_read(r, &keys[FK_PODS]->pairs[i]);
}

json_t *pins_load(struct diag *d, const char *path, const char *text, size_t len, const struct lab *cluster, bool running)
{
	static const struct load_options opt;
	_cleanup_source_ struct source src = { 0 };
	struct reader r = { .l = { .d = d, .opt = &opt }, .cluster = cluster, .running = running, .pins = json_object() };
	const size_t errors = d->n_errors, n = cluster->n_nodes + 1;
	const struct value *root;

	r.cidrs = arena_alloc(&r.l.scratch, n * sizeof(*r.cidrs));
	r.result = arena_alloc(&r.l.scratch, n * sizeof(*r.result));
	r.pos = arena_alloc(&r.l.scratch, n * sizeof(*r.pos));
	source_init(&src, d, diag_add_file(d, path, text, len), text, len);
	if (doc_parse(&src, &r.l.scratch, &root) == 0)
		file_read_pins(&r, root);
	strmap_done(&r.taken);
	arena_done(&r.l.scratch);
	if (d->n_errors == errors)
		return r.pins;
	json_decref(r.pins);
	return NULL;
}

static void strings_copy(struct arena *a, const json_t *list, struct strv *ret)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		strv_add(a, ret, json_string_value(json_array_get(list, i)));
}

void pins_apply(struct lab *cluster, const json_t *pins)
{
	_cleanup_free_ char *text = json_dumps(pins, JSON_COMPACT | JSON_SORT_KEYS);
	struct strv *cidrs = arena_alloc(&cluster->arena, (cluster->n_nodes + 1) * sizeof(*cidrs));
	struct strv *ret = arena_alloc(&cluster->arena, (cluster->n_nodes + 1) * sizeof(*ret));

	for (size_t i = 0; i < cluster->n_nodes; i++) {
		const json_t *entry = json_at(pins, "nodes", cluster->nodes[i].longname, NULL);

		strings_copy(&cluster->arena, json_object_get(entry, "podCIDRs"), &cidrs[i]);
		cluster->nodes[i].router_ips = (struct strv){ 0 };
		strings_copy(&cluster->arena, json_object_get(entry, "routerIPs"), &cluster->nodes[i].router_ips);
	}
	cluster->pins = arena_strdup(&cluster->arena, text ? text : "{}");
	if (podcidr_assign(cluster, cidrs, &cluster->arena, ret, NULL) < 0)
		return;
	for (size_t i = 0; i < cluster->n_nodes; i++)
		cluster->nodes[i].pod_cidrs = ret[i];
}
