// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * manifest.c - files of objects: documents, Lists, strict checks with the place of each mistake
 *
 * Theory of operation. A file is read into trees of values that know where they stand (topology/doc.h), each document is made JSON,
 * and what the API server would say of that JSON (cluster/schema.h) is led back to the tree by the path of the field. A JSON file
 * that YAML cannot read (surrogate pairs, say) is read by jansson, and its mistakes are shown at the file. Knows no cluster: whether
 * an object exists is not asked here.
 */
#include "cluster/manifest.h"

#include <string.h>

#include "cluster/cilium_values.h"
#include "cluster/jsonutil.h"
#include "cluster/schema_internal.h"
#include "cluster/yamljson.h"
#include "topology/loader.h"

/* Top-level keys of Cilium's chart, 1.12 to 1.18. */
static const char *const chart_keys[] = {
	"MTU", "affinity", "agent", "agentNotReadyTaintKey", "aksbyocni", "alibabacloud", "annotateK8sNode", "annotations",
	"apiRateLimit", "authentication", "autoDirectNodeRoutes", "azure", "bandwidthManager", "bgp", "bgpControlPlane", "bpf",
	"bpfClockProbe", "certgen", "cgroup", "ciliumEndpointSlice", "cleanBpfState", "cleanState", "cluster", "clustermesh", "cni",
	"commonLabels", "conntrackGCInterval", "conntrackGCMaxInterval", "containerRuntime", "crdWaitTimeout", "customCalls",
	"daemon", "dashboards", "debug", "directRoutingSkipUnreachable", "disableEndpointCRD", "dnsPolicy", "dnsProxy",
	"egressGateway", "enableCiliumEndpointSlice", "enableCnpStatusUpdates", "enableCriticalPriorityClass",
	"enableIPv4BIGTCP", "enableIPv4Masquerade", "enableIPv6BIGTCP", "enableIPv6Masquerade", "enableInternalTrafficPolicy",
	"enableK8sEventHandover", "enableLBIPAM", "enableMasqueradeRouteSource", "enableNoServiceEndpointsRoutable",
	"enableNonDefaultDenyPolicies", "enableRuntimeDeviceDetection", "enableTCXNetkit", "enableXTSocketFallback", "encryption",
	"endpointHealthChecking", "endpointLockdownOnMapOverflow", "endpointRoutes", "endpointStatus", "eni", "envoy", "envoyConfig",
	"etcd", "externalIPs", "externalWorkloads", "extraArgs", "extraConfig", "extraContainers", "extraEnv", "extraHostPathMounts",
	"extraInitContainers", "extraVolumeMounts", "extraVolumes", "forceDeviceDetection", "gatewayAPI", "gke", "global",
	"healthChecking", "healthPort", "highScaleIPcache", "hostFirewall", "hostPort", "hubble", "identityAllocationMode",
	"identityChangeGracePeriod", "identityManagementMode", "image", "imagePullSecrets", "ingressController", "initResources",
	"installIptablesRules", "installNoConntrackIptablesRules", "ipMasqAgent", "ipam", "ipv4", "ipv4NativeRoutingCIDR", "ipv6",
	"ipv6NativeRoutingCIDR", "k8s", "k8sClientExponentialBackoff", "k8sClientRateLimit", "k8sNetworkPolicy", "k8sServiceHost",
	"k8sServiceHostRef", "k8sServiceLookupConfigMapName", "k8sServiceLookupNamespace", "k8sServicePort", "keepDeprecatedLabels",
	"keepDeprecatedProbes", "kubeConfigPath", "kubeProxyReplacement", "kubeProxyReplacementHealthzBindAddr", "l2NeighDiscovery",
	"l2announcements", "l2podAnnouncements", "l7Proxy", "livenessProbe", "loadBalancer", "localRedirectPolicy",
	"localRedirectPolicies", "logSystemLoad", "maglev", "monitor", "name", "namespaceOverride", "nat", "nat46x64Gateway",
	"nodePort", "nodeSelector", "nodeSelectorLabels", "nodeinit", "operator", "pmtuDiscovery", "podAnnotations", "podLabels",
	"podSecurityContext", "policyAuditMode", "policyCIDRMatchMode", "policyEnforcementMode", "policyExceptions", "pprof",
	"preflight", "priorityClassName", "prometheus", "proxy", "rbac", "readinessProbe", "remoteNodeIdentity", "resourceQuotas",
	"resources", "rollOutCiliumPods", "routingMode", "scheduling", "sctp", "secretsNamespaceAnnotations",
	"secretsNamespaceLabels", "securityContext", "serviceAccounts", "serviceNoBackendResponse", "sleepAfterInit",
	"socketLB", "startupProbe", "svcSourceRangeCheck", "synchronizeK8sNodes", "sysctlfix",
	"terminationGracePeriodSeconds", "tls", "tolerations", "tunnel", "tunnelPort", "tunnelProtocol", "tunnelSourcePortRange",
	"underlayProtocol", "updateStrategy", "upgradeCompatibility", "vtep", "waitForKubeProxy", "wellKnownIdentities",
};

