// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bootstrap.c - what every cluster begins with
 *
 * Nothing is shown that does not run: no pods of etcd, kube-proxy or CoreDNS.
 */
#include <string.h>

#include "apiserver/services.h"
#include "cluster/jsonutil.h"

static json_t *object(const char *kind, const char *ns, const char *name)
{
	json_t *j = json_pack("{s:s, s:s, s:{s:s}}", "kind", kind, "apiVersion", "v1", "metadata", "name", name);

	if (*ns)
		(void)json_object_set_new(json_object_get(j, "metadata"), "namespace", json_string(ns));
	return j;
}

#define ROOT_CA    "kube-root-ca.crt"
#define CERT_BEGIN "-----BEGIN CERTIFICATE-----"
#define CERT_END   "-----END CERTIFICATE-----\n"

/* The certificate in what tls.c keeps: its key is in the same file, and stays there. */
static json_t *only_certificate(const char *pem)
{
	const char *begin = strstr(pem, CERT_BEGIN), *end = begin ? strstr(begin, CERT_END) : NULL;

	return end ? json_pack("{s:o}", "ca.crt", json_stringn(begin, (size_t)(end - begin) + strlen(CERT_END))) : NULL;
}

/* The authority that signed what the API server shows; NULL before http.c has made it. */
static json_t *root_ca(const struct api *api)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[4200], pem[16384];

	if (!api->dir)
		return NULL;
	(void)snprintf(path, sizeof(path), "%s/pki/ca.pem", api->dir);
	f = fopen(path, "re");
	if (!f)
		return NULL;
	pem[fread(pem, 1, sizeof(pem) - 1, f)] = '\0';
	return only_certificate(pem);
}

void namespace_furnish(struct api *api, const char *name)
{
	json_t *ca, *map;

	if (!store_get(api->store, RES_SERVICEACCOUNTS, name, "default"))
		(void)api_create(api, RES_SERVICEACCOUNTS, object("ServiceAccount", name, "default"), NULL, NULL);
	ca = store_get(api->store, RES_CONFIGMAPS, name, ROOT_CA) ? NULL : root_ca(api);
	if (!ca)
		return;
	map = object("ConfigMap", name, ROOT_CA);
	(void)json_object_set_new(map, "data", ca);
	(void)api_create(api, RES_CONFIGMAPS, map, NULL, NULL);
}

static int make_namespace(struct api *api, const char *name, struct error *e)
{
	int r = api_create(api, RES_NAMESPACES, object("Namespace", "", name), NULL, e);

	if (r == 0)
		namespace_furnish(api, name);
	return r;
}

static int make_service(struct api *api, struct error *e)
{
	json_t *service = object("Service", "default", "kubernetes");
	char address[64];

	(void)json_object_set_new(json_object_get(service, "metadata"), "labels",
	                          json_pack("{s:s, s:s}", "component", "apiserver", "provider", "kubernetes"));
	(void)json_object_set_new(service, "spec",
	                          json_pack("{s:s, s:[{s:s, s:i, s:s, s:i}]}", "type", "ClusterIP", "ports", "name",
	                                    "https", "port", 443, "protocol", "TCP", "targetPort", 6443));
	if (store_get(api->store, RES_SERVICES, "default", "kubernetes")) {
		json_decref(service);
		return 0;
	}
	if (*service_first_address(api, 0, address))
		(void)json_object_set_new(json_object_get(service, "spec"), "clusterIP", json_string(address));
	return api_create(api, RES_SERVICES, service, NULL, e);
}

int bootstrap(struct api *api, struct error *e)
{
	static const char *const namespaces[] = { "default", "kube-system", "kube-public", "kube-node-lease" };

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		int r = make_namespace(api, namespaces[i], e);

		if (r < 0)
			return r;
	}
	return make_service(api, e);
}

/* ---- what comes back when it is deleted ---- */

static void on_again(struct loop *loop _unused_, struct loop_handle id _unused_, void *arg)
{
	struct api *api = arg;
	json_t *namespaces = store_list(api->store, RES_NAMESPACES, NULL), *ns;
	size_t i;

	json_array_foreach(namespaces, i, ns) if (!*json_text(ns, "metadata", "deletionTimestamp", NULL))
		namespace_furnish(api, kube_name(ns));
	json_decref(namespaces);
	(void)make_service(api, NULL);
}

static bool is_ours(const struct store_event *ev)
{
	const char *name = kube_name(ev->object);

	return (ev->res->id == RES_SERVICEACCOUNTS && strcmp(name, "default") == 0) ||
	       (ev->res->id == RES_CONFIGMAPS && strcmp(name, ROOT_CA) == 0) ||
	       (ev->res->id == RES_SERVICES && strcmp(name, "kubernetes") == 0);
}

static void on_store_event(const struct store_event *ev, void *arg)
{
	struct api *api = arg;

	if (ev->type == STORE_DELETED && is_ours(ev) && !loop_exists(api->loop, api->furnishing))
		(void)loop_add_timer(api->loop, 0, on_again, api, &api->furnishing, NULL);
}

int bootstrap_watch(struct api *api, struct error *e)
{
	if (!store_watch(api->store, on_store_event, api))
		return error_oom(e);
	return loop_add_timer(api->loop, 0, on_again, api, &api->furnishing, e);
}
