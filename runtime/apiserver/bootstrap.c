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

/* The authority that signed what the API server shows; http.c writes it. */
static json_t *root_ca(const struct api *api)
{
	char path[4200], pem[16384];
	FILE *f;
	size_t n;

	if (!api->dir)
		return NULL;
	(void)snprintf(path, sizeof(path), "%s/ca.crt", api->dir);
	f = fopen(path, "re");
	if (!f)
		return NULL;
	n = fread(pem, 1, sizeof(pem), f);
	(void)fclose(f);
	return json_pack("{s:o}", "ca.crt", json_stringn(pem, n));
}

void namespace_furnish(struct api *api, const char *name)
{
	json_t *ca = root_ca(api), *map;

	(void)api_create(api, RES_SERVICEACCOUNTS, object("ServiceAccount", name, "default"), NULL, NULL);
	if (!ca)
		return;
	map = object("ConfigMap", name, "kube-root-ca.crt");
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
				  json_pack("{s:s, s:[{s:s, s:i, s:s, s:i}]}", "type", "ClusterIP", "ports", "name", "https", "port", 443,
					    "protocol", "TCP", "targetPort", 6443));
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
