// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * podsub.c - the subresources that only some kinds have: log, exec, attach, portforward, eviction, binding of pods,
 * finalize of namespaces, token of service accounts
 *
 * What is streamed is only checked here; the transport carries it out.
 */
#include <string.h>

#include "apiserver/serve.h"
#include "cluster/jsonutil.h"

/* ---- which container ---- */

static const json_t *by_name(const json_t *list, const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v) if (strcmp(json_text(v, "name", NULL), name) == 0) return v;
	return NULL;
}

static void add_names(struct strbuf *out, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v) strbuf_printf(out, "%s%s", out->len ? " " : "", json_text(v, "name", NULL));
}

static const json_t *find_container(const json_t *pod, const char *name)
{
	const json_t *found = by_name(json_at(pod, "spec", "containers", NULL), name);

	return found ? found : by_name(json_at(pod, "spec", "initContainers", NULL), name);
}

/* As pod's REST ValidatePodLogOptions and friends. */
static int choose_container(struct call *c, const json_t *pod, const char **ret)
{
	const json_t *containers = json_at(pod, "spec", "containers", NULL),
		     *inits = json_at(pod, "spec", "initContainers", NULL);
	_cleanup_strbuf_ struct strbuf names = { 0 }, init_names = { 0 };
	const char *name = api_query(c->rq, "container");
	const char *wanted = json_text(pod, "metadata", "annotations", "kubectl.kubernetes.io/default-container", NULL);

	if (*name) {
		if (find_container(pod, name)) {
			*ret = name;
			return 0;
		}
		api_fail(c->reply, 400, "BadRequest", NULL, "container %s is not valid for pod %s", name, c->t.name);
		return -EINVAL;
	}
	if (json_array_size(containers) == 1 || (*wanted && find_container(pod, wanted))) {
		*ret = *wanted && find_container(pod, wanted) ? wanted
		                                              : json_text(json_array_get(containers, 0), "name", NULL);
		return 0;
	}
	add_names(&names, containers);
	add_names(&init_names, inits);
	api_fail(c->reply, 400, "BadRequest", NULL,
	         "a container name must be specified for pod %s, choose one of: [%s]%s%s%s", c->t.name,
	         strbuf_str(&names), init_names.len ? " or one of the init containers: [" : "", strbuf_str(&init_names),
	         init_names.len ? "]" : "");
	return -EINVAL;
}

static const json_t *container_status(const json_t *pod, const char *name)
{
	const json_t *found = by_name(json_at(pod, "status", "containerStatuses", NULL), name);

	return found ? found : by_name(json_at(pod, "status", "initContainerStatuses", NULL), name);
}

/*
 * "netemu://0123456789abcdef" -> the id alone. It becomes part of a file's name, and a pod's status is what its node, or
 * whoever patches it, says: anything else is the id of no container.
 */
static const char *bare_id(const char *id)
{
	const char *at = strstr(id, "://");

	at = at ? at + 3 : id;
	return at[strspn(at, "0123456789abcdef")] ? "" : at;
}

static const char *waiting_reason(const json_t *status)
{
	const char *reason = json_text(status, "state", "waiting", "reason", NULL);

	return *reason ? reason : "ContainerCreating";
}

/* ---- streams ---- */

static json_t *get_pod(struct call *c)
{
	json_t *pod = store_get(c->api->store, RES_PODS, c->t.ns, c->t.name);

	if (!pod)
		fail_not_found(c);
	return pod;
}

static void stream(struct call *c, enum api_stream kind, json_t *pod, const char *container, const char *id)
{
	c->reply->code = 200;
	c->reply->content_type = "text/plain";
	c->reply->stream = kind;
	c->reply->pod = json_incref(pod);
	(void)snprintf(c->reply->container, sizeof(c->reply->container), "%s", container);
	(void)snprintf(c->reply->container_id, sizeof(c->reply->container_id), "%s", bare_id(id));
}

/* Which run of the container has the log: the one that runs or ran last, or the one before. */
static const char *log_id(const json_t *status, bool previous)
{
	const char *id;

	if (previous)
		return json_text(status, "lastState", "terminated", "containerID", NULL);
	id = json_text(status, "containerID", NULL);
	if (!*id)
		id = json_text(status, "state", "terminated", "containerID", NULL);
	return *id ? id : json_text(status, "lastState", "terminated", "containerID", NULL);
}

void serve_log(struct call *c)
{
	json_t *pod = get_pod(c);
	const bool previous = api_query_true(c->rq, "previous");
	const json_t *status;
	const char *name, *id;

	if (!pod || choose_container(c, pod, &name) < 0)
		return;
	if (!*json_text(pod, "spec", "nodeName", NULL)) {
		/* as the real one: nothing to say yet */
		c->reply->code = 200;
		c->reply->content_type = "text/plain";
		return;
	}
	status = container_status(pod, name);
	id = log_id(status, previous);
	if (*id)
		stream(c, API_STREAM_LOG, pod, name, id);
	else if (previous)
		api_fail(c->reply, 400, "BadRequest", NULL,
		         "previous terminated container \"%s\" in pod \"%s\" not found", name, c->t.name);
	else
		api_fail(c->reply, 400, "BadRequest", NULL, "container \"%s\" in pod \"%s\" is waiting to start: %s",
		         name, c->t.name, waiting_reason(status));
}

