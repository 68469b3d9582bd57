// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_check_pod.c - validation of pod specs: containers, and what of a running pod may change
 *
 * Source: pkg/apis/core/validation/validation.go of Kubernetes 1.30. Volumes and scheduling are in schema_check_volumes.c and
 * schema_check_sched.c.
 */
#include "cluster/schema_check.h"
#include "cluster/quantity.h"

#include <ctype.h>

/* ---- probes and lifecycle ---- */

struct handler {
	const char *name;
	void (*check)(struct checker *c, const struct schema_path *at, const json_t *h);
};

static void check_exec(struct checker *c, const struct schema_path *at, const json_t *h)
{
	if (!json_array_size(json_object_get(h, "command")))
		say_required(c, AT(at, "command"), NULL);
}

static void check_http_get(struct checker *c, const struct schema_path *at, const json_t *h)
{
	static const char *const schemes[] = { "HTTP", "HTTPS", NULL };

	(void)check_required(c, at, h, "path", NULL);
	check_port_or_name(c, AT(at, "port"), json_object_get(h, "port"));
	(void)check_words(c, at, h, "scheme", schemes);
}

static void check_tcp_socket(struct checker *c, const struct schema_path *at, const json_t *h)
{
	check_port_or_name(c, AT(at, "port"), json_object_get(h, "port"));
}

static void check_grpc(struct checker *c, const struct schema_path *at, const json_t *h)
{
	check_port(c, at, h, "port");
}

static void check_sleep(struct checker *c, const struct schema_path *at, const json_t *h)
{
	const json_t *v = json_object_get(h, "seconds");

	if (json_is_integer(v) && json_integer_value(v) <= 0)
		say_invalid(c, at, v, "must be greater than 0");
}

static const struct handler handlers[] = {
	{ "exec", check_exec },	 { "httpGet", check_http_get }, { "tcpSocket", check_tcp_socket },
	{ "grpc", check_grpc },	 { "sleep", check_sleep },
};

static void check_handler(struct checker *c, const struct schema_path *at, const json_t *h)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
		const json_t *v = json_object_get(h, handlers[i].name);

		if (!json_is_object(v))
			continue;
		if (n++)
			say_forbidden(c, AT(at, handlers[i].name), "may not specify more than 1 handler type");
		else
			handlers[i].check(c, AT(at, handlers[i].name), v);
	}
	if (!n)
		say_required(c, at, "must specify a handler type");
}

static void check_probe(struct checker *c, const struct schema_path *at, const json_t *probe, bool must_be_one)
{
	static const char *const numbers[] = { "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold",
					       "failureThreshold" };

	if (!json_is_object(probe))
		return;
	check_handler(c, at, probe);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		check_natural(c, at, probe, numbers[i]);
	if (must_be_one && json_int(probe, 1, "successThreshold", NULL) != 1)
		say_invalid(c, AT(at, "successThreshold"), json_object_get(probe, "successThreshold"), "must be 1");
}

static void check_probes(struct checker *c, const struct schema_path *at, const json_t *container)
{
	const json_t *lifecycle = json_object_get(container, "lifecycle");
	static const char *const hooks[] = { "postStart", "preStop" };

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		if (json_is_object(json_object_get(lifecycle, hooks[i])))
			check_handler(c, AT(AT(at, "lifecycle"), hooks[i]), json_object_get(lifecycle, hooks[i]));
	check_probe(c, AT(at, "livenessProbe"), json_object_get(container, "livenessProbe"), true);
	check_probe(c, AT(at, "readinessProbe"), json_object_get(container, "readinessProbe"), false);
	check_probe(c, AT(at, "startupProbe"), json_object_get(container, "startupProbe"), true);
}

/* ---- environment ---- */

static const char *const env_fields[] = { "metadata.name",	   "metadata.namespace", "metadata.uid",  "spec.nodeName",
					  "spec.serviceAccountName", "status.hostIP",	 "status.hostIPs", "status.podIP",
					  "status.podIPs",	   NULL };

static void check_field_ref(struct checker *c, const struct schema_path *at, const json_t *ref)
{
	const char *path = json_text(ref, "fieldPath", NULL);

	if (!check_required(c, at, ref, "fieldPath", NULL) || strncmp(path, "metadata.labels['", 17) == 0 ||
	    strncmp(path, "metadata.annotations['", 22) == 0)
		return;
	(void)check_words(c, at, ref, "fieldPath", env_fields);
}

