// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * discovery.c - what the API server says of itself: groups, versions, resources, /version
 *
 * Both forms of discovery are made from the table of resources: the lists of old, and the aggregated ones that
 * kubectl >= 1.27 asks for. OpenAPI is openapi.c's.
 */
#include <string.h>
#include <sys/utsname.h>

#include "apiserver/serve.h"
#include "cluster/jsonutil.h"

/* Groups in the order in which kubectl api-resources shows them; "" is the core. */
static const struct group {
	const char *name;
	const char *versions[3];
} groups[] = {
	{ "", { "v1" } },
	{ "apps", { "v1" } },
	{ "authentication.k8s.io", { "v1" } },
	{ "authorization.k8s.io", { "v1" } },
	{ "autoscaling", { "v1" } },
	{ "batch", { "v1" } },
	{ "policy", { "v1" } },
	{ "apiextensions.k8s.io", { "v1" } },
	{ "coordination.k8s.io", { "v1" } },
	{ "cilium.io", { "v2", "v2alpha1" } },
};

/* Resources that can only be POSTed and are not stored. */
static const struct {
	const char *group, *plural, *kind;
	bool namespaced;
} virtual_resources[] = {
	{ "authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false },
	{ "authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview", false },
	{ "authorization.k8s.io", "localsubjectaccessreviews", "LocalSubjectAccessReview", true },
	{ "authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false },
	{ "authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", false },
};

/* Subresources whose kind is not that of their resource. */
static const struct {
	const char *sub, *group, *version, *kind, *verbs[4];
} sub_kinds[] = {
	{ "scale", "autoscaling", "v1", "Scale", { "get", "patch", "update" } },
	{ "eviction", "policy", "v1", "Eviction", { "create" } },
	{ "binding", "", "v1", "Binding", { "create" } },
	{ "exec", "", "v1", "PodExecOptions", { "create", "get" } },
	{ "attach", "", "v1", "PodAttachOptions", { "create", "get" } },
	{ "portforward", "", "v1", "PodPortForwardOptions", { "create", "get" } },
	{ "log", "", "v1", "Pod", { "get" } },
	{ "finalize", "", "v1", "Namespace", { "update" } },
};

static bool serves_version(const struct api *api, const struct resource *res, const char *group, const char *version)
{
	if (strcmp(res->group, group) != 0 || !cilium_serves(api, res))
		return false;
	for (size_t i = 0; res->versions[i]; i++)
		if (strcmp(res->versions[i], version) == 0)
			return true;
	return false;
}

static bool has_version(const struct api *api, const char *group, const char *version)
{
	for (size_t i = 0; i < _RES_MAX; i++)
		if (serves_version(api, &resources[i], group, version))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(virtual_resources); i++)
		if (strcmp(virtual_resources[i].group, group) == 0 && strcmp(version, "v1") == 0)
			return true;
	return false;
}

static json_t *strings(const char *const *list)
{
	json_t *j = json_array();

	for (; *list; list++)
		(void)json_array_append_new(j, json_string(*list));
	return j;
}

static json_t *resource_verbs(void)
{
	static const char *const verbs[] = { "create", "delete", "deletecollection", "get", "list", "patch", "update",
		                             "watch",  NULL };

	return strings(verbs);
}

static json_t *sub_verbs(size_t kind)
{
	static const char *const verbs[] = { "get", "patch", "update", NULL };

	return strings(kind < ARRAY_SIZE(sub_kinds) ? sub_kinds[kind].verbs : verbs);
}

static size_t sub_kind(const char *sub)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(sub_kinds) && strcmp(sub_kinds[i].sub, sub) != 0)
		i++;
	return i;
}

/* ---- the lists of old ---- */

static void list_sub(json_t *list, const struct resource *res, const char *sub)
{
	const size_t k = sub_kind(sub);
	json_t *j = json_pack("{s:o, s:s, s:b, s:s, s:o}", "name", json_sprintf("%s/%s", res->plural, sub),
	                      "singularName", "", "namespaced", res->namespaced, "kind",
	                      k < ARRAY_SIZE(sub_kinds) ? sub_kinds[k].kind : res->kind, "verbs", sub_verbs(k));

	if (k < ARRAY_SIZE(sub_kinds) && *sub_kinds[k].group) {
		(void)json_object_set_new(j, "group", json_string(sub_kinds[k].group));
		(void)json_object_set_new(j, "version", json_string(sub_kinds[k].version));
	}
	(void)json_array_append_new(list, j);
}

