/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.h - model -> an ordered list of typed operations
 *
 * `netemu plan` prints exactly what `netemu run` will do. Everything here is pure: what has to be known of the
 * machine (taken subnets, bridges, namespaces of other labs) comes in as struct plan_env.
 */
#ifndef NETEMU_PLAN_PLAN_H
#define NETEMU_PLAN_PLAN_H

#include "base/error.h"
#include "plan/image.h"
#include "plan/profile.h"
#include "topology/lab.h"

/* A network namespace that operations work in. */
enum plan_ns_type {
	PLAN_NS_HOST, /* the host's: plan.ns[0], always */
	PLAN_NS_LAB, /* the lab's own, where its bridges live: plan.ns[1], always */
	PLAN_NS_NODE, /* made for a node */
	PLAN_NS_FOREIGN, /* somebody else's, opened by path */
	_PLAN_NS_TYPE_MAX,
};

enum { PLAN_NS_INDEX_HOST = 0, PLAN_NS_INDEX_LAB = 1 };

struct plan_ns {
	enum plan_ns_type type;
	const char *name; /* for people */
	const char *path; /* PLAN_NS_FOREIGN: what to open */
	uint32_t ifindexes; /* interfaces made there so far; the next one gets 2 + this (1 is lo) */
};

/* An interface that the plan makes or uses. */
struct plan_if {
	uint32_t ns;
	const char *name;
	uint32_t ifindex; /* 0 = the kernel chooses (namespaces that others use too) */
};

enum op_type {
	OP_NETNS, /* make ns */
	OP_SYSCTL, /* ns: key = value; before any link is there */
	OP_BRIDGE, /* make if a, mtu */
	OP_VETH, /* make if a and its peer b, mtu, MAC addresses; a becomes a port of bridge c unless it is NONE */
	OP_MACVLAN, /* make if a on if b of the host, mtu, mac_a; key: mode; value: a name until OP_RENAME */
	OP_VXLAN, /* make if a, mtu, mac_a, a tunnel of the host's as link says, leaving by if b unless NONE; value likewise */
	OP_DUMMY, /* make if a, mtu, mac_a; key: the kind that does it */
	OP_RENAME, /* if a, called value so far, gets its name */
	OP_STITCH, /* what enters if a leaves by if b, and the other way round */
	OP_ALTNAME, /* if a has the name key as well, and tells people that it is value */
	OP_IMPAIR, /* what leaves if a, as impair has it; mtu */
	OP_MASTER, /* if a becomes a port of bridge b, which existed before */
	OP_ALIAS, /* if a: value tells people whose it is */
	OP_ADDR, /* if a: addr */
	OP_UP, /* if a */
	OP_ROUTE, /* ns, default route: through addr out of if a */
	OP_MASQUERADE, /* host: what comes from addr and leaves by another device than if a is masqueraded */
	OP_NAME, /* /run/netns/value shows node's ns */
	OP_NODE, /* sandbox and init of node */
	/* steps of one node, which the supervisor takes one after the other; stage: where they belong */
	OP_DELAY, /* wait for seconds */
	OP_WAIT, /* until node peer has completed peer_stage */
	OP_COMMAND, /* main command of node: argv */
	OP_EXEC, /* exec line of node: argv, value = text */
	OP_HOST_EXEC, /* the same on the host */
	OP_LINKS, /* make its ends of its links that come late */
	OP_HEALTHY, /* wait until it is */
	OP_ENDED, /* wait until its main command has ended */
	OP_REACH, /* stage is complete: who waits for that goes on */
	_OP_TYPE_MAX,
};

enum { PLAN_NONE = -1 };

struct op {
	enum op_type type;
	int32_t node; /* or PLAN_NONE */
	int32_t ns;
	int32_t a, b, c; /* interfaces */
	int32_t link; /* link of the lab that this is for, or PLAN_NONE */
	uint32_t mtu;
	struct macaddr mac_a, mac_b;
	struct inprefix addr;
	const char *key, *value;
	const struct strv *argv;
	const struct impair *impair;
	enum stage stage; /* of a step; _STAGE_MAX: none */
	int32_t peer;
	enum stage peer_stage;
	uint32_t seconds;
	bool late; /* not with the others: by a step of a node */
};

