// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * artefacts.c - the texts of artefacts.h
 *
 * Owns the layout of each file. Refuses to know the disk. Nodes are listed by name, as containerlab sorts them.
 */
#include "plan/artefacts.h"

#include <string.h>

/* ---- what several files say of a node ---- */

/* A node that containerlab would have made a container for. */
static bool is_listed(const struct node *n)
{
	return n->kind == NODE_LINUX || n->kind == NODE_EXT_CONTAINER;
}

static const char *label(const struct node *n, const char *key)
{
	for (size_t i = 0; i < n->n_labels; i++)
		if (strcmp(n->labels[i].key, key) == 0)
			return n->labels[i].value;
	return "";
}

static const char *address(const struct inprefix *p, char buf[INPREFIX_STRLEN])
{
	buf[0] = '\0';
	return p->family ? inprefix_addr_str(p, buf) : buf;
}

struct order {
	const char *name;
	size_t index;
};

static int order_compare(const void *a, const void *b)
{
	return strcmp(((const struct order *)a)->name, ((const struct order *)b)->name);
}

/* Indices of the nodes, by name. */
static size_t *nodes_sorted(const struct plan *p, struct arena *a)
{
	const size_t n = p->lab->n_nodes;
	struct order *order = arena_alloc(a, (n + 1) * sizeof(*order));
	size_t *out = arena_alloc(a, (n + 1) * sizeof(*out));

	for (size_t i = 0; i < n; i++)
		order[i] = (struct order){ p->lab->nodes[i].name, i };
	qsort(order, n, sizeof(*order), order_compare);
	for (size_t i = 0; i < n; i++)
		out[i] = order[i].index;
	return out;
}

static int string_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts, and drops what is there twice. */
static void strv_sort_unique(struct strv *s)
{
	size_t n = 0;

	if (s->n == 0)
		return;
	qsort(s->v, s->n, sizeof(*s->v), string_compare);
	for (size_t i = 0; i < s->n; i++)
		if (n == 0 || strcmp(s->v[n - 1], s->v[i]) != 0)
			s->v[n++] = s->v[i];
	s->n = n;
	s->v[n] = NULL;
}

struct strv artefacts_labels(const struct label_source *s, struct arena *a)
{
	const struct kv more[] = {
		{ "containerlab", s->lab },
		{ "clab-mgmt-net-bridge", s->bridge },
		{ "clab-node-group", s->group },
		{ "clab-node-kind", s->kind },
		{ "clab-node-lab-dir", arena_printf(a, "%s/%s", s->lab_dir, s->node) },
		{ "clab-node-longname", s->longname },
		{ "clab-node-name", s->node },
		{ "clab-node-type", "" },
		{ "clab-owner", s->owner },
		{ "clab-topo-file", s->path },
	};
	struct strv out = { 0 };

	for (size_t i = 0; i < s->own.n; i++)
		strv_add(a, &out, s->own.v[i]);
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		strv_add(a, &out, arena_printf(a, "%s=%s", more[i].key, more[i].value));
	strv_sort_unique(&out);
	return out;
}

static struct strv labels_of(const struct plan *p, size_t i, const char *owner, struct arena *a)
{
	const struct lab *lab = p->lab;
	const struct node *n = &lab->nodes[i];
	struct label_source s = { lab->name, lab->lab_dir, lab->path, owner, p->mgmt_dev, n->name, n->longname,
				  node_kind_text(n), n->group ? n->group : "", { 0 } };

	for (size_t k = 0; k < n->n_labels; k++)
		strv_add(a, &s.own, arena_printf(a, "%s=%s", n->labels[k].key, n->labels[k].value));
	return artefacts_labels(&s, a);
}

/* ---- inventories ---- */

