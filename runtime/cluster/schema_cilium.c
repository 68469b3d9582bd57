// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_cilium.c - the CRDs of cilium.io as tables of rules, and one walker over them
 *
 * The rules say more than schema.h's fields do (ranges, words, formats), so these are made from them, once.
 * Messages are worded as the API server's validation of CRDs words them.
 */
#include "cluster/schema_cilium.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

#include "base/inaddr.h"
#include "cluster/jsonutil.h"
#include "cluster/schema_internal.h"

enum format { FORMAT_NONE, FORMAT_CIDR, FORMAT_IP, FORMAT_IPV4, FORMAT_STANDARD, FORMAT_LARGE, _FORMAT_MAX };

struct rule {
	const char *name; /* NULL: end of a table */
	enum field_type type, element;
	const struct rule *fields; /* of an object, or of the objects of a list */
	bool required, ranged;
	json_int_t min,
		max; /* ranged: of an integer (or an element), of the items of a list, of the length of a string */
	const char *const *words; /* of a string, or of the strings of a list */
	enum format format;
	const char *fallback;			    /* JSON */
	const char *key;			    /* of a list that merges */
	const char *(*check)(const json_t *object); /* x-kubernetes-validations: what is wrong, or NULL */
};

/* clang-format off */
#define U32 "([0-9]|[1-9][0-9]{1,8}|[1-3][0-9]{9}|4[01][0-9]{8}|42[0-8][0-9]{7}|429[0-3][0-9]{6}|4294[0-8][0-9]{5}|42949[0-5][0-9]{4}" \
	    "|429496[0-6][0-9]{3}|4294967[01][0-9]{2}|42949672[0-8][0-9]|429496729[0-5])"
#define U16 "([0-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"

#define R_STR(n, ...)	{ .name = n, .type = FIELD_STRING, ##__VA_ARGS__ }
#define R_BOOL(n, ...)	{ .name = n, .type = FIELD_BOOL, ##__VA_ARGS__ }
#define R_INT(n, lo, hi, ...) { .name = n, .type = FIELD_INT, .ranged = true, .min = lo, .max = hi, ##__VA_ARGS__ }
#define R_OBJ(n, f, ...) { .name = n, .type = FIELD_OBJECT, .fields = f, ##__VA_ARGS__ }
#define R_LIST(n, f, ...) { .name = n, .type = FIELD_LIST, .element = FIELD_OBJECT, .fields = f, ##__VA_ARGS__ }
#define R_STRS(n, ...)	{ .name = n, .type = FIELD_LIST, .element = FIELD_STRING, ##__VA_ARGS__ }
#define R_ANY(n)	{ .name = n, .type = FIELD_ANY }
#define R_END		{ .name = NULL }
#define REQUIRED	.required = true
#define DEFAULT(v)	.fallback = v
#define WORDS(w)	.words = w
#define FORMAT(f)	.format = f
#define ITEMS(lo, hi)	.ranged = true, .min = lo, .max = hi
#define LEN(lo, hi)	.ranged = true, .min = lo, .max = hi
#define KEY(k)		.key = k
#define CHECK(f)	.check = f

enum { MANY = INT32_MAX };
#define ASN_MAX 4294967295LL

/* ---- what several kinds have ---- */

static const char *const selector_operators[] = { "In", "NotIn", "Exists", "DoesNotExist", NULL };
static const char *const afis[] = { "ipv4", "ipv6", "l2vpn", "ls", "opaque", NULL };
static const char *const safis[] = { "unicast", "multicast", "mpls_label", "encapsulation", "vpls", "evpn", "ls", "sr_policy", "mup",
	"mpls_vpn", "mpls_vpn_multicast", "route_target_constraints", "flowspec_unicast", "flowspec_vpn", "key_value", NULL };
static const char *const well_known[] = { "internet", "planned-shut", "accept-own", "route-filter-translated-v4", "route-filter-v4",
	"route-filter-translated-v6", "route-filter-v6", "llgr-stale", "no-llgr", "blackhole", "no-export", "no-advertise",
	"no-export-subconfed", "no-peer", NULL };
static const char *const service_addresses[] = { "LoadBalancerIP", "ClusterIP", "ExternalIP", NULL };