static void list_resource(json_t *list, const struct resource *res)
{
	json_t *j = json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", res->plural, "singularName", res->singular,
	                      "namespaced", res->namespaced, "kind", res->kind, "verbs", resource_verbs());

	if (res->short_names[0])
		(void)json_object_set_new(j, "shortNames", strings(res->short_names));
	if (res->categories[0])
		(void)json_object_set_new(j, "categories", strings(res->categories));
	(void)json_array_append_new(list, j);
	for (size_t i = 0; res->subresources[i]; i++)
		list_sub(list, res, res->subresources[i]);
}

static void list_virtual(json_t *list, const char *group)
{
	for (size_t i = 0; i < ARRAY_SIZE(virtual_resources); i++)
		if (strcmp(virtual_resources[i].group, group) == 0)
			(void)json_array_append_new(
				list, json_pack("{s:s, s:s, s:b, s:s, s:[s]}", "name", virtual_resources[i].plural,
			                        "singularName", "", "namespaced", virtual_resources[i].namespaced,
			                        "kind", virtual_resources[i].kind, "verbs", "create"));
}

void discovery_resources(struct call *c, const char *group, const char *version)
{
	json_t *list;
	char name[64];

	if (!has_version(c->api, group, version)) {
		fail_path(c->reply);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < _RES_MAX; i++)
		if (serves_version(c->api, &resources[i], group, version))
			list_resource(list, &resources[i]);
	list_virtual(list, group);
	(void)snprintf(name, sizeof(name), "%s%s%s", group, *group ? "/" : "", version);
	api_json(c->reply, 200,
	         json_pack("{s:s, s:s, s:s, s:o}", "kind", "APIResourceList", "apiVersion", "v1", "groupVersion", name,
	                   "resources", list));
}

static json_t *group_json(const struct api *api, const struct group *g)
{
	json_t *versions = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(g->versions) && g->versions[i]; i++)
		if (has_version(api, g->name, g->versions[i]))
			(void)json_array_append_new(versions, json_pack("{s:o, s:s}", "groupVersion",
			                                                json_sprintf("%s/%s", g->name, g->versions[i]),
			                                                "version", g->versions[i]));
	if (json_array_size(versions) == 0) {
		json_decref(versions);
		return NULL;
	}
	return json_pack("{s:s, s:o, s:O}", "name", g->name, "versions", versions, "preferredVersion",
	                 json_array_get(versions, 0));
}

void discovery_group(struct call *c, const char *group)
{
	json_t *j = NULL;

	for (size_t i = 1; i < ARRAY_SIZE(groups); i++)
		if (strcmp(groups[i].name, group) == 0)
			j = group_json(c->api, &groups[i]);
	if (!j) {
		fail_path(c->reply);
		return;
	}
	(void)json_object_set_new(j, "kind", json_string("APIGroup"));
	(void)json_object_set_new(j, "apiVersion", json_string("v1"));
	api_json(c->reply, 200, j);
}

/* ---- aggregated ---- */

static json_t *kind_json(const char *group, const char *version, const char *kind)
{
	return json_pack("{s:s, s:s, s:s}", "group", group, "version", version, "kind", kind);
}

static json_t *aggregated_subs(const struct resource *res, const char *version)
{
	json_t *list = json_array();

	for (size_t i = 0; res->subresources[i]; i++) {
		const size_t k = sub_kind(res->subresources[i]);
		json_t *kind = k < ARRAY_SIZE(sub_kinds)
		                       ? kind_json(sub_kinds[k].group, sub_kinds[k].version, sub_kinds[k].kind)
		                       : kind_json(res->group, version, res->kind);

		(void)json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "subresource", res->subresources[i],
		                                            "responseKind", kind, "verbs", sub_verbs(k)));
	}
	return list;
}

static json_t *aggregated_resource(const struct resource *res, const char *version)
{
	json_t *j = json_pack("{s:s, s:o, s:s, s:s, s:o}", "resource", res->plural, "responseKind",
	                      kind_json(res->group, version, res->kind), "scope",
	                      res->namespaced ? "Namespaced" : "Cluster", "singularResource", res->singular, "verbs",
	                      resource_verbs());

	if (res->short_names[0])
		(void)json_object_set_new(j, "shortNames", strings(res->short_names));
	if (res->categories[0])
		(void)json_object_set_new(j, "categories", strings(res->categories));
	if (res->subresources[0])
		(void)json_object_set_new(j, "subresources", aggregated_subs(res, version));
	return j;
}

