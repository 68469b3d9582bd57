// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kind.c - Kind's v1alpha4, read as strictly as Kind reads it
 *
 * Owns the keys, node names and defaults (reference: kind's pkg/apis/config/v1alpha4, common/namer.go). Refuses to
 * know what kubeadm makes of it all (kubeadm.c), and Kubernetes as a whole.
 */
#include "cluster/kind.h"

#include <string.h>

#include "cluster/kubeadm.h"
#include "topology/names.h"
#include "topology/nodekeys.h"
#include "topology/topology.h"

enum { ROLE_CONTROL_PLANE, ROLE_WORKER, _ROLE_MAX };

static const char *const roles[] = { [ROLE_CONTROL_PLANE] = "control-plane", [ROLE_WORKER] = "worker" };
static_assert(ARRAY_SIZE(roles) == _ROLE_MAX, "one a role");

/* ---- checks ---- */

/* One of @words, or the mistake and the nearest of them. */
static bool check_word(struct loader *l, const struct value *v, const char *key, const char *const *words, size_t n)
{
	_cleanup_strbuf_ struct strbuf all = { 0 };

	if (!value_is_set(v))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v->text, words[i]) == 0)
			return true;
		strbuf_printf(&all, "%s%s", i ? ", " : "", words[i]);
	}
	diag_error(l->d, v->pos, suggest_of(l, v->text, words, n), "'%s' is '%s', but must be one of: %s", key, v->text,
		   strbuf_str(&all));
	return false;
}

static void check_role(struct loader *l, const struct value *v)
{
	(void)check_word(l, v, "role", roles, ARRAY_SIZE(roles));
}

static void check_family(struct loader *l, const struct value *v)
{
	static const char *const words[] = { "ipv4", "ipv6", "dual" };

	(void)check_word(l, v, "ipFamily", words, ARRAY_SIZE(words));
}

static void check_proxy(struct loader *l, const struct value *v)
{
	static const char *const words[] = { "iptables", "ipvs", "nftables", "none" };

	(void)check_word(l, v, "kubeProxyMode", words, ARRAY_SIZE(words));
}

static void check_propagation(struct loader *l, const struct value *v)
{
	static const char *const words[] = { "None", "HostToContainer", "Bidirectional" };

	(void)check_word(l, v, "propagation", words, ARRAY_SIZE(words));
}

static void check_protocol(struct loader *l, const struct value *v)
{
	static const char *const words[] = { "TCP", "UDP", "SCTP" };

	(void)check_word(l, v, "protocol", words, ARRAY_SIZE(words));
}

static void check_port(struct loader *l, const struct value *v)
{
	const int64_t port = value_int(v, 0);

	if (port < -1 || port > 65535)
		diag_error(l->d, v->pos, NULL, "a port is a number from -1 to 65535, not %lld", (long long)port);
}

static void check_address(struct loader *l, const struct value *v)
{
	struct inprefix p;

	if (*v->text && (strchr(v->text, '/') || inprefix_parse(v->text, &p) < 0))
		diag_error(l->d, v->pos, NULL, "'%s' is not an IP address", v->text);
}

/* One word each: they become a line of resolv.conf. */
static void check_search(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const char *s = value_string(v->items[i]);

		if (!*s || strpbrk(s, " \t\r\n#;"))
			diag_error(l->d, v->items[i]->pos, NULL, "'%s' is not a domain name", s);
	}
}

/* One CIDR, or two of different families, separated by a comma. */
static void check_subnet(struct loader *l, const struct value *v)
{
	char *rest = arena_strdup(&l->scratch, v->text), *one;
	int first = 0;
	struct inprefix p;

	for (size_t n = 0; *v->text && (one = strsep(&rest, ",")); n++) {
		if (!strchr(one, '/') || inprefix_parse(one, &p) < 0)
			diag_error(l->d, v->pos, NULL, "'%s' is not a subnet (ADDRESS/LENGTH)", one);
		else if (n && p.family == first)
			diag_error(l->d, v->pos, NULL, "two subnets must be one of IPv4 and one of IPv6");
		else if (n > 1)
			diag_error(l->d, v->pos, NULL, "more than two subnets");
		else
			first = p.family;
	}
}

