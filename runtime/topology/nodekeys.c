// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nodekeys.c - the table of node keys; inheritance; the keys whose handler is short
 *
 * Owns how a key is merged over defaults, kind, group and node: lists are concatenated in that order and rid of
 * duplicates, maps are merged, everything else is taken whole from the most specific place that sets it.
 * Refuses to know other nodes: what ties nodes together is in netmode.c, link.c and topology.c.
 */
#include "topology/nodekeys.h"

#include <string.h>

#include "topology/names.h"

/* ---- checks, once at each place ---- */

static void check_words(struct loader *l, const struct value *v)
{
	struct error e = { 0 };
	struct strv words;

	if (shlex_split(&l->scratch, v->text, &words, &e) < 0)
		diag_error(l->d, v->pos, NULL, "cannot be split into words: %s", e.msg);
}

static void check_exec(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		if (value_is_set(v->items[i]))
			check_words(l, v->items[i]);
		else
			diag_warning(l->d, v->items[i]->pos, NULL, "an empty command does nothing");
	}
}

static void check_sysctls(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct pair *p = &v->pairs[i];
		const char *wrong = name_check_sysctl(p->key);

		if (wrong)
			diag_error(l->d, p->key_pos, NULL, "sysctl '%s' %s", p->key, wrong);
		if (strchr(value_string(p->value), '\n'))
			diag_error(l->d, p->value->pos, NULL, "the value of sysctl '%s' must be one line", p->key);
	}
}

static void check_hostname(struct loader *l, const struct value *v)
{
	const char *wrong = *v->text ? name_check_host(v->text) : NULL;

	if (wrong)
		diag_error(l->d, v->pos, NULL, "hostname '%s' %s", v->text, wrong);
}

static void check_aliases(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const char *wrong = name_check_host(value_string(v->items[i]));

		if (wrong)
			diag_error(l->d, v->items[i]->pos, NULL, "alias '%s' %s", value_string(v->items[i]), wrong);
	}
}

static void check_labels(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (!*v->pairs[i].key)
			diag_error(l->d, v->pairs[i].key_pos, NULL, "a label needs a name");
}

static void check_mgmt_addr(struct loader *l, const struct value *v, int family, const char *key)
{
	struct inprefix p;

	if (!*v->text || (!strchr(v->text, '/') && inprefix_parse(v->text, &p) == 0 && p.family == family))
		return;
	diag_error(l->d, v->pos,
		   strchr(v->text, '/') ? "leave out the prefix length: the management network has one" : NULL,
		   "'%s' is not an %s address, as '%s' needs it", v->text, family == AF_INET ? "IPv4" : "IPv6", key);
}

static void check_mgmt_ipv4(struct loader *l, const struct value *v)
{
	check_mgmt_addr(l, v, AF_INET, "mgmt-ipv4");
}

static void check_mgmt_ipv6(struct loader *l, const struct value *v)
{
	check_mgmt_addr(l, v, AF_INET6, "mgmt-ipv6");
}

enum dns_key { DNS_SERVERS, DNS_SEARCH, DNS_OPTIONS, _DNS_MAX };

static const struct schema_key dns_keys[] = {
	[DNS_SERVERS] = { "servers", SHAPE_STRINGS, 0, NULL, "addresses" },
	[DNS_SEARCH] = { "search", SHAPE_STRINGS, 0, NULL, "domains" },
	[DNS_OPTIONS] = { "options", SHAPE_STRINGS, 0, NULL, "as in resolv.conf" },
};
static_assert(ARRAY_SIZE(dns_keys) == _DNS_MAX, "one a key");
const struct schema dns_schema = { dns_keys, ARRAY_SIZE(dns_keys) };

/* resolv.conf has one entry a line: words, nothing that could begin another line. */
static void check_dns_words(struct loader *l, const struct value *v)
{
	for (size_t i = 0; v && i < v->n; i++) {
		const char *s = value_string(v->items[i]);

		if (!*s || strpbrk(s, " \t\r\n#;"))
			diag_error(l->d, v->items[i]->pos, NULL, "'%s' is not one word of resolv.conf", s);
	}
}