/* A scalar that YAML reads as the same string; plain where that is obvious, as containerlab writes names. */
static void yaml_scalar(struct strbuf *out, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	static const char *const meant[] = { "y", "n", "yes", "no", "on", "off", "true", "false", "null" }; /* YAML 1.1 */
	bool word = ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z')) && strspn(s, plain) == strlen(s);

	for (size_t i = 0; i < ARRAY_SIZE(meant); i++)
		word &= strcasecmp(s, meant[i]) != 0;
	if (word)
		strbuf_puts(out, s);
	else
		strbuf_json_string(out, s);
}

static void ansible_host(const struct plan *p, size_t i, struct strbuf *out)
{
	const struct node *n = &p->lab->nodes[i];
	char buf[INPREFIX_STRLEN];

	strbuf_puts(out, "        ");
	yaml_scalar(out, n->longname);
	strbuf_puts(out, ":\n");
	if (strcmp(label(n, "ansible-no-host-var"), "true") != 0)
		strbuf_printf(out, "          ansible_host: %s\n", address(&p->nodes[i].ipv4, buf));
}

/* The group called @name: nodes of that kind, or those whose label says so. */
static void ansible_group(const struct plan *p, const size_t *order, const char *name, bool kinds, struct strbuf *out)
{
	strbuf_puts(out, "    ");
	yaml_scalar(out, name);
	strbuf_puts(out, ":\n      hosts:\n");
	for (size_t k = 0; k < p->lab->n_nodes; k++) {
		const struct node *n = &p->lab->nodes[order[k]];

		if (is_listed(n) && strcmp(kinds ? node_kind_text(n) : label(n, "ansible-group"), name) == 0)
			ansible_host(p, order[k], out);
	}
}

void artefacts_ansible(const struct plan *p, struct strbuf *out)
{
	_cleanup_arena_ struct arena a = { 0 };
	const size_t *order = nodes_sorted(p, &a);
	struct strv kinds = { 0 }, groups = { 0 };

	for (size_t i = 0; i < p->lab->n_nodes; i++) {
		const struct node *n = &p->lab->nodes[i];

		if (!is_listed(n))
			continue;
		strv_add(&a, &kinds, node_kind_text(n));
		if (*label(n, "ansible-group"))
			strv_add(&a, &groups, label(n, "ansible-group"));
	}
	strv_sort_unique(&kinds);
	strv_sort_unique(&groups);
	strbuf_puts(out, "all:\n"
			 "  vars:\n"
			 "    # The inventory is for use on this very host: no proxy of the environment shall be in between.\n"
			 "    ansible_httpapi_use_proxy: false\n"
			 "  children:\n");
	for (size_t i = 0; i < kinds.n; i++)
		ansible_group(p, order, kinds.v[i], true, out);
	for (size_t i = 0; i < groups.n; i++)
		ansible_group(p, order, groups.v[i], false, out);
}

/* Values of all labels that begin with nornir-group. */
static void nornir_groups(const struct node *n, struct arena *a, struct strbuf *out)
{
	struct strv groups = { 0 };

	for (size_t i = 0; i < n->n_labels; i++)
		if (strncmp(n->labels[i].key, "nornir-group", strlen("nornir-group")) == 0)
			strv_add(a, &groups, n->labels[i].value);
	strv_sort_unique(&groups);
	if (groups.n)
		strbuf_puts(out, "    groups:\n");
	for (size_t i = 0; i < groups.n; i++) {
		strbuf_puts(out, "      - ");
		yaml_scalar(out, groups.v[i]);
		strbuf_putc(out, '\n');
	}
}

void artefacts_nornir(const struct plan *p, struct strbuf *out)
{
	_cleanup_arena_ struct arena a = { 0 };
	const size_t *order = nodes_sorted(p, &a);
	char buf[INPREFIX_STRLEN];

	strbuf_puts(out, "---\n");
	for (size_t k = 0; k < p->lab->n_nodes; k++) {
		const struct node *n = &p->lab->nodes[order[k]];

		if (!is_listed(n))
			continue;
		yaml_scalar(out, n->name);
		strbuf_printf(out, ":\n    username: \n    password: \n    platform: %s\n    hostname: %s\n", node_kind_text(n),
			      address(&p->nodes[order[k]].ipv4, buf));
		nornir_groups(n, &a, out);
	}
}

