/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab.h - the model: what a file says, resolved
 *
 * A lab is what one topology file or one Kind cluster config describes, after inheritance, environment
 * substitution and magic variables: arrays and indices, no pointers between objects. All strings and arrays live
 * in the lab's arena. Everything here is pure data; nothing knows the kernel.
 */
#ifndef NETEMU_TOPOLOGY_LAB_H
#define NETEMU_TOPOLOGY_LAB_H

#include "base/impair.h"
#include "base/inaddr.h"
#include "base/strmap.h"
#include "base/strv.h"
#include "topology/diag.h"

enum lab_type { LAB_TOPOLOGY, LAB_CLUSTER, _LAB_TYPE_MAX };

enum node_kind { NODE_LINUX, NODE_BRIDGE, NODE_HOST, NODE_EXT_CONTAINER, _NODE_KIND_MAX };

/* Where a node's network stack lives. */
enum net_mode {
	NET_MGMT, /* own netns, eth0 on the management network (network-mode unset, "default" or "bridge") */
	NET_NONE, /* own netns, lo only */
	NET_HOST, /* the host's netns */
	NET_CONTAINER, /* another node's netns: net_node, or net_target when it is not in this lab */
	_NET_MODE_MAX,
};

struct kv {
	const char *key, *value;
};

struct taint {
	const char *key, *value, *effect; /* value may be "" */
};

struct bind {
	const char *src; /* absolute */
	const char *dst; /* absolute, inside the node */
	bool ro;
	struct pos pos;
};

/* A directory that is kept for nodes. */
struct volume {
	const char *name; /* of one that outlives the lab, and that nodes share; NULL: the node's own */
	const char *dst; /* absolute, inside the node */
	bool ro;
	bool nocopy; /* a new one stays empty: it does not begin with what the node has there */
	struct pos pos;
};

/* A tmpfs of the node's own. */
struct tmpfs {
	const char *dst; /* absolute, inside the node */
	const char *options; /* the kernel's: "size=64m,mode=1777" */
	bool ro, noexec;
};

/* What happens when the main command ends by itself. */
enum restart_policy { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_UNLESS_STOPPED, _RESTART_MAX };

/* A port of the host's that is handed on to a node's. */
struct port_map {
	struct inprefix host; /* address to listen on, family 0: any */
	uint16_t host_port; /* 0: any that is free */
	uint16_t node_port;
	bool udp;
	struct pos pos;
};

/* How it is found out whether a node is well. No words: it is not. */
struct healthcheck {
	struct strv argv;
	uint32_t interval, timeout, start_period; /* seconds */
	uint32_t retries; /* at least 1 */
};

/* What a node may use; 0 or NULL: as much as there is. */
struct node_limits {
	uint32_t cpu_milli; /* thousandths of a processor */
	uint64_t memory; /* bytes */
	const char *cpus; /* list of processors, "0-3,6" */
	uint32_t cpu_max; /* the highest one of them */
	struct pos cpus_pos;
};

/* The certificate that is made for a node. */
struct node_cert {
	bool issue;
	uint32_t key_size; /* bits */
	int64_t validity; /* seconds */
	struct strv sans;
	struct pos pos;
};

enum { CERT_KEY_SIZE = 2048, CERT_VALIDITY = 8760 * 3600 };

/* Who signs them: files that are there already, or one that is made for the lab. */
struct lab_ca {
	const char *cert, *key; /* absolute, or NULL */
	uint32_t key_size;
	int64_t validity;
	struct pos pos;
};

struct exec_line {
	const char *text; /* after magic variables, as written */
	struct strv argv; /* split as by shlex_split() */
	struct pos pos;
};

enum { LAB_INDEX_NONE = -1 };

/* What kind frr makes of its keys. */
struct node_frr {
	const char *conf; /* text of /etc/frr/frr.conf */
	struct strv daemons; /* that run besides those that always do */
};

/* What a node goes through when its lab starts, in this order. */
enum stage { STAGE_CREATE, STAGE_CREATE_LINKS, STAGE_CONFIGURE, STAGE_HEALTHY, STAGE_EXIT, _STAGE_MAX };
extern const char *const stage_names[_STAGE_MAX];

/* Before a stage is entered, another node must have completed one. */
struct stage_wait {
	const char *name; /* of that node, as written */
	int32_t node; /* its index */
	enum stage stage;
	struct pos pos;
};

struct stage_exec {
	struct exec_line line;
	bool host; /* to run on the host, not in the node */
	bool on_exit; /* when the stage is completed, not when it is entered */
};