/* What became of a link. */
struct plan_link {
	int32_t end[2]; /* interfaces; PLAN_NONE: an end that is not a node's */
	struct macaddr mac[2];
};

/* What became of a node. */
struct plan_node {
	int32_t ns; /* index in plan.ns, PLAN_NONE for a bridge */
	int32_t bridge; /* interface of a bridge node, else PLAN_NONE */
	bool has_init; /* gets a sandbox and an init of its own */
	bool host_root; /* kind host, or a namespace of somebody else's: no sandbox around the init */
	const char *agent; /* ext-container of another lab: the socket of its init, else NULL */
	const struct profile *profile; /* never NULL with has_init */
	unsigned awaited; /* bits of the stages that somebody waits for */
	bool late; /* its init is made by a step */
	bool late_links; /* its links are made by a step */
	struct strv command; /* main command; n = 0: idle */
	const char *user, *workdir; /* of its commands: the file's, else its imported image's; NULL = root, "/" */
	struct inprefix ipv4, ipv6; /* of eth0, family 0 = none */
};

struct plan {
	struct arena arena;
	const struct lab *lab;
	struct plan_ns *ns;
	size_t n_ns;
	struct plan_if *ifs;
	size_t n_ifs;
	struct op *ops;
	size_t n_ops;
	struct plan_node *nodes; /* one a node of the lab */
	struct plan_link *links; /* one a link */
	bool late; /* some operations are */
	const char *dummy_kind; /* what dummy links are made of; NULL: there are none */
	int32_t mgmt_bridge; /* interface of the management network's bridge, or PLAN_NONE */
	struct inprefix v4, v6; /* management subnets, family 0 = none */
	struct inprefix gw4, gw6;
	const char *mgmt_dev; /* the host's interface on the management network, "" = none */
	const char *notice; /* something to tell the user about the management network, or NULL */
};

/* How the alias of a lab's link on the host begins; the lab's name follows. */
#define PLAN_ALIAS "netemu lab "

/* A prefix that is in use on the host. */
struct plan_taken {
	struct inprefix prefix; /* as set: with its host bits, for addresses */
	const char *dev;
	const char *holder; /* who that is, for people: "eth0", "lab demo" */
};

/* Where a name that is not in the lab was found. */
struct plan_foreign {
	const char *path; /* of its network namespace */
	const char *agent; /* socket of its init, or NULL */
	const char *what; /* for people: "node worker of lab clab-x" */
};

struct plan_env {
	const struct plan_taken *taken;
	size_t n_taken;
	const char *const *bridges; /* bridges that exist on the host */
	size_t n_bridges;
	const char *const *host_links; /* all interfaces of the host; NULL: not known */
	size_t n_host_links;
	const char *const *missing; /* kinds of links and qdiscs that the kernel lacks */
	size_t n_missing;
	const struct plan_foreign *foreign; /* one a node of the lab, used where net_target is foreign; may be NULL */
	uint32_t n_cpus; /* processors of the machine, 0: not known */
	uint32_t seed; /* makes names in the host's namespace unique from run to run */
	const struct inprefix *leave; /* subnets that another lab of this run takes */
	size_t n_leave;
};

/**
 * plan_build() - plan a lab
 * @d: gets mistakes that only show now (address outside the subnet, subnet taken, unknown image)
 *
 * Return: the plan (free with plan_free()), or NULL with errors in @d.
 */
struct plan *plan_build(const struct lab *lab, const struct plan_env *env, struct diag *d);

/**
 * plan_runs_image() - whether @n runs what its image starts by itself: the file says nothing else, or says just that
 * @p: its profile, may be NULL
 */
bool plan_runs_image(const struct node *n, const struct profile *p);

/**
 * plan_map_images() - what --map-image '*=OTHER' says (@maps, or NULL): nodes whose image nothing stands for get OTHER
 *
 * Return: whether there are such nodes.
 */
bool plan_map_images(struct lab *lab, const struct strv *maps);
/** plan_check_images() - report nodes whose image nothing stands for; plan_build() does it, too */
void plan_check_images(const struct lab *lab, struct diag *d);

void plan_print(const struct plan *p, FILE *out);
void plan_free(struct plan *p);
static inline void plan_freep(struct plan **p)
{
	if (*p)
		plan_free(*p);
}

extern const char *const op_names[_OP_TYPE_MAX];

#endif