/* ---- topology-data.json ---- */

/* "KEY": "VALUE", at @indent; @last: no comma. */
static void member(struct strbuf *out, unsigned indent, const char *key, const char *value, bool last)
{
	strbuf_printf(out, "%*s\"%s\": ", (int)indent, "", key);
	strbuf_json_string(out, value);
	strbuf_puts(out, last ? "\n" : ",\n");
}

static void mgmt_json(const struct plan *p, struct strbuf *out)
{
	const struct mgmt *m = &p->lab->mgmt;
	char buf[INPREFIX_STRLEN];

	strbuf_puts(out, "      \"mgmt\": {\n");
	member(out, 8, "network", m->network ? m->network : "", false);
	if (m->bridge)
		member(out, 8, "bridge", m->bridge, false);
	if (p->v4.family) {
		member(out, 8, "ipv4-subnet", inprefix_str(&p->v4, buf), false);
		member(out, 8, "ipv4-gw", address(&p->gw4, buf), false);
	}
	if (p->v6.family) {
		member(out, 8, "ipv6-subnet", inprefix_str(&p->v6, buf), false);
		member(out, 8, "ipv6-gw", address(&p->gw6, buf), false);
	}
	if (m->mtu)
		strbuf_printf(out, "        \"mtu\": %u,\n", m->mtu);
	strbuf_printf(out, "        \"external-access\": %s\n      }\n", m->external_access ? "true" : "false");
}

static void keys_json(const char *keys, struct strbuf *out)
{
	const char *sep = "";

	strbuf_puts(out, "  \"ssh-pub-keys\": [");
	for (size_t n; *keys; keys += n + (keys[n] == '\n')) {
		_cleanup_strbuf_ struct strbuf line = { 0 };

		n = strcspn(keys, "\n");
		if (n == 0)
			continue;
		strbuf_add(&line, keys, n);
		strbuf_puts(out, sep);
		strbuf_json_string(out, strbuf_str(&line));
		sep = ", ";
	}
	strbuf_puts(out, "],\n");
}

static void labels_json(const struct strv *labels, struct strbuf *out)
{
	strbuf_puts(out, "      \"labels\": {\n");
	for (size_t i = 0; i < labels->n; i++) {
		char *eq = strchr(labels->v[i], '=');

		*eq = '\0';
		strbuf_puts(out, "        ");
		strbuf_json_string(out, labels->v[i]);
		strbuf_puts(out, ": ");
		strbuf_json_string(out, eq + 1);
		strbuf_puts(out, i + 1 < labels->n ? ",\n" : "\n");
	}
	strbuf_puts(out, "      },\n");
}

static const char *mac_text(const struct macaddr *m, char buf[18])
{
	(void)snprintf(buf, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1], m->b[2], m->b[3], m->b[4], m->b[5]);
	return buf;
}

/* The operations that make links, found once for all. */
struct macs {
	const struct op **of_eth0; /* one a node */
};

static struct macs macs_collect(const struct plan *p, struct arena *a)
{
	struct macs m = { arena_alloc(a, (p->lab->n_nodes + 1) * sizeof(*m.of_eth0)) };

	for (size_t i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];

		if (op->type == OP_VETH && op->node != PLAN_NONE)
			m.of_eth0[op->node] = op;
	}
	return m;
}