struct stage_spec {
	struct stage_wait *waits;
	size_t n_waits;
	struct stage_exec *execs;
	size_t n_execs;
};

struct node_stages {
	struct stage_spec stage[_STAGE_MAX];
};

struct image;

struct node {
	const char *name; /* "tor0" */
	const char *longname; /* "clab-bgp-cplane-demo-tor0" */
	const char *hostname; /* UTS name, default: name */
	enum node_kind kind;
	const char *kind_name; /* what people call it when it is not node_kind_names[kind]: "frr"; or NULL */
	struct node_frr *frr; /* of kind frr, or NULL */
	bool kind_mapped; /* by --map-kind: its image need not be one that is known */
	const char *group; /* or NULL */
	const char *image; /* as written, or NULL */
	const struct image *imported; /* plan/image.h: what was imported under that name; NULL: nothing, or nobody has looked */
	struct pos pos; /* of the node's key */
	struct pos image_pos;

	enum net_mode net_mode;
	const char *net_target; /* NET_CONTAINER: X of container:X; of a bridge inside of a node: that node */
	int32_t net_node; /* NET_CONTAINER: index in this lab, or LAB_INDEX_NONE: a foreign name */
	struct pos net_pos;

	bool has_cmd, has_entrypoint; /* set by the file (an empty value counts) */
	struct strv cmd, entrypoint; /* split into words */
	struct exec_line *exec;
	size_t n_exec;
	struct bind *binds;
	size_t n_binds;
	struct volume *volumes;
	size_t n_volumes;
	struct tmpfs *tmpfs;
	size_t n_tmpfs;
	enum restart_policy restart;
	uint32_t restart_tries; /* RESTART_ON_FAILURE: 0 = no limit */
	struct healthcheck health;
	const char *user; /* of its command and exec lines, NULL = root */
	struct strv env; /* "K=V", env-files and CLAB_* included; sorted by no one: last wins was applied */
	struct kv *labels;
	size_t n_labels;
	struct kv *sysctls;
	size_t n_sysctls;
	struct strv aliases;
	struct strv dns_servers, dns_search, dns_options;
	bool has_dns;
	uint32_t startup_delay; /* seconds */
	struct node_stages *stages; /* NULL: it waits for nobody, and nothing runs at its stages */
	struct node_limits limits;
	struct port_map *ports;
	size_t n_ports;
	struct node_cert cert;
	struct inprefix mgmt_ipv4, mgmt_ipv6; /* static eth0 addresses, full length; family 0 = dynamic */
	struct pos mgmt_ipv4_pos, mgmt_ipv6_pos;

	/* LAB_CLUSTER only: what kubeadm would have made of the node (cluster/kubeadm.c) */
	bool kube; /* a node of the cluster; false: its load balancer, which is none */
	bool control_plane;
	const char *kube_version; /* "v1.27.3", of the image */
	struct strv node_ips; /* kubelet's node-ip, one or two addresses; empty: those of eth0 */
	struct kv *kube_labels; /* of the Node object, automatic ones included */
	size_t n_kube_labels;
	struct taint *taints;
	size_t n_taints;
	struct strv pod_cidrs; /* one a family, in the order of lab.pod_subnets */
	struct strv router_ips; /* pinned addresses of cilium_host */
};

struct endpoint {
	int32_t node; /* index into lab.nodes; LAB_INDEX_NONE: not a node's, see enum link_type */
	const char *ifname; /* the kernel's */
	const char *altname; /* when the file's is longer than the kernel's may be, or holds a '/': that, with '-'; or NULL */
	const char *name; /* as written */
	struct impair impair; /* of what leaves it */
	bool has_mac;
	struct macaddr mac;
	struct inprefix *addrs; /* address with length, to be set on the interface */
	size_t n_addrs;
	struct pos pos;
};

/* What is at the second end, whose node is none but with a veth and a stitched one. */
enum link_type {
	LINK_VETH,
	LINK_VETH_STITCH, /* two pairs, tied together outside of the nodes */
	LINK_MGMT_NET, /* a port of the management network's bridge: end[1].ifname */
	LINK_MACVLAN, /* an interface of the host: end[1].ifname */
	LINK_DUMMY, /* nothing */
	LINK_VXLAN, /* a tunnel of the host's; end[1].ifname: the host's interface that it leaves by, or "" */
	LINK_VXLAN_STITCH, /* the same, but the node has a veth that is tied to it */
	_LINK_TYPE_MAX,
};

enum macvlan_mode { MACVLAN_BRIDGE, MACVLAN_PRIVATE, MACVLAN_VEPA, MACVLAN_PASSTHRU, MACVLAN_SOURCE, _MACVLAN_MAX };