static void check_dns(struct loader *l, const struct value *v)
{
	const struct value *keys[_DNS_MAX];
	struct inprefix p;

	schema_read(l, v, SCHEMA(dns_keys), "'dns'", keys);
	for (size_t i = 0; keys[DNS_SERVERS] && i < keys[DNS_SERVERS]->n; i++) {
		const struct value *s = keys[DNS_SERVERS]->items[i];

		if (strchr(value_string(s), '/') || inprefix_parse(value_string(s), &p) < 0)
			diag_error(l->d, s->pos, NULL, "DNS server '%s' is not an IP address", value_string(s));
	}
	check_dns_words(l, keys[DNS_SEARCH]);
	check_dns_words(l, keys[DNS_OPTIONS]);
}

/* ---- inheritance ---- */

const struct value *levels_value(const struct levels *lv, enum node_key key)
{
	for (int i = _LEVEL_MAX - 1; i >= 0; i--) {
		const struct value *v = lv->p[i] ? lv->p[i]->v[key] : NULL;

		if (v && (v->type != VALUE_SCALAR || value_is_set(v)))
			return v;
	}
	return NULL;
}

/* The same for text where an empty one counts: `cmd: ""`. */
static const struct value *levels_text(const struct levels *lv, enum node_key key)
{
	for (int i = _LEVEL_MAX - 1; i >= 0; i--)
		if (lv->p[i] && lv->p[i]->v[key])
			return lv->p[i]->v[key];
	return NULL;
}

/* Calls @fn with each item of a list that is inherited by concatenation, without duplicates and empty ones. */
static void each_item(struct node_ctx *c, enum node_key key, void (*fn)(struct node_ctx *, const struct value *))
{
	_cleanup_strmap_ struct strmap seen = { 0 };

	for (int i = 0; i < _LEVEL_MAX; i++) {
		const struct value *v = c->levels->p[i] ? c->levels->p[i]->v[key] : NULL;

		for (size_t k = 0; v && k < v->n; k++)
			if (value_is_set(v->items[k]) && strmap_put(&seen, v->items[k]->text, 0))
				fn(c, v->items[k]);
	}
}

/* An inherited map as an array: keys in the order in which they first came, values from the most specific place. */
void levels_merge_kv(struct node_ctx *c, enum node_key key, struct kv **ret, size_t *ret_n)
{
	_cleanup_strmap_ struct strmap seen = { 0 };
	struct kv *kv = NULL;
	size_t n = 0;

	for (int i = 0; i < _LEVEL_MAX; i++) {
		const struct value *v = c->levels->p[i] ? c->levels->p[i]->v[key] : NULL;

		for (size_t k = 0; v && k < v->n; k++) {
			const char *value = arena_strdup(c->l->a, value_string(v->pairs[k].value));
			const ssize_t at = strmap_get(&seen, v->pairs[k].key);

			if (at >= 0 && kv) {
				kv[at].value = value;
				continue;
			}
			(void)strmap_put(&seen, v->pairs[k].key, n);
			*ARENA_PUSH(c->l->a, kv, n) = (struct kv){ arena_strdup(c->l->a, v->pairs[k].key), value };
		}
	}
	*ret = kv;
	*ret_n = n;
}

/* ---- handlers ---- */

/* What --map-image makes of @image, named with or without its tag; or @image. */
static const char *mapped_image(const struct loader *l, const char *image)
{
	const struct strv *maps = l->opt->map_images;
	const char *slash = strrchr(image, '/');
	const size_t n = strlen(image), untagged = strcspn(slash ? slash : image, ":@") + (slash ? (size_t)(slash - image) : 0);

	for (size_t i = 0; maps && i < maps->n; i++) {
		const char *eq = strchr(maps->v[i], '=');
		const size_t len = eq ? (size_t)(eq - maps->v[i]) : 0;

		if (len && (len == n || len == untagged) && strncmp(maps->v[i], image, len) == 0)
			return eq + 1;
	}
	return image;
}