static const struct rule requirement[] = {
	R_STR("key", REQUIRED), R_STR("operator", REQUIRED, WORDS(selector_operators)), R_STRS("values"), R_END
};
static const struct rule selector[] = { { .name = "matchLabels", .type = FIELD_STRING_MAP }, R_LIST("matchExpressions", requirement), R_END };
static const struct rule communities[] = {
	R_STRS("standard", FORMAT(FORMAT_STANDARD)), R_STRS("wellKnown", WORDS(well_known)), R_STRS("large", FORMAT(FORMAT_LARGE)), R_END
};
static const struct rule graceful_restart[] = {
	R_BOOL("enabled", REQUIRED), R_INT("restartTimeSeconds", 1, 4095, DEFAULT("120")), R_END
};

/* ---- CiliumBGPPeeringPolicy ---- */

static const char *const path_selectors[] = { "PodCIDR", "CiliumLoadBalancerIPPool", "CiliumPodIPPool", NULL };

static const char *check_neighbor(const json_t *n)
{
	return json_int(n, 30, "keepAliveTimeSeconds", NULL) > json_int(n, 90, "holdTimeSeconds", NULL) ?
		"keepAliveTimeSeconds can not be larger than holdTimeSeconds" : NULL;
}
static const struct rule family[] = { R_STR("afi", REQUIRED, WORDS(afis)), R_STR("safi", REQUIRED, WORDS(safis)), R_END };
static const struct rule path_attributes[] = {
	R_STR("selectorType", REQUIRED, WORDS(path_selectors)), R_OBJ("selector", selector), R_OBJ("communities", communities),
	R_INT("localPreference", 0, ASN_MAX), R_END
};
static const struct rule neighbor[] = {
	R_STR("peerAddress", REQUIRED, FORMAT(FORMAT_CIDR)), R_INT("peerPort", 1, 65535, DEFAULT("179")), R_INT("peerASN", 0, ASN_MAX, REQUIRED),
	R_STR("authSecretRef"), R_INT("eBGPMultihopTTL", 1, 255, DEFAULT("1")),
	R_INT("connectRetryTimeSeconds", 1, INT32_MAX, DEFAULT("120")), R_INT("holdTimeSeconds", 3, 65535, DEFAULT("90")),
	R_INT("keepAliveTimeSeconds", 1, 65535, DEFAULT("30")), R_OBJ("gracefulRestart", graceful_restart), R_LIST("families", family),
	R_LIST("advertisedPathAttributes", path_attributes), R_END
};
static const struct rule virtual_router[] = {
	R_INT("localASN", 0, ASN_MAX, REQUIRED), R_BOOL("exportPodCIDR", DEFAULT("false")), R_OBJ("serviceSelector", selector),
	R_STRS("serviceAdvertisements", WORDS(service_addresses)), R_OBJ("podIPPoolSelector", selector),
	R_LIST("neighbors", neighbor, REQUIRED, ITEMS(1, MANY), CHECK(check_neighbor)), R_END
};
static const struct rule policy_spec[] = {
	R_OBJ("nodeSelector", selector), R_LIST("virtualRouters", virtual_router, REQUIRED, ITEMS(1, MANY)), R_END
};
static const struct rule policy[] = { R_OBJ("spec", policy_spec), R_END };

/* ---- CiliumBGPClusterConfig ---- */

static const char *const discovery_modes[] = { "DefaultGateway", "Unnumbered", NULL };
static const char *const gateway_families[] = { "ipv4", "ipv6", NULL };

