// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_default.c - what the API server fills in before it stores an object
 *
 * Theory of operation. Most defaults stand in the tables (kube_field.fallback). One walk applies them, drops what a Go struct would
 * not have kept (null, unknown fields), and hands each object whose defaults depend on its other fields to the function of its
 * Go type, before (what a fallback would hide) its own fallbacks. The defaults of Pods that real API servers leave to admission
 * plugins (Priority, ServiceAccount, DefaultTolerationSeconds) are here too. Source: pkg/apis/{core,apps,batch}/v1/defaults.go of 1.30.
 */
#include "cluster/schema_internal.h"

static bool is_set(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return v && !json_is_null(v) && !(json_is_string(v) && json_string_length(v) == 0);
}

static void put_text(json_t *o, const char *key, const char *text)
{
	if (!is_set(o, key))
		(void)json_object_set_new(o, key, json_string(text));
}

static void put_int(json_t *o, const char *key, json_int_t n)
{
	if (!is_set(o, key))
		(void)json_object_set_new(o, key, json_integer(n));
}

static bool text_is(const json_t *o, const char *key, const char *text)
{
	return strcmp(json_text(o, key, NULL), text) == 0;
}

/* ---- by Go type ---- */

/* `docker.io/library/x:latest`, or no tag and no digest. */
static bool is_latest(const char *image)
{
	const char *slash = strrchr(image, '/'), *name = slash ? slash + 1 : image, *colon = strrchr(name, ':');

	return !strchr(name, '@') && (!colon || strcmp(colon, ":latest") == 0);
}

static void default_container(json_t *c)
{
	put_text(c, "imagePullPolicy", is_latest(json_text(c, "image", NULL)) ? "Always" : "IfNotPresent");
}

/* The old name of the service account and the new one say the same. */
static void default_account(json_t *spec)
{
	if (is_set(spec, "serviceAccountName"))
		(void)json_object_set(spec, "serviceAccount", json_object_get(spec, "serviceAccountName"));
	else if (is_set(spec, "serviceAccount"))
		(void)json_object_set(spec, "serviceAccountName", json_object_get(spec, "serviceAccount"));
}

/* A volume of no kind is an emptyDir. */
static void default_volume(json_t *v)
{
	if (json_object_size(v) == (json_object_get(v, "name") ? 1 : 0))
		(void)json_object_set_new(v, "emptyDir", json_object());
}

static void default_strategy(json_t *s)
{
	if (!is_set(s, "type") || text_is(s, "type", "RollingUpdate"))
		(void)json_object_make(s, "rollingUpdate");
}

static void default_service_port(json_t *p)
{
	const json_t *to = json_object_get(p, "targetPort");

	if ((!to || (json_is_integer(to) && json_integer_value(to) == 0) || (json_is_string(to) && !json_string_length(to))) &&
	    json_object_get(p, "port"))
		(void)json_object_set(p, "targetPort", json_object_get(p, "port"));
}

static void default_families(json_t *spec)
{
	const json_t *ips = json_object_get(spec, "clusterIPs");
	json_t *families;
	const char *ip;

	if (is_set(spec, "clusterIP") && !json_array_size(ips))
		(void)json_object_set_new(spec, "clusterIPs", json_pack("[O]", json_object_get(spec, "clusterIP")));
	put_text(spec, "ipFamilyPolicy", "SingleStack");
	ip = json_text(spec, "clusterIP", NULL);
	if (!*ip || json_object_get(spec, "ipFamilies"))
		return;
	families = json_array_make(spec, "ipFamilies");
	(void)json_array_append_new(families, json_string(strchr(ip, ':') ? "IPv6" : "IPv4"));
}