static void check_key_ref(struct checker *c, const struct schema_path *at, const json_t *ref)
{
	(void)check_required(c, at, ref, "name", NULL);
	if (check_required(c, at, ref, "key", NULL))
		check_name(c, AT(at, "key"), NAME_CONFIG_KEY, json_text(ref, "key", NULL));
}

static void check_resource_ref(struct checker *c, const struct schema_path *at, const json_t *ref)
{
	(void)check_required(c, at, ref, "resource", NULL);
}

static void check_value_from(struct checker *c, const struct schema_path *at, const json_t *env)
{
	static const struct handler sources[] = {
		{ "fieldRef", check_field_ref },
		{ "resourceFieldRef", check_resource_ref },
		{ "configMapKeyRef", check_key_ref },
		{ "secretKeyRef", check_key_ref },
	};
	const json_t *from = json_object_get(env, "valueFrom");
	size_t n = 0;

	if (!json_is_object(from))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (json_is_object(json_object_get(from, sources[i].name))) {
			sources[i].check(c, AT(at, sources[i].name), json_object_get(from, sources[i].name));
			n++;
		}
	if (!n)
		say_invalid_text(c, at, "",
				 "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
	else if (*json_text(env, "value", NULL))
		say_invalid_text(c, at, "", "may not be specified when `value` is not empty");
	else if (n > 1)
		say_invalid_text(c, at, "", "may not have more than one field specified at a time");
}

static void check_env(struct checker *c, const struct schema_path *at, const json_t *container)
{
	const struct schema_path *list = AT(at, "env"), *from = AT(at, "envFrom");
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(container, "env"), i, v) {
		if (check_required(c, AT_ITEM(list, i), v, "name", NULL))
			(void)check_name_in(c, AT_ITEM(list, i), v, "name", NAME_ENV);
		check_value_from(c, AT(AT_ITEM(list, i), "valueFrom"), v);
	}
	json_array_foreach(json_object_get(container, "envFrom"), i, v) {
		const json_t *map = json_object_get(v, "configMapRef"), *secret = json_object_get(v, "secretRef");

		(void)check_name_in(c, AT_ITEM(from, i), v, "prefix", NAME_ENV);
		if (json_is_object(map))
			(void)check_required(c, AT(AT_ITEM(from, i), "configMapRef"), map, "name", NULL);
		if (json_is_object(secret))
			(void)check_required(c, AT(AT_ITEM(from, i), "secretRef"), secret, "name", NULL);
		if (!json_is_object(map) && !json_is_object(secret))
			say_invalid_text(c, AT_ITEM(from, i), "", "must specify one of: `configMapRef` or `secretRef`");
		else if (map && secret)
			say_invalid_text(c, AT_ITEM(from, i), "", "may not have more than one field specified at a time");
	}
}

/* ---- ports, mounts, resources ---- */

static void check_container_port(struct checker *c, const struct schema_path *at, const json_t *p, bool host_network)
{
	const json_int_t port = json_int(p, 0, "containerPort", NULL), host = json_int(p, 0, "hostPort", NULL);

	(void)check_name_in(c, at, p, "name", NAME_PORT);
	if (!port)
		say_required(c, AT(at, "containerPort"), NULL);
	else
		check_port(c, at, p, "containerPort");
	if (host)
		check_port(c, at, p, "hostPort");
	if (host_network && host && host != port)
		say_invalid(c, AT(at, "containerPort"), json_object_get(p, "containerPort"),
			    "must match `hostPort` when `hostNetwork` is true");
	(void)check_words(c, at, p, "protocol", words_protocol);
}

static bool seen_before(const json_t *list, size_t n, const char *key)
{
	const char *text = json_text(json_array_get(list, n), key, NULL);

	for (size_t i = 0; i < n && *text; i++)
		if (strcmp(json_text(json_array_get(list, i), key, NULL), text) == 0)
			return true;
	return false;
}