static const char *check_peer(const json_t *p)
{
	return json_object_get(p, "peerAddress") || json_object_get(p, "autoDiscovery") ? NULL : "one of peerAddress or autoDiscovery must be set";
}
static const char *check_discovery(const json_t *d)
{
	return strcmp(json_text(d, "mode", NULL), "DefaultGateway") == 0 && !json_object_get(d, "defaultGateway") ?
		"defaultGateway must be set when mode is DefaultGateway" : NULL;
}
static const struct rule default_gateway[] = { R_STR("addressFamily", REQUIRED, WORDS(gateway_families)), R_END };
static const struct rule unnumbered[] = { R_STR("interface", REQUIRED, LEN(1, 255)), R_END };
static const struct rule auto_discovery[] = {
	R_STR("mode", REQUIRED, WORDS(discovery_modes)), R_OBJ("defaultGateway", default_gateway), R_OBJ("unnumbered", unnumbered), R_END
};
static const struct rule config_ref[] = { R_STR("group"), R_STR("kind"), R_STR("name", REQUIRED), R_END };
static const struct rule peer[] = {
	R_STR("name", REQUIRED, LEN(1, 255)), R_STR("peerAddress", FORMAT(FORMAT_IP)), R_INT("peerASN", 0, ASN_MAX, DEFAULT("0")),
	R_OBJ("autoDiscovery", auto_discovery, CHECK(check_discovery)), R_OBJ("peerConfigRef", config_ref), R_STR("peerInterface", LEN(1, 255)),
	R_END
};
static const struct rule bgp_instance[] = {
	R_STR("name", REQUIRED, LEN(1, 255)), R_INT("localASN", 1, ASN_MAX), R_INT("localPort", 1, 65535),
	R_LIST("peers", peer, KEY("name"), CHECK(check_peer)), R_END
};
static const struct rule cluster_config_spec[] = {
	R_OBJ("nodeSelector", selector), R_LIST("bgpInstances", bgp_instance, REQUIRED, ITEMS(1, 16), KEY("name")), R_END
};
static const struct rule cluster_config[] = { R_OBJ("spec", cluster_config_spec, REQUIRED), R_ANY("status"), R_END };

/* ---- CiliumBGPPeerConfig ---- */

static const char *check_timers(const json_t *t)
{
	return check_neighbor(t);
}
static const struct rule transport[] = {
	R_INT("peerPort", 1, 65535, DEFAULT("179")), R_INT("localPort", 1, 65535), R_STR("sourceInterface"), R_END
};
static const struct rule timers[] = {
	R_INT("connectRetryTimeSeconds", 1, INT32_MAX, DEFAULT("120")), R_INT("holdTimeSeconds", 3, 65535, DEFAULT("90")),
	R_INT("keepAliveTimeSeconds", 1, 65535, DEFAULT("30")), R_END
};
static const struct rule peer_family[] = {
	R_STR("afi", REQUIRED, WORDS(afis)), R_STR("safi", REQUIRED, WORDS(safis)), R_OBJ("advertisements", selector), R_END
};
static const struct rule peer_config_spec[] = {
	R_OBJ("transport", transport), R_OBJ("timers", timers, CHECK(check_timers)), R_STR("authSecretRef"),
	R_OBJ("gracefulRestart", graceful_restart), R_INT("ebgpMultihop", 1, 255, DEFAULT("1")), R_LIST("families", peer_family), R_END
};
static const struct rule peer_config[] = { R_OBJ("spec", peer_config_spec, REQUIRED), R_ANY("status"), R_END };

/* ---- CiliumBGPAdvertisement ---- */

static const char *const advertisement_types[] = { "PodCIDR", "CiliumPodIPPool", "Service", "Interface", NULL };

static const char *check_advertisement(const json_t *a)
{
	const char *type = json_text(a, "advertisementType", NULL);
	const bool service = strcmp(type, "Service") == 0, interface = strcmp(type, "Interface") == 0;

	if (service != (json_object_get(a, "service") != NULL))
		return service ? "service field is required for the 'Service' advertisementType" :
				 "service field is not allowed for non-'Service' advertisementType";
	if (interface != (json_object_get(a, "interface") != NULL))
		return interface ? "interface field is required for the 'Interface' advertisementType" :
				   "interface field is not allowed for non-'Interface' advertisementType";
	return strcmp(type, "PodCIDR") == 0 && json_object_get(a, "selector") ?
		"selector field is not allowed for the 'PodCIDR' advertisementType" : NULL;
}
static const struct rule service[] = {
	R_STRS("addresses", REQUIRED, ITEMS(1, MANY), WORDS(service_addresses)), R_INT("aggregationLengthIPv4", 0, 31),
	R_INT("aggregationLengthIPv6", 0, 127), R_END
};
static const struct rule interface[] = { R_STR("name", REQUIRED), R_END };
static const struct rule attributes[] = { R_OBJ("communities", communities), R_INT("localPreference", 0, ASN_MAX), R_END };
static const struct rule advertisement[] = {
	R_STR("advertisementType", REQUIRED, WORDS(advertisement_types)), R_OBJ("service", service), R_OBJ("interface", interface),
	R_OBJ("selector", selector), R_OBJ("attributes", attributes), R_END
};
static const struct rule advertisement_spec[] = {
	R_LIST("advertisements", advertisement, REQUIRED, CHECK(check_advertisement)), R_END
};
static const struct rule bgp_advertisement[] = { R_OBJ("spec", advertisement_spec, REQUIRED), R_END };