/* A patch is YAML of its own, of one or more documents; its mistakes are shown at the patch. */
static void check_patch(struct loader *l, const struct value *v)
{
	_cleanup_diag_ struct diag d = { 0 };
	char *rest = arena_strdup(&l->scratch, value_string(v)), *doc;
	const struct value *root;

	while (d.n_errors == 0 && (doc = kubeadm_next_document(&rest))) {
		_cleanup_source_ struct source src = { 0 };
		_cleanup_(arena_done) struct arena a = { 0 };

		source_init(&src, &d, diag_add_file(&d, "patch", NULL, 0), doc, strlen(doc));
		(void)doc_parse(&src, &a, &root);
	}
	if (d.n_errors)
		diag_error(l->d, v->pos, NULL, "the patch is %s (its line %u)", d.entries[0].msg,
			   d.entries[0].pos.line);
}

static void check_patches(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		check_patch(l, v->items[i]);
}

enum json_patch_key { JK_GROUP, JK_KIND, JK_NAME, JK_NAMESPACE, JK_PATCH, JK_VERSION, _JK_MAX };

static const struct schema_key json_patch_keys[] = {
	[JK_GROUP] = { "group", SHAPE_STRING, 0, NULL, NULL },	[JK_KIND] = { "kind", SHAPE_STRING, 0, NULL, NULL },
	[JK_NAME] = { "name", SHAPE_STRING, 0, NULL, NULL },		[JK_NAMESPACE] = { "namespace", SHAPE_STRING, 0, NULL, NULL },
	[JK_PATCH] = { "patch", SHAPE_STRING, 0, check_patch, NULL }, [JK_VERSION] = { "version", SHAPE_STRING, 0, NULL, NULL },
};
static_assert(ARRAY_SIZE(json_patch_keys) == _JK_MAX, "one a key");

static void check_json_patches(struct loader *l, const struct value *v)
{
	const struct value *keys[_JK_MAX];

	for (size_t i = 0; i < v->n; i++)
		schema_read(l, v->items[i], SCHEMA(json_patch_keys), "a JSON6902 patch", keys);
}

/* ---- node ---- */

enum mount_key { MT_CONTAINER_PATH, MT_HOST_PATH, MT_PROPAGATION, MT_READ_ONLY, MT_SELINUX_RELABEL, _MT_MAX };

static const struct schema_key mount_keys[] = {
	[MT_CONTAINER_PATH] = { "containerPath", SHAPE_STRING, 0, NULL, NULL },
	[MT_HOST_PATH] = { "hostPath", SHAPE_STRING, 0, NULL, NULL },
	[MT_PROPAGATION] = { "propagation", SHAPE_STRING, 0, check_propagation, NULL },
	[MT_READ_ONLY] = { "readOnly", SHAPE_BOOL, 0, NULL, NULL },
	[MT_SELINUX_RELABEL] = { "selinuxRelabel", SHAPE_BOOL, 0, NULL, NULL },
};
static_assert(ARRAY_SIZE(mount_keys) == _MT_MAX, "one a key");

enum port_key { PT_CONTAINER_PORT, PT_HOST_PORT, PT_LISTEN_ADDRESS, PT_PROTOCOL, _PT_MAX };

static const struct schema_key port_keys[] = {
	[PT_CONTAINER_PORT] = { "containerPort", SHAPE_INT, 0, check_port, NULL },
	[PT_HOST_PORT] = { "hostPort", SHAPE_INT, 0, check_port, NULL },
	[PT_LISTEN_ADDRESS] = { "listenAddress", SHAPE_STRING, 0, check_address, NULL },
	[PT_PROTOCOL] = { "protocol", SHAPE_STRING, 0, check_protocol, NULL },
};
static_assert(ARRAY_SIZE(port_keys) == _PT_MAX, "one a key");

