// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * table.c - metav1.Table: the columns that kubectl prints, for each resource
 *
 * Owns the columns and cells of all resources as kube-apiserver's printers have them (pkg/printers/internalversion; those
 * of v1.27, wide columns have priority 1). Refuses to know how a pod's status is found: table_pods.c. Columns of custom
 * resources are those of their CRDs.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "apiserver/api.h"
#include "apiserver/table_internal.h"
#include "cluster/jsonutil.h"

struct column {
	const char *name, *type, *format;
	int priority;
	const char *description;
};

#define DOC_NAME                                                                                                                   \
	"Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client " \
	"to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and " \
	"configuration definition. Cannot be updated. More info: "                                                                 \
	"https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
#define DOC_CREATED                                                                                                                   \
	"CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set " \
	"in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and "  \
	"is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: "                                               \
	"https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
#define NAME { "Name", "string", "name", 0, DOC_NAME }
#define AGE { "Age", "string", "", 0, DOC_CREATED }
#define STRING(name, doc) { name, "string", "", 0, doc }
#define INTEGER(name, doc) { name, "integer", "", 0, doc }
#define WIDE(name, doc) { name, "string", "", 1, doc }
#define CONTAINERS                                                     \
	WIDE("Containers", "Names of each container in the template."), \
		WIDE("Images", "Images referenced by each container in the template.")
#define SELECTOR WIDE("Selector", "Label selector for pods.")

/* ---- cells ---- */

void cell_text(json_t *row, const char *fmt, ...)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&text, fmt, ap);
	va_end(ap);
	(void)json_array_append_new(row, json_string(strbuf_str(&text)));
}

void cell_text_or(json_t *row, const char *text, const char *fallback)
{
	(void)json_array_append_new(row, json_string(*text ? text : fallback));
}

static void cell_int(json_t *row, json_int_t n)
{
	(void)json_array_append_new(row, json_integer(n));
}

void cell_status(json_t *row, const json_t *o, const char *key)
{
	cell_int(row, json_int(o, 0, "status", key, NULL));
}

void cell_age(json_t *row, const char *timestamp)
{
	const time_t t = kube_time_parse(timestamp);
	char age[KUBE_TIME_LEN];

	cell_text(row, "%s", t < 0 ? "<unknown>" : kube_age(time(NULL) - t, age));
}

void cell_created(json_t *row, const json_t *o)
{
	cell_age(row, json_text(o, "metadata", "creationTimestamp", NULL));
}

static void cell_name(json_t *row, const json_t *o)
{
	cell_text(row, "%s", kube_name(o));
}

/* The texts at @key of a list's objects, separated by commas */
static void join(struct strbuf *out, const json_t *list, const char *key)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		strbuf_printf(out, "%s%s", out->len ? "," : "", key ? json_text(v, key, NULL) : json_string_value(v));
}

void cells_containers(json_t *row, const json_t *template)
{
	_cleanup_strbuf_ struct strbuf names = { 0 }, images = { 0 };

	join(&names, json_at(template, "spec", "containers", NULL), "name");
	join(&images, json_at(template, "spec", "containers", NULL), "image");
	cell_text(row, "%s", strbuf_str(&names));
	cell_text(row, "%s", strbuf_str(&images));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The texts of @list, sorted, then "<none>" for none */
static void cell_sorted(json_t *row, json_t *list)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	const size_t n = json_array_size(list);
	_cleanup_free_ const char **texts = calloc(n + 1, sizeof(*texts));

	for (size_t i = 0; texts && i < n; i++)
		texts[i] = json_string_value(json_array_get(list, i));
	if (texts)
		qsort(texts, n, sizeof(*texts), by_text);
	for (size_t i = 0; texts && i < n; i++)
		strbuf_printf(&out, "%s%s", i ? "," : "", texts[i]);
	cell_text_or(row, strbuf_str(&out), "<none>");
}

static void add_labels(json_t *list, const json_t *labels)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)labels, key, v)
		(void)json_array_append_new(
			list, json_sprintf("%s=%s", key, json_string_value(v) ? json_string_value(v) : ""));
}

void cell_labels(json_t *row, const json_t *labels)
{
	_cleanup_json_ json_t *list = json_array();

	add_labels(list, labels);
	cell_sorted(row, list);
}