/* ---- CiliumBGPNodeConfigOverride, CiliumBGPNodeConfig, CiliumNode ---- */

static const struct rule override_peer[] = {
	R_STR("name", REQUIRED, LEN(1, 255)), R_STR("localAddress", FORMAT(FORMAT_IP)), R_INT("localPort", 0, 65535),
	R_STR("peerInterface", LEN(1, 255)), R_END
};
static const struct rule override_instance[] = {
	R_STR("name", REQUIRED, LEN(1, 255)), R_STR("routerID", FORMAT(FORMAT_IPV4)), R_INT("localPort", 0, 65535),
	R_INT("localASN", 1, ASN_MAX), R_LIST("peers", override_peer, KEY("name")), R_END
};
static const struct rule override_spec[] = {
	R_LIST("bgpInstances", override_instance, REQUIRED, ITEMS(1, MANY), KEY("name")), R_END
};
static const struct rule node_config_override[] = { R_OBJ("spec", override_spec, REQUIRED), R_END };
static const struct rule written_by_cilium[] = { R_ANY("spec"), R_ANY("status"), R_END };
/* clang-format on */

static const struct {
	const char *kind;
	const struct rule *rules;
} kinds[] = {
	{ "CiliumBGPPeeringPolicy", policy },
	{ "CiliumBGPClusterConfig", cluster_config },
	{ "CiliumBGPPeerConfig", peer_config },
	{ "CiliumBGPAdvertisement", bgp_advertisement },
	{ "CiliumBGPNodeConfigOverride", node_config_override },
	{ "CiliumBGPNodeConfig", written_by_cilium },
	{ "CiliumNode", written_by_cilium },
};

/* ---- schema.h's fields ---- */

static size_t count_rules(const struct rule *rules)
{
	size_t n = 0;

	while (rules[n].name)
		n++;
	return n;
}

/* @head: how many fields are left free at the beginning. They live as long as the program. */
static struct kube_field *make_fields(const struct rule *rules, size_t head)
{
	const size_t n = count_rules(rules);
	struct kube_field *f = calloc(head + n + 1, sizeof(*f));

	for (size_t i = 0; f && i < n; i++)
		f[head + i] = (struct kube_field){
			.name = rules[i].name,
			.type = rules[i].type,
			.element = rules[i].element,
			.fields = rules[i].fields ? make_fields(rules[i].fields, 0) : NULL,
			.merge_key = rules[i].key,
			.fallback = rules[i].fallback,
		};
	return f;
}

const struct kube_field *schema_cilium(const char *kind)
{
	static const struct kube_field head[] = { META };
	static struct kube_field *made[ARRAY_SIZE(kinds)];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		if (!made[i]) {
			made[i] = make_fields(kinds[i].rules, ARRAY_SIZE(head));
			if (made[i])
				memcpy(made[i], head, sizeof(head));
		}
		return made[i];
	}
	return NULL;
}

/* ---- validation ---- */

static void check_object(const struct rule *rules, const json_t *object, const char *path, json_t *causes);

static void cause(json_t *causes, const char *reason, const char *path, const char *fmt, ...) _printf_(4, 5);
static void cause(json_t *causes, const char *reason, const char *path, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&text, fmt, ap);
	va_end(ap);
	json_array_append_new(
		causes, json_pack("{s:s, s:s, s:s}", "reason", reason, "message", strbuf_str(&text), "field", path));
}

static const char *type_name(enum field_type type)
{
	static const char *const names[_FIELD_TYPE_MAX] = {
		[FIELD_STRING] = "string", [FIELD_INT] = "integer",	  [FIELD_BOOL] = "boolean",
		[FIELD_OBJECT] = "object", [FIELD_STRING_MAP] = "object", [FIELD_LIST] = "array"
	};

	return names[type] ? names[type] : "object";
}