static void apply_image(struct node_ctx *c)
{
	const struct value *v = levels_value(c->levels, NK_IMAGE);

	if (!v)
		return;
	c->node->image = arena_strdup(c->l->a, mapped_image(c->l, v->text));
	c->node->image_pos = v->pos;
}

static void apply_hostname(struct node_ctx *c)
{
	const struct value *v = levels_value(c->levels, NK_HOSTNAME);

	c->node->hostname = v ? arena_strdup(c->l->a, v->text) : c->node->name;
}

static bool apply_words(struct node_ctx *c, enum node_key key, struct strv *ret)
{
	const struct value *v = levels_text(c->levels, key);

	if (v)
		(void)shlex_split(c->l->a, v->text, ret, NULL); /* checked where it stands */
	return v != NULL;
}

static void apply_cmd(struct node_ctx *c)
{
	c->node->has_cmd = apply_words(c, NK_CMD, &c->node->cmd);
}

static void apply_entrypoint(struct node_ctx *c)
{
	c->node->has_entrypoint = apply_words(c, NK_ENTRYPOINT, &c->node->entrypoint);
}

static void add_exec(struct node_ctx *c, const struct value *v)
{
	struct exec_line x = { .text = arena_strdup(c->l->a, magic_expand(c, v->text)), .pos = v->pos };
	struct error e = { 0 };

	if (shlex_split(c->l->a, x.text, &x.argv, &e) == 0)
		*ARENA_PUSH(c->l->a, c->node->exec, c->node->n_exec) = x;
	else if (shlex_split(&c->l->scratch, v->text, &x.argv, NULL) == 0) /* else check_exec() has said so */
		diag_error(c->l->d, v->pos, NULL, "cannot be split into words: %s", e.msg);
}

static void apply_exec(struct node_ctx *c)
{
	each_item(c, NK_EXEC, add_exec);
}

static void add_alias(struct node_ctx *c, const struct value *v)
{
	strv_add(c->l->a, &c->node->aliases, v->text);
}

static void apply_aliases(struct node_ctx *c)
{
	each_item(c, NK_ALIASES, add_alias);
}

static void apply_labels(struct node_ctx *c)
{
	levels_merge_kv(c, NK_LABELS, &c->node->labels, &c->node->n_labels);
}

/* Only nodes with a network namespace of their own or of another node have sysctls to set. */
static void apply_sysctls(struct node_ctx *c)
{
	const struct value *own = c->levels->p[LEVEL_NODE]->v[NK_SYSCTLS];

	if (c->node->kind != NODE_LINUX)
		return;
	if (c->node->net_mode != NET_HOST)
		levels_merge_kv(c, NK_SYSCTLS, &c->node->sysctls, &c->node->n_sysctls);
	else if (own)
		diag_error(c->l->d, own->pos, NULL,
			   "node '%s' lives in the host's network namespace: its sysctls would be the host's",
			   c->node->name);
}

static void apply_startup_delay(struct node_ctx *c)
{
	c->node->startup_delay = (uint32_t)value_int(levels_value(c->levels, NK_STARTUP_DELAY), 0);
}

static void copy_strings(struct loader *l, const struct value *list, struct strv *ret)
{
	for (size_t i = 0; list && list->type == VALUE_SEQ && i < list->n; i++)
		if (value_is_set(list->items[i]))
			strv_add(l->a, ret, list->items[i]->text);
}

static void apply_dns(struct node_ctx *c)
{
	const struct value *v = levels_value(c->levels, NK_DNS);

	c->node->has_dns = v != NULL;
	copy_strings(c->l, value_get(v, "servers"), &c->node->dns_servers);
	copy_strings(c->l, value_get(v, "search"), &c->node->dns_search);
	copy_strings(c->l, value_get(v, "options"), &c->node->dns_options);
}

