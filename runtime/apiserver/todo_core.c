// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * todo_core.c - stands in for parts of the core that are being written
 */
#include "apiserver/api.h"
#include "cluster/schema.h"
int nodes_start(struct api *api _unused_, struct error *e _unused_) { return 0; }
void nodes_free(struct api *api _unused_) {}
void nodes_hello(struct api *api _unused_, struct rpc_peer *peer _unused_, json_int_t id _unused_, const json_t *node _unused_) {}
bool nodes_message(struct api *api _unused_, struct rpc_peer *peer _unused_, struct rpc_message *m _unused_) { return false; }
void nodes_peer_ended(struct api *api _unused_, struct rpc_peer *peer _unused_) {}
struct rpc_peer *nodes_find(struct api *api _unused_, const char *node _unused_) { return NULL; }
void nodes_network_changed(struct api *api _unused_) {}
void nodes_send_bgp(struct api *api _unused_, const char *node _unused_, json_t *config) { json_decref(config); }
int rpcserver_start(struct api *api _unused_, struct error *e _unused_) { return 0; }
void rpcserver_free(struct api *api _unused_) {}
int watches_start(struct api *api _unused_, struct error *e _unused_) { return 0; }
void watches_free(struct api *api _unused_) {}
void api_watch_start(struct api_watch *w _unused_, api_watch_fn fn _unused_, void *arg _unused_) {}
struct api_watch *api_watch_free(struct api_watch *w _unused_) { return NULL; }
int events_start(struct api *api _unused_, struct error *e _unused_) { return 0; }
void events_free(struct api *api _unused_) {}
void api_event(struct api *api _unused_, const json_t *about _unused_, const char *type _unused_, const char *reason _unused_,
	       const char *component _unused_, const char *host _unused_, const char *fmt _unused_, ...) {}
int bootstrap(struct api *api _unused_, struct error *e _unused_) { return 0; }
void namespace_furnish(struct api *api _unused_, const char *name _unused_) {}
json_t *network_default(const struct api *api _unused_) { return NULL; }
json_t *pending_list(struct api *api _unused_) { return json_array(); }
int pod_delete(struct api *api, const char *ns, const char *name, json_int_t grace _unused_, struct error *e _unused_)
{
	return store_delete(api->store, RES_PODS, ns, name);
}
int api_create(struct api *api, enum resource_id res, json_t *object, json_t **ret, struct error *e)
{
	schema_default(&resources[res], object);
	return store_create(api->store, res, object, ret, e);
}
int api_remove(struct api *api, enum resource_id res, const char *ns, const char *name, struct error *e)
{
	if (res == RES_PODS)
		return pod_delete(api, ns, name, -1, e);
	return store_delete(api->store, res, ns, name);
}