static bool is_chart_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(chart_keys); i++)
		if (strcmp(chart_keys[i], key) == 0)
			return strcmp(key, "name") != 0; /* every second file of the world has a name */
	return false;
}

static bool is_values(const struct value *v)
{
	if (v->type != VALUE_MAP || value_get(v, "apiVersion") || value_get(v, "kind") || value_get(v, "topology"))
		return false;
	for (size_t i = 0; i < v->n; i++)
		if (is_chart_key(v->pairs[i].key))
			return true;
	return false;
}

static bool is_object(const struct value *v)
{
	return value_is_set(value_get(v, "apiVersion")) && value_is_set(value_get(v, "kind")) &&
	       strncmp(value_string(value_get(v, "apiVersion")), "kind.x-k8s.io/", 14) != 0;
}

/* A text that is no YAML: what it was meant to be. */
static bool looks_like_objects(const char *text, size_t len)
{
	static const char *const word = "apiVersion:", *const json = "\"apiVersion\"";
	const char *const end = text + len, *p = text;

	if (len && *text == '{')
		return memmem(text, len, json, strlen(json)) != NULL;
	while (p && (size_t)(end - p) > strlen(word)) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (strncmp(p, word, strlen(word)) == 0)
			return !memmem(p, (size_t)((nl ? nl : end) - p), "kind.x-k8s.io", 13);
		p = nl ? nl + 1 : NULL;
	}
	return false;
}

bool manifest_detect(const char *text, size_t len)
{
	_cleanup_diag_ struct diag d = { 0 };
	_cleanup_source_ struct source src = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	const struct value **docs;
	size_t n;

	if (len > SOURCE_MAX)
		return false;
	source_init(&src, &d, diag_add_file(&d, "", NULL, 0), text, len);
	if (doc_parse_all(&src, &a, &docs, &n) < 0)
		return looks_like_objects(text, len);
	for (size_t i = 0; i < n; i++)
		if (is_object(docs[i]) || is_values(docs[i]))
			return true;
	return false;
}

/* ---- from a path to its place ---- */

struct file {
	struct diag *d;
	struct manifests *out;
	uint32_t index; /* in d->files */
};

static const struct pair *pair_find(const struct value *v, const char *key, size_t len)
{
	for (size_t i = 0; v && v->type == VALUE_MAP && i < v->n; i++)
		if (strncmp(v->pairs[i].key, key, len) == 0 && v->pairs[i].key[len] == '\0')
			return &v->pairs[i];
	return NULL;
}

/* The value at @p, NULL when the tree does not have it; where it, or its key, stands. */
static const struct value *locate(const struct value *root, const struct schema_path *p, bool at_key, struct pos *pos)
{
	const struct value *v;
	const struct pair *pair;

	if (!p)
		return root;
	v = locate(root, p->up, false, pos);
	if (!v)
		return NULL;
	if (!p->key) {
		v = v->type == VALUE_SEQ && p->index < v->n ? v->items[p->index] : NULL;
		*pos = v ? v->pos : *pos;
		return v;
	}
	pair = pair_find(v, p->key, strlen(p->key));
	if (!pair)
		return NULL;
	*pos = at_key ? pair->key_pos : pair->value->pos;
	return pair->value;
}

/* One step of a path as validation writes it: `.key` or `[3]` or `[key]`; the longest key that fits, for keys may have dots. */
static const struct value *step(const struct value *v, const char **path, struct pos *pos)
{
	const char *p = *path + (**path == '.');
	const struct value *ret = NULL;

	if (*p == '[') {
		const size_t len = strcspn(p + 1, "]");
		const struct pair *pair = pair_find(v, p + 1, len);
		const unsigned long i = strtoul(p + 1, NULL, 10);

		if (v->type == VALUE_SEQ && i < v->n)
			ret = v->items[i];
		*pos = pair ? pair->key_pos : ret ? ret->pos : *pos;
		*path = p + 1 + len + (p[1 + len] == ']');
		return pair ? pair->value : ret;
	}
	for (size_t len = strlen(p); len > 0; len--) {
		const struct pair *pair = strchr(".[", p[len]) ? pair_find(v, p, len) : NULL;

		if (!pair)
			continue;
		*pos = pair->value->type == VALUE_SCALAR ? pair->value->pos : pair->key_pos;
		*path = p + len;
		return pair->value;
	}
	return NULL;
}