static void apply_mgmt_addr(struct node_ctx *c, enum node_key key, struct inprefix *ret, struct pos *ret_pos)
{
	const struct value *const *own = c->levels->p[LEVEL_NODE]->v;
	const struct value *v = own[key] ? own[key] : own[key == NK_MGMT_IPV4 ? NK_OLD_MGMT_IPV4 : NK_OLD_MGMT_IPV6];
	const int family = key == NK_MGMT_IPV4 ? AF_INET : AF_INET6;
	struct inprefix p;

	if (!v || strchr(v->text, '/') || inprefix_parse(v->text, &p) < 0 || p.family != family)
		return;
	*ret_pos = v->pos;
	if (c->node->net_mode == NET_MGMT)
		*ret = p;
	else
		diag_warning(c->l->d, v->pos, NULL,
			     "node '%s' is not on the management network: its address there has no effect",
			     c->node->name);
}

static void apply_mgmt_ipv4(struct node_ctx *c)
{
	apply_mgmt_addr(c, NK_MGMT_IPV4, &c->node->mgmt_ipv4, &c->node->mgmt_ipv4_pos);
}

static void apply_mgmt_ipv6(struct node_ctx *c)
{
	apply_mgmt_addr(c, NK_MGMT_IPV6, &c->node->mgmt_ipv6, &c->node->mgmt_ipv6_pos);
}

/* ---- the table ---- */