void cell_selector(json_t *row, const json_t *selector)
{
	_cleanup_json_ json_t *list = json_array();
	json_t *x;
	size_t i;

	add_labels(list, json_object_get(selector, "matchLabels"));
	json_array_foreach(json_object_get(selector, "matchExpressions"), i, x) {
		const char *op = json_text(x, "operator", NULL), *key = json_text(x, "key", NULL);
		_cleanup_strbuf_ struct strbuf values = { 0 };

		join(&values, json_object_get(x, "values"), NULL);
		if (strcmp(op, "In") == 0 || strcmp(op, "NotIn") == 0)
			(void)json_array_append_new(list, json_sprintf("%s %s (%s)", key, op[0] == 'I' ? "in" : "notin",
								       strbuf_str(&values)));
		else
			(void)json_array_append_new(list, json_sprintf("%s%s", op[0] == 'D' ? "!" : "", key));
	}
	cell_sorted(row, list);
}

/* ---- core ---- */

static const struct column pod_columns[] = {
	NAME,
	STRING("Ready", "The aggregate readiness state of this pod for accepting traffic."),
	STRING("Status", "The aggregate status of the containers in this pod."),
	STRING("Restarts",
	       "The number of times the containers in this pod have been restarted and when the last container in this pod "
	       "has restarted."),
	AGE,
	WIDE("IP",
	     "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated."),
	WIDE("Node",
	     "NodeName is a request to schedule this pod onto a specific node. If it is non-empty, the scheduler simply "
	     "schedules this pod onto that node, assuming that it fits resource requirements."),
	WIDE("Nominated Node",
	     "nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled "
	     "right away as preemption victims receive their graceful termination periods."),
	WIDE("Readiness Gates",
	     "If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its "
	     "containers are ready AND all conditions specified in the readiness gates have status equal to \"True\""),
};

static const struct column node_columns[] = {
	NAME,
	STRING("Status", "The status of the node"),
	STRING("Roles", "The roles of the node"),
	AGE,
	STRING("Version", "Kubelet Version reported by the node."),
	WIDE("Internal-IP", "List of addresses reachable to the node."),
	WIDE("External-IP", "List of addresses reachable to the node."),
	WIDE("OS-Image", "OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy))."),
	WIDE("Kernel-Version", "Kernel Version reported by the node from 'uname -r' (e.g. 3.16.0-0.bpo.4-amd64)."),
	WIDE("Container-Runtime",
	     "ContainerRuntime Version reported by the node through runtime remote API (e.g. containerd://1.4.2)."),
};

static const char *node_address(const json_t *node, const char *type)
{
	json_t *a;
	size_t i;

	json_array_foreach(json_at(node, "status", "addresses", NULL), i, a)
		if (strcmp(json_text(a, "type", NULL), type) == 0)
			return json_text(a, "address", NULL);
	return "";
}

static void cell_roles(json_t *row, const json_t *node)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	_cleanup_json_ json_t *roles = json_array();
	const char *key;
	json_t *v;

	json_object_foreach(json_at(node, "metadata", "labels", NULL), key, v) {
		if (strncmp(key, prefix, strlen(prefix)) == 0 && key[strlen(prefix)])
			(void)json_array_append_new(roles, json_string(key + strlen(prefix)));
		else if (strcmp(key, "kubernetes.io/role") == 0 && json_string_length(v))
			(void)json_array_append(roles, v);
	}
	cell_sorted(row, roles);
}

static void node_cells(const json_t *o, json_t *row)
{
	const json_t *ready = kube_condition(o, "Ready"), *info = json_at(o, "status", "nodeInfo", NULL);
	const bool is_ready = strcmp(json_text(ready, "status", NULL), "True") == 0;

	cell_name(row, o);
	cell_text(row, "%s%s", is_ready ? "Ready" : ready ? "NotReady" : "Unknown",
		  json_bool(o, "spec", "unschedulable", NULL) ? ",SchedulingDisabled" : "");
	cell_roles(row, o);
	cell_created(row, o);
	cell_text(row, "%s", json_text(info, "kubeletVersion", NULL));
	cell_text_or(row, node_address(o, "InternalIP"), "<none>");
	cell_text_or(row, node_address(o, "ExternalIP"), "<none>");
	cell_text_or(row, json_text(info, "osImage", NULL), "<unknown>");
	cell_text_or(row, json_text(info, "kernelVersion", NULL), "<unknown>");
	cell_text_or(row, json_text(info, "containerRuntimeVersion", NULL), "<unknown>");
}

static const struct column namespace_columns[] = { NAME, STRING("Status", "The status of the namespace"), AGE };

static void namespace_cells(const json_t *o, json_t *row)
{
	cell_name(row, o);
	cell_text(row, "%s", json_text(o, "status", "phase", NULL));
	cell_created(row, o);
}