static const char *json_name(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "object", [JSON_ARRAY] = "array",  [JSON_STRING] = "string", [JSON_INTEGER] = "integer",
		[JSON_REAL] = "number",	  [JSON_TRUE] = "boolean", [JSON_FALSE] = "boolean", [JSON_NULL] = "null"
	};

	return names[json_typeof(v)];
}

static bool has_type(enum field_type type, const json_t *v)
{
	return type == FIELD_ANY || strcmp(type_name(type), json_name(v)) == 0;
}

static bool is_number(const char *text, size_t len, unsigned long max)
{
	char buf[16], *end;

	if (len == 0 || len > 10 || (len > 1 && text[0] == '0'))
		return false;
	(void)snprintf(buf, sizeof(buf), "%.*s", (int)len, text);
	return strspn(buf, "0123456789") == len && strtoul(buf, &end, 10) <= max;
}

/* Numbers with colons between them. */
static bool is_community(const char *text, unsigned parts, unsigned long max)
{
	while (parts-- > 0) {
		const size_t len = strcspn(text, ":");

		if (!is_number(text, len, max) || (parts > 0) != (text[len] == ':'))
			return false;
		text += len + (parts > 0);
	}
	return true;
}

static bool has_format(enum format format, const char *text)
{
	struct in6_addr in;
	struct inprefix p;

	switch (format) {
	case FORMAT_CIDR:
		return strchr(text, '/') && inprefix_parse(text, &p) == 0;
	case FORMAT_IP:
		return inet_pton(AF_INET, text, &in) == 1 || inet_pton(AF_INET6, text, &in) == 1;
	case FORMAT_IPV4:
		return inet_pton(AF_INET, text, &in) == 1;
	case FORMAT_STANDARD:
		return is_community(text, 1, UINT32_MAX) || is_community(text, 2, UINT16_MAX);
	case FORMAT_LARGE:
		return is_community(text, 3, UINT32_MAX);
	default:
		return true;
	}
}

static void check_format(const struct rule *r, const char *text, const char *path, json_t *causes)
{
	static const char *const wanted[_FORMAT_MAX] = {
		[FORMAT_CIDR] = "must be of type cidr: \"%s\"",
		[FORMAT_IP] = "must be of type ip: \"%s\"",
		[FORMAT_IPV4] = "must be of type ipv4: \"%s\"",
		[FORMAT_STANDARD] = "should match '^" U32 "$|^" U16 ":" U16 "$'",
		[FORMAT_LARGE] = "should match '^" U32 ":" U32 ":" U32 "$'",
	};
	_cleanup_strbuf_ struct strbuf what = { 0 };
	const char *mark;

	if (has_format(r->format, text))
		return;
	mark = strstr(wanted[r->format], "%s");
	if (mark)
		strbuf_printf(&what, "%.*s%s\"", (int)(mark - wanted[r->format]), wanted[r->format], text);
	else
		strbuf_puts(&what, wanted[r->format]);
	cause(causes, "FieldValueInvalid", path, "Invalid value: \"%s\": %s in body %s", text, path, strbuf_str(&what));
}

static void check_words(const struct rule *r, const char *text, const char *path, json_t *causes)
{
	_cleanup_strbuf_ struct strbuf list = { 0 };

	for (const char *const *w = r->words; *w; w++) {
		if (strcmp(*w, text) == 0)
			return;
		strbuf_printf(&list, "%s\"%s\"", list.len ? ", " : "", *w);
	}
	cause(causes, "FieldValueNotSupported", path, "Unsupported value: \"%s\": supported values: %s", text,
	      strbuf_str(&list));
}

static void check_string(const struct rule *r, const char *text, const char *path, json_t *causes)
{
	const json_int_t len = (json_int_t)strlen(text);

	if (r->words)
		check_words(r, text, path, causes);
	if (r->format)
		check_format(r, text, path, causes);
	if (r->type != FIELD_STRING || !r->ranged)
		return;
	if (len < r->min)
		cause(causes, "FieldValueInvalid", path,
		      "Invalid value: \"%s\": %s in body should be at least %lld chars long", text, path,
		      (long long)r->min);
	else if (len > r->max)
		cause(causes, "FieldValueTooLong", path, "Too long: may not be longer than %lld", (long long)r->max);
}