static const struct schema_key node_keys[] = {
	[NK_ALIASES] = { "aliases", SHAPE_STRINGS, KEY_NODE_ONLY, check_aliases,
		"more names in the hosts files of the lab" },
	[NK_BINDS] = { "binds", SHAPE_STRINGS, 0, bind_check,
		"the node sees SRC at DST; `:ro`; a missing source is an error" },
	[NK_CMD] = { "cmd", SHAPE_STRING, 0, check_words, "the main process; split into words, no shell" },
	[NK_DNS] = { "dns", SHAPE_MAP, 0, check_dns, "/etc/resolv.conf; otherwise the host's" },
	[NK_ENTRYPOINT] = { "entrypoint", SHAPE_STRING, 0, check_words,
		"before `cmd`, instead of what the image starts" },
	[NK_ENV] = { "env", SHAPE_STRING_MAP, 0, env_check, "environment of all processes; `__IMPORT_ENVS`" },
	[NK_ENV_FILES] = { "env-files", SHAPE_STRINGS, 0, NULL, "the same, from files" },
	[NK_EXEC] = { "exec", SHAPE_STRINGS, 0, check_exec,
		"after links and addresses; a failure is shown, not fatal" },
	[NK_GROUP] = { "group", SHAPE_STRING, 0, NULL,
		"inherits from `groups`; layer in graphs, group in inventories" },
	[NK_HOSTNAME] = { "hostname", SHAPE_STRING, 0, check_hostname, "instead of the short name" },
	[NK_IMAGE] = { "image", SHAPE_STRING, 0, NULL, "names a profile, or a root file system that was imported" },
	[NK_KIND] = { "kind", SHAPE_STRING, 0, NULL, "see Kinds" },
	[NK_LABELS] = { "labels", SHAPE_STRING_MAP, 0, check_labels, "stored; `CLAB_LABEL_*` in the environment" },
	[NK_MGMT_IPV4] = { "mgmt-ipv4", SHAPE_STRING, KEY_NODE_ONLY, check_mgmt_ipv4, "static address of eth0" },
	[NK_MGMT_IPV6] = { "mgmt-ipv6", SHAPE_STRING, KEY_NODE_ONLY, check_mgmt_ipv6, "static address of eth0" },
	[NK_NETWORK_MODE] = { "network-mode", SHAPE_STRING, 0, netmode_check,
		"none, host, container:NODE, container:NAME of a foreign container" },
	[NK_STARTUP_DELAY] = { "startup-delay", SHAPE_UINT, 0, NULL, "seconds before its process starts" },
	[NK_SYSCTLS] = { "sysctls", SHAPE_STRING_MAP, 0, check_sysctls, "in the node's network namespace" },
	[NK_OLD_MGMT_IPV4] = { "mgmt_ipv4", SHAPE_STRING, KEY_NODE_ONLY | KEY_LEGACY, check_mgmt_ipv4,
		"old spelling of mgmt-ipv4" },
	[NK_OLD_MGMT_IPV6] = { "mgmt_ipv6", SHAPE_STRING, KEY_NODE_ONLY | KEY_LEGACY, check_mgmt_ipv6,
		"old spelling of mgmt-ipv6" },
	[NK_AUTO_REMOVE] = { "auto-remove", SHAPE_ANY, KEY_IGNORED, NULL, "nothing is left of a node anyway" },
	[NK_CAP_ADD] = { "cap-add", SHAPE_ANY, KEY_IGNORED, NULL,
		"a node has what a privileged container has, as far as a network namespace goes" },
	[NK_CERTIFICATE] = { "certificate", SHAPE_MAP, 0, certificate_check, "`.tls/NODE/NODE.pem` and `.key` in the lab's directory, to be bound" },
	[NK_CGROUP_PARENT] = { "cgroup-parent", SHAPE_ANY, KEY_IGNORED, NULL, "Docker's" },
	[NK_CGROUPNS_MODE] = { "cgroupns-mode", SHAPE_ANY, KEY_IGNORED, NULL, "Docker's" },
	[NK_COMPONENTS] = { "components", SHAPE_ANY, KEY_IGNORED, NULL, "SR OS line cards" },
	[NK_CONFIG] = { "config", SHAPE_ANY, KEY_IGNORED, NULL, "variables for `containerlab config`" },
	[NK_CPU] = { "cpu", SHAPE_STRING, 0, cpu_check, "how many processors its processes may use at a time, as 0.5" },
	[NK_CPU_SET] = { "cpu-set", SHAPE_STRING, 0, cpu_set_check, "which ones they run on, as 0-3,6" },
	[NK_CREDENTIALS] = { "credentials", SHAPE_ANY, KEY_IGNORED, NULL, "login of vendor nodes" },
	[NK_DEVICES] = { "devices", SHAPE_ANY, KEY_IGNORED, NULL, "a node has its own small /dev" },
	[NK_ENFORCE_STARTUP_CONFIG] = { "enforce-startup-config", SHAPE_BOOL, 0, NULL,
		"of kind frr: `startup-config` wins over what `netemu save` has kept" },
	[NK_EXTRAS] = { "extras", SHAPE_MAP, 0, NULL,
		"`frr.daemons`, of kind frr: which ones run; `k8s_kind.deploy` is accepted, what is for vendor nodes, too" },
	[NK_HEALTHCHECK] = { "healthcheck", SHAPE_MAP, 0, health_check, "a command in the node, again and again; `inspect` shows what it says" },
	[NK_IMAGE_PULL_POLICY] = { "image-pull-policy", SHAPE_ANY, KEY_IGNORED, NULL, "images are not pulled" },
	[NK_LICENSE] = { "license", SHAPE_ANY, KEY_IGNORED, NULL, "vendor nodes'" },
	[NK_LINK_APPLY_MODE] = { "link-apply-mode", SHAPE_ANY, KEY_IGNORED, NULL, "containerlab apply's" },
	[NK_MEMORY] = { "memory", SHAPE_STRING, 0, memory_check, "how much they may use, as 512m; who wants more is killed, and the log says so" },
	[NK_PASSWORD] = { "password", SHAPE_ANY, KEY_IGNORED | KEY_LEGACY, NULL, "login of vendor nodes" },
	[NK_KERNEL] = { "kernel", SHAPE_ANY, KEY_IGNORED | KEY_LEGACY, NULL, "of the runtime ignite" },
	[NK_PID_MODE] = { "pid-mode", SHAPE_ANY, KEY_IGNORED, NULL, "Docker's" },
	[NK_PORTS] = { "ports", SHAPE_STRINGS, 0, ports_check, "published on the host by a process of the lab, TCP and UDP" },
	[NK_POSITION] = { "position", SHAPE_ANY, KEY_IGNORED | KEY_LEGACY, NULL, "of an old drawing tool" },
	[NK_PRIVILEGED] = { "privileged", SHAPE_ANY, KEY_IGNORED, NULL, "there is one kind of node" },
	[NK_PUBLISH] = { "publish", SHAPE_ANY, KEY_IGNORED | KEY_LEGACY, NULL, "of mysocket.io" },
	[NK_RESTART_POLICY] = { "restart-policy", SHAPE_STRING, 0, restart_check, "of the main command; without the key what ends stays ended" },
	[NK_RUNTIME] = { "runtime", SHAPE_ANY, KEY_IGNORED, NULL, "there is one runtime" },
	[NK_SANDBOX] = { "sandbox", SHAPE_ANY, KEY_IGNORED | KEY_LEGACY, NULL, "of the runtime ignite" },
	[NK_SANS] = { "SANs", SHAPE_STRINGS, KEY_LEGACY, NULL, "now in certificate" },
	[NK_SECURITY_OPTS] = { "security-opts", SHAPE_ANY, KEY_IGNORED, NULL, "Docker's" },
	[NK_SHM_SIZE] = { "shm-size", SHAPE_STRING, 0, size_check, "size of /dev/shm" },
	[NK_STAGES] = { "stages", SHAPE_MAP, 0, stages_check, "what it waits for, and what runs meanwhile; without it nodes start together" },
	[NK_STARTUP_CONFIG] = { "startup-config", SHAPE_STRING, 0, NULL,
		"the Kind config of a k8s-kind node, /etc/frr/frr.conf of one of kind frr; of kind linux nothing, as with containerlab" },
	[NK_SUPPRESS_STARTUP_CONFIG] = { "suppress-startup-config", SHAPE_BOOL, 0, NULL,
		"of kind frr: its `startup-config` is not used" },
	[NK_TMPFS] = { "tmpfs", SHAPE_STRING_MAP, 0, tmpfs_check, "path to options: size, mode, uid, gid, ro, noexec" },
	[NK_TYPE] = { "type", SHAPE_ANY, KEY_IGNORED, NULL, "vendor nodes' variant" },
	[NK_USER] = { "user", SHAPE_STRING, 0, NULL, "of the main command and the exec lines" },
	[NK_USERNAME] = { "username", SHAPE_ANY, KEY_IGNORED | KEY_LEGACY, NULL, "login of vendor nodes" },
	[NK_VOLUMES] = { "volumes", SHAPE_STRINGS, 0, volume_check,
		"with a name: kept in /var/lib/netemu/volumes, shared; without: the node's own, gone with the lab" },
	[NK_WAIT_FOR] = { "wait-for", SHAPE_ANY, KEY_IGNORED | KEY_LEGACY, NULL, "now in stages" },
};
static_assert(ARRAY_SIZE(node_keys) == _NK_MAX, "one a key");
const struct schema node_schema = { node_keys, ARRAY_SIZE(node_keys) };