static const struct column event_columns[] = {
	STRING("Last Seen", "The time at which the most recent occurrence of this event was recorded."),
	STRING("Type", "Type of this event (Normal, Warning), new types could be added in the future"),
	STRING("Reason",
	       "This should be a short, machine understandable string that gives the reason for the transition into the "
	       "object's current status."),
	STRING("Object", "The object that this event is about."),
	WIDE("Subobject",
	     "If referring to a piece of an object instead of an entire object, this string should contain a valid "
	     "JSON/Go field access statement, such as desiredState.manifest.containers[2]."),
	WIDE("Source", "The component reporting this event. Should be a short machine understandable string."),
	STRING("Message", "A human-readable description of the status of this operation."),
	WIDE("First Seen", "The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)"),
	WIDE("Count", "The number of times this event has occurred."),
	{ "Name", "string", "name", 1, DOC_NAME },
};

static void cell_object(json_t *row, const json_t *about)
{
	const char *name = json_text(about, "name", NULL);
	char kind[64];

	(void)snprintf(kind, sizeof(kind), "%s", json_text(about, "kind", NULL));
	for (char *c = kind; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c += 'a' - 'A';
	cell_text(row, "%s%s%s", kind, *name ? "/" : "", name);
}

static void cell_source(json_t *row, const json_t *o)
{
	const char *component = json_text(o, "source", "component", NULL), *host = json_text(o, "source", "host", NULL);

	if (!*component)
		component = json_text(o, "reportingComponent", NULL);
	if (!*host)
		host = json_text(o, "reportingInstance", NULL);
	cell_text(row, "%s%s%s", component, *host ? ", " : "", host);
}

static void event_cells(const json_t *o, json_t *row)
{
	const char *first = json_text(o, "firstTimestamp", NULL),
		   *last = json_text(o, "series", "lastObservedTime", NULL);
	const json_int_t count = json_int(o, json_int(o, 0, "count", NULL), "series", "count", NULL);
	const char *message = json_text(o, "message", NULL);
	size_t len;

	message += strspn(message, " \t\r\n");
	for (len = strlen(message); len && strchr(" \t\r\n", message[len - 1]); len--)
		;
	if (!*first)
		first = json_text(o, "eventTime", NULL);
	if (!*last)
		last = json_text(o, "lastTimestamp", NULL);
	cell_age(row, *last ? last : first);
	cell_text(row, "%s", json_text(o, "type", NULL));
	cell_text(row, "%s", json_text(o, "reason", NULL));
	cell_object(row, json_object_get(o, "involvedObject"));
	cell_text(row, "%s", json_text(o, "involvedObject", "fieldPath", NULL));
	cell_source(row, o);
	cell_text(row, "%.*s", (int)len, message);
	cell_age(row, first);
	cell_int(row, count ? count : 1);
	cell_name(row, o);
}

static const struct column configmap_columns[] = { NAME, STRING("Data", "Data contains the configuration data."), AGE };

static void configmap_cells(const json_t *o, json_t *row)
{
	const size_t texts = json_object_size(json_object_get(o, "data"));
	const size_t blobs = json_object_size(json_object_get(o, "binaryData"));

	cell_name(row, o);
	cell_int(row, (json_int_t)texts + (json_int_t)blobs);
	cell_created(row, o);
}

static const struct column secret_columns[] = {
	NAME, STRING("Type", "Used to facilitate programmatic handling of secret data."),
	STRING("Data", "Data contains the secret data."), AGE
};

static void secret_cells(const json_t *o, json_t *row)
{
	cell_name(row, o);
	cell_text(row, "%s", json_text(o, "type", NULL));
	cell_int(row, (json_int_t)json_object_size(json_object_get(o, "data")));
	cell_created(row, o);
}

static const struct column serviceaccount_columns[] = {
	NAME,
	STRING("Secrets",
	       "Secrets is a list of the secrets in the same namespace that pods running using this ServiceAccount are allowed to use."),
	AGE
};

static void serviceaccount_cells(const json_t *o, json_t *row)
{
	cell_name(row, o);
	cell_int(row, (json_int_t)json_array_size(json_object_get(o, "secrets")));
	cell_created(row, o);
}

static const struct column service_columns[] = {
	NAME,
	STRING("Type", "type determines how the Service is exposed. Defaults to ClusterIP."),
	STRING("Cluster-IP", "clusterIP is the IP address of the service and is usually assigned randomly."),
	STRING("External-IP",
	       "externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service."),
	STRING("Port(s)", "The list of ports that are exposed by this service."),
	AGE,
	WIDE("Selector", "Route service traffic to pods with label keys and values matching this selector."),
};

static void cell_external_ip(json_t *row, const json_t *o)
{
	const char *type = json_text(o, "spec", "type", NULL);
	_cleanup_strbuf_ struct strbuf ips = { 0 };
	json_t *ingress;
	size_t i;

	if (strcmp(type, "ExternalName") == 0) {
		cell_text(row, "%s", json_text(o, "spec", "externalName", NULL));
		return;
	}
	json_array_foreach(json_at(o, "status", "loadBalancer", "ingress", NULL), i, ingress) {
		const char *ip = json_text(ingress, "ip", NULL);

		strbuf_printf(&ips, "%s%s", ips.len ? "," : "", *ip ? ip : json_text(ingress, "hostname", NULL));
	}
	join(&ips, json_at(o, "spec", "externalIPs", NULL), NULL);
	cell_text_or(row, strbuf_str(&ips), strcmp(type, "LoadBalancer") == 0 ? "<pending>" : "<none>");
}

static void cell_ports(json_t *row, const json_t *o)
{
	_cleanup_strbuf_ struct strbuf ports = { 0 };
	json_t *port;
	size_t i;

	json_array_foreach(json_at(o, "spec", "ports", NULL), i, port) {
		const json_int_t node_port = json_int(port, 0, "nodePort", NULL);

		strbuf_printf(&ports, "%s%lld", i ? "," : "", (long long)json_int(port, 0, "port", NULL));
		if (node_port > 0)
			strbuf_printf(&ports, ":%lld", (long long)node_port);
		strbuf_printf(&ports, "/%s", json_text(port, "protocol", NULL));
	}
	cell_text_or(row, strbuf_str(&ports), "<none>");
}

static void service_cells(const json_t *o, json_t *row)
{
	const char *ip = json_text(o, "spec", "clusterIP", NULL);

	cell_name(row, o);
	cell_text(row, "%s", json_text(o, "spec", "type", NULL));
	cell_text_or(row, ip, "<none>");
	cell_external_ip(row, o);
	cell_ports(row, o);
	cell_created(row, o);
	cell_labels(row, json_at(o, "spec", "selector", NULL));
}

static const struct column endpoints_columns[] = {
	NAME, STRING("Endpoints", "The set of all endpoints is the union of all subsets."), AGE
};

enum { ENDPOINTS_SHOWN = 3 };

struct endpoint_list {
	struct strbuf text;
	size_t n;
};

static void add_endpoint(struct endpoint_list *list, const char *ip, const json_t *port)
{
	const bool v6 = port && strchr(ip, ':');

	if (++list->n > ENDPOINTS_SHOWN)
		return;
	strbuf_printf(&list->text, "%s%s%s%s", list->n > 1 ? "," : "", v6 ? "[" : "", ip, v6 ? "]" : "");
	if (port)
		strbuf_printf(&list->text, ":%lld", (long long)json_int(port, 0, "port", NULL));
}

static void endpoints_cells(const json_t *o, json_t *row)
{
	struct endpoint_list list = { 0 };
	json_t *subset, *address, *port;
	size_t i, j, k;

	json_array_foreach(json_object_get(o, "subsets"), i, subset) {
		const json_t *addresses = json_object_get(subset, "addresses"),
			     *ports = json_object_get(subset, "ports");

		json_array_foreach(ports, j, port)
			json_array_foreach(addresses, k, address)
				add_endpoint(&list, json_text(address, "ip", NULL), port);
		if (json_array_size(ports) == 0)
			json_array_foreach(addresses, k, address)
				add_endpoint(&list, json_text(address, "ip", NULL), NULL);
	}
	if (list.n > ENDPOINTS_SHOWN)
		strbuf_printf(&list.text, " + %zu more...", list.n - ENDPOINTS_SHOWN);
	cell_name(row, o);
	cell_text_or(row, strbuf_str(&list.text), json_array_size(json_object_get(o, "subsets")) ? "" : "<none>");
	cell_created(row, o);
	strbuf_done(&list.text);
}

static const struct column pvc_columns[] = {
	NAME,
	STRING("Status", "phase represents the current phase of PersistentVolumeClaim."),
	STRING("Volume", "volumeName is the binding reference to the PersistentVolume backing this claim."),
	STRING("Capacity", "capacity represents the actual resources of the underlying volume."),
	STRING("Access Modes", "accessModes contains the actual access modes the volume backing the PVC has."),
	STRING("StorageClass", "StorageClass of the pvc"),
	AGE,
	WIDE("VolumeMode", "volumeMode defines what type of volume is required by the claim."),
};

static void cell_access_modes(json_t *row, const json_t *o)
{
	static const char *const words[][2] = { { "ReadWriteOnce", "RWO" },
						{ "ReadOnlyMany", "ROX" },
						{ "ReadWriteMany", "RWX" },
						{ "ReadWriteOncePod", "RWOP" } };
	_cleanup_strbuf_ struct strbuf out = { 0 };
	json_t *mode;
	size_t i;

	for (size_t w = 0; w < ARRAY_SIZE(words); w++)
		json_array_foreach(json_at(o, "status", "accessModes", NULL), i, mode)
			if (json_is_string(mode) && strcmp(json_string_value(mode), words[w][0]) == 0)
				strbuf_printf(&out, "%s%s", out.len ? "," : "", words[w][1]);
	cell_text(row, "%s", strbuf_str(&out));
}

static void pvc_cells(const json_t *o, json_t *row)
{
	const bool deleted = json_at(o, "metadata", "deletionTimestamp", NULL);

	cell_name(row, o);
	cell_text(row, "%s", deleted ? "Terminating" : json_text(o, "status", "phase", NULL));
	cell_text(row, "%s", json_text(o, "spec", "volumeName", NULL));
	cell_text(row, "%s", json_text(o, "status", "capacity", "storage", NULL));
	cell_access_modes(row, o);
	cell_text(row, "%s", json_text(o, "spec", "storageClassName", NULL));
	cell_created(row, o);
	cell_text_or(row, json_text(o, "spec", "volumeMode", NULL), "<unset>");
}

/* ---- workloads ---- */

static const struct column replicaset_columns[] = {
	NAME,
	INTEGER("Desired", "Replicas is the number of desired replicas."),
	INTEGER("Current", "Replicas is the most recently observed number of replicas."),
	INTEGER("Ready", "readyReplicas is the number of pods targeted by this ReplicaSet with a Ready Condition."),
	AGE,
	CONTAINERS,
	SELECTOR,
};

static void replicas_cells(const json_t *o, json_t *row)
{
	cell_name(row, o);
	cell_int(row, json_int(o, 1, "spec", "replicas", NULL));
	cell_status(row, o, "replicas");
	cell_status(row, o, "readyReplicas");
	cell_created(row, o);
	cells_containers(row, json_at(o, "spec", "template", NULL));
}

static void replicaset_cells(const json_t *o, json_t *row)
{
	replicas_cells(o, row);
	cell_selector(row, json_at(o, "spec", "selector", NULL));
}

static void replicationcontroller_cells(const json_t *o, json_t *row)
{
	replicas_cells(o, row);
	cell_labels(row, json_at(o, "spec", "selector", NULL));
}

static const struct column deployment_columns[] = {
	NAME,
	STRING("Ready", "Number of the pod with ready state"),
	STRING("Up-to-date",
	       "Total number of non-terminated pods targeted by this deployment that have the desired template spec."),
	STRING("Available",
	       "Total number of available pods (ready for at least minReadySeconds) targeted by this deployment."),
	AGE,
	CONTAINERS,
	SELECTOR,
};

static void cell_ready_of(json_t *row, const json_t *o)
{
	cell_text(row, "%lld/%lld", (long long)json_int(o, 0, "status", "readyReplicas", NULL),
		  (long long)json_int(o, 1, "spec", "replicas", NULL));
}

static void deployment_cells(const json_t *o, json_t *row)
{
	cell_name(row, o);
	cell_ready_of(row, o);
	cell_status(row, o, "updatedReplicas");
	cell_status(row, o, "availableReplicas");
	cell_created(row, o);
	cells_containers(row, json_at(o, "spec", "template", NULL));
	cell_selector(row, json_at(o, "spec", "selector", NULL));
}

static const struct column daemonset_columns[] = {
	NAME,
	INTEGER("Desired",
		"The total number of nodes that should be running the daemon pod (including nodes correctly running the daemon pod)."),
	INTEGER("Current",
		"The number of nodes that are running at least 1 daemon pod and are supposed to run the daemon pod."),
	INTEGER("Ready",
		"numberReady is the number of nodes that should be running the daemon pod and have one or more of the daemon "
		"pod running with a Ready Condition."),
	INTEGER("Up-to-date", "The total number of nodes that are running updated daemon pod"),
	INTEGER("Available",
		"The number of nodes that should be running the daemon pod and have one or more of the daemon pod running "
		"and available (ready for at least spec.minReadySeconds)"),
	STRING("Node Selector", "NodeSelector is a selector which must be true for the pod to fit on a node."),
	AGE,
	CONTAINERS,
	SELECTOR,
};

static void daemonset_cells(const json_t *o, json_t *row)
{
	static const char *const keys[] = { "desiredNumberScheduled", "currentNumberScheduled", "numberReady",
					    "updatedNumberScheduled", "numberAvailable" };

	cell_name(row, o);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		cell_status(row, o, keys[i]);
	cell_labels(row, json_at(o, "spec", "template", "spec", "nodeSelector", NULL));
	cell_created(row, o);
	cells_containers(row, json_at(o, "spec", "template", NULL));
	cell_selector(row, json_at(o, "spec", "selector", NULL));
}

static const struct column statefulset_columns[] = { NAME, STRING("Ready", "Number of the pod with ready state"), AGE,
						     CONTAINERS };

static void statefulset_cells(const json_t *o, json_t *row)
{
	cell_name(row, o);
	cell_ready_of(row, o);
	cell_created(row, o);
	cells_containers(row, json_at(o, "spec", "template", NULL));
}

static const struct column job_columns[] = {
	NAME,
	STRING("Completions", "The number of pods which reached phase Succeeded."),
	STRING("Duration", "Time required to complete the job."),
	AGE,
	CONTAINERS,
	SELECTOR,
};

static void cell_completions(json_t *row, const json_t *o)
{
	const long long succeeded = json_int(o, 0, "status", "succeeded", NULL);
	const long long completions = json_int(o, -1, "spec", "completions", NULL);
	const long long parallelism = json_int(o, 0, "spec", "parallelism", NULL);

	if (completions >= 0)
		cell_text(row, "%lld/%lld", succeeded, completions);
	else if (parallelism > 1)
		cell_text(row, "%lld/1 of %lld", succeeded, parallelism);
	else
		cell_text(row, "%lld/1", succeeded);
}

static void job_cells(const json_t *o, json_t *row)
{
	const time_t start = kube_time_parse(json_text(o, "status", "startTime", NULL));
	const time_t end = kube_time_parse(json_text(o, "status", "completionTime", NULL));
	char age[KUBE_TIME_LEN];

	cell_name(row, o);
	cell_completions(row, o);
	cell_text(row, "%s", start < 0 ? "" : kube_age((end < 0 ? time(NULL) : end) - start, age));
	cell_created(row, o);
	cells_containers(row, json_at(o, "spec", "template", NULL));
	cell_selector(row, json_at(o, "spec", "selector", NULL));
}

static const struct column cronjob_columns[] = {
	NAME,
	STRING("Schedule", "The schedule in Cron format, see https://en.wikipedia.org/wiki/Cron."),
	{ "Suspend", "boolean", "", 0, "This flag tells the controller to suspend subsequent executions." },
	INTEGER("Active", "A list of pointers to currently running jobs."),
	STRING("Last Schedule", "Information when was the last time the job was successfully scheduled."),
	AGE,
	CONTAINERS,
	SELECTOR,
};

static void cronjob_cells(const json_t *o, json_t *row)
{
	const char *last = json_text(o, "status", "lastScheduleTime", NULL);

	cell_name(row, o);
	cell_text(row, "%s", json_text(o, "spec", "schedule", NULL));
	cell_text(row, json_bool(o, "spec", "suspend", NULL) ? "True" : "False");
	cell_int(row, (json_int_t)json_array_size(json_at(o, "status", "active", NULL)));
	if (*last)
		cell_age(row, last);
	else
		cell_text(row, "<none>");
	cell_created(row, o);
	cells_containers(row, json_at(o, "spec", "jobTemplate", "spec", "template", NULL));
	cell_selector(row, json_at(o, "spec", "jobTemplate", "spec", "selector", NULL));
}

/* ---- the rest ---- */

static const struct column revision_columns[] = {
	NAME, STRING("Controller", "Controller of the object"), INTEGER("Revision", "Revision of the state represented by Data"),
	AGE
};

static const json_t *controller_of(const json_t *o)
{
	json_t *reference;
	size_t i;

	json_array_foreach(json_at(o, "metadata", "ownerReferences", NULL), i, reference)
		if (json_bool(reference, "controller", NULL))
			return reference;
	return NULL;
}

static void revision_cells(const json_t *o, json_t *row)
{
	const json_t *owner = controller_of(o);
	const struct resource *res =
		resource_of_kind(json_text(owner, "apiVersion", NULL), json_text(owner, "kind", NULL));

	cell_name(row, o);
	if (res)
		cell_text(row, "%s.%s/%s", res->singular, res->group, json_text(owner, "name", NULL));
	else
		cell_text(row, "<none>");
	cell_int(row, json_int(o, 0, "revision", NULL));
	cell_created(row, o);
}

static const struct column lease_columns[] = {
	NAME, STRING("Holder", "holderIdentity contains the identity of the holder of a current lease."), AGE
};

static void lease_cells(const json_t *o, json_t *row)
{
	cell_name(row, o);
	cell_text(row, "%s", json_text(o, "spec", "holderIdentity", NULL));
	cell_created(row, o);
}

static const struct column pdb_columns[] = {
	NAME,
	STRING("Min Available", "The minimum number of pods that must be available."),
	STRING("Max Unavailable", "The maximum number of pods that may be unavailable."),
	INTEGER("Allowed Disruptions", "Calculated number of pods that may be disrupted at this time."),
	AGE,
};

static void cell_int_or_string(json_t *row, const json_t *v)
{
	if (json_is_integer(v))
		cell_text(row, "%lld", (long long)json_integer_value(v));
	else
		cell_text(row, "%s", json_is_string(v) ? json_string_value(v) : "N/A");
}

static void pdb_cells(const json_t *o, json_t *row)
{
	cell_name(row, o);
	cell_int_or_string(row, json_at(o, "spec", "minAvailable", NULL));
	cell_int_or_string(row, json_at(o, "spec", "maxUnavailable", NULL));
	cell_status(row, o, "disruptionsAllowed");
	cell_created(row, o);
}

static const struct column hpa_columns[] = {
	NAME,
	STRING("Reference", "reference to scaled resource"),
	STRING("Targets", "target average CPU utilization"),
	STRING("MinPods", "lower limit for the number of replicas to which the autoscaler can scale down"),
	STRING("MaxPods", "upper limit for the number of pods that can be set by the autoscaler"),
	STRING("Replicas", "current number of replicas of pods managed by this autoscaler"),
	AGE,
};

static void hpa_cells(const json_t *o, json_t *row)
{
	const json_int_t target = json_int(o, 0, "spec", "targetCPUUtilizationPercentage", NULL);

	cell_name(row, o);
	cell_text(row, "%s/%s", json_text(o, "spec", "scaleTargetRef", "kind", NULL),
		  json_text(o, "spec", "scaleTargetRef", "name", NULL));
	if (target)
		cell_text(row, "<unknown>/%lld%%", (long long)target);
	else
		cell_text(row, "<none>");
	if (json_at(o, "spec", "minReplicas", NULL))
		cell_text(row, "%lld", (long long)json_int(o, 0, "spec", "minReplicas", NULL));
	else
		cell_text(row, "<unset>");
	cell_int(row, json_int(o, 0, "spec", "maxReplicas", NULL));
	cell_status(row, o, "currentReplicas");
	cell_created(row, o);
}

static const struct column crd_columns[] = { NAME, { "Created At", "date", "", 0, DOC_CREATED } };

static void crd_cells(const json_t *o, json_t *row)
{
	cell_name(row, o);
	cell_text(row, "%s", json_text(o, "metadata", "creationTimestamp", NULL));
}

static const struct column custom_columns[] = { NAME, { "Age", "date", "", 0, DOC_CREATED } };

static void custom_cells(const json_t *o, json_t *row)
{
	cell_name(row, o);
	cell_created(row, o);
}

static const struct column ciliumnode_columns[] = {
	NAME,
	STRING("CiliumInternalIP", "Cilium internal IP for this node"),
	STRING("InternalIP", "IP of the node"),
	{ "Age", "date", "", 0, "Time duration since creation of Ciliumnode" },
};

static const char *cilium_address(const json_t *o, const char *type)
{
	json_t *a;
	size_t i;

	json_array_foreach(json_at(o, "spec", "addresses", NULL), i, a)
		if (strcmp(json_text(a, "type", NULL), type) == 0)
			return json_text(a, "ip", NULL);
	return "";
}

static void ciliumnode_cells(const json_t *o, json_t *row)
{
	cell_name(row, o);
	cell_text(row, "%s", cilium_address(o, "CiliumInternalIP"));
	cell_text(row, "%s", cilium_address(o, "InternalIP"));
	cell_created(row, o);
}

/* ---- all of them ---- */

struct printer {
	const struct column *columns;
	size_t n_columns;
	void (*cells)(const json_t *o, json_t *row);
};

#define PRINTER(columns, cells) { columns, ARRAY_SIZE(columns), cells }

static const struct printer printers[] = {
	[RES_PODS] = PRINTER(pod_columns, pod_cells),
	[RES_NODES] = PRINTER(node_columns, node_cells),
	[RES_NAMESPACES] = PRINTER(namespace_columns, namespace_cells),
	[RES_EVENTS] = PRINTER(event_columns, event_cells),
	[RES_CONFIGMAPS] = PRINTER(configmap_columns, configmap_cells),
	[RES_SECRETS] = PRINTER(secret_columns, secret_cells),
	[RES_SERVICEACCOUNTS] = PRINTER(serviceaccount_columns, serviceaccount_cells),
	[RES_SERVICES] = PRINTER(service_columns, service_cells),
	[RES_ENDPOINTS] = PRINTER(endpoints_columns, endpoints_cells),
	[RES_REPLICATIONCONTROLLERS] = PRINTER(replicaset_columns, replicationcontroller_cells),
	[RES_PERSISTENTVOLUMECLAIMS] = PRINTER(pvc_columns, pvc_cells),
	[RES_DEPLOYMENTS] = PRINTER(deployment_columns, deployment_cells),
	[RES_REPLICASETS] = PRINTER(replicaset_columns, replicaset_cells),
	[RES_DAEMONSETS] = PRINTER(daemonset_columns, daemonset_cells),
	[RES_STATEFULSETS] = PRINTER(statefulset_columns, statefulset_cells),
	[RES_CONTROLLERREVISIONS] = PRINTER(revision_columns, revision_cells),
	[RES_JOBS] = PRINTER(job_columns, job_cells),
	[RES_CRONJOBS] = PRINTER(cronjob_columns, cronjob_cells),
	[RES_HPAS] = PRINTER(hpa_columns, hpa_cells),
	[RES_LEASES] = PRINTER(lease_columns, lease_cells),
	[RES_PDBS] = PRINTER(pdb_columns, pdb_cells),
	[RES_CRDS] = PRINTER(crd_columns, crd_cells),
	[RES_CILIUMNODES] = PRINTER(ciliumnode_columns, ciliumnode_cells),
};

static const struct printer custom_printer = PRINTER(custom_columns, custom_cells);

static json_t *definitions(const struct printer *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_columns; i++) {
		const struct column *c = &p->columns[i];

		(void)json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:i}", "name", c->name, "type", c->type,
							    "format", c->format, "description", c->description,
							    "priority", c->priority));
	}
	return list;
}

