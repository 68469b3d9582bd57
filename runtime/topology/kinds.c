// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kinds.c - kinds of nodes: containerlab's own ones, and the products that need an image of their own
 *
 * Owns the lists, and --map-kind. Refuses to know what a node of a kind is made of.
 */
#include "topology/kinds.h"

#include <string.h>

const struct kind_doc kind_docs[] = {
	{ "linux", "a node" },
	{ "frr", "a node that runs FRR, with `startup-config` and `extras.frr.daemons`; also called frrouting" },
	{ "bridge", "a Linux bridge; one of the host's, if there is one of that name" },
	{ "ovs-bridge", "made as a Linux bridge, with a warning" },
	{ "host", "the host itself" },
	{ "ext-container", "a container or node that somebody else has started" },
	{ "k8s-kind", "a cluster from the Kind config in `startup-config`" },
	{ NULL, NULL },
};

const struct kind_doc kind_products[] = {
	{ "6wind_vsr", "6WIND VSR" },
	{ "arista_ceos ceos", "Arista cEOS" },
	{ "arista_veos vr-arista_veos vr-veos", "Arista vEOS" },
	{ "arrcus_arcos", "Arrcus ArcOS" },
	{ "aruba_aoscx vr-aoscx vr-aruba_aoscx", "Aruba AOS-CX" },
	{ "border0", "Border0" },
	{ "checkpoint_cloudguard", "Check Point CloudGuard" },
	{ "cisco_asav", "Cisco ASAv" },
	{ "cisco_c8000", "Cisco 8000" },
	{ "cisco_c8000v", "Cisco Catalyst 8000V" },
	{ "cisco_cat9kv vr-cat9kv vr-cisco_cat9kv", "Cisco Catalyst 9000v" },
	{ "cisco_csr1000v vr-cisco_csr vr-cisco_csr1000v vr-csr", "Cisco CSR 1000v" },
	{ "cisco_ftdv vr-cisco_ftdv vr-ftdv", "Cisco FTDv" },
	{ "cisco_iol", "Cisco IOL" },
	{ "cisco_n9kv vr-cisco_n9kv vr-n9kv", "Cisco Nexus 9000v" },
	{ "cisco_nxos vr-cisco_nxos vr-nxos", "Cisco NX-OS" },
	{ "cisco_sdwan", "Cisco SD-WAN" },
	{ "cisco_vios", "Cisco vIOS" },
	{ "cisco_xrd xrd", "Cisco XRd" },
	{ "cisco_xrv vr-cisco_xrv vr-xrv", "Cisco XRv" },
	{ "cisco_xrv9k vr-cisco_xrv9k vr-xrv9k", "Cisco XRv9k" },
	{ "cumulus_cvx cvx", "Cumulus VX" },
	{ "dell_ftosv vr-dell_ftosv vr-ftosv", "Dell FTOS10v" },
	{ "dell_sonic", "Dell SONiC" },
	{ "f5_bigip-ve", "F5 BIG-IP VE" },
	{ "fdio_vpp", "FD.io VPP" },
	{ "fortinet_fortigate vr-fortinet_fortigate vr-fortigate", "Fortinet FortiGate" },
	{ "freebsd", "FreeBSD" },
	{ "generic_vm", "a virtual machine" },
	{ "huawei_vrp", "Huawei VRP" },
	{ "ipinfusion_ocnos", "IP Infusion OcNOS" },
	{ "juniper_apstra", "Juniper Apstra" },
	{ "juniper_cjunosevolved", "Juniper cJunosEvolved" },
	{ "juniper_crpd crpd", "Juniper cRPD" },
	{ "juniper_vjunosevolved vr-juniper_vjunosevolved vr-vjunosevolved", "Juniper vJunosEvolved" },
	{ "juniper_vjunosrouter vr-juniper_vjunosrouter vr-vjunosrouter", "Juniper vJunos-router" },
	{ "juniper_vjunosswitch vr-juniper_vjunosswitch vr-vjunosswitch", "Juniper vJunos-switch" },
	{ "juniper_vmx vr-juniper_vmx vr-vmx", "Juniper vMX" },
	{ "juniper_vqfx vr-juniper_vqfx vr-vqfx", "Juniper vQFX" },
	{ "juniper_vsrx vr-juniper_vsrx vr-vsrx", "Juniper vSRX" },
	{ "keysight_ixia-c-one", "Keysight Ixia-c" },
	{ "mikrotik_ros vr-mikrotik_ros vr-ros", "MikroTik RouterOS" },
	{ "mysocketio", "mysocket.io" },
	{ "nokia_srlinux srl", "Nokia SR Linux" },
	{ "nokia_sros vr-nokia_sros vr-sros", "Nokia SR OS" },
	{ "nokia_srsim", "Nokia SR-SIM" },
	{ "openbsd", "OpenBSD" },
	{ "openwrt", "OpenWrt" },
	{ "paloalto_panos vr-paloalto_panos vr-pan", "Palo Alto PAN-OS" },
	{ "rare", "RARE/freeRtr" },
	{ "sonic-vm", "SONiC" },
	{ "sonic-vs", "SONiC" },
	{ "vyosnetworks_vyos vyos", "VyOS" },
	{ NULL, NULL },
};