/* In this order: what follows asks for the network mode. env comes later, when the links are counted. */
static void (*const appliers[])(struct node_ctx *) = {
	node_apply_netmode, apply_image,	 apply_hostname,  apply_cmd,	   apply_entrypoint,
	apply_exec,	    node_apply_binds,	 apply_labels,	  apply_sysctls,   apply_aliases,
	node_apply_tmpfs,   node_apply_restart, node_apply_user,
	apply_dns,	    apply_startup_delay, apply_mgmt_ipv4, apply_mgmt_ipv6, node_apply_limits,
	node_apply_ports,   node_apply_certificate, node_apply_volumes,
	node_apply_health,  node_apply_stages,
};

void props_read(struct loader *l, const struct value *map, enum level level, const char *what, struct props *ret)
{
	schema_read(l, map, SCHEMA(node_keys), what, ret->v);
	ret->weight = map ? map->weight : 0;
	for (size_t i = 0; i < _NK_MAX && level != LEVEL_NODE; i++) {
		if (!(node_keys[i].flags & KEY_NODE_ONLY) || !ret->v[i])
			continue;
		diag_warning(l->d, ret->v[i]->pos, NULL, "'%s' has an effect in a node only, not in %s",
			     node_keys[i].name, what);
		ret->v[i] = NULL;
	}
}

void node_apply(struct node_ctx *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(appliers); i++)
		appliers[i](c);
}