static struct pos locate_text(const struct value *root, const char *path)
{
	struct pos pos = root->pos;

	while (root && *path)
		root = step(root, &path, &pos);
	return pos;
}

/* ---- one object ---- */

/* Of one object: finding the place of each takes time, and nobody reads more. */
enum { MISTAKES_MAX = 200 };

struct checking {
	const struct file *f;
	const struct value *root;
	const struct resource *r;
	size_t wrong;
};

static const char *hint_of(const struct diag *d, const char *word, const struct kube_field *fields, char *buf, size_t size)
{
	struct suggest s = { .word = word };

	for (; diag_wants_hints(d) && fields && fields->name; fields++)
		suggest_try(&s, fields->name);
	if (!s.best)
		return NULL;
	(void)snprintf(buf, size, "did you mean '%s'?", s.best);
	return buf;
}

static void on_mistake(struct schema_walk *w, enum schema_mistake what, const struct schema_path *at,
		       const struct kube_field *fields, const char *text)
{
	struct checking *c = w->arg;
	_cleanup_strbuf_ struct strbuf path = { 0 };
	struct pos pos = c->root->pos;
	char hint[128];

	if (what == SCHEMA_WRONG_TYPE && schema_is_crds(c->r, at))
		return;
	if (c->wrong++ >= MISTAKES_MAX)
		return;
	(void)locate(c->root, at, what == SCHEMA_UNKNOWN_FIELD, &pos);
	if (what == SCHEMA_WRONG_TYPE) {
		diag_error(c->f->d, pos, NULL, "%s", text);
		return;
	}
	schema_path_text(at, &path);
	diag_error(c->f->d, pos, hint_of(c->f->d, at->key, fields, hint, sizeof(hint)), "unknown field \"%s\"",
		   strbuf_str(&path));
}

/* What the API server would refuse besides: values. */
static void validate(struct checking *c, const json_t *object)
{
	_cleanup_json_ json_t *causes = json_array(), *full = json_deep_copy(object);
	json_t *cause;
	size_t i;

	schema_default(c->r, full);
	(void)schema_validate(c->r, full, NULL, causes);
	json_array_foreach(causes, i, cause) {
		const char *field = json_text(cause, "field", NULL);

		diag_error(c->f->d, locate_text(c->root, field), NULL, "%s: %s", field, json_text(cause, "message", NULL));
	}
}

static void report_kind(const struct file *f, const struct value *root, const json_t *o)
{
	const struct value *kind = value_get(root, "kind");
	struct suggest s = { .word = json_text(o, "kind", NULL) };
	char hint[128];

	for (size_t i = 0; i < _RES_MAX; i++)
		suggest_try(&s, resources[i].kind);
	if (s.best)
		(void)snprintf(hint, sizeof(hint), "did you mean '%s' of '%s'?", s.best,
			       resource_api_version(resource_of_word(s.best)));
	diag_error(f->d, kind ? kind->pos : root->pos, s.best ? hint : NULL, "no matches for kind \"%s\" in version \"%s\"",
		   s.word, json_text(o, "apiVersion", NULL));
}

static bool check_object(const struct file *f, const struct value *root, const json_t *o)
{
	struct checking c = { .f = f, .root = root };
	struct schema_walk w = { .fn = on_mistake, .arg = &c };
	const size_t errors = f->d->n_errors;

	if (!json_is_object(o))
		diag_error(f->d, root->pos, NULL, "an object must be a map, not %s", value_type_names[root->type]);
	else if (!*json_text(o, "apiVersion", NULL))
		diag_error(f->d, root->pos, NULL, "apiVersion not set");
	else if (!*json_text(o, "kind", NULL))
		diag_error(f->d, root->pos, NULL, "kind not set");
	if (f->d->n_errors != errors)
		return false;
	c.r = resource_of_kind(json_text(o, "apiVersion", NULL), json_text(o, "kind", NULL));
	if (!c.r) {
		report_kind(f, root, o);
		return false;
	}
	schema_walk(c.r, o, &w);
	if (!c.wrong)
		validate(&c, o);
	return f->d->n_errors == errors;
}

/* Takes @o's reference. */
static void push(const struct file *f, enum manifest_type type, json_t *o, struct pos pos)
{
	struct manifests *m = f->out;
	struct manifest *items = m->n & (m->n - 1) ? m->items : realloc(m->items, (m->n ? m->n * 2 : 1) * sizeof(*items));

	if (!items) {
		json_decref(o);
		diag_error(f->d, pos, NULL, "out of memory");
		return;
	}
	m->items = items;
	items[m->n++] = (struct manifest){ .type = type, .object = o, .pos = pos };
}