static void default_service(json_t *spec)
{
	if (text_is(spec, "type", "ExternalName"))
		return;
	put_text(spec, "internalTrafficPolicy", "Cluster");
	if (text_is(spec, "type", "NodePort") || text_is(spec, "type", "LoadBalancer"))
		put_text(spec, "externalTrafficPolicy", "Cluster");
	if (text_is(spec, "type", "LoadBalancer") && !json_object_get(spec, "allocateLoadBalancerNodePorts"))
		(void)json_object_set_new(spec, "allocateLoadBalancerNodePorts", json_true());
	if (text_is(spec, "sessionAffinity", "ClientIP"))
		put_int(json_object_make(json_object_make(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", 10800);
	default_families(spec);
}

static void default_job_spec(json_t *s)
{
	if (!is_set(s, "completions") && !is_set(s, "parallelism")) {
		put_int(s, "completions", 1);
		put_int(s, "parallelism", 1);
	}
	put_int(s, "parallelism", 1);
	put_int(s, "backoffLimit", is_set(s, "backoffLimitPerIndex") ? INT32_MAX : 6);
	put_text(s, "podReplacementPolicy", is_set(s, "podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
}

static void default_http_get(json_t *g)
{
	if (json_is_string(json_object_get(g, "path")) && !is_set(g, "path"))
		(void)json_object_del(g, "path");
}

/* ---- by kind ---- */

static void default_labels(json_t *o)
{
	const json_t *labels = json_at(o, "spec", "template", "metadata", "labels", NULL);

	if (json_object_size(labels) && !json_object_size(json_at(o, "metadata", "labels", NULL)))
		(void)json_object_set_new(json_object_make(o, "metadata"), "labels", json_deep_copy(labels));
}

/* ReplicationControllers select by their template's labels, and take them over. */
static void default_controller(json_t *o)
{
	const json_t *labels = json_at(o, "spec", "template", "metadata", "labels", NULL);

	if (json_object_size(labels) && !json_object_size(json_at(o, "spec", "selector", NULL)))
		(void)json_object_set_new(json_object_get(o, "spec"), "selector", json_deep_copy(labels));
	default_labels(o);
}

static void encode_base64(const char *in, size_t n, struct strbuf *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		const unsigned left = (unsigned)MIN_OF(n - i, (size_t)3);
		uint32_t v = 0;

		for (unsigned k = 0; k < 3; k++)
			v = v << 8 | (k < left ? (unsigned char)in[i + k] : 0);
		for (unsigned k = 0; k < 4; k++)
			strbuf_putc(out, k <= left ? alphabet[v >> (18 - 6 * k) & 63] : '=');
	}
}

static void default_secret(json_t *o)
{
	json_t *plain = json_object_get(o, "stringData"), *v;
	const char *key;

	json_object_foreach(plain, key, v) {
		_cleanup_strbuf_ struct strbuf s = { 0 };

		if (!json_is_string(v))
			continue;
		encode_base64(json_string_value(v), json_string_length(v), &s);
		(void)json_object_set_new(json_object_make(o, "data"), key, json_string(strbuf_str(&s)));
	}
	(void)json_object_del(o, "stringData");
}

static void default_namespace(json_t *o)
{
	json_t *labels = json_object_make(json_object_make(o, "metadata"), "labels");
	json_t *finalizers = json_array_make(json_object_make(o, "spec"), "finalizers");

	if (*kube_name(o))
		(void)json_object_set_new(labels, "kubernetes.io/metadata.name", json_string(kube_name(o)));
	if (!json_array_size(finalizers))
		(void)json_array_append_new(finalizers, json_string("kubernetes"));
	put_text(json_object_make(o, "status"), "phase", "Active");
}

static bool tolerates(const json_t *tolerations, const char *key)
{
	json_t *t;
	size_t i;

	json_array_foreach(tolerations, i, t)
		if ((text_is(t, "key", key) || !is_set(t, "key")) && (text_is(t, "effect", "NoExecute") || !is_set(t, "effect")))
			return true;
	return false;
}

/* A limit without a request is one. */
static void default_resources(json_t *o)
{
	json_t *limits = json_object_get(o, "limits"), *requests, *v;
	const char *key;

	if (!json_object_size(limits))
		return;
	requests = json_object_make(o, "requests");
	json_object_foreach(limits, key, v)
		if (!json_object_get(requests, key))
			(void)json_object_set(requests, key, v);
}

static void default_host_ports(json_t *c)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(c, "ports"), i, p)
		if (json_is_integer(json_object_get(p, "containerPort")) && json_int(p, 0, "hostPort", NULL) == 0)
			(void)json_object_set(p, "hostPort", json_object_get(p, "containerPort"));
}

/* What templates are spared. */
static void default_pod_containers(json_t *spec)
{
	static const char *const lists[] = { "containers", "initContainers" };
	json_t *c;
	size_t k;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_array_foreach(json_object_get(spec, lists[i]), k, c) {
			if (json_is_object(json_object_get(c, "resources")))
				default_resources(json_object_get(c, "resources"));
			if (json_bool(spec, "hostNetwork", NULL))
				default_host_ports(c);
		}
}

/* The admission plugins' part; a template has none of it. */
static void default_pod(json_t *o)
{
	static const char *const keys[] = { "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable" };
	json_t *spec = json_object_get(o, "spec"), *tolerations;

	if (!json_is_object(spec))
		return;
	default_pod_containers(spec);
	put_text(spec, "serviceAccountName", "default");
	(void)json_object_set(spec, "serviceAccount", json_object_get(spec, "serviceAccountName"));
	put_int(spec, "priority", text_is(spec, "priorityClassName", "system-node-critical")	  ? 2000001000 :
				  text_is(spec, "priorityClassName", "system-cluster-critical") ? 2000000000 :
												  0);
	put_text(spec, "preemptionPolicy", "PreemptLowerPriority");
	if (!json_object_get(spec, "enableServiceLinks"))
		(void)json_object_set_new(spec, "enableServiceLinks", json_true());
	tolerations = json_array_make(spec, "tolerations");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!tolerates(tolerations, keys[i]))
			(void)json_array_append_new(tolerations, json_pack("{s:s, s:s, s:s, s:i}", "key", keys[i], "operator",
									   "Exists", "effect", "NoExecute",
									   "tolerationSeconds", 300));
}

struct defaulter {
	const char *name; /* Go type or kind */
	void (*fn)(json_t *o);
};

static const struct defaulter by_type[] = {
	{ "v1.Container", default_container },
	{ "v1.EphemeralContainer", default_container },
	{ "v1.PodSpec", default_account },
	{ "v1.Volume", default_volume },
	{ "v1.DeploymentStrategy", default_strategy },
	{ "v1.DaemonSetUpdateStrategy", default_strategy },
	{ "v1.StatefulSetUpdateStrategy", default_strategy },
	{ "v1.ServicePort", default_service_port },
	{ "v1.ServiceSpec", default_service },
	{ "v1.JobSpec", default_job_spec },
	{ "v1.HTTPGetAction", default_http_get },
};

static const struct defaulter by_kind[] = {
	{ "Pod", default_pod },		  { "Secret", default_secret },		{ "Namespace", default_namespace },
	{ "Job", default_labels },	  { "ReplicationController", default_controller },
};

static void run_defaulter(const struct defaulter *table, size_t n, const char *name, json_t *o)
{
	for (size_t i = 0; name && i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			table[i].fn(o);
}

/* ---- quantities in their canonical form ---- */

/* Thousandths of "1.5" or "1500m"; -1: not so simple, or finer. */
static int64_t parse_milli(const char *text)
{
	const size_t whole = strspn(text, "0123456789");
	const char *frac = text + whole + (text[whole] == '.'), *end = frac + (text[whole] == '.' ? strspn(frac, "0123456789") : 0);
	int64_t n = strtoll(text, NULL, 10);

	if (whole > 12 || end == text || (end > frac && whole == 0))
		return -1;
	if (strcmp(end, "m") == 0)
		return end == frac ? n : -1;
	for (unsigned k = 0; k < 3; k++)
		n = n * 10 + (frac < end ? *frac++ - '0' : 0);
	return *end || frac < end ? -1 : n;
}

/* As Go prints it: "0.5" is "500m", "1000m" is "1"; what is not so simple stays as it is. */
static void canonical_quantity(json_t *holder, const char *key, const json_t *v)
{
	_cleanup_free_ char *number = json_is_number(v) ? json_dumps(v, JSON_ENCODE_ANY) : NULL;
	const char *text = number ? number : json_string_value(v);
	const int64_t milli = text && *text ? parse_milli(text) : -1;
	char out[64];

	if (milli >= 0 && milli % 1000 == 0)
		(void)snprintf(out, sizeof(out), "%lld", (long long)milli / 1000);
	else if (milli >= 0)
		(void)snprintf(out, sizeof(out), "%lldm", (long long)milli);
	else if (number)
		(void)snprintf(out, sizeof(out), "%s", number);
	if (number || (milli >= 0 && strcmp(out, text) != 0))
		(void)json_object_set_new(holder, key, json_string(out));
}

/* ---- the walk ---- */

struct walk {
	bool prune; /* built-in kinds: what no Go struct has goes */
};

static void default_value(const struct walk *w, const struct kube_field *f, enum field_type type, json_t *v);

static bool is_missing(const struct kube_field *f, const json_t *v)
{
	if (!v || json_is_null(v))
		return true;
	if (f->type == FIELD_STRING)
		return json_is_string(v) && json_string_length(v) == 0;
	return (f->flags & KUBE_ZERO_UNSET) && json_is_integer(v) && json_integer_value(v) == 0;
}

static void fill_in(const struct kube_field *fields, json_t *o)
{
	for (const struct kube_field *f = fields; f->name; f++)
		if (f->fallback && is_missing(f, json_object_get(o, f->name)))
			(void)json_object_set_new(o, f->name, json_loads(f->fallback, JSON_DECODE_ANY, NULL));
}

static void prune(const struct walk *w, const struct kube_field *fields, json_t *o, bool top)
{
	const char *key;
	json_t *v;
	void *next;

	json_object_foreach_safe(o, next, key, v)
		if (w->prune && (json_is_null(v) || !(top ? schema_top_field(fields, key) : schema_field(fields, key))))
			(void)json_object_del(o, key);
}

static void default_object(const struct walk *w, const struct kube_field *fields, const char *go_type, json_t *o, bool top)
{
	const char *key;
	json_t *v;

	prune(w, fields, o, top);
	run_defaulter(by_type, ARRAY_SIZE(by_type), go_type, o);
	fill_in(fields, o);
	json_object_foreach(o, key, v) {
		const struct kube_field *f = top ? schema_top_field(fields, key) : schema_field(fields, key);

		if (f && f->type == FIELD_QUANTITY)
			canonical_quantity(o, key, v);
		else if (f)
			default_value(w, f, f->type, v);
	}
}

static void default_elements(const struct walk *w, const struct kube_field *f, json_t *v)
{
	const char *key;
	json_t *item;
	size_t i;

	json_array_foreach(v, i, item)
		default_value(w, f, f->element, item);
	json_object_foreach(v, key, item)
		if (f->element == FIELD_QUANTITY)
			canonical_quantity(v, key, item);
		else
			default_value(w, f, f->element, item);
}

static void default_value(const struct walk *w, const struct kube_field *f, enum field_type type, json_t *v)
{
	if (type == FIELD_OBJECT && f->fields && json_is_object(v))
		default_object(w, f->fields, f->go_type, v, false);
	else if ((type == FIELD_LIST && json_is_array(v)) || (type == FIELD_MAP && json_is_object(v)))
		default_elements(w, f, v);
}

void schema_default(const struct resource *r, json_t *object)
{
	const struct kube_field *fields = schema_fields(r->kind);
	const struct walk w = { .prune = !r->custom };

	if (!fields || !json_is_object(object))
		return;
	default_object(&w, fields, NULL, object, true);
	run_defaulter(by_kind, ARRAY_SIZE(by_kind), r->kind, object);
}