struct link {
	enum link_type type;
	struct endpoint end[2];
	uint32_t mtu; /* bytes, 0 = default (9500; a tunnel's: what fits 1500; a macvlan's: the host's interface's) */
	enum macvlan_mode macvlan;
	struct inprefix remote; /* of a tunnel, full length */
	uint32_t vni;
	uint16_t dst_port, src_port; /* src_port 0: any */
	struct pos pos;
};

enum subnet_mode { SUBNET_DEFAULT, SUBNET_AUTO, SUBNET_GIVEN, SUBNET_DISABLED, _SUBNET_MODE_MAX };

struct mgmt_family {
	enum subnet_mode mode;
	struct inprefix subnet; /* SUBNET_GIVEN */
	struct inprefix gw; /* family 0 = first address */
	struct inprefix range; /* pool of dynamic addresses; family 0 = whole subnet */
	struct pos pos;
};

struct mgmt {
	const char *network; /* default "clab" */
	const char *bridge; /* or NULL */
	struct mgmt_family v4, v6;
	uint32_t mtu; /* 0 = 1500 */
	bool external_access; /* default true */
	bool skip_when_unused;
	struct pos pos, bridge_pos;
};

/* A node of kind k8s-kind: a cluster that is to be started with the lab, as a lab of its own. */
struct lab_cluster {
	const char *name;
	const char *path; /* of its Kind config, absolute; or NULL: */
	const char *text; /* the config itself; both NULL: Kind's defaults */
	const char *image; /* of its nodes, or NULL: what the config says */
	struct pos pos;
};

struct lab {
	struct arena arena;
	enum lab_type type;
	const char *name; /* "bgp-cplane-demo"; the key under /run/netemu */
	const char *prefix; /* what stands before node names in long names: "clab-bgp-cplane-demo-" or "" */
	const char *path; /* absolute path of the file */
	const char *dir; /* its directory */
	const char *lab_dir; /* what belongs to the lab on disk: "DIR/clab-NAME" (CLAB_LABDIR_BASE); NULL for a cluster */
	uint32_t file; /* index in the diag */
	struct mgmt mgmt;
	struct lab_ca ca;
	struct node *nodes;
	size_t n_nodes;
	struct link *links;
	size_t n_links;
	struct lab_cluster *clusters;
	size_t n_clusters;
	struct strmap node_index; /* name -> index; empty in a lab that was made by hand */

	/* LAB_CLUSTER only, kept for the cluster part */
	const char *pod_subnet, *service_subnet; /* as written: one, or two separated by a comma */
	struct strv pod_subnets, service_subnets; /* the same, one by one */
	bool disable_default_cni;
	const char *ip_family; /* "ipv4", "ipv6", "dual" */
	const char *api_address; /* where the API server listens on the host */
	uint32_t api_port; /* 0 = any */
	const char *kube_proxy_mode; /* "iptables", ... */
	struct strv dns_search;
	const char *version; /* "v1.27.3", of the first control plane's image */
	uint8_t node_mask4, node_mask6; /* length of a node's pod CIDR: 24 and 64 */
	struct pos pod_subnet_pos;
	const char *pins; /* JSON as of cluster/pins.h, "{}" when there are none */
};

/* What `run` writes into lab_dir before the nodes are made; names are containerlab's. */
enum lab_file { LAB_FILE_ANSIBLE, LAB_FILE_NORNIR, LAB_FILE_TOPOLOGY_DATA, LAB_FILE_KEYS, _LAB_FILE_MAX };
extern const char *const lab_file_names[_LAB_FILE_MAX];

/** lab_has_file() - whether @name is one of them */
bool lab_has_file(const char *name);

/** lab_find_node() - index of the node called @name (short name), or LAB_INDEX_NONE */
int32_t lab_find_node(const struct lab *lab, const char *name);
void lab_free(struct lab *lab);
static inline void lab_freep(struct lab **lab)
{
	if (*lab)
		lab_free(*lab);
}

extern const char *const node_kind_names[_NODE_KIND_MAX];
/** node_kind_text() - the node's kind as its file has it: "frr" of what is a linux node here */
const char *node_kind_text(const struct node *n);
extern const char *const net_mode_names[_NET_MODE_MAX];
extern const char *const link_type_names[_LINK_TYPE_MAX];
extern const char *const macvlan_mode_names[_MACVLAN_MAX];

/** node_bridge_name() - the interface that a node of kind bridge is: "br01" for "br01|node" */
const char *node_bridge_name(const struct node *n, struct arena *a);

#endif