static void check_ports(struct loader *l, const struct value *v)
{
	const struct value *keys[_PT_MAX];
	_cleanup_strmap_ struct strmap seen = { 0 };

	for (size_t i = 0; i < v->n; i++) {
		const char *key;

		schema_read(l, v->items[i], SCHEMA(port_keys), "a port mapping", keys);
		key = arena_printf(&l->scratch, "%s %lld %s", value_string(keys[PT_LISTEN_ADDRESS]),
				   (long long)value_int(keys[PT_HOST_PORT], 0),
				   value_is_set(keys[PT_PROTOCOL]) ? keys[PT_PROTOCOL]->text : "TCP");
		if (value_int(keys[PT_HOST_PORT], 0) > 0 && !strmap_put(&seen, key, i))
			diag_error(l->d, v->items[i]->pos, NULL, "this host port is mapped already, on line %u",
				   v->items[strmap_get(&seen, key)]->pos.line);
		if (value_int(keys[PT_CONTAINER_PORT], 0) < 1)
			diag_error(l->d, v->items[i]->pos, NULL, "a port mapping needs a 'containerPort'");
	}
}

enum kind_node_key { KN_ROLE, KN_IMAGE, KN_LABELS, KN_MOUNTS, KN_PORTS, KN_PATCHES, KN_JSON_PATCHES, _KN_MAX };

static const struct schema_key node_keys[] = {
	[KN_ROLE] = { "role", SHAPE_STRING, 0, check_role, NULL },
	[KN_IMAGE] = { "image", SHAPE_STRING, 0, NULL, NULL },
	[KN_LABELS] = { "labels", SHAPE_STRING_MAP, 0, NULL, NULL },
	[KN_MOUNTS] = { "extraMounts", SHAPE_LIST, 0, NULL, NULL },
	[KN_PORTS] = { "extraPortMappings", SHAPE_LIST, 0, check_ports, NULL },
	[KN_PATCHES] = { "kubeadmConfigPatches", SHAPE_STRINGS, 0, check_patches, NULL },
	[KN_JSON_PATCHES] = { "kubeadmConfigPatchesJSON6902", SHAPE_LIST, 0, check_json_patches, NULL },
};
static_assert(ARRAY_SIZE(node_keys) == _KN_MAX, "one a key");

static void read_mount(struct loader *l, struct node *n, const struct value *v)
{
	const struct value *keys[_MT_MAX];
	struct bind *b;

	schema_read(l, v, SCHEMA(mount_keys), "a mount", keys);
	if (value_string(keys[MT_CONTAINER_PATH])[0] != '/' || !value_is_set(keys[MT_HOST_PATH])) {
		diag_error(l->d, v->pos, NULL, "a mount needs a 'hostPath' and an absolute 'containerPath'");
		return;
	}
	b = ARENA_PUSH(l->a, n->binds, n->n_binds);
	b->src = path_clean(l->a, l->lab->dir, keys[MT_HOST_PATH]->text);
	b->dst = path_clean(l->a, "", keys[MT_CONTAINER_PATH]->text);
	b->ro = value_bool(keys[MT_READ_ONLY], false);
	b->pos = v->pos;
	if (l->opt->check_files && access(b->src, F_OK) < 0)
		diag_error(l->d, v->pos, NULL, "the source of a mount, %s: %s", b->src, strerror(errno));
}

/* What has another shape was reported where it was read. */
static int64_t int_of(const struct value *map, const char *key)
{
	const struct value *v = value_get(map, key);

	return v && v->type == VALUE_SCALAR ? value_int(v, 0) : 0;
}