/* What a row says of its object */
static json_t *row_object(const struct resource *res, json_t *o, const char *include)
{
	if (strcmp(include, "None") == 0)
		return json_null();
	if (strcmp(include, "Object") == 0) {
		json_t *copy = json_copy(o);

		if (!json_object_get(o, "kind"))
			(void)json_object_update_new(copy, json_pack("{s:s,s:s}", "kind", res->kind, "apiVersion",
								     resource_api_version(res)));
		return copy;
	}
	return json_pack("{s:s,s:s,s:O}", "kind", "PartialObjectMetadata", "apiVersion", "meta.k8s.io/v1", "metadata",
			 json_object_get(o, "metadata"));
}

json_t *table_make(const struct resource *res, const json_t *objects, const char *resource_version, const char *include)
{
	const struct printer *p =
		res->id < ARRAY_SIZE(printers) && printers[res->id].cells ? &printers[res->id] : &custom_printer;
	json_t *rows = json_array(), *o;
	size_t i;

	json_array_foreach(objects, i, o) {
		json_t *cells = json_array(), *row = json_pack("{s:o}", "cells", cells), *conditions = NULL;

		p->cells(o, cells);
		assert(json_array_size(cells) == p->n_columns);
		if (res->id == RES_PODS)
			conditions = pod_row_conditions(o);
		if (conditions)
			(void)json_object_set_new(row, "conditions", conditions);
		(void)json_object_set_new(row, "object", row_object(res, o, include));
		(void)json_array_append_new(rows, row);
	}
	return json_pack("{s:s,s:s,s:{s:s},s:o,s:o}", "kind", "Table", "apiVersion", "meta.k8s.io/v1", "metadata",
			 "resourceVersion", resource_version, "columnDefinitions", definitions(p), "rows", rows);
}