static void end_json(const struct plan *p, size_t link, size_t at, const char *name, const char *peer, struct strbuf *out)
{
	static const struct {
		const char *key;
		int family;
	} families[] = { { "ipv4", AF_INET }, { "ipv6", AF_INET6 } };
	const struct link *l = &p->lab->links[link];
	const struct endpoint *end = &l->end[at];
	/* What is no node's is called by the link's type, as in a brief link. */
	const char *node = end->node == LAB_INDEX_NONE ? link_type_names[l->type] : p->lab->nodes[end->node].name;
	char buf[INPREFIX_STRLEN];

	strbuf_printf(out, "        \"%s\": {\n", name);
	member(out, 10, "node", node, false);
	member(out, 10, "interface", end->name ? end->name : "", false);
	member(out, 10, "mac", end->node == LAB_INDEX_NONE ? "" : mac_text(&p->links[link].mac[at], buf), false);
	for (size_t f = 0; f < ARRAY_SIZE(families); f++)
		for (size_t i = 0; i < end->n_addrs; i++)
			if (end->addrs[i].family == families[f].family) {
				member(out, 10, families[f].key, inprefix_str(&end->addrs[i], buf), false);
				break; /* containerlab knows one of each */
			}
	member(out, 10, "peer", peer, true);
	strbuf_puts(out, "        }");
}

static void links_json(const struct plan *p, struct strbuf *out)
{
	strbuf_puts(out, "  \"links\": [");
	for (size_t i = 0; i < p->lab->n_links; i++) {
		const bool dummy = p->lab->links[i].type == LINK_DUMMY;

		strbuf_puts(out, i ? ",\n    {\n" : "\n    {\n");
		strbuf_puts(out, "      \"endpoints\": {\n");
		end_json(p, i, 0, "a", dummy ? "dummy" : "z", out);
		strbuf_puts(out, dummy ? "" : ",\n");
		if (!dummy)
			end_json(p, i, 1, "z", "a", out);
		strbuf_puts(out, "\n      }\n    }");
	}
	strbuf_puts(out, "\n  ]\n}\n");
}

struct node_data {
	const struct plan *p;
	const struct macs *macs;
	const char *owner;
	struct arena *a;
};

static void node_json(const struct node_data *d, size_t i, size_t index, struct strbuf *out)
{
	const struct lab *lab = d->p->lab;
	const struct node *n = &lab->nodes[i];
	const struct plan_node *pn = &d->p->nodes[i];
	const struct strv labels = labels_of(d->p, i, d->owner, d->a);
	const bool mgmt = pn->ipv4.family || pn->ipv6.family;
	char buf[INPREFIX_STRLEN];

	strbuf_puts(out, "    ");
	strbuf_json_string(out, n->name);
	strbuf_puts(out, ": {\n");
	strbuf_printf(out, "      \"index\": \"%zu\",\n", index);
	member(out, 6, "shortname", n->name, false);
	member(out, 6, "longname", n->longname, false);
	member(out, 6, "fqdn", arena_printf(d->a, "%s.%s.io", n->name, lab->name), false);
	member(out, 6, "group", n->group ? n->group : "", false);
	member(out, 6, "labdir", arena_printf(d->a, "%s/%s", lab->lab_dir, n->name), false);
	member(out, 6, "kind", node_kind_text(n), false);
	member(out, 6, "image", n->image ? n->image : "", false);
	member(out, 6, "mgmt-net", mgmt ? lab->mgmt.network : "", false);
	member(out, 6, "mgmt-intf", mgmt ? "eth0" : "", false);
	member(out, 6, "mgmt-ipv4-address", address(&pn->ipv4, buf), false);
	strbuf_printf(out, "      \"mgmt-ipv4-prefix-length\": %u,\n", pn->ipv4.len);
	member(out, 6, "mgmt-ipv6-address", address(&pn->ipv6, buf), false);
	strbuf_printf(out, "      \"mgmt-ipv6-prefix-length\": %u,\n", pn->ipv6.len);
	member(out, 6, "mac-address", d->macs->of_eth0[i] ? mac_text(&d->macs->of_eth0[i]->mac_b, buf) : "", false);
	labels_json(&labels, out);
	strbuf_puts(out, "      \"port-bindings\": []\n    }");
}