static void check_int(const struct rule *r, json_int_t v, const char *path, json_t *causes)
{
	if (!r->ranged)
		return;
	if (v < r->min)
		cause(causes, "FieldValueInvalid", path,
		      "Invalid value: %lld: %s in body should be greater than or equal to %lld", (long long)v, path,
		      (long long)r->min);
	else if (v > r->max)
		cause(causes, "FieldValueInvalid", path,
		      "Invalid value: %lld: %s in body should be less than or equal to %lld", (long long)v, path,
		      (long long)r->max);
}

static void check_wrong_type(const char *path, const json_t *v, enum field_type type, json_t *causes)
{
	cause(causes, "FieldValueTypeInvalid", path, "Invalid value: \"%s\": %s in body must be of type %s: \"%s\"",
	      json_name(v), path, type_name(type), json_name(v));
}

static void check_one(const struct rule *r, const json_t *v, const char *path, json_t *causes)
{
	const char *wrong;

	if (json_is_string(v))
		check_string(r, json_string_value(v), path, causes);
	else if (json_is_integer(v))
		check_int(r, json_integer_value(v), path, causes);
	if (!json_is_object(v) || !r->fields)
		return;
	check_object(r->fields, v, path, causes);
	wrong = r->check ? r->check(v) : NULL;
	if (wrong)
		cause(causes, "FieldValueInvalid", path, "Invalid value: \"object\": %s", wrong);
}

static void check_unique(const struct rule *r, const json_t *list, const char *path, json_t *causes)
{
	const json_t *a;
	size_t i;

	json_array_foreach(list, i, a)
		for (size_t k = 0; r->key && k < i; k++)
			if (strcmp(json_text(a, r->key, NULL), json_text(json_array_get(list, k), r->key, NULL)) == 0) {
				_cleanup_strbuf_ struct strbuf at = { 0 };

				strbuf_printf(&at, "%s[%zu]", path, i);
				cause(causes, "FieldValueDuplicate", strbuf_str(&at),
				      "Duplicate value: {\"%s\":\"%s\"}", r->key, json_text(a, r->key, NULL));
				break;
			}
}

static void check_list(const struct rule *r, const json_t *list, const char *path, json_t *causes)
{
	const json_int_t n = (json_int_t)json_array_size(list);
	const json_t *v;
	size_t i;

	if (r->ranged && n < r->min)
		cause(causes, "FieldValueInvalid", path,
		      "Invalid value: %lld: %s in body should have at least %lld items", (long long)n, path,
		      (long long)r->min);
	if (r->ranged && n > r->max)
		cause(causes, "FieldValueTooMany", path, "Too many: %lld: must have at most %lld items", (long long)n,
		      (long long)r->max);
	check_unique(r, list, path, causes);
	json_array_foreach(list, i, v) {
		_cleanup_strbuf_ struct strbuf at = { 0 };

		strbuf_printf(&at, "%s[%zu]", path, i);
		if (!has_type(r->element, v))
			check_wrong_type(strbuf_str(&at), v, r->element, causes);
		else
			check_one(r, v, strbuf_str(&at), causes);
	}
}

static void check_object(const struct rule *rules, const json_t *object, const char *path, json_t *causes)
{
	for (const struct rule *r = rules; r->name; r++) {
		const json_t *v = json_object_get(object, r->name);
		_cleanup_strbuf_ struct strbuf at = { 0 };

		strbuf_printf(&at, "%s%s%s", path, *path ? "." : "", r->name);
		if (!v) {
			if (r->required)
				cause(causes, "FieldValueRequired", strbuf_str(&at), "Required value");
			continue;
		}
		if (!has_type(r->type, v))
			check_wrong_type(strbuf_str(&at), v, r->type, causes);
		else if (json_is_array(v))
			check_list(r, v, strbuf_str(&at), causes);
		else
			check_one(r, v, strbuf_str(&at), causes);
	}
}

size_t schema_cilium_validate(const char *kind, const json_t *object, json_t *causes)
{
	const size_t before = json_array_size(causes);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			check_object(kinds[i].rules, object, "", causes);
	return json_array_size(causes) - before;
}