/* Published as `ports` of a topology's node are. A hostPort of 0 or -1 is any that is free. */
static void read_port(struct loader *l, struct node *n, const struct value *v)
{
	const char *address = value_string(value_get(v, "listenAddress")), *protocol = value_string(value_get(v, "protocol"));
	const int64_t to = int_of(v, "containerPort"), host = int_of(v, "hostPort");
	struct port_map m = { .pos = v->pos };

	if (to < 1 || to > 65535 || host > 65535)
		return;
	m.udp = strcmp(protocol, "UDP") == 0;
	m.node_port = (uint16_t)to;
	m.host_port = (uint16_t)MAX_OF(host, (int64_t)0);
	if (*address && strcmp(address, "0.0.0.0") != 0 && strcmp(address, "::") != 0)
		(void)inprefix_parse(address, &m.host);
	if (strcmp(protocol, "SCTP") == 0)
		diag_warning(l->d, v->pos, NULL, "ports of SCTP are not published: a process of the lab hands on TCP and UDP");
	else
		*ARENA_PUSH(l->a, n->ports, n->n_ports) = m;
}

/* Kind's config on its way to kubeadm: patches by node. */
struct cluster {
	struct kubeadm_patches common, *nodes; /* nodes: one a node of the lab */
	size_t n;
};

static void read_patches(struct loader *l, const struct value *merge, const struct value *json6902, struct kubeadm_patches *ret)
{
	for (size_t i = 0; merge && i < merge->n; i++)
		*ARENA_PUSH(&l->scratch, ret->items, ret->n) =
			(struct kubeadm_patch){ .text = value_string(merge->items[i]), .pos = merge->items[i]->pos };
	for (size_t i = 0; json6902 && i < json6902->n; i++) {
		const struct value *v = json6902->items[i];

		*ARENA_PUSH(&l->scratch, ret->items, ret->n) = (struct kubeadm_patch){
			.text = value_string(value_get(v, "patch")),
			.pos = v->pos,
			.json6902 = true,
			.group = value_string(value_get(v, "group")),
			.version = value_string(value_get(v, "version")),
			.kind = value_string(value_get(v, "kind")),
		};
	}
}

/* "worker", "worker2", ...: the @nth of its role, from 1. */
static struct node *push_node(struct loader *l, const char *role, unsigned nth, struct pos pos)
{
	struct node *n = ARENA_PUSH(l->a, l->lab->nodes, l->lab->n_nodes);

	n->name = nth > 1 ? arena_printf(l->a, "%s%u", role, nth) : role;
	n->longname = n->hostname = arena_printf(l->a, "%s-%s", l->lab->name, n->name);
	n->kind = NODE_LINUX;
	n->net_mode = NET_MGMT;
	n->net_node = LAB_INDEX_NONE;
	n->pos = n->image_pos = n->net_pos = pos;
	(void)strmap_put(&l->lab->node_index, n->name, l->lab->n_nodes - 1);
	if (name_check_host(n->hostname))
		diag_error(l->d, pos, NULL, "node name '%s' %s", n->hostname, name_check_host(n->hostname));
	return n;
}

