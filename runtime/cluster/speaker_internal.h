/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speaker_internal.h - what the two generations of Cilium's BGP resources share while they are compiled
 */
#ifndef NETEMU_CLUSTER_SPEAKER_INTERNAL_H
#define NETEMU_CLUSTER_SPEAKER_INTERNAL_H

#include "cluster/speaker.h"

struct speaker_build {
	const struct speaker_input *in;
	const json_t *labels; /* of the node */
	const char *node; /* name of the node */
	json_t *instances, *notes; /* of the result, borrowed */
	json_t *conditions;
};

/* Attributes that are put on paths: of one advertisement or of several that match the same path. */
struct speaker_attributes {
	json_t *communities, *large; /* own references to arrays of strings, or NULL */
	json_int_t local_pref; /* 0: default */
};
void speaker_attributes_done(struct speaker_attributes *a);
#define _cleanup_attributes_ _cleanup_(speaker_attributes_done)

/** speaker_note() - say what is not done, once */
void speaker_note(struct speaker_build *b, const char *fmt, ...) _printf_(2, 3);

/** speaker_select() - objects of @objects whose spec.nodeSelector selects the node, in the order of their age; new array */
json_t *speaker_select(const struct speaker_build *b, const json_t *objects);

/** speaker_router_id() - the node's first InternalIP that is IPv4; "" when there is none */
const char *speaker_router_id(const struct speaker_build *b);

/** speaker_password() - what an authSecretRef names, into @peer; a missing Secret is noted, the session goes without */
void speaker_password(struct speaker_build *b, const char *secret, json_t *peer);

/** speaker_restart_time() - of a gracefulRestart object: seconds, or 0 */
json_int_t speaker_restart_time(const json_t *graceful);

/** speaker_attributes_merge() - add those of {communities: {standard, wellKnown, large}, localPreference}; the highest preference wins */
void speaker_attributes_merge(struct speaker_attributes *a, const json_t *from);

/**
 * speaker_family() - {"afi", "safi", "paths": []} of a family object; NULL (noted) when no speaker here has it
 */
json_t *speaker_family(struct speaker_build *b, const char *afi, const char *safi);

/** speaker_default_families() - Cilium's default: IPv4 and IPv6 unicast, as an array of {afi, safi}; new reference */
json_t *speaker_default_families(void);

/** speaker_pod_paths() - announce the node's pod CIDRs of the family's AFI; a prefix that is there already gets the attributes, too */
void speaker_pod_paths(const struct speaker_build *b, json_t *family, const struct speaker_attributes *a, bool ibgp);

/** speaker_policy_compile() - a CiliumBGPPeeringPolicy */
void speaker_policy_compile(struct speaker_build *b, const json_t *policy);
/** speaker_config_compile() - a CiliumBGPClusterConfig */
void speaker_config_compile(struct speaker_build *b, const json_t *config);

#endif