static void aggregated_virtual(json_t *list, const char *group)
{
	for (size_t i = 0; i < ARRAY_SIZE(virtual_resources); i++)
		if (strcmp(virtual_resources[i].group, group) == 0)
			(void)json_array_append_new(
				list, json_pack("{s:s, s:o, s:s, s:s, s:[s]}", "resource", virtual_resources[i].plural,
			                        "responseKind", kind_json(group, "v1", virtual_resources[i].kind),
			                        "scope", virtual_resources[i].namespaced ? "Namespaced" : "Cluster",
			                        "singularResource", "", "verbs", "create"));
}

static json_t *aggregated_group(const struct api *api, const struct group *g)
{
	json_t *versions = json_array();

	for (size_t v = 0; v < ARRAY_SIZE(g->versions) && g->versions[v]; v++) {
		json_t *list = json_array();

		for (size_t i = 0; i < _RES_MAX; i++)
			if (serves_version(api, &resources[i], g->name, g->versions[v]))
				(void)json_array_append_new(list, aggregated_resource(&resources[i], g->versions[v]));
		aggregated_virtual(list, g->name);
		if (json_array_size(list) > 0)
			(void)json_array_append_new(versions, json_pack("{s:s, s:o, s:s}", "version", g->versions[v],
			                                                "resources", list, "freshness", "Current"));
		else
			json_decref(list);
	}
	return json_pack("{s:{s:n}, s:o}", "metadata", "creationTimestamp", "versions", versions);
}

/* Whether Accept asks for the aggregated form, and in which version. */
static const char *aggregated_version(const struct call *c)
{
	const char *accept = c->rq->accept ? c->rq->accept : "";

	if (!strstr(accept, "as=APIGroupDiscoveryList"))
		return NULL;
	return strstr(accept, "v=v2;") || strstr(accept, "v=v2,") ? "v2" : "v2beta1";
}

static void reply_aggregated(struct call *c, const char *version, size_t from, size_t to)
{
	json_t *items = json_array(), *g;

	for (size_t i = from; i < to; i++) {
		g = aggregated_group(c->api, &groups[i]);
		if (*groups[i].name)
			(void)json_object_set_new(json_object_get(g, "metadata"), "name", json_string(groups[i].name));
		if (json_array_size(json_object_get(g, "versions")) > 0)
			(void)json_array_append(items, g);
		json_decref(g);
	}
	api_json(c->reply, 200,
	         json_pack("{s:s, s:o, s:{}, s:o}", "kind", "APIGroupDiscoveryList", "apiVersion",
	                   json_sprintf("apidiscovery.k8s.io/%s", version), "metadata", "items", items));
	c->reply->content_type = strcmp(version, "v2") == 0
	                                 ? "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	                                 : "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
}

void discovery_core(struct call *c)
{
	const char *version = aggregated_version(c);

	if (version)
		reply_aggregated(c, version, 0, 1);
	else
		api_json(c->reply, 200,
		         json_pack("{s:s, s:[s], s:[]}", "kind", "APIVersions", "versions", "v1",
		                   "serverAddressByClientCIDRs"));
}

void discovery_groups(struct call *c)
{
	const char *version = aggregated_version(c);
	json_t *list;

	if (version) {
		reply_aggregated(c, version, 1, ARRAY_SIZE(groups));
		return;
	}
	list = json_array();
	for (size_t i = 1; i < ARRAY_SIZE(groups); i++) {
		json_t *g = group_json(c->api, &groups[i]);

		if (g)
			(void)json_array_append_new(list, g);
	}
	api_json(c->reply, 200,
	         json_pack("{s:s, s:s, s:o}", "kind", "APIGroupList", "apiVersion", "v1", "groups", list));
}

/* ---- version ---- */

/* "v1.27.3": the version of the node image */
void discovery_version(struct call *c)
{
	const char *version = json_text(c->api->cluster, "version", NULL);
	int major = 1, minor = 27;
	struct utsname host;
	json_t *j;

	if (!*version)
		version = "v1.27.3";
	(void)sscanf(version, "v%d.%d", &major, &minor);
	(void)uname(&host);
	j = json_pack("{s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:s}", "major", json_sprintf("%d", major), "minor",
	              json_sprintf("%d", minor), "gitVersion", json_string(version), "gitCommit", "netemu",
	              "gitTreeState", "clean", "buildDate", "1970-01-01T00:00:00Z", "goVersion", "none", "compiler",
	              "gcc", "platform", strcmp(host.machine, "aarch64") == 0 ? "linux/arm64" : "linux/amd64");
	api_json(c->reply, 200, j);
}