static void add_node(struct loader *l, const struct value *v, unsigned counts[_ROLE_MAX], struct cluster *c)
{
	const struct value *keys[_KN_MAX], *labels;
	unsigned role = ROLE_CONTROL_PLANE;
	struct node *n;

	schema_read(l, v, SCHEMA(node_keys), "a node", keys);
	if (strcmp(value_string(keys[KN_ROLE]), roles[ROLE_WORKER]) == 0)
		role = ROLE_WORKER;
	n = push_node(l, roles[role], ++counts[role], v->pos);
	n->kube = true;
	n->control_plane = role == ROLE_CONTROL_PLANE;
	n->image = KIND_DEFAULT_IMAGE;
	if (value_is_set(keys[KN_IMAGE])) {
		n->image = arena_strdup(l->a, keys[KN_IMAGE]->text);
		n->image_pos = keys[KN_IMAGE]->pos;
	}
	labels = keys[KN_LABELS];
	for (size_t i = 0; labels && i < labels->n; i++)
		*ARENA_PUSH(l->a, n->labels, n->n_labels) = (struct kv){
			arena_strdup(l->a, labels->pairs[i].key),
			arena_strdup(l->a, value_string(labels->pairs[i].value)),
		};
	for (size_t i = 0; keys[KN_MOUNTS] && i < keys[KN_MOUNTS]->n; i++)
		read_mount(l, n, keys[KN_MOUNTS]->items[i]);
	for (size_t i = 0; keys[KN_PORTS] && i < keys[KN_PORTS]->n; i++)
		read_port(l, n, keys[KN_PORTS]->items[i]);
	if (l->opt->node_image)
		n->image = arena_strdup(l->a, l->opt->node_image);
	n->kube_version = kubeadm_version(l->a, n->image);
	if (!n->kube_version)
		n->kube_version = kubeadm_version(l->a, KIND_DEFAULT_IMAGE);
	read_patches(l, keys[KN_PATCHES], keys[KN_JSON_PATCHES], ARENA_PUSH(&l->scratch, c->nodes, c->n));
}

/* ---- cluster ---- */

enum net_key {
	NW_API_ADDRESS,
	NW_API_PORT,
	NW_DISABLE_CNI,
	NW_DNS_SEARCH,
	NW_FAMILY,
	NW_PROXY_MODE,
	NW_POD_SUBNET,
	NW_SERVICE_SUBNET,
	_NW_MAX,
};

static const struct schema_key net_keys[] = {
	[NW_API_ADDRESS] = { "apiServerAddress", SHAPE_STRING, 0, check_address, NULL },
	[NW_API_PORT] = { "apiServerPort", SHAPE_INT, 0, check_port, NULL },
	[NW_DISABLE_CNI] = { "disableDefaultCNI", SHAPE_BOOL, 0, NULL, NULL },
	[NW_DNS_SEARCH] = { "dnsSearch", SHAPE_STRINGS, 0, check_search, NULL },
	[NW_FAMILY] = { "ipFamily", SHAPE_STRING, 0, check_family, NULL },
	[NW_PROXY_MODE] = { "kubeProxyMode", SHAPE_STRING, 0, check_proxy, NULL },
	[NW_POD_SUBNET] = { "podSubnet", SHAPE_STRING, 0, check_subnet, NULL },
	[NW_SERVICE_SUBNET] = { "serviceSubnet", SHAPE_STRING, 0, check_subnet, NULL },
};
static_assert(ARRAY_SIZE(net_keys) == _NW_MAX, "one a key");

enum cluster_key {
	CK_API_VERSION,
	CK_KIND,
	CK_NAME,
	CK_NODES,
	CK_NETWORKING,
	CK_FEATURE_GATES,
	CK_RUNTIME_CONFIG,
	CK_PATCHES,
	CK_JSON_PATCHES,
	CK_CONTAINERD_PATCHES,
	CK_CONTAINERD_JSON_PATCHES,
	_CK_MAX,
};

static const struct schema_key cluster_keys[] = {
	[CK_API_VERSION] = { "apiVersion", SHAPE_STRING, 0, NULL, NULL },
	[CK_KIND] = { "kind", SHAPE_STRING, 0, NULL, NULL },
	[CK_NAME] = { "name", SHAPE_STRING, 0, NULL, NULL },
	[CK_NODES] = { "nodes", SHAPE_LIST, 0, NULL, NULL },
	[CK_NETWORKING] = { "networking", SHAPE_MAP, 0, NULL, NULL },
	[CK_FEATURE_GATES] = { "featureGates", SHAPE_STRING_MAP, 0, NULL, NULL },
	[CK_RUNTIME_CONFIG] = { "runtimeConfig", SHAPE_STRING_MAP, 0, NULL, NULL },
	[CK_PATCHES] = { "kubeadmConfigPatches", SHAPE_STRINGS, 0, check_patches, NULL },
	[CK_JSON_PATCHES] = { "kubeadmConfigPatchesJSON6902", SHAPE_LIST, 0, check_json_patches, NULL },
	[CK_CONTAINERD_PATCHES] = { "containerdConfigPatches", SHAPE_STRINGS, 0, NULL, NULL },
	[CK_CONTAINERD_JSON_PATCHES] = { "containerdConfigPatchesJSON6902", SHAPE_STRINGS, 0, NULL, NULL },
};
static_assert(ARRAY_SIZE(cluster_keys) == _CK_MAX, "one a key");