static void stream_running(struct call *c, enum api_stream kind)
{
	json_t *pod = get_pod(c);
	const json_t *status;
	const char *name, *phase;

	if (!pod || choose_container(c, pod, &name) < 0)
		return;
	phase = json_text(pod, "status", "phase", NULL);
	if (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0) {
		api_fail(c->reply, 500, "InternalError", NULL,
		         "cannot exec into a container in a completed pod; current phase is %s", phase);
		return;
	}
	if (!*json_text(pod, "spec", "nodeName", NULL)) {
		api_fail(c->reply, 400, "BadRequest", NULL, "pod %s does not have a host assigned", c->t.name);
		return;
	}
	status = container_status(pod, name);
	if (!json_at(status, "state", "running", NULL)) {
		api_fail(c->reply, 500, "InternalError", NULL,
		         "unable to upgrade connection: container not found (\"%s\")", name);
		return;
	}
	stream(c, kind, pod, name, json_text(status, "containerID", NULL));
}

void serve_exec(struct call *c)
{
	if (json_array_size(json_object_get(c->rq->query, "command")) == 0)
		api_fail(c->reply, 400, "BadRequest", NULL, "you must specify at least 1 container, and a command");
	else
		stream_running(c, API_STREAM_EXEC);
}

void serve_attach(struct call *c)
{
	stream_running(c, API_STREAM_ATTACH);
}

void serve_portforward(struct call *c)
{
	json_t *pod = get_pod(c);

	if (!pod)
		return;
	if (strcmp(json_text(pod, "status", "phase", NULL), "Running") != 0)
		api_fail(c->reply, 400, "BadRequest", NULL,
		         "unable to forward port because pod is not running. Current status=%s",
		         json_text(pod, "status", "phase", NULL));
	else
		stream(c, API_STREAM_PORTFORWARD, pod, "", "");
}

/* ---- eviction and binding ---- */

static void reply_created(struct call *c)
{
	api_json(c->reply, 201,
	         json_pack("{s:s, s:s, s:{}, s:s, s:i}", "kind", "Status", "apiVersion", "v1", "metadata", "status",
	                   "Success", "code", 201));
}

void serve_eviction(struct call *c)
{
	json_t *eviction = body_parse(c);
	struct error e = { 0 };

	if (!eviction)
		return;
	if (!get_pod(c)) {
		json_decref(eviction);
		return;
	}
	if (!dry_run(c) && pod_delete(c->api, c->t.ns, c->t.name,
	                              json_int(eviction, -1, "deleteOptions", "gracePeriodSeconds", NULL), &e) < 0)
		fail_store(c, c->t.name, &e);
	else
		reply_created(c);
	json_decref(eviction);
}

static void bind(struct call *c, const json_t *pod, const char *node)
{
	json_t *own = json_deep_copy(pod), *status = json_object_make(own, "status");
	struct error e = { 0 };
	char now[KUBE_TIME_LEN];

	(void)json_object_set_new(json_object_make(own, "spec"), "nodeName", json_string(node));
	(void)json_object_set_new(status, "conditions",
	                          json_pack("[{s:s, s:s, s:n, s:s}]", "type", "PodScheduled", "status", "True",
	                                    "lastProbeTime", "lastTransitionTime", kube_time(time(NULL), now)));
	if (store_update(c->api->store, RES_PODS, own, NULL, &e) < 0)
		fail_store(c, c->t.name, &e);
	else
		reply_created(c);
}

void serve_binding(struct call *c)
{
	json_t *binding = body_parse(c);
	const json_t *pod;
	const char *at;

	if (!binding)
		return;
	pod = get_pod(c);
	at = pod ? json_text(pod, "spec", "nodeName", NULL) : "";
	if (*at)
		api_fail(c->reply, 409, "Conflict", json_pack("{s:s, s:s}", "name", c->t.name, "kind", "pods/binding"),
		         "Operation cannot be fulfilled on pods/binding \"%s\": pod %s is already assigned to node "
		         "\"%s\"",
		         c->t.name, c->t.name, at);
	else if (pod)
		bind(c, pod, json_text(binding, "target", "name", NULL));
	json_decref(binding);
}

/* ---- namespaces and service accounts ---- */

void serve_finalize(struct call *c)
{
	json_t *body = body_parse(c), *old, *own, *finalizers, *stored = NULL;
	struct error e = { 0 };

	if (!body)
		return;
	old = store_get(c->api->store, RES_NAMESPACES, "", c->t.name);
	if (!old) {
		json_decref(body);
		fail_not_found(c);
		return;
	}
	own = json_deep_copy(old);
	finalizers = json_at(body, "spec", "finalizers", NULL);
	(void)json_object_set_new(json_object_make(own, "spec"), "finalizers",
	                          finalizers ? json_incref(finalizers) : json_array());
	json_incref(own);
	if (store_update(c->api->store, RES_NAMESPACES, own, &stored, &e) < 0)
		fail_store(c, c->t.name, &e);
	else
		reply_object(c, 200, stored ? stored : own);
	json_decref(own);
	json_decref(body);
}

void serve_token(struct call *c)
{
	api_fail(c->reply, 501, "NotImplemented", NULL,
	         "netemu gives no tokens: clients show certificates (netemu kubeconfig)");
}