/* Whether @word is one of the words of @words. */
static bool has_word(const char *words, const char *word)
{
	const size_t n = strlen(word);

	for (const char *p = words; *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") == n && strncmp(p, word, n) == 0)
			return n > 0;
	return false;
}

const char *kind_product(const char *kind)
{
	for (const struct kind_doc *p = kind_products; p->names; p++)
		if (has_word(p->names, kind))
			return p->text;
	return NULL;
}

static int find_kind(const char *kind)
{
	for (int i = 0; i < _NODE_KIND_MAX; i++)
		if (strcmp(kind, node_kind_names[i]) == 0)
			return i;
	if (strcmp(kind, "frr") == 0 || strcmp(kind, "frrouting") == 0)
		return KIND_FRR;
	return strcmp(kind, "k8s-kind") == 0 ? KIND_K8S : KIND_REFUSED;
}

/* What --map-kind says of @kind: "linux" or "linux:IMAGE", or NULL; `*` is every kind that cannot be made. */
static const char *map_of(const struct loader *l, const char *kind)
{
	const struct strv *maps = l->opt->map_kinds;
	const size_t n = strlen(kind);
	const char *others = NULL;

	for (size_t i = 0; maps && n && i < maps->n; i++) {
		if (strncmp(maps->v[i], kind, n) == 0 && maps->v[i][n] == '=')
			return maps->v[i] + n + 1;
		if (strncmp(maps->v[i], "*=", 2) == 0)
			others = maps->v[i] + 2;
	}
	return others && find_kind(kind) == KIND_REFUSED ? others : NULL;
}

struct kind_choice kind_choose(struct loader *l, const char *written, const char *node, struct pos pos)
{
	const char *map = map_of(l, written), *colon = map ? strchr(map, ':') : NULL;
	struct kind_choice c = { .mapped = map != NULL };

	c.kind = find_kind(colon ? arena_strndup(&l->scratch, map, (size_t)(colon - map)) : map ? map : written);
	if (colon && colon[1])
		c.image = arena_strdup(l->a, colon + 1);
	if (map || strcmp(written, "ovs-bridge") != 0)
		return c;
	diag_warning(l->d, pos, NULL, "node '%s' is made as a Linux bridge, not as one of Open vSwitch", node);
	c.kind = NODE_BRIDGE;
	return c;
}

void kind_refuse(struct loader *l, struct kinds_refused *r, const char *kind, const char *node, struct pos pos)
{
	if (strmap_put(&r->index, kind, r->n))
		*ARENA_PUSH(&l->scratch, r->items, r->n) = (struct kind_refused){ kind, node, pos, 1 };
	else
		r->items[strmap_get(&r->index, kind)].n++;
}

static const char *others(struct loader *l, const struct kind_refused *k)
{
	return k->n == 1 ? "" : arena_printf(&l->scratch, " and %zu more", k->n - 1);
}

static void report(struct loader *l, const struct kind_refused *k)
{
	const char *product = kind_product(k->kind), *map = map_of(l, k->kind), *hint;
	struct suggest sg = { .word = k->kind };

	for (const struct kind_doc *p = kind_docs; p->names && diag_wants_hints(l->d); p++)
		suggest_try(&sg, p->names);
	hint = suggest_hint(l, &sg);
	if (!hint || product)
		hint = arena_printf(&l->scratch,
				    "--map-kind %.40s=linux runs them as plain Linux, --map-kind %.40s=linux:frrouting/frr with FRR",
				    k->kind, k->kind);
	if (map)
		diag_error(l->d, k->pos, NULL, "--map-kind %.40s=%.40s: kinds that netemu makes are linux, frr, bridge, host, ext-container",
			   k->kind, map);
	else if (product)
		diag_error(l->d, k->pos, hint, "node '%s'%s: kind '%s' is a product (%s) with an image of its own, which netemu cannot run", k->node,
			   others(l, k), k->kind, product);
	else
		diag_error(l->d, k->pos, hint,
			   "node '%s'%s: kind '%s' is none of: linux, frr, bridge, ovs-bridge, host, ext-container, k8s-kind", k->node,
			   others(l, k), k->kind);
}

void kinds_report(struct loader *l, struct kinds_refused *r)
{
	for (size_t i = 0; i < r->n; i++)
		report(l, &r->items[i]);
	strmap_done(&r->index);
}
