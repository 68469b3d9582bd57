// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dump.c - lab_dump()
 *
 * Owns the text form that the golden tests compare. Refuses to know where a lab came from.
 */
#include "topology/dump.h"

#include <string.h>

#include "base/strbuf.h"

/* A string in quotes, as JSON has it, when it is more than a word; $DIR for the lab's directory. */
static void put(const struct lab *lab, FILE *out, const char *s)
{
	const size_t n = strlen(lab->dir);

	if (n > 1 && strncmp(s, lab->dir, n) == 0 && (s[n] == '/' || !s[n])) {
		(void)fputs("$DIR", out);
		s += n;
	} else if (!*s || s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/:=@%+,~")]) {
		_cleanup_strbuf_ struct strbuf b = { 0 };

		strbuf_json_string(&b, s);
		(void)fputs(strbuf_str(&b), out);
		return;
	}
	(void)fputs(s, out);
}

static void put_words(const struct lab *lab, FILE *out, const char *name, const struct strv *words)
{
	(void)fprintf(out, "  %s", name);
	for (size_t i = 0; i < words->n; i++) {
		(void)fputc(' ', out);
		put(lab, out, words->v[i]);
	}
	(void)fputc('\n', out);
}

static void put_kv(const struct lab *lab, FILE *out, const char *name, const struct kv *kv, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		(void)fprintf(out, "  %s ", name);
		put(lab, out, kv[i].key);
		(void)fputs(" = ", out);
		put(lab, out, kv[i].value);
		(void)fputc('\n', out);
	}
}

static void put_text(const struct lab *lab, FILE *out, const char *name, const char *s)
{
	(void)fprintf(out, "  %s ", name);
	put(lab, out, s);
	(void)fputc('\n', out);
}

static void put_addr(FILE *out, const char *name, const struct inprefix *p)
{
	char buf[INPREFIX_STRLEN];

	if (p->family)
		(void)fprintf(out, "  %s %s\n", name, inprefix_addr_str(p, buf));
}