/* Kind: ^[a-z0-9.-]+$; here it names files as well, so it starts with a letter or digit. */
static void set_name(struct loader *l, const struct value *v)
{
	const char *name = l->opt->name ? l->opt->name : value_is_set(v) ? v->text : "kind";
	const struct pos pos = v && !l->opt->name ? v->pos : (struct pos){ .file = l->lab->file };
	const char *wrong = name_check_lab(name);

	if (!wrong && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-")])
		wrong = "may hold only lower-case letters, digits, '-' and '.'";
	if (wrong)
		diag_error(l->d, pos, NULL, "cluster name '%s' %s", name, wrong);
	/* Cut, for a wrong name goes on into long names. */
	l->lab->name = arena_printf(l->a, "%.*s", NAME_LAB_MAX, name);
	l->lab->prefix = arena_printf(l->a, "%s-", l->lab->name);
}

static const char *default_subnet(const char *family, const char *v4, const char *v6, const char *dual)
{
	return strcmp(family, "ipv6") == 0 ? v6 : strcmp(family, "dual") == 0 ? dual : v4;
}

static const char *word_or(struct loader *l, const struct value *v, const char *fallback)
{
	return value_is_set(v) ? arena_strdup(l->a, v->text) : fallback;
}

static void read_networking(struct loader *l, const struct value *v)
{
	const struct value *keys[_NW_MAX];
	struct lab *lab = l->lab;
	const char *family;

	schema_read(l, v, SCHEMA(net_keys), "'networking'", keys);
	family = lab->ip_family = word_or(l, keys[NW_FAMILY], "ipv4");
	lab->disable_default_cni = value_bool(keys[NW_DISABLE_CNI], false);
	lab->api_address = word_or(l, keys[NW_API_ADDRESS], strcmp(family, "ipv6") == 0 ? "::1" : "127.0.0.1");
	lab->api_port = (uint32_t)MAX_OF(value_int(keys[NW_API_PORT], 0), 0);
	lab->kube_proxy_mode = word_or(l, keys[NW_PROXY_MODE], "iptables");
	for (size_t i = 0; keys[NW_DNS_SEARCH] && i < keys[NW_DNS_SEARCH]->n; i++)
		strv_add(l->a, &lab->dns_search, value_string(keys[NW_DNS_SEARCH]->items[i]));
	lab->pod_subnet = word_or(l, keys[NW_POD_SUBNET],
				  default_subnet(family, "10.244.0.0/16", "fd00:10:244::/56", "10.244.0.0/16,fd00:10:244::/56"));
	lab->pod_subnet_pos = keys[NW_POD_SUBNET] ? keys[NW_POD_SUBNET]->pos : (struct pos){ .file = lab->file };
	lab->service_subnet = word_or(l, keys[NW_SERVICE_SUBNET],
				      default_subnet(family, "10.96.0.0/16", "fd00:10:96::/112", "10.96.0.0/16,fd00:10:96::/112"));
	lab->node_mask4 = 24;
	lab->node_mask6 = 64;
	lab->pins = "{}";
}

/* A subnet a family: which ones there may be depends on ipFamily. */
static void check_families(struct loader *l, const struct value *v, const char *key)
{
	const bool six = strcmp(l->lab->ip_family, "ipv6") == 0, dual = strcmp(l->lab->ip_family, "dual") == 0;

	if (!value_is_set(v) || (!six && !dual && strcmp(l->lab->ip_family, "ipv4") != 0))
		return;
	if (!dual && strchr(v->text, ','))
		diag_error(l->d, v->pos, "write ipFamily: dual", "'%s' has two subnets, but ipFamily is %s", key, l->lab->ip_family);
	else if (!dual && (strchr(v->text, ':') != NULL) != six)
		diag_error(l->d, v->pos, NULL, "'%s' is of another family than ipFamily, which is %s", key, l->lab->ip_family);
}

static void check_version(struct loader *l, const struct value *v)
{
	if (strcmp(value_string(v), KIND_API_VERSION) != 0)
		diag_error(l->d, v ? v->pos : (struct pos){ .file = l->lab->file }, NULL,
			   "unknown apiVersion '%s'; " KIND_API_VERSION " is understood", value_string(v));
}

static void read_nodes(struct loader *l, const struct value *v, struct cluster *c)
{
	unsigned counts[_ROLE_MAX] = { 0 };
	const struct pos pos = { .file = l->lab->file };

	if (v && !loader_check_count(l, v))
		return;
	for (size_t i = 0; v && i < v->n; i++)
		add_node(l, v->items[i], counts, c);
	if (!v || !v->n) /* Kind's default: one control plane */
		add_node(l, &(struct value){ .type = VALUE_NULL, .pos = pos }, counts, c);
	if (!counts[ROLE_CONTROL_PLANE])
		diag_error(l->d, v ? v->pos : pos, NULL, "a cluster needs a node with 'role: control-plane'");
	if (counts[ROLE_CONTROL_PLANE] > 1)
		(void)push_node(l, "external-load-balancer", 1, v ? v->pos : pos);
}

static void set_dns(struct lab *lab)
{
	for (size_t i = 0; lab->dns_search.n && i < lab->n_nodes; i++) {
		lab->nodes[i].has_dns = true;
		lab->nodes[i].dns_search = lab->dns_search;
	}
}

/* What depends on all of the file. */
static void configure(struct loader *l, struct cluster *c)
{
	struct lab *lab = l->lab;

	set_dns(lab);
	for (size_t i = lab->n_nodes; i-- > 0;)
		if (lab->nodes[i].control_plane || !lab->version)
			lab->version = lab->nodes[i].kube_version;
	/* The load balancer has no patches, but a place in the list. */
	while (c->n < lab->n_nodes)
		(void)ARENA_PUSH(&l->scratch, c->nodes, c->n);
	if (l->d->n_errors == 0)
		kubeadm_configure(l, &c->common, c->nodes);
}

void kind_load(struct loader *l, const struct value *root)
{
	const struct value *keys[_CK_MAX];
	struct cluster c = { 0 };

	l->lab->type = LAB_CLUSTER;
	schema_read(l, root, SCHEMA(cluster_keys), "a Kind cluster config", keys);
	check_version(l, keys[CK_API_VERSION]);
	set_name(l, keys[CK_NAME]);
	mgmt_defaults(&l->lab->mgmt);
	l->lab->mgmt.network = "kind";
	l->lab->mgmt.pos = root->pos;
	read_networking(l, keys[CK_NETWORKING]);
	check_families(l, value_get(keys[CK_NETWORKING], "podSubnet"), "podSubnet");
	check_families(l, value_get(keys[CK_NETWORKING], "serviceSubnet"), "serviceSubnet");
	read_nodes(l, keys[CK_NODES], &c);
	read_patches(l, keys[CK_PATCHES], keys[CK_JSON_PATCHES], &c.common);
	for (int k = CK_CONTAINERD_PATCHES; k <= CK_CONTAINERD_JSON_PATCHES; k++)
		if (keys[k] && keys[k]->n)
			loader_ignore(l, cluster_keys[k].name, keys[k]->pos);
	configure(l, &c);
	loader_warn_ignored(l);
}
