// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pods.c - deleting a pod, with its grace period
 *
 * A pod that a kubelet may run is only marked; its kubelet ends it and says so (nodeproto.h's pod.gone). One that no
 * kubelet has is gone at once.
 */
#include "apiserver/api.h"
#include "cluster/jsonutil.h"

#include <string.h>

enum { GRACE_DEFAULT = 30, GRACE_MAX = INT32_MAX }; /* seconds */

/* As the pod strategy's CheckGracefulDelete(). */
static json_int_t grace_of(struct api *api, const json_t *pod, json_int_t asked)
{
	const char *node = json_text(pod, "spec", "nodeName", NULL), *phase = json_text(pod, "status", "phase", NULL);

	if (!*node || strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0 ||
	    !store_get(api->store, RES_NODES, "", node))
		return 0;
	if (asked < 0)
		asked = json_int(pod, GRACE_DEFAULT, "spec", "terminationGracePeriodSeconds", NULL);
	return MIN_OF(asked, (json_int_t)GRACE_MAX);
}

int pod_delete(struct api *api, const char *ns, const char *name, json_int_t grace, struct error *e)
{
	const json_t *pod = store_get(api->store, RES_PODS, ns, name);
	json_t *own, *meta;
	char when[KUBE_TIME_LEN];

	if (!pod)
		return error_set(e, ENOENT, "pods \"%s\" not found", name);
	grace = grace_of(api, pod, grace);
	if (grace == 0 && json_array_size(json_at(pod, "metadata", "finalizers", NULL)) == 0) {
		const int r = store_delete(api->store, RES_PODS, ns, name);

		return r < 0 ? error_errno(e, -r, "delete") : 0;
	}
	/* told before: only a shorter time is news */
	if (*json_text(pod, "metadata", "deletionTimestamp", NULL) &&
	    json_int(pod, GRACE_DEFAULT, "metadata", "deletionGracePeriodSeconds", NULL) <= grace)
		return 0;
	own = json_deep_copy(pod);
	meta = json_object_get(own, "metadata");
	(void)json_object_set_new(meta, "deletionTimestamp", json_string(kube_time(time(NULL) + grace, when)));
	(void)json_object_set_new(meta, "deletionGracePeriodSeconds", json_integer(grace));
	return store_update(api->store, RES_PODS, own, NULL, e);
}