static void check_ports(struct checker *c, const struct schema_path *at, const json_t *ports, bool host_network)
{
	json_t *p;
	size_t i;

	if (!check_size(c, at, ports))
		return;
	json_array_foreach(ports, i, p) {
		if (seen_before(ports, i, "name"))
			say_duplicate(c, AT(AT_ITEM(at, i), "name"), json_object_get(p, "name"));
		check_container_port(c, AT_ITEM(at, i), p, host_network);
	}
}

static void check_mounts(struct checker *c, const struct schema_path *at, const json_t *mounts, const json_t *volumes)
{
	static const char *const propagation[] = { "Bidirectional", "HostToContainer", "None", NULL };
	json_t *m, *v;
	size_t i, k;

	if (!check_size(c, at, mounts))
		return;
	json_array_foreach(mounts, i, m) {
		const struct schema_path *here = AT_ITEM(at, i);
		bool found = false;

		json_array_foreach(volumes, k, v)
			found = found || strcmp(json_text(v, "name", NULL), json_text(m, "name", NULL)) == 0;
		if (check_required(c, here, m, "name", NULL) && !found)
			say_not_found(c, AT(here, "name"), json_object_get(m, "name"));
		if (check_required(c, here, m, "mountPath", NULL) && seen_before(mounts, i, "mountPath"))
			say_invalid(c, AT(here, "mountPath"), json_object_get(m, "mountPath"), "must be unique");
		if (*json_text(m, "subPath", NULL) == '/')
			say_invalid(c, AT(here, "subPath"), json_object_get(m, "subPath"), "must be a relative path");
		(void)check_words(c, here, m, "mountPropagation", propagation);
	}
}

double quantity_number(const json_t *v)
{
	double number = 0;

	(void)quantity_of(v, &number);
	return number;
}

static void check_resource_name(struct checker *c, const struct schema_path *at, const char *name)
{
	static const char *const standard[] = { "cpu", "memory", "ephemeral-storage", NULL };

	if (strchr(name, '/')) {
		check_name(c, at, NAME_QUALIFIED, name);
		return;
	}
	for (size_t i = 0; standard[i]; i++)
		if (strcmp(name, standard[i]) == 0)
			return;
	if (strncmp(name, "hugepages-", 10) != 0)
		say_invalid_text(c, at, name, "must be a standard resource for containers");
}

static void check_resource_list(struct checker *c, const struct schema_path *at, const json_t *list)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)list, name, v) {
		char key[300];

		(void)snprintf(key, sizeof(key), "%.253s", name);
		check_resource_name(c, AT(at, key), name);
		if (quantity_number(v) < 0)
			say_invalid(c, AT(at, key), v, "must be greater than or equal to 0");
	}
}

static void check_resources(struct checker *c, const struct schema_path *at, const json_t *o)
{
	const json_t *limits = json_object_get(o, "limits"), *requests = json_object_get(o, "requests");
	const char *name;
	json_t *v;

	check_resource_list(c, AT(at, "limits"), limits);
	check_resource_list(c, AT(at, "requests"), requests);
	json_object_foreach((json_t *)(uintptr_t)requests, name, v) {
		const json_t *limit = json_object_get(limits, name);
		_cleanup_strbuf_ struct strbuf s = { 0 };

		if (!limit || quantity_number(v) <= quantity_number(limit))
			continue;
		strbuf_printf(&s, "must be less than or equal to %s limit of %s", name,
			      json_is_string(limit) ? json_string_value(limit) : "");
		say_invalid(c, AT(at, "requests"), v, strbuf_str(&s));
	}
}

/* ---- containers ---- */

struct pod_check {
	const json_t *spec;
	const char *list; /* "containers", "initContainers" or "ephemeralContainers" */
};

