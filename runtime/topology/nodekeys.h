/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodekeys.h - the keys of a node, what inherits them, and what they do
 *
 * The same keys stand in `defaults`, in each kind, each group and each node; struct props is what one of these
 * places says. A node sees up to four of them (struct levels). One table in nodekeys.c has a row for each key.
 */
#ifndef NETEMU_TOPOLOGY_NODEKEYS_H
#define NETEMU_TOPOLOGY_NODEKEYS_H

#include "topology/loader.h"

enum node_key {
	NK_ALIASES,
	NK_BINDS,
	NK_CMD,
	NK_DNS,
	NK_ENTRYPOINT,
	NK_ENV,
	NK_ENV_FILES,
	NK_EXEC,
	NK_GROUP,
	NK_HOSTNAME,
	NK_IMAGE,
	NK_KIND,
	NK_LABELS,
	NK_MGMT_IPV4,
	NK_MGMT_IPV6,
	NK_NETWORK_MODE,
	NK_STARTUP_DELAY,
	NK_SYSCTLS,
	NK_OLD_MGMT_IPV4,
	NK_OLD_MGMT_IPV6,
	/* without meaning here */
	NK_AUTO_REMOVE,
	NK_CAP_ADD,
	NK_CERTIFICATE,
	NK_CGROUP_PARENT,
	NK_CGROUPNS_MODE,
	NK_COMPONENTS,
	NK_CONFIG,
	NK_CPU,
	NK_CPU_SET,
	NK_CREDENTIALS,
	NK_DEVICES,
	NK_ENFORCE_STARTUP_CONFIG,
	NK_EXTRAS,
	NK_HEALTHCHECK,
	NK_IMAGE_PULL_POLICY,
	NK_LICENSE,
	NK_LINK_APPLY_MODE,
	NK_MEMORY,
	NK_PASSWORD,
	NK_KERNEL,
	NK_PID_MODE,
	NK_PORTS,
	NK_POSITION,
	NK_PRIVILEGED,
	NK_PUBLISH,
	NK_RESTART_POLICY,
	NK_RUNTIME,
	NK_SANDBOX,
	NK_SANS,
	NK_SECURITY_OPTS,
	NK_SHM_SIZE,
	NK_STAGES,
	NK_STARTUP_CONFIG,
	NK_SUPPRESS_STARTUP_CONFIG,
	NK_TMPFS,
	NK_TYPE,
	NK_USER,
	NK_USERNAME,
	NK_VOLUMES,
	NK_WAIT_FOR,
	_NK_MAX,
};

struct props {
	const struct value *v[_NK_MAX];
	size_t weight; /* of them all */
};

enum level { LEVEL_DEFAULTS, LEVEL_KIND, LEVEL_GROUP, LEVEL_NODE, _LEVEL_MAX };

/* What one node sees; absent levels are NULL. Most specific last. */
struct levels {
	const struct props *p[_LEVEL_MAX];
};

/* `kinds` or `groups`: name -> props */
struct props_map {
	struct strmap index;
	struct props *props;
	size_t n;
};

/* What a node's keys are turned into fields with. */
struct node_ctx {
	struct loader *l;
	struct node *node;
	const struct levels *levels;
	const char *lab_dir; /* "<dir>/clab-<lab>", __clabDir__ */
};

/** props_read() - the keys in @map, which stands in @level; @what as in "node 'tor0'" */
void props_read(struct loader *l, const struct value *map, enum level level, const char *what, struct props *ret);
/** levels_value() - the value of a key that is taken whole: the most specific one that is set, or NULL */
const struct value *levels_value(const struct levels *lv, enum node_key key);
/** node_apply() - each key of the table into the node, but env (node_apply_env) and what ties nodes together */
void node_apply(struct node_ctx *c);

/* ---- handlers with a file of their own ---- */

/** bind_check(), node_apply_binds() - bind.c */
void bind_check(struct loader *l, const struct value *v);
void node_apply_binds(struct node_ctx *c);
/** path_clean() - @path below @dir when relative, without '.', '..' and '//', as Go's filepath.Join() */
char *path_clean(struct arena *a, const char *dir, const char *path);
/** magic_expand() - @text with __clabNodeName__, __clabNodeDir__, __clabDir__ and __clabLabName__ replaced */
const char *magic_expand(struct node_ctx *c, const char *text);

/** env_check(), node_apply_env() - env.c; @n_intfs is the number of the node's links */
void env_check(struct loader *l, const struct value *v);
void node_apply_env(struct node_ctx *c, size_t n_intfs);

/** node_apply_cluster() - a node of kind k8s-kind into lab.clusters; k8skind.c */
void node_apply_cluster(struct node_ctx *c);

/** node_apply_frr() - what kind frr makes of startup-config, extras.frr and what was saved; frr.c */
void node_apply_frr(struct node_ctx *c);

/** levels_merge_kv() - a map of texts over all levels; kv[i].value is never NULL */
void levels_merge_kv(struct node_ctx *c, enum node_key key, struct kv **ret, size_t *ret_n);

/** resources.c: what Docker has for a container's process and files */
void restart_check(struct loader *l, const struct value *v);
void size_check(struct loader *l, const struct value *v);
void tmpfs_check(struct loader *l, const struct value *v);
void node_apply_restart(struct node_ctx *c);
void node_apply_user(struct node_ctx *c);
void node_apply_tmpfs(struct node_ctx *c);
/** size_parse() - "64m", "1g", "1.5Gb", "1048576": bytes. Return: 0 or -EINVAL. */
int size_parse(const char *text, uint64_t *ret);
/** ports.c */
void ports_check(struct loader *l, const struct value *v);
void node_apply_ports(struct node_ctx *c);

/** stages.c */
void stages_check(struct loader *l, const struct value *v);
void node_apply_stages(struct node_ctx *c);
/** stages_resolve() - whom nodes wait for, and whether that can ever end; stagegraph.c */
void stages_resolve(struct loader *l);
/** health.c */
void health_check(struct loader *l, const struct value *v);
void node_apply_health(struct node_ctx *c);
/** cert.c */
void certificate_check(struct loader *l, const struct value *v);
void node_apply_certificate(struct node_ctx *c);
/** cert_path_is() - whether @path is LAB_DIR/.tls or below */
bool cert_path_is(const struct lab *lab, const char *path);

/** volume.c */
void volume_check(struct loader *l, const struct value *v);
void node_apply_volumes(struct node_ctx *c);

/** limits.c: cpu, cpu-set and memory */
void cpu_check(struct loader *l, const struct value *v);
void cpu_set_check(struct loader *l, const struct value *v);
void memory_check(struct loader *l, const struct value *v);
void node_apply_limits(struct node_ctx *c);
/** number_parse() - a plain decimal number at the start of @text: no sign, exponent, hexadecimal. Return: what follows it, or NULL. */
const char *number_parse(const char *text, double *ret);
/** cpu_list_parse() - "0-3,6": the highest number in it. Return: 0 or -EINVAL. */
int cpu_list_parse(const char *text, uint32_t *ret_max);

/** netmode_check(), node_apply_netmode() - netmode.c */
void netmode_check(struct loader *l, const struct value *v);
void node_apply_netmode(struct node_ctx *c);

#endif