/* `prefix:` as the file has it, from what became of it: "", "LAB-", "PREFIX-LAB-". */
static const char *file_prefix(const struct lab *lab, struct arena *a)
{
	const size_t n = strlen(lab->prefix), tail = strlen(lab->name) + 2;

	if (!n)
		return "";
	return n > tail ? arena_strndup(a, lab->prefix, n - tail) : "__lab-name";
}

void artefacts_topology_data(const struct plan *p, const char *owner, const char *keys, struct strbuf *out)
{
	_cleanup_arena_ struct arena a = { 0 };
	const size_t *order = nodes_sorted(p, &a);
	const struct macs macs = macs_collect(p, &a);
	const struct node_data d = { p, &macs, owner, &a };
	const char *sep = "\n";

	strbuf_puts(out, "{\n");
	member(out, 2, "name", p->lab->name, false);
	strbuf_puts(out, "  \"type\": \"clab\",\n  \"clab\": {\n    \"config\": {\n");
	member(out, 6, "prefix", file_prefix(p->lab, &a), false);
	mgmt_json(p, out);
	strbuf_puts(out, "    }\n  },\n");
	keys_json(keys, out);
	strbuf_puts(out, "  \"nodes\": {");
	for (size_t k = 0; k < p->lab->n_nodes; k++) {
		strbuf_puts(out, sep);
		node_json(&d, order[k], k, out);
		sep = ",\n";
	}
	strbuf_puts(out, "\n  },\n");
	links_json(p, out);
}

/* ---- /etc/hosts ---- */

void artefacts_hosts(const struct plan *p, struct strbuf *out)
{
	_cleanup_arena_ struct arena a = { 0 };
	const size_t *order = nodes_sorted(p, &a);
	char buf[INPREFIX_STRLEN];

	for (int v6 = 0; v6 < 2; v6++)
		for (size_t k = 0; k < p->lab->n_nodes; k++) {
			const struct node *n = &p->lab->nodes[order[k]];
			const struct plan_node *pn = &p->nodes[order[k]];
			const struct inprefix *addr = v6 ? &pn->ipv6 : &pn->ipv4;

			if (addr->family)
				strbuf_printf(out, "%s\t%s\t# Kind: %s\n", address(addr, buf), n->longname, node_kind_text(n));
		}
}

/* ---- ssh ---- */

void artefacts_ssh(const struct plan *p, const bool *reachable, struct strbuf *out)
{
	bool any = false;

	for (size_t i = 0; i < p->lab->n_nodes; i++) {
		if (!reachable[i])
			continue;
		if (!any)
			strbuf_printf(out, "# SSH to the nodes of lab %s, written by netemu\n", p->lab->name);
		any = true;
		strbuf_printf(out, "\nHost %s\n\tStrictHostKeyChecking=no\n\tUserKnownHostsFile=/dev/null\n", p->lab->nodes[i].longname);
	}
}

static bool words_say_ssh(const struct strv *words)
{
	for (size_t i = 0; i < words->n; i++)
		if (strstr(words->v[i], "ssh") || strstr(words->v[i], "dropbear"))
			return true;
	return false;
}

bool artefacts_may_ssh(const struct plan *p, size_t node)
{
	const struct node *n = &p->lab->nodes[node];

	if (!p->nodes[node].has_init || !(p->nodes[node].ipv4.family || p->nodes[node].ipv6.family))
		return false;
	for (size_t i = 0; i < n->n_exec; i++)
		if (words_say_ssh(&n->exec[i].argv))
			return true;
	for (size_t i = 0; i < n->n_binds; i++)
		if (strstr(n->binds[i].dst, "ssh"))
			return true;
	return words_say_ssh(&n->cmd) || words_say_ssh(&n->entrypoint) || (n->image && strstr(n->image, "ssh"));
}