static void load_object(const struct file *f, const struct value *root, json_t *o)
{
	if (check_object(f, root, o))
		push(f, MANIFEST_OBJECT, json_incref(o), root->pos);
}

static bool is_list(const json_t *o)
{
	const char *kind = json_text(o, "kind", NULL);
	const size_t len = strlen(kind);

	return len >= 4 && strcmp(kind + len - 4, "List") == 0 && json_is_array(json_object_get(o, "items"));
}

/* `kind: PodList` says what its items are. */
static void inherit_kind(const json_t *list, json_t *item)
{
	const char *kind = json_text(list, "kind", NULL);
	const size_t len = strlen(kind) - 4;

	if (!len || !json_is_object(item))
		return;
	if (!json_object_get(item, "kind"))
		(void)json_object_set_new(item, "kind", json_stringn(kind, len));
	if (!json_object_get(item, "apiVersion"))
		(void)json_object_set(item, "apiVersion", json_object_get(list, "apiVersion"));
}

static void load_list(const struct file *f, const struct value *root, json_t *o)
{
	const struct value *items = value_get(root, "items");
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(o, "items"), i, item) {
		const struct value *at = items && items->type == VALUE_SEQ && i < items->n ? items->items[i] : root;

		inherit_kind(o, item);
		load_object(f, at, item);
	}
}

static void load_values(const struct file *f, const struct value *root, json_t *o)
{
	_cleanup_json_ json_t *causes = json_array();
	json_t *cause;
	size_t i;

	cilium_values_check(o, causes);
	json_array_foreach(causes, i, cause) {
		const char *field = json_text(cause, "field", NULL);

		diag_error(f->d, locate_text(root, field), NULL, "values: %s: %s", field,
			   json_text(cause, "message", NULL));
	}
	push(f, MANIFEST_VALUES, json_incref(o), root->pos);
}

static void load_document(const struct file *f, const struct value *root, json_t *o)
{
	if (is_values(root))
		load_values(f, root, o);
	else if (is_list(o))
		load_list(f, root, o);
	else
		load_object(f, root, o);
}

/* ---- files ---- */

/* A JSON text of one or more objects that YAML did not understand. Return: whether it is JSON. */
static bool load_json(const struct file *f, const char *text, size_t len)
{
	const struct value nowhere = { .type = VALUE_MAP, .pos = { .file = f->index } };
	size_t at = 0;

	if (!len || (*text != '{' && *text != '['))
		return false;
	while (at < len && at + strspn(text + at, " \t\r\n") < len) {
		json_error_t je;
		_cleanup_json_ json_t *o = json_loadb(text + at, len - at, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &je);

		if (!o)
			return false;
		load_document(f, &nowhere, o);
		at += (size_t)je.position;
	}
	return true;
}

static void load_trees(const struct file *f, const struct value **docs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_json_ json_t *o = NULL;

		if (docs[i]->type == VALUE_NULL)
			continue;
		o = value_json(f->d, docs[i]);
		if (o)
			load_document(f, docs[i], o);
	}
}

static void copy_errors(struct diag *to, const struct diag *from, uint32_t file)
{
	for (size_t i = 0; i < from->n_entries; i++) {
		const struct diag_entry *e = &from->entries[i];
		const struct pos pos = { .file = file, .line = e->pos.line, .col = e->pos.col };

		diag_error(to, pos, e->hint, "%s", e->msg);
	}
}

void manifests_load(struct diag *d, const char *path, const char *text, size_t len, struct manifests *ret)
{
	const uint32_t index = diag_add_file(d, strcmp(path, "-") == 0 ? "<stdin>" : path, text, len);
	const struct file f = { .d = d, .out = ret, .index = index };
	_cleanup_diag_ struct diag yaml = { 0 };
	_cleanup_source_ struct source src = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	const struct value **docs;
	size_t n;

	if (len > SOURCE_MAX) {
		diag_error(d, (struct pos){ .file = index }, NULL, "larger than 16 MiB");
		return;
	}
	for (uint32_t i = 0; i <= index; i++) /* so that positions have the right file */
		(void)diag_add_file(&yaml, "", NULL, 0);
	source_init(&src, &yaml, index, text, len);
	if (doc_parse_all(&src, &a, &docs, &n) == 0)
		load_trees(&f, docs, n);
	else if (!load_json(&f, text, len))
		copy_errors(d, &yaml, index);
}

void manifests_done(struct manifests *m)
{
	for (size_t i = 0; i < m->n; i++)
		json_decref(m->items[i].object);
	free(m->items);
	*m = (struct manifests){ 0 };
}