/* Variables that each node has, and whose values say nothing that the dump does not say already. */
static bool is_own_env(const char *kv)
{
	static const char *const names[] = {
		"CLAB_LABEL_CONTAINERLAB=",   "CLAB_LABEL_CLAB_NODE_NAME=",  "CLAB_LABEL_CLAB_NODE_LONGNAME=",
		"CLAB_LABEL_CLAB_NODE_KIND=", "CLAB_LABEL_CLAB_NODE_GROUP=", "CLAB_LABEL_CLAB_NODE_LAB_DIR=",
		"CLAB_LABEL_CLAB_TOPO_FILE=",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncmp(kv, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static void put_network(const struct lab *lab, FILE *out, const struct node *n)
{
	if (n->net_mode == NET_MGMT)
		return;
	(void)fprintf(out, "  network %s", net_mode_names[n->net_mode]);
	if (n->net_mode == NET_CONTAINER)
		(void)fprintf(out, " %s%s", n->net_target, n->net_node == LAB_INDEX_NONE ? " (foreign)" : "");
	if (n->net_node != LAB_INDEX_NONE)
		(void)fprintf(out, " = node %s", lab->nodes[n->net_node].name);
	(void)fputc('\n', out);
}

static void put_ports(FILE *out, const struct node *n)
{
	for (size_t i = 0; i < n->n_ports; i++) {
		char buf[INPREFIX_STRLEN] = "any";

		if (n->ports[i].host.family)
			(void)inprefix_addr_str(&n->ports[i].host, buf);
		(void)fprintf(out, "  port %s %u -> %u/%s\n", buf, n->ports[i].host_port, n->ports[i].node_port, n->ports[i].udp ? "udp" : "tcp");
	}
}

static void put_stages(const struct lab *lab, FILE *out, const struct node *n)
{
	for (size_t k = 0; n->stages && k < _STAGE_MAX; k++) {
		const struct stage_spec *s = &n->stages->stage[k];

		for (size_t i = 0; i < s->n_waits; i++)
			(void)fprintf(out, "  stage %s waits for %s %s\n", stage_names[k], lab->nodes[s->waits[i].node].name,
				      stage_names[s->waits[i].stage]);
		for (size_t i = 0; i < s->n_execs; i++) {
			char name[64];

			(void)snprintf(name, sizeof(name), "stage %s %s %s", stage_names[k], s->execs[i].on_exit ? "on-exit" : "on-enter",
				       s->execs[i].host ? "host" : "container");
			put_words(lab, out, name, &s->execs[i].line.argv);
		}
	}
}

static void put_process(const struct lab *lab, FILE *out, const struct node *n)
{
	if (n->has_entrypoint)
		put_words(lab, out, "entrypoint", &n->entrypoint);
	if (n->has_cmd)
		put_words(lab, out, "cmd", &n->cmd);
	if (n->restart != RESTART_NO)
		(void)fprintf(out, "  restart %d tries %u\n", (int)n->restart, n->restart_tries);
	if (n->user)
		(void)fprintf(out, "  user %s\n", n->user);
	for (size_t i = 0; i < n->n_tmpfs; i++)
		(void)fprintf(out, "  tmpfs %s %s%s%s\n", n->tmpfs[i].dst, n->tmpfs[i].options, n->tmpfs[i].ro ? " ro" : "", n->tmpfs[i].noexec ? " noexec" : "");
	put_ports(out, n);
	if (n->limits.cpu_milli)
		(void)fprintf(out, "  cpu %u.%03u\n", n->limits.cpu_milli / 1000, n->limits.cpu_milli % 1000);
	if (n->limits.memory)
		(void)fprintf(out, "  memory %llu\n", (unsigned long long)n->limits.memory);
	if (n->limits.cpus)
		(void)fprintf(out, "  cpu-set %s\n", n->limits.cpus);
	if (n->health.argv.n) {
		(void)fprintf(out, "  healthcheck every %u timeout %u retries %u start %u\n", n->health.interval, n->health.timeout,
			      n->health.retries, n->health.start_period);
		put_words(lab, out, "healthcheck", &n->health.argv);
	}
	if (n->startup_delay)
		(void)fprintf(out, "  startup-delay %u\n", n->startup_delay);
	for (size_t i = 0; i < n->env.n; i++)
		if (!is_own_env(n->env.v[i]))
			put_text(lab, out, "env", n->env.v[i]);
	for (size_t i = 0; i < n->n_exec; i++)
		put_words(lab, out, "exec", &n->exec[i].argv);
	put_stages(lab, out, n);
}

static void put_binds(const struct lab *lab, FILE *out, const struct node *n)
{
	for (size_t i = 0; i < n->n_binds; i++) {
		(void)fputs("  bind ", out);
		put(lab, out, n->binds[i].src);
		(void)fputs(" -> ", out);
		put(lab, out, n->binds[i].dst);
		(void)fputs(n->binds[i].ro ? " ro\n" : "\n", out);
	}
}

static void put_volumes(FILE *out, const struct node *n)
{
	for (size_t i = 0; i < n->n_volumes; i++) {
		const struct volume *v = &n->volumes[i];

		(void)fprintf(out, "  volume %s -> %s%s%s\n", v->name ? v->name : "(own)", v->dst, v->ro ? " ro" : "", v->nocopy ? " nocopy" : "");
	}
}

static void put_cert(const struct lab *lab, FILE *out, const struct node *n)
{
	if (!n->cert.issue)
		return;
	(void)fprintf(out, "  certificate of %u bits for %lld s\n", n->cert.key_size, (long long)n->cert.validity);
	if (n->cert.sans.n)
		put_words(lab, out, "sans", &n->cert.sans);
}

static void put_dns(const struct lab *lab, FILE *out, const struct node *n)
{
	if (!n->has_dns)
		return;
	put_words(lab, out, "dns-servers", &n->dns_servers);
	put_words(lab, out, "dns-search", &n->dns_search);
	put_words(lab, out, "dns-options", &n->dns_options);
}

/* Not the machine's architecture, which the file does not say. */
static void put_kube(const struct lab *lab, FILE *out, const struct node *n)
{
	if (!n->kube)
		return;
	put_text(lab, out, "version", n->kube_version);
	if (n->node_ips.n)
		put_words(lab, out, "node-ip", &n->node_ips);
	put_words(lab, out, "pod-cidr", &n->pod_cidrs);
	if (n->router_ips.n)
		put_words(lab, out, "router-ip", &n->router_ips);
	for (size_t i = 0; i < n->n_kube_labels; i++)
		if (!strstr(n->kube_labels[i].key, "kubernetes.io/arch"))
			put_kv(lab, out, "kube-label", &n->kube_labels[i], 1);
	for (size_t i = 0; i < n->n_taints; i++)
		(void)fprintf(out, "  taint %s=%s:%s\n", n->taints[i].key, n->taints[i].value, n->taints[i].effect);
}

static void put_cluster(const struct lab *lab, FILE *out)
{
	if (lab->type != LAB_CLUSTER)
		return;
	(void)fprintf(out, "  pods %s services %s%s\n", lab->pod_subnet, lab->service_subnet,
		      lab->disable_default_cni ? " no-default-cni" : "");
	(void)fprintf(out, "  family %s version %s api %s port %u proxy %s\n", lab->ip_family, lab->version, lab->api_address,
		      lab->api_port, lab->kube_proxy_mode);
	if (strcmp(lab->pins, "{}") != 0)
		(void)fprintf(out, "  pins %s\n", lab->pins);
}

static void put_node(const struct lab *lab, FILE *out, const struct node *n)
{
	(void)fprintf(out, "node %s (%s%s) %s\n", n->name, node_kind_text(n),
		      n->control_plane ? ", control plane" : "", n->longname);
	if (strcmp(n->hostname, n->name) != 0)
		put_text(lab, out, "hostname", n->hostname);
	if (n->image)
		put_text(lab, out, "image", n->image);
	if (n->group)
		put_text(lab, out, "group", n->group);
	put_network(lab, out, n);
	put_addr(out, "mgmt-ipv4", &n->mgmt_ipv4);
	put_addr(out, "mgmt-ipv6", &n->mgmt_ipv6);
	put_process(lab, out, n);
	put_binds(lab, out, n);
	put_volumes(out, n);
	put_kv(lab, out, "label", n->labels, n->n_labels);
	put_kv(lab, out, "sysctl", n->sysctls, n->n_sysctls);
	if (n->aliases.n)
		put_words(lab, out, "aliases", &n->aliases);
	put_cert(lab, out, n);
	put_dns(lab, out, n);
	put_kube(lab, out, n);
}

static void put_end(const struct lab *lab, FILE *out, const struct endpoint *e)
{
	char buf[INPREFIX_STRLEN];

	(void)fprintf(out, "%s:%s", lab->nodes[e->node].name, e->ifname);
	if (e->altname)
		(void)fprintf(out, " altname %s", e->altname);
	if (e->has_mac)
		(void)fprintf(out, " mac %02x:%02x:%02x:%02x:%02x:%02x", e->mac.b[0], e->mac.b[1], e->mac.b[2],
			      e->mac.b[3], e->mac.b[4], e->mac.b[5]);
	for (size_t i = 0; i < e->n_addrs; i++)
		(void)fprintf(out, " %s", inprefix_str(&e->addrs[i], buf));
	for (int i = 0; i < _IMPAIR_KEY_MAX; i++)
		if (*impair_format(&e->impair, (enum impair_key)i, buf))
			(void)fprintf(out, " %s %s", impair_key_names[i], buf);
}

/* What is not a node's at the other end. */
static void put_far_end(FILE *out, const struct link *k)
{
	char buf[INPREFIX_STRLEN];

	(void)fprintf(out, "%s%s%s", link_type_names[k->type], *k->end[1].ifname ? ":" : "", k->end[1].ifname);
	if (k->type == LINK_MACVLAN)
		(void)fprintf(out, " mode %s", macvlan_mode_names[k->macvlan]);
	if (k->remote.family)
		(void)fprintf(out, " remote %s vni %u dst-port %u", inprefix_addr_str(&k->remote, buf), k->vni, k->dst_port);
	if (k->src_port)
		(void)fprintf(out, " src-port %u", k->src_port);
}

static void put_link(const struct lab *lab, FILE *out, const struct link *k)
{
	(void)fputs("link ", out);
	put_end(lab, out, &k->end[0]);
	(void)fputs(" -- ", out);
	if (k->end[1].node == LAB_INDEX_NONE)
		put_far_end(out, k);
	else
		put_end(lab, out, &k->end[1]);
	if (k->type == LINK_VETH_STITCH)
		(void)fputs(" stitched", out);
	if (k->mtu)
		(void)fprintf(out, " mtu %u", k->mtu);
	(void)fputc('\n', out);
}

static void put_family(FILE *out, const char *name, const struct mgmt_family *f)
{
	static const char *const modes[] = {
		[SUBNET_DEFAULT] = "default",
		[SUBNET_AUTO] = "auto",
		[SUBNET_GIVEN] = "given",
		[SUBNET_DISABLED] = "disabled",
	};
	char buf[INPREFIX_STRLEN];

	static_assert(ARRAY_SIZE(modes) == _SUBNET_MODE_MAX, "one a mode");
	(void)fprintf(out, "  %s %s", name, f->mode == SUBNET_GIVEN ? inprefix_str(&f->subnet, buf) : modes[f->mode]);
	if (f->gw.family)
		(void)fprintf(out, " gw %s", inprefix_addr_str(&f->gw, buf));
	if (f->range.family)
		(void)fprintf(out, " range %s", inprefix_str(&f->range, buf));
	(void)fputc('\n', out);
}

static void put_mgmt(const struct lab *lab, FILE *out, const struct mgmt *m)
{
	(void)fputs("mgmt ", out);
	put(lab, out, m->network);
	if (m->bridge)
		(void)fprintf(out, " bridge %s", m->bridge);
	if (m->mtu)
		(void)fprintf(out, " mtu %u", m->mtu);
	(void)fprintf(out, "%s%s\n", m->external_access ? "" : " no-external-access",
		      m->skip_when_unused ? " skip-when-unused" : "");
	put_family(out, "ipv4", &m->v4);
	put_family(out, "ipv6", &m->v6);
}

static void put_started(const struct lab *lab, FILE *out, const struct lab_cluster *k)
{
	(void)fputs("cluster ", out);
	put(lab, out, k->name);
	(void)fputc('\n', out);
	if (k->path || k->text)
		put_text(lab, out, "config", k->path ? k->path : k->text);
	if (k->image)
		put_text(lab, out, "image", k->image);
}

void lab_dump(const struct lab *lab, FILE *out)
{
	static const char *const types[] = { [LAB_TOPOLOGY] = "topology", [LAB_CLUSTER] = "cluster" };

	static_assert(ARRAY_SIZE(types) == _LAB_TYPE_MAX, "one a type");
	(void)fprintf(out, "%s ", types[lab->type]);
	put(lab, out, lab->name);
	(void)fputs(" prefix ", out);
	put(lab, out, lab->prefix);
	(void)fputc('\n', out);
	put_cluster(lab, out);
	put_mgmt(lab, out, &lab->mgmt);
	for (size_t i = 0; i < lab->n_nodes; i++)
		put_node(lab, out, &lab->nodes[i]);
	for (size_t i = 0; i < lab->n_clusters; i++)
		put_started(lab, out, &lab->clusters[i]);
	for (size_t i = 0; i < lab->n_links; i++)
		put_link(lab, out, &lab->links[i]);
}