static void check_security(struct checker *c, const struct schema_path *at, const json_t *s)
{
	static const char *const ids[] = { "runAsUser", "runAsGroup", "fsGroup" };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		check_range(c, at, s, ids[i], 0, INT32_MAX);
	if (json_bool(s, "privileged", NULL) && json_is_false(json_object_get(s, "allowPrivilegeEscalation")))
		say_invalid(c, at, s, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
}

static void check_image(struct checker *c, const struct schema_path *at, const json_t *container)
{
	static const char *const policies[] = { "Always", "IfNotPresent", "Never", NULL };
	static const char *const messages[] = { "FallbackToLogsOnError", "File", NULL };
	const char *image = json_text(container, "image", NULL);

	if (check_required(c, at, container, "image", NULL) &&
	    (isspace((unsigned char)*image) || isspace((unsigned char)image[strlen(image) - 1])))
		say_invalid(c, AT(at, "image"), json_object_get(container, "image"),
			    "must not have leading or trailing whitespace");
	(void)check_words(c, at, container, "imagePullPolicy", policies);
	(void)check_words(c, at, container, "terminationMessagePolicy", messages);
}

static void check_init(struct checker *c, const struct schema_path *at, const json_t *container)
{
	static const char *const none[] = { "lifecycle", "livenessProbe", "readinessProbe", "startupProbe" };
	static const char *const policies[] = { "Always", NULL };

	if (*json_text(container, "restartPolicy", NULL)) {
		(void)check_words(c, at, container, "restartPolicy", policies);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		if (json_is_object(json_object_get(container, none[i])))
			say_forbidden(c, AT(at, none[i]), "may not be set for init containers without restartPolicy=Always");
}

static void check_container(struct checker *c, const struct schema_path *at, const json_t *container, const struct pod_check *p)
{
	if (check_required(c, at, container, "name", NULL))
		(void)check_name_in(c, at, container, "name", NAME_LABEL);
	check_image(c, at, container);
	check_probes(c, at, container);
	if (strcmp(p->list, "initContainers") == 0)
		check_init(c, at, container);
	else if (*json_text(container, "restartPolicy", NULL))
		say_forbidden(c, AT(at, "restartPolicy"), "may not be set for non-init containers");
	check_ports(c, AT(at, "ports"), json_object_get(container, "ports"), json_bool(p->spec, "hostNetwork", NULL));
	check_env(c, at, container);
	check_mounts(c, AT(at, "volumeMounts"), json_object_get(container, "volumeMounts"), json_object_get(p->spec, "volumes"));
	check_resources(c, AT(at, "resources"), json_object_get(container, "resources"));
	check_security(c, AT(at, "securityContext"), json_object_get(container, "securityContext"));
}

/* A name is unique over all lists; the first one has it. */
static bool name_taken(const json_t *spec, const char *list, size_t n, const char *name)
{
	static const char *const lists[] = { "containers", "initContainers", "ephemeralContainers" };

	for (size_t k = 0; k < ARRAY_SIZE(lists); k++) {
		const json_t *all = json_object_get(spec, lists[k]);
		const bool here = strcmp(lists[k], list) == 0;

		for (size_t i = 0; i < (here ? n : json_array_size(all)); i++)
			if (strcmp(json_text(json_array_get(all, i), "name", NULL), name) == 0)
				return true;
		if (here)
			return false;
	}
	return false;
}

static void check_containers(struct checker *c, const struct schema_path *at, const struct pod_check *p)
{
	json_t *container;
	size_t i;

	json_array_foreach(json_object_get(p->spec, p->list), i, container) {
		const char *name = json_text(container, "name", NULL);

		check_container(c, AT_ITEM(AT(at, p->list), i), container, p);
		if (*name && name_taken(p->spec, p->list, i, name))
			say_duplicate(c, AT(AT_ITEM(AT(at, p->list), i), "name"), json_object_get(container, "name"));
	}
}

/* Two containers that want the same port of the node. */
static void check_host_ports(struct checker *c, const struct schema_path *at, const json_t *spec)
{
	_cleanup_json_ json_t *seen = json_object();
	const json_t *containers = json_object_get(spec, "containers");
	json_t *container, *p;
	size_t i, k;

	json_array_foreach(containers, i, container)
		json_array_foreach(json_object_get(container, "ports"), k, p) {
			const json_int_t port = json_int(p, 0, "hostPort", NULL);
			_cleanup_json_ json_t *key = NULL;

			if (!port)
				continue;
			key = json_sprintf("%s/%s/%lld", json_text(p, "protocol", NULL), json_text(p, "hostIP", NULL),
					   (long long)port);
			if (json_object_get(seen, json_string_value(key)))
				say_duplicate(c, AT(AT_ITEM(AT(AT_ITEM(AT(at, "containers"), i), "ports"), k), "hostPort"), key);
			(void)json_object_set_new(seen, json_string_value(key), json_true());
		}
}

/* ---- the pod's own ---- */

static void check_dns(struct checker *c, const struct schema_path *at, const json_t *spec)
{
	static const char *const policies[] = { "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None", NULL };
	const json_t *servers = json_at(spec, "dnsConfig", "nameservers", NULL);
	const struct schema_path *list = AT(AT(at, "dnsConfig"), "nameservers");
	json_t *v;
	size_t i;

	(void)check_words(c, at, spec, "dnsPolicy", policies);
	if (strcmp(json_text(spec, "dnsPolicy", NULL), "None") == 0 && !json_array_size(servers))
		say_required(c, list, "must provide at least one DNS nameserver when `dnsPolicy` is None");
	json_array_foreach(servers, i, v)
		check_ip(c, AT_ITEM(list, i), v);
}

static void check_host_aliases(struct checker *c, const struct schema_path *at, const json_t *aliases)
{
	json_t *a, *name;
	size_t i, k;

	json_array_foreach(aliases, i, a) {
		check_ip(c, AT(AT_ITEM(at, i), "ip"), json_object_get(a, "ip"));
		json_array_foreach(json_object_get(a, "hostnames"), k, name)
			if (json_is_string(name))
				check_name(c, AT_ITEM(AT(AT_ITEM(at, i), "hostnames"), k), NAME_SUBDOMAIN,
					   json_string_value(name));
	}
}

static void check_spread(struct checker *c, const struct schema_path *at, const json_t *list)
{
	static const char *const actions[] = { "DoNotSchedule", "ScheduleAnyway", NULL };
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		if (json_int(v, 0, "maxSkew", NULL) <= 0)
			say_invalid(c, AT(AT_ITEM(at, i), "maxSkew"), json_object_get(v, "maxSkew"), "must be greater than zero");
		(void)check_required(c, AT_ITEM(at, i), v, "topologyKey", "can not be empty");
		if (check_required(c, AT_ITEM(at, i), v, "whenUnsatisfiable", NULL))
			(void)check_words(c, AT_ITEM(at, i), v, "whenUnsatisfiable", actions);
		check_selector(c, AT(AT_ITEM(at, i), "labelSelector"), json_object_get(v, "labelSelector"));
	}
}

static void check_names(struct checker *c, const struct schema_path *at, const json_t *spec)
{
	static const struct {
		const char *key;
		enum name_kind kind;
	} names[] = {
		{ "serviceAccountName", NAME_SUBDOMAIN }, { "nodeName", NAME_SUBDOMAIN },	   { "hostname", NAME_LABEL },
		{ "subdomain", NAME_LABEL },		  { "priorityClassName", NAME_SUBDOMAIN }, { "runtimeClassName", NAME_SUBDOMAIN },
		{ "schedulerName", NAME_SUBDOMAIN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)check_name_in(c, at, spec, names[i].key, names[i].kind);
}

void check_pod_spec(struct checker *c, const struct schema_path *at, const json_t *spec)
{
	static const char *const policies[] = { "Always", "OnFailure", "Never", NULL };
	static const char *const lists[] = { "containers", "initContainers", "ephemeralContainers" };
	const json_t *deadline = json_object_get(spec, "activeDeadlineSeconds");

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (!check_size(c, AT(at, lists[i]), json_object_get(spec, lists[i])))
			return;
	if (!check_size(c, AT(at, "volumes"), json_object_get(spec, "volumes")))
		return;
	check_volumes(c, AT(at, "volumes"), spec);
	if (!json_array_size(json_object_get(spec, "containers")))
		say_required(c, AT(at, "containers"), NULL);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		check_containers(c, at, &(struct pod_check){ spec, lists[i] });
	check_host_ports(c, at, spec);
	(void)check_words(c, at, spec, "restartPolicy", policies);
	check_dns(c, at, spec);
	check_labels(c, AT(at, "nodeSelector"), json_object_get(spec, "nodeSelector"));
	check_security(c, AT(at, "securityContext"), json_object_get(spec, "securityContext"));
	check_affinity(c, AT(at, "affinity"), json_object_get(spec, "affinity"));
	check_names(c, at, spec);
	if (json_is_integer(deadline) && (json_integer_value(deadline) < 1 || json_integer_value(deadline) > INT32_MAX))
		say_invalid(c, AT(at, "activeDeadlineSeconds"), deadline, "must be between 1 and 2147483647, inclusive");
	check_natural(c, at, spec, "terminationGracePeriodSeconds");
	check_tolerations(c, AT(at, "tolerations"), json_object_get(spec, "tolerations"));
	check_host_aliases(c, AT(at, "hostAliases"), json_object_get(spec, "hostAliases"));
	check_spread(c, AT(at, "topologySpreadConstraints"), json_object_get(spec, "topologySpreadConstraints"));
}

void check_pod_template(struct checker *c, const struct schema_path *at, const json_t *template)
{
	check_labels(c, AT(at, "labels"), json_at(template, "metadata", "labels", NULL));
	check_pod_spec(c, AT(at, "spec"), json_object_get(template, "spec"));
}

/* ---- updates ---- */

static void copy_images(json_t *to, const json_t *from, const char *list)
{
	json_t *container;
	size_t i;

	json_array_foreach(json_object_get(to, list), i, container)
		(void)json_object_set_new(container, "image",
					  json_string(json_text(json_array_get(json_object_get(from, list), i), "image", NULL)));
}

/* Whether each old toleration is still there, but for its seconds. */
static bool only_adds(const json_t *list, const json_t *old)
{
	json_t *a, *b;
	size_t i, k;

	json_array_foreach(old, i, b) {
		bool found = false;

		json_array_foreach(list, k, a) {
			_cleanup_json_ json_t *x = json_deep_copy(a), *y = json_deep_copy(b);

			(void)json_object_del(x, "tolerationSeconds");
			(void)json_object_del(y, "tolerationSeconds");
			found = found || same_to_go(x, y);
		}
		if (!found)
			return false;
	}
	return true;
}

static void check_count(struct checker *c, const json_t *spec, const json_t *old, const char *list)
{
	if (json_array_size(json_object_get(spec, list)) != json_array_size(json_object_get(old, list)))
		say_forbidden(c, AT(AT(NULL, "spec"), list), "pod updates may not add or remove containers");
}

static void check_new_deadline(struct checker *c, const json_t *spec, const json_t *old)
{
	const json_t *v = json_object_get(spec, "activeDeadlineSeconds"), *before = json_object_get(old, "activeDeadlineSeconds");
	const struct schema_path *at = AT(AT(NULL, "spec"), "activeDeadlineSeconds");

	if (json_is_integer(before) && !json_is_integer(v))
		say_invalid(c, at, NULL, "must not update from a positive integer to nil value");
	else if (json_is_integer(before) && json_integer_value(v) > json_integer_value(before))
		say_invalid(c, at, v, "must be less than or equal to previous value");
}

void check_pod_update(struct checker *c, const json_t *spec, const json_t *old)
{
	/* What may change, or what only the ephemeralcontainers subresource may: taken from the old pod before both are compared. */
	static const char *const mutable[] = { "activeDeadlineSeconds", "tolerations", "ephemeralContainers", "schedulingGates" };
	const size_t before = c->n;
	_cleanup_json_ json_t *copy = NULL;

	check_count(c, spec, old, "containers");
	check_count(c, spec, old, "initContainers");
	check_new_deadline(c, spec, old);
	if (c->n != before)
		return;
	copy = json_deep_copy(spec);
	copy_images(copy, old, "containers");
	copy_images(copy, old, "initContainers");
	for (size_t i = 0; i < ARRAY_SIZE(mutable); i++) {
		if (strcmp(mutable[i], "tolerations") == 0 &&
		    !only_adds(json_object_get(spec, mutable[i]), json_object_get(old, mutable[i])))
			continue;
		if (json_object_get(old, mutable[i]))
			(void)json_object_set(copy, mutable[i], json_object_get(old, mutable[i]));
		else
			(void)json_object_del(copy, mutable[i]);
	}
	if (json_int(old, 0, "terminationGracePeriodSeconds", NULL) < 0 &&
	    json_int(spec, 0, "terminationGracePeriodSeconds", NULL) == 1)
		(void)json_object_set(copy, "terminationGracePeriodSeconds", json_object_get(old, "terminationGracePeriodSeconds"));
	if (!same_to_go(copy, old))
		say_forbidden(c, AT(NULL, "spec"),
			      "pod updates may not change fields other than `spec.containers[*].image`,"
			      "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
			      "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously "
			      "negative)");
}
