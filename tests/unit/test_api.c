// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_api.c - the API server without a transport: verbs, the exact words of refusals, watches, tables, applies
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "apiserver/nodes.h"
#include "cluster/jsonutil.h"

static const char cluster[] = "{\"name\": \"t\", \"version\": \"v1.27.3\", \"podSubnets\": [\"10.244.0.0/16\"],"
			      " \"serviceSubnets\": [\"10.96.0.0/16\"], \"defaultCNI\": true, \"nodes\": []}";

static struct api api;
static struct api_reply reply;
static json_t *answer; /* the last reply's body */

static int begin(void **state _unused_)
{
	struct error e = { 0 };

	api = (struct api){ .cluster = json_loads(cluster, 0, NULL), .pins = json_object() };
	if (loop_new(&api.loop, &e) < 0 || store_open(NULL, &api.store, &e) < 0 || watches_start(&api, &e) < 0 ||
	    events_start(&api, &e) < 0 || bootstrap(&api, &e) < 0)
		fail_msg("%s", e.msg);
	return 0;
}

static int end(void **state _unused_)
{
	api_reply_done(&reply);
	json_decref(answer);
	answer = NULL;
	events_free(&api);
	watches_free(&api);
	store_close(api.store);
	json_decref(api.cluster);
	json_decref(api.pins);
	loop_free(api.loop);
	return 0;
}

#define TABLE "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

/* One request. Return: the status code. */
static int ask(const char *method, const char *url, const char *type, const char *accept, const char *body)
{
	char *path = strdup(url), *query = strchr(path, '?');
	struct api_request rq = { .method = method,
		                  .accept = accept,
		                  .content_type = type,
		                  .user_agent = "test/1",
		                  .body = body,
		                  .body_len = strlen(body) };

	api_reply_done(&reply);
	json_decref(answer);
	if (query)
		*query++ = '\0';
	rq.path = path;
	rq.query = api_query_parse(query ? query : "");
	api_serve(&api, &rq, &reply);
	json_decref(rq.query);
	free(path);
	answer = json_loadb(strbuf_str(&reply.body), reply.body.len, 0, NULL);
	return reply.code;
}

static int get(const char *url)
{
	return ask("GET", url, "", "application/json", "");
}

static int post(const char *url, const char *body)
{
	return ask("POST", url, "application/json", "", body);
}

static int apply(const char *url, const char *body)
{
	return ask("PATCH", url, "application/apply-patch+yaml", "", body);
}

static const char *message(void)
{
	return json_text(answer, "message", NULL);
}

#define PODS "/api/v1/namespaces/default/pods"
#define POD(name)                         \
	"{\"metadata\":{\"name\":\"" name \
	"\",\"labels\":{\"app\":\"a\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}"
#define DEPLOYMENTS "/apis/apps/v1/namespaces/default/deployments"
#define DEPLOYMENT(replicas, labels)                                                                                 \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\",\"labels\":{" labels "}}," \
	"\"spec\":{\"replicas\":" replicas                                                                           \
	",\"selector\":{\"matchLabels\":{\"app\":\"a\"}},\"template\":{\"metadata\":"                                \
	"{\"labels\":{\"app\":\"a\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}}}"

static void assert_refused(int code, int want_code, const char *reason, const char *text)
{
	assert_string_equal(message(), text);
	assert_int_equal(code, want_code);
	assert_string_equal(json_text(answer, "kind", NULL), "Status");
	assert_string_equal(json_text(answer, "status", NULL), "Failure");
	assert_string_equal(json_text(answer, "reason", NULL), reason);
	assert_int_equal(json_int(answer, 0, "code", NULL), want_code);
}

/* ---- verbs ---- */

static void test_pod(void **state _unused_)
{
	assert_int_equal(post(PODS, POD("x")), 201);
	assert_string_equal(json_text(answer, "kind", NULL), "Pod");
	assert_string_equal(json_text(answer, "apiVersion", NULL), "v1");
	assert_string_equal(json_text(answer, "metadata", "namespace", NULL), "default");
	assert_string_equal(json_text(answer, "spec", "serviceAccountName", NULL), "default");
	assert_string_equal(json_text(answer, "spec", "restartPolicy", NULL), "Always");
	assert_int_equal(json_int(answer, -1, "spec", "priority", NULL), 0);
	assert_true(json_bool(answer, "spec", "enableServiceLinks", NULL));
	assert_int_equal(json_array_size(json_at(answer, "spec", "tolerations", NULL)), 2);
	assert_string_equal(json_text(answer, "status", "phase", NULL), "Pending");
	assert_string_equal(json_text(answer, "status", "qosClass", NULL), "BestEffort");
	assert_int_equal(get(PODS "/x"), 200);
	assert_string_equal(kube_name(answer), "x");
	assert_int_equal(ask("DELETE", PODS "/x", "", "", ""), 200);
	assert_int_equal(get(PODS "/x"), 404);
}

static void test_words(void **state _unused_)
{
	assert_refused(get(PODS "/x"), 404, "NotFound", "pods \"x\" not found");
	assert_string_equal(json_text(answer, "details", "kind", NULL), "pods");
	assert_string_equal(json_text(answer, "details", "name", NULL), "x");
	assert_refused(get(DEPLOYMENTS "/x"), 404, "NotFound", "deployments.apps \"x\" not found");
	assert_string_equal(json_text(answer, "details", "group", NULL), "apps");
	assert_refused(get("/api/v1/nonsense"), 404, "NotFound", "the server could not find the requested resource");
	assert_refused(get("/apis/cilium.io/v2alpha1/ciliumbgppeeringpolicies"), 404, "NotFound",
	               "the server could not find the requested resource");
	assert_refused(ask("PUT", PODS, "", "", "{}"), 405, "MethodNotAllowed",
	               "the server does not allow this method on the requested resource");
	assert_refused(post("/api/v1/namespaces/none/pods", POD("x")), 404, "NotFound",
	               "namespaces \"none\" not found");
	assert_int_equal(post(PODS, POD("x")), 201);
	assert_refused(post(PODS, POD("x")), 409, "AlreadyExists", "pods \"x\" already exists");
	assert_refused(
		post(PODS, "{\"metadata\":{\"name\":\"y\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}],"
	                   "\"foo\":1}}"),
		400, "BadRequest",
		"Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \"spec.foo\"");
	assert_refused(get(PODS "?labelSelector=a%20in%20x"), 400, "BadRequest",
	               "unable to parse requirement: found 'x' expected: '('");
	assert_refused(ask("GET", PODS, "", "text/html", ""), 406, "NotAcceptable",
	               "only the following media types are accepted: application/json");
	assert_refused(
		ask("PATCH", PODS "/x", "text/plain", "", "{}"), 415, "UnsupportedMediaType",
		"the body of the request was in an unknown format - accepted media types include: "
		"application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, "
		"application/apply-patch+yaml");
	assert_refused(ask("PUT", PODS "/x", "application/json", "", POD("y")), 400, "BadRequest",
	               "the name of the object (y) does not match the name on the URL (x)");
	assert_refused(post(PODS, "{\"kind\":\"Pod\",\"apiVersion\":\"v2\"}"), 400, "BadRequest",
	               "the API version in the data (v2) does not match the expected API version (v1)");
	assert_refused(ask("DELETE", "/api/v1/namespaces/default", "", "", ""), 403, "Forbidden",
	               "namespaces \"default\" is forbidden: this namespace may not be deleted");
}

/* Found by fuzz_api. */
static void test_bad_patches(void **state _unused_)
{
	assert_int_equal(post(PODS, POD("x")), 201);
	assert_int_equal(ask("PATCH", PODS "/x", "application/json-patch+json", "", "[{"), 400);
	assert_string_equal(json_text(answer, "reason", NULL), "BadRequest");
	assert_refused(ask("PATCH", PODS "/x", "application/merge-patch+json", "", "{\"kind\":\"Node\"}"), 400,
	               "BadRequest",
	               "Node in version \"v1\" cannot be handled as a Pod: no kind \"Node\" is registered for the "
	               "requested version");
	assert_refused(apply(PODS "/y?fieldManager=k", "{\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"y\"}}"), 400,
	               "BadRequest", "apiVersion and kind must be set in an applied configuration");
	assert_int_equal(get(PODS "/x"), 200);
	assert_string_equal(json_text(answer, "kind", NULL), "Pod");
}

static void test_protobuf(void **state _unused_)
{
	/* k8s\0, Unknown{typeMeta{v1, Namespace}, raw: Namespace{metadata{name: foo, generateName: ""}, spec{}, status{}}} */
	static const char body[] = "k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x0d\x0a\x07\x0a\x03"
				   "foo\x12\x00\x12\x00\x1a\x00";
	struct api_request rq = { .method = "POST",
		                  .path = "/api/v1/namespaces",
		                  .accept = "",
		                  .body = body,
		                  .content_type = "application/vnd.kubernetes.protobuf",
		                  .body_len = sizeof(body) - 1 };

	api_reply_done(&reply);
	api_serve(&api, &rq, &reply);
	assert_int_equal(reply.code, 201);
	assert_int_equal(get("/api/v1/namespaces/foo"), 200);
	/* cut short, it is not understood */
	rq.body_len -= 3;
	api_reply_done(&reply);
	api_serve(&api, &rq, &reply);
	assert_int_equal(reply.code, 415);
}

/* Structs that Go embeds, quantities, and pointers to false and 0 */
static void test_protobuf_pod(void **state _unused_)
{
	static const char body[] =
		"k8s\x00\x0a\x09\x0a\x02v1\x12\x03Pod\x12I\x0a\x03\x0a\x01p\x12@\x0a\x0c\x0a\x01v\x12\x07"
		"\x0a\x05\x0a\x01/\x12\x00\x12+\x0a\x01\x63\x12\x01i:\x11\x0a\x01\x41\x12\x00\x1a\x0a\x1a"
		"\x08\x0a\x03\x0a\x01m\x12\x01kB\x0c\x0a\x0a\x0a\x03\x63pu\x12\x03\x0a\x01\x31z\x02\x10"
		"\x00X\x00\xf0\x01\x00\x1a\x00\x1a\x00\x22\x00";
	struct api_request rq = { .method = "POST",
		                  .path = PODS,
		                  .accept = "",
		                  .body = body,
		                  .content_type = "application/vnd.kubernetes.protobuf",
		                  .body_len = sizeof(body) - 1 };
	const json_t *spec, *c;

	api_reply_done(&reply);
	api_serve(&api, &rq, &reply);
	assert_int_equal(reply.code, 201);
	assert_int_equal(get(PODS "/p"), 200);
	spec = json_object_get(answer, "spec");
	c = json_array_get(json_object_get(spec, "containers"), 0);
	assert_string_equal(json_text(json_array_get(json_object_get(spec, "volumes"), 0), "hostPath", "path", NULL),
	                    "/");
	assert_string_equal(json_text(c, "resources", "limits", "cpu", NULL), "1");
	assert_true(json_is_false(json_at(c, "securityContext", "privileged", NULL)));
	assert_true(json_is_false(json_object_get(spec, "enableServiceLinks")));
	assert_null(json_object_get(spec, "hostNetwork"));
	c = json_at(json_array_get(json_object_get(c, "env"), 0), "valueFrom", "configMapKeyRef", NULL);
	assert_string_equal(json_text(c, "name", NULL), "m");
}

static void test_impersonation(void **state _unused_)
{
	struct api_request rq = { .method = "GET", .path = PODS, .accept = "", .content_type = "", .impersonate = "nobody" };

	api_reply_done(&reply);
	api_serve(&api, &rq, &reply);
	assert_int_equal(reply.code, 403);
	rq.impersonate = "kubernetes-admin";
	api_reply_done(&reply);
	api_serve(&api, &rq, &reply);
	assert_int_equal(reply.code, 200);
}

static void test_field_validation(void **state _unused_)
{
	static const char body[] = "{\"metadata\":{\"name\":\"m\"},\"foo\":1}";

	assert_int_equal(post("/api/v1/namespaces/default/configmaps?fieldValidation=Warn&dryRun=All", body), 201);
	assert_string_equal(strbuf_str(&reply.warning), "unknown field \"foo\"\n");
	assert_int_equal(post("/api/v1/namespaces/default/configmaps?fieldValidation=Ignore&dryRun=All", body), 201);
	assert_int_equal(reply.warning.len, 0);
	assert_int_equal(post("/api/v1/namespaces/default/configmaps?fieldValidation=Strict", body), 400);
	assert_int_equal(get("/api/v1/namespaces/default/configmaps/m"), 404);
}

static void test_conflict(void **state _unused_)
{
	json_t *old;
	char *text;

	assert_int_equal(
		post("/api/v1/namespaces/default/configmaps", "{\"metadata\":{\"name\":\"m\"},\"data\":{\"a\":\"1\"}}"),
		201);
	old = json_deep_copy(answer);
	(void)json_object_set_new(json_object_get(old, "data"), "a", json_string("2"));
	text = json_dumps(old, 0);
	assert_int_equal(ask("PUT", "/api/v1/namespaces/default/configmaps/m", "application/json", "", text), 200);
	assert_string_equal(json_text(answer, "data", "a", NULL), "2");
	assert_refused(ask("PUT", "/api/v1/namespaces/default/configmaps/m", "application/json", "", text), 409,
	               "Conflict",
	               "Operation cannot be fulfilled on configmaps \"m\": the object has been modified; please apply "
	               "your changes to "
	               "the latest version and try again");
	free(text);
	json_decref(old);
}

static void test_patches(void **state _unused_)
{
	assert_int_equal(post(PODS, POD("x")), 201);
	assert_int_equal(ask("PATCH", PODS "/x", "application/merge-patch+json", "",
	                     "{\"metadata\":{\"labels\":{\"b\":\"2\"}}}"),
	                 200);
	assert_string_equal(json_text(answer, "metadata", "labels", "b", NULL), "2");
	assert_string_equal(json_text(answer, "metadata", "labels", "app", NULL), "a");
	assert_int_equal(ask("PATCH", PODS "/x", "application/json-patch+json", "",
	                     "[{\"op\":\"remove\",\"path\":\"/metadata/labels/b\"}]"),
	                 200);
	assert_null(json_at(answer, "metadata", "labels", "b", NULL));
	assert_int_equal(ask("PATCH", PODS "/x", "application/strategic-merge-patch+json", "",
	                     "{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"j\"}]}}"),
	                 200);
	assert_string_equal(json_text(json_array_get(json_at(answer, "spec", "containers", NULL), 0), "image", NULL),
	                    "j");
	assert_refused(ask("PATCH", PODS "/x", "application/strategic-merge-patch+json", "",
	                   "{\"spec\":{\"foo\":[1,null,{\"b\":true,\"a\":\"x\"}]}}"),
	               422, "Invalid",
	               " \"\" is invalid: patch: Invalid value: \"map[spec:map[foo:[1 <nil> map[a:x b:true]]]]\": strict "
	               "decoding error: unknown field \"spec.foo\"");
	assert_string_equal(json_text(json_array_get(json_at(answer, "details", "causes", NULL), 0), "field", NULL),
	                    "patch");
	assert_int_equal(ask("PATCH", PODS "/x", "application/merge-patch+json", "", "{\"spec\":{\"foo\":1}}"), 422);
	assert_non_null(strstr(message(), "\"{\\\"apiVersion\\\":\\\"v1\\\",\\\"kind\\\":\\\"Pod\\\","));
	assert_int_equal(ask("PATCH", PODS "/nobody", "application/merge-patch+json", "", "{}"), 404);
}

static void test_status_is_apart(void **state _unused_)
{
	assert_int_equal(post(PODS, POD("x")), 201);
	assert_int_equal(
		ask("PATCH", PODS "/x", "application/merge-patch+json", "", "{\"status\":{\"phase\":\"Running\"}}"),
		200);
	assert_string_equal(json_text(answer, "status", "phase", NULL), "Pending");
	assert_int_equal(ask("PATCH", PODS "/x/status", "application/merge-patch+json", "",
	                     "{\"status\":{\"phase\":\"Running\"},\"spec\":{\"priority\":5}}"),
	                 200);
	assert_string_equal(json_text(answer, "status", "phase", NULL), "Running");
	assert_int_equal(json_int(answer, -1, "spec", "priority", NULL), 0);
}

static void test_scale(void **state _unused_)
{
	assert_int_equal(post(DEPLOYMENTS, DEPLOYMENT("2", "")), 201);
	assert_int_equal(json_int(answer, 0, "metadata", "generation", NULL), 1);
	assert_int_equal(get(DEPLOYMENTS "/d/scale"), 200);
	assert_string_equal(json_text(answer, "kind", NULL), "Scale");
	assert_int_equal(json_int(answer, 0, "spec", "replicas", NULL), 2);
	assert_string_equal(json_text(answer, "status", "selector", NULL), "app=a");
	assert_int_equal(
		ask("PATCH", DEPLOYMENTS "/d/scale", "application/merge-patch+json", "", "{\"spec\":{\"replicas\":4}}"),
		200);
	assert_int_equal(get(DEPLOYMENTS "/d"), 200);
	assert_int_equal(json_int(answer, 0, "spec", "replicas", NULL), 4);
	assert_int_equal(json_int(answer, 0, "metadata", "generation", NULL), 2);
	assert_refused(ask("PATCH", DEPLOYMENTS "/d/scale", "application/merge-patch+json", "",
	                   "{\"spec\":{\"replicas\":-1}}"),
	               422, "Invalid",
	               "Scale.autoscaling \"d\" is invalid: spec.replicas: Invalid value: -1: must be greater than or "
	               "equal to 0");
	assert_int_equal(get(PODS "/x/scale"), 404);
	/* what is no number is not 0 */
	assert_int_equal(ask("PATCH", DEPLOYMENTS "/d/scale", "application/merge-patch+json", "",
	                     "{\"spec\":{\"replicas\":\"5\"}}"),
	                 400);
	assert_int_equal(ask("PATCH", DEPLOYMENTS "/d/scale", "application/merge-patch+json", "",
	                     "{\"spec\":{\"replicas\":3000000000}}"),
	                 400);
	assert_int_equal(get(DEPLOYMENTS "/d"), 200);
	assert_int_equal(json_int(answer, 0, "spec", "replicas", NULL), 4);
}

static void test_namespace(void **state _unused_)
{
	assert_int_equal(post("/api/v1/namespaces", "{\"metadata\":{\"name\":\"n\"}}"), 201);
	assert_string_equal(json_text(answer, "metadata", "labels", "kubernetes.io/metadata.name", NULL), "n");
	assert_string_equal(json_text(answer, "status", "phase", NULL), "Active");
	assert_int_equal(get("/api/v1/namespaces/n/serviceaccounts/default"), 200);
	assert_int_equal(ask("DELETE", "/api/v1/namespaces/n", "", "", ""), 200);
	assert_string_equal(json_text(answer, "status", "phase", NULL), "Terminating");
	assert_refused(
		post("/api/v1/namespaces/n/pods", POD("x")), 403, "Forbidden",
		"pods \"x\" is forbidden: unable to create new content in namespace n because it is being terminated");
	assert_int_equal(
		ask("PUT", "/api/v1/namespaces/n/finalize", "application/json", "", "{\"spec\":{\"finalizers\":[]}}"),
		200);
	assert_int_equal(get("/api/v1/namespaces/n"), 404);
}

static void test_service(void **state _unused_)
{
	assert_int_equal(get("/api/v1/namespaces/default/services/kubernetes"), 200);
	assert_string_equal(json_text(answer, "spec", "clusterIP", NULL), "10.96.0.1");
	assert_int_equal(
		post("/api/v1/namespaces/default/services",
	             "{\"metadata\":{\"name\":\"s\"},\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":80}]}}"),
		201);
	assert_string_equal(json_text(answer, "spec", "clusterIP", NULL), "10.96.0.10");
	assert_int_equal(json_int(json_array_get(json_at(answer, "spec", "ports", NULL), 0), 0, "nodePort", NULL),
	                 30000);
	assert_int_equal(
		post("/api/v1/namespaces/default/services",
	             "{\"metadata\":{\"name\":\"h\"},\"spec\":{\"clusterIP\":\"None\",\"ports\":[{\"port\":80}]}}"),
		201);
	assert_string_equal(json_text(answer, "spec", "clusterIP", NULL), "None");
	assert_int_equal(post("/api/v1/namespaces/default/services",
	                      "{\"metadata\":{\"name\":\"t\"},\"spec\":{\"clusterIP\":"
	                      "\"10.96.0.10\",\"ports\":[{\"port\":80}]}}"),
	                 422);
	assert_string_equal(
		message(),
		"Service \"t\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.0.10\"]: failed to allocate IP "
		"10.96.0.10: provided IP is already allocated");
}

static void test_secret(void **state _unused_)
{
	assert_int_equal(post("/api/v1/namespaces/default/secrets",
	                      "{\"metadata\":{\"name\":\"s\"},\"stringData\":{\"password\":\"hi!!\"}}"),
	                 201);
	assert_string_equal(json_text(answer, "data", "password", NULL), "aGkhIQ==");
	assert_null(json_object_get(answer, "stringData"));
	assert_string_equal(json_text(answer, "type", NULL), "Opaque");
}

static void test_binding_and_eviction(void **state _unused_)
{
	assert_int_equal(post(PODS, POD("x")), 201);
	assert_int_equal(post(PODS "/x/binding", "{\"target\":{\"kind\":\"Node\",\"name\":\"n1\"}}"), 201);
	assert_int_equal(get(PODS "/x"), 200);
	assert_string_equal(json_text(answer, "spec", "nodeName", NULL), "n1");
	assert_string_equal(json_text(kube_condition(answer, "PodScheduled"), "status", NULL), "True");
	assert_refused(post(PODS "/x/binding", "{\"target\":{\"name\":\"n2\"}}"), 409, "Conflict",
	               "Operation cannot be fulfilled on pods/binding \"x\": pod x is already assigned to node \"n1\"");
	assert_int_equal(post("/api/v1/nodes", "{\"metadata\":{\"name\":\"n1\"}}"), 201);
	assert_int_equal(post(PODS "/x/eviction", "{\"kind\":\"Eviction\",\"apiVersion\":\"policy/v1\"}"), 201);
	assert_int_equal(get(PODS "/x"), 200);
	assert_int_equal(json_int(answer, 0, "metadata", "deletionGracePeriodSeconds", NULL), 30);
	assert_int_equal(ask("DELETE", PODS "/x?gracePeriodSeconds=0", "", "", ""), 200);
	assert_int_equal(get(PODS "/x"), 404);
}

static void test_containers(void **state _unused_)
{
	assert_int_equal(
		post(PODS,
	             "{\"metadata\":{\"name\":\"two\"},\"spec\":{\"nodeName\":\"n\",\"containers\":[{\"name\":\"a\","
	             "\"image\":\"i\"},{\"name\":\"b\",\"image\":\"i\"}]}}"),
		201);
	assert_refused(get(PODS "/two/log"), 400, "BadRequest",
	               "a container name must be specified for pod two, choose one of: [a b]");
	assert_refused(get(PODS "/two/log?container=z"), 400, "BadRequest", "container z is not valid for pod two");
	assert_refused(get(PODS "/two/log?container=a"), 400, "BadRequest",
	               "container \"a\" in pod \"two\" is waiting to start: ContainerCreating");
	assert_refused(get(PODS "/two/log?container=a&previous=true"), 400, "BadRequest",
	               "previous terminated container \"a\" in pod \"two\" not found");
	assert_int_equal(ask("PATCH", PODS "/two/status", "application/merge-patch+json", "",
	                     "{\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"a\",\"image\":"
	                     "\"i\",\"imageID\":\"\","
	                     "\"ready\":true,\"restartCount\":0,\"containerID\":\"netemu://0123456789abcdef\","
	                     "\"state\":{\"running\":{\"startedAt\":\"2026-01-01T00:00:00Z\"}}}]}}"),
	                 200);
	assert_int_equal(get(PODS "/two/log?container=a"), 200);
	assert_int_equal(reply.stream, API_STREAM_LOG);
	assert_string_equal(reply.container_id, "0123456789abcdef");
	assert_int_equal(ask("POST", PODS "/two/exec?container=a&command=id", "", "", ""), 200);
	assert_int_equal(reply.stream, API_STREAM_EXEC);
	assert_string_equal(reply.container, "a");
	assert_int_equal(ask("POST", PODS "/two/exec?container=a", "", "", ""), 400);
	assert_int_equal(ask("POST", PODS "/none/exec?command=id", "", "", ""), 404);
	/* What a status says is no path. */
	assert_int_equal(ask("PATCH", PODS "/two/status", "application/json-patch+json", "",
	                     "[{\"op\":\"replace\",\"path\":\"/status/containerStatuses/0/containerID\","
	                     "\"value\":\"netemu://../../x\"}]"),
	                 200);
	assert_int_equal(get(PODS "/two/log?container=a"), 200);
	assert_string_equal(reply.container_id, "");
}

/* ---- lists ---- */

static void test_list(void **state _unused_)
{
	char *next;

	assert_int_equal(post(PODS, POD("a")), 201);
	assert_int_equal(post(PODS, POD("b")), 201);
	assert_int_equal(post(PODS, POD("c")), 201);
	assert_int_equal(get("/api/v1/pods"), 200);
	assert_string_equal(json_text(answer, "kind", NULL), "PodList");
	assert_int_equal(json_array_size(json_object_get(answer, "items")), 3);
	assert_int_equal(get(PODS "?limit=2"), 200);
	assert_int_equal(json_array_size(json_object_get(answer, "items")), 2);
	assert_int_equal(json_int(answer, 0, "metadata", "remainingItemCount", NULL), 1);
	next = strdup(json_text(answer, "metadata", "continue", NULL));
	{
		char url[256];

		(void)snprintf(url, sizeof(url), PODS "?limit=2&continue=%s", next);
		free(next);
		assert_int_equal(get(url), 200);
	}
	assert_int_equal(json_array_size(json_object_get(answer, "items")), 1);
	assert_string_equal(kube_name(json_array_get(json_object_get(answer, "items"), 0)), "c");
	assert_null(json_at(answer, "metadata", "continue", NULL));
	assert_int_equal(get(PODS "?fieldSelector=metadata.name%3Db"), 200);
	assert_int_equal(json_array_size(json_object_get(answer, "items")), 1);
	assert_int_equal(get(PODS "?labelSelector=app%21%3Da"), 200);
	assert_int_equal(json_array_size(json_object_get(answer, "items")), 0);
	assert_int_equal(ask("DELETE", PODS "?labelSelector=app%3Da", "", "", ""), 200);
	assert_int_equal(get(PODS), 200);
	assert_int_equal(json_array_size(json_object_get(answer, "items")), 0);
}

/* Who lists in pieces and then watches hears of what happened between the pieces. */
static void test_pages_and_watch(void **state _unused_)
{
	char url[256], revision[24];

	assert_int_equal(post(PODS, POD("a")), 201);
	assert_int_equal(post(PODS, POD("b")), 201);
	assert_int_equal(get(PODS "?limit=1"), 200);
	(void)snprintf(revision, sizeof(revision), "%s", json_text(answer, "metadata", "resourceVersion", NULL));
	(void)snprintf(url, sizeof(url), PODS "?limit=1&continue=%s", json_text(answer, "metadata", "continue", NULL));
	assert_int_equal(ask("DELETE", PODS "/a", "", "", ""), 200);
	assert_int_equal(get(url), 200);
	assert_string_equal(kube_name(json_array_get(json_object_get(answer, "items"), 0)), "b");
	assert_string_equal(json_text(answer, "metadata", "resourceVersion", NULL), revision);
}

static void test_bad_queries(void **state _unused_)
{
	static const char *const bad[] = { "limit=abc",       "limit=99999999999999999999", "continue=garbage",
		                           "continue=1/",     "continue=999999/default/a",  "watch=true&resourceVersion=x",
		                           "watch=1&timeoutSeconds=1m" };

	assert_int_equal(post(PODS, POD("a")), 201);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char url[128];

		(void)snprintf(url, sizeof(url), PODS "?%s", bad[i]);
		assert_int_equal(get(url), 400);
		assert_int_equal(reply.stream, API_STREAM_NONE);
	}
	assert_int_equal(ask("DELETE", PODS "/a?gracePeriodSeconds=soon", "", "", ""), 400);
	assert_int_equal(get(PODS "/a"), 200);
	assert_int_equal(get(PODS "/a/status/more"), 404);
	assert_int_equal(get("/api/v1/namespaces/default/status/more"), 404);
}

static void test_long_grace(void **state _unused_)
{
	assert_int_equal(post("/api/v1/nodes", "{\"metadata\":{\"name\":\"n\"}}"), 201);
	assert_int_equal(post(PODS, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"nodeName\":\"n\",\"containers\":[{"
	                            "\"name\":\"c\",\"image\":\"i\"}]}}"),
	                 201);
	assert_int_equal(ask("DELETE", PODS "/a?gracePeriodSeconds=9223372036854775807", "", "", ""), 200);
	assert_int_equal(json_int(answer, 0, "metadata", "deletionGracePeriodSeconds", NULL), INT32_MAX);
	assert_int_equal(strlen(json_text(answer, "metadata", "deletionTimestamp", NULL)),
	                 strlen("2026-01-01T00:00:00Z"));
}

static const char *ready_of(const char *url)
{
	assert_int_equal(get(url), 200);
	return json_text(kube_condition(answer, "Ready"), "status", NULL);
}

#define READY(type) "{\"type\":\"" type "\",\"status\":\"True\"}"

/* A kubelet that only paused does not repeat itself: its node and pods are as it said. */
static void test_silent_node(void **state _unused_)
{
	struct nodelife *nl = NULL;
	struct error e = { 0 };

	assert_int_equal(post("/api/v1/nodes", "{\"metadata\":{\"name\":\"n\"}}"), 201);
	assert_int_equal(ask("PATCH", "/api/v1/nodes/n/status", "application/merge-patch+json", "",
	                     "{\"status\":{\"conditions\":[" READY("Ready") "]}}"),
	                 200);
	assert_int_equal(post(PODS, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"nodeName\":\"n\",\"containers\":[{"
	                            "\"name\":\"c\",\"image\":\"i\"}]}}"),
	                 201);
	assert_int_equal(ask("PATCH", PODS "/a/status", "application/merge-patch+json", "",
	                     "{\"status\":{\"conditions\":[" READY("Ready") "," READY("ContainersReady") "]}}"),
	                 200);
	(void)setenv("NETEMU_NODE_LEASE_DURATION", "1", 1);
	assert_int_equal(nodelife_start(&api, &nl, &e), 0);
	while (strcmp(ready_of("/api/v1/nodes/n"), "Unknown") != 0)
		assert_true(loop_run_once(api.loop, 5000000) > 0);
	assert_string_equal(ready_of(PODS "/a"), "False");
	nodelife_beat(nl, "n");
	assert_string_equal(ready_of("/api/v1/nodes/n"), "True");
	assert_string_equal(ready_of(PODS "/a"), "True");
	(void)nodelife_free(nl);
	(void)unsetenv("NETEMU_NODE_LEASE_DURATION");
}

static void test_table(void **state _unused_)
{
	const json_t *row;

	assert_int_equal(post(PODS, POD("a")), 201);
	assert_int_equal(ask("GET", PODS, "", TABLE, ""), 200);
	assert_string_equal(json_text(answer, "kind", NULL), "Table");
	row = json_array_get(json_object_get(answer, "rows"), 0);
	assert_string_equal(json_string_value(json_array_get(json_object_get(row, "cells"), 0)), "a");
	assert_string_equal(json_text(row, "object", "kind", NULL), "PartialObjectMetadata");
	assert_int_equal(ask("GET", PODS "/a?includeObject=Object", "", TABLE, ""), 200);
	row = json_array_get(json_object_get(answer, "rows"), 0);
	assert_string_equal(json_text(row, "object", "kind", NULL), "Pod");
	assert_int_equal(ask("GET", PODS "/a", "", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", ""),
	                 200);
	assert_string_equal(json_text(answer, "kind", NULL), "PartialObjectMetadata");
	assert_null(json_object_get(answer, "spec"));
	assert_int_equal(ask("GET", PODS "/a", "", "application/vnd.kubernetes.protobuf,application/json", ""), 200);
	assert_string_equal(json_text(answer, "kind", NULL), "Pod");
}

/* ---- watches ---- */

static void note_line(void *arg, const char *text, size_t len)
{
	struct strbuf *out = arg;
	json_t *j;

	if (!text) {
		strbuf_puts(out, "end ");
		return;
	}
	j = json_loadb(text, len, JSON_DISABLE_EOF_CHECK, NULL);
	strbuf_printf(out, "%s:%s", json_text(j, "type", NULL), kube_name(json_object_get(j, "object")));
	if (strcmp(json_text(j, "object", "kind", NULL), "Table") == 0)
		strbuf_printf(out, "table%zu", json_array_size(json_at(j, "object", "rows", NULL)));
	if (json_int(j, 0, "object", "code", NULL))
		strbuf_printf(out, "%lld", (long long)json_int(j, 0, "object", "code", NULL));
	strbuf_putc(out, ' ');
	json_decref(j);
}

static struct api_watch *watch(const char *url, const char *accept, struct strbuf *out)
{
	struct api_watch *w;

	assert_int_equal(ask("GET", url, "", accept, ""), 200);
	assert_int_equal(reply.stream, API_STREAM_WATCH);
	w = reply.watch;
	api_watch_start(w, note_line, out);
	return w;
}

static void test_watch(void **state _unused_)
{
	_cleanup_strbuf_ struct strbuf all = { 0 }, labelled = { 0 }, table = { 0 }, other = { 0 };
	struct api_watch *w[4];

	assert_int_equal(post(PODS, POD("a")), 201);
	w[0] = watch(PODS "?watch=true", "", &all);
	w[1] = watch(PODS "?watch=true&labelSelector=app%3Da", "", &labelled);
	w[2] = watch("/api/v1/pods?watch=true", TABLE, &table);
	w[3] = watch("/api/v1/namespaces/kube-system/pods?watch=true", "", &other);
	assert_string_equal(strbuf_str(&all), "ADDED:a ");
	assert_int_equal(ask("PATCH", PODS "/a", "application/merge-patch+json", "",
	                     "{\"metadata\":{\"labels\":{\"app\":\"b\"}}}"),
	                 200);
	assert_int_equal(ask("PATCH", PODS "/a", "application/merge-patch+json", "",
	                     "{\"metadata\":{\"labels\":{\"app\":\"a\"}}}"),
	                 200);
	assert_int_equal(ask("DELETE", PODS "/a", "", "", ""), 200);
	assert_string_equal(strbuf_str(&all), "ADDED:a MODIFIED:a MODIFIED:a DELETED:a ");
	assert_string_equal(strbuf_str(&labelled), "ADDED:a DELETED:a ADDED:a DELETED:a ");
	assert_string_equal(strbuf_str(&table), "ADDED:table1 MODIFIED:table1 MODIFIED:table1 DELETED:table1 ");
	assert_string_equal(strbuf_str(&other), "");
	for (size_t i = 0; i < 4; i++)
		api_watch_free(w[i]);
}

static void test_watch_from(void **state _unused_)
{
	_cleanup_strbuf_ struct strbuf late = { 0 }, gone = { 0 }, initial = { 0 };
	char url[128];
	uint64_t since;

	assert_int_equal(post(PODS, POD("a")), 201);
	since = store_revision(api.store);
	assert_int_equal(post(PODS, POD("b")), 201);
	(void)snprintf(url, sizeof(url), PODS "?watch=true&resourceVersion=%llu", (unsigned long long)since);
	api_watch_free(watch(url, "", &late));
	assert_string_equal(strbuf_str(&late), "ADDED:b ");
	api_watch_free(watch(PODS "?watch=true&sendInitialEvents=true&allowWatchBookmarks=true", "", &initial));
	assert_string_equal(strbuf_str(&initial), "ADDED:a ADDED:b BOOKMARK: ");
	for (int i = 0; i < 4200; i++)
		(void)store_delete(api.store, RES_PODS, "default", (post(PODS, POD("z")), "z"));
	api_watch_free(watch(url, "", &gone));
	assert_string_equal(strbuf_str(&gone), "ERROR:410 end ");
}

static void on_line(void *arg, const char *text _unused_, size_t len)
{
	*(size_t *)arg += len;
}

static void test_many_watches(void **state _unused_)
{
	enum { WATCHES = 1000, PODS_MADE = 200 };
	static struct api_watch *w[WATCHES];
	size_t bytes = 0;
	const time_t started = time(NULL);

	for (int i = 0; i < WATCHES; i++) {
		assert_int_equal(ask("GET", PODS "?watch=true", "", i % 2 ? TABLE : "", ""), 200);
		w[i] = reply.watch;
		api_watch_start(w[i], on_line, &bytes);
	}
	for (int i = 0; i < PODS_MADE; i++)
		assert_int_equal(post(PODS, "{\"metadata\":{\"generateName\":\"p-\"},\"spec\":{\"containers\":[{"
		                            "\"name\":\"c\",\"image\":\"i\"}]}}"),
		                 201);
	assert_true(bytes > (size_t)WATCHES * PODS_MADE * 100);
	assert_true(time(NULL) - started < 10); /* takes 0.2 s: each text is made once */
	for (int i = 0; i < WATCHES; i++)
		api_watch_free(w[i]);
}

static void test_timeout(void **state _unused_)
{
	_cleanup_strbuf_ struct strbuf seen = { 0 };
	struct api_watch *w = watch(PODS "?watch=true&timeoutSeconds=1&allowWatchBookmarks=true", "", &seen);

	while (!strstr(strbuf_str(&seen), "end"))
		assert_true(loop_run_once(api.loop, 5000000) >= 0);
	assert_string_equal(strbuf_str(&seen), "BOOKMARK: end ");
	api_watch_free(w);
}

/* ---- server-side apply ---- */

static void test_apply(void **state _unused_)
{
	char revision[32];

	assert_int_equal(apply(DEPLOYMENTS "/d?fieldManager=k", DEPLOYMENT("2", "\"x\":\"y\",\"z\":\"1\"")), 201);
	assert_string_equal(
		json_text(json_array_get(json_at(answer, "metadata", "managedFields", NULL), 0), "operation", NULL),
		"Apply");
	(void)snprintf(revision, sizeof(revision), "%s", json_text(answer, "metadata", "resourceVersion", NULL));
	assert_int_equal(apply(DEPLOYMENTS "/d?fieldManager=k", DEPLOYMENT("2", "\"x\":\"y\",\"z\":\"1\"")), 200);
	assert_string_equal(json_text(answer, "metadata", "resourceVersion", NULL), revision);
	/* a field that is applied no longer goes */
	assert_int_equal(apply(DEPLOYMENTS "/d?fieldManager=k", DEPLOYMENT("2", "\"x\":\"y\"")), 200);
	assert_null(json_at(answer, "metadata", "labels", "z", NULL));
	assert_string_equal(json_text(answer, "metadata", "labels", "x", NULL), "y");
	/* unless another has it, too */
	assert_int_equal(apply(DEPLOYMENTS "/d?fieldManager=other", DEPLOYMENT("2", "\"x\":\"y\"")), 200);
	assert_int_equal(apply(DEPLOYMENTS "/d?fieldManager=k", DEPLOYMENT("2", "")), 200);
	assert_string_equal(json_text(answer, "metadata", "labels", "x", NULL), "y");
	assert_int_equal(apply(DEPLOYMENTS "/d?fieldManager=other", DEPLOYMENT("2", "")), 200);
	assert_null(json_at(answer, "metadata", "labels", "x", NULL));
}

/* What only the API server and the kubelet say is not made by an apply. */
static void test_apply_of_a_dump(void **state _unused_)
{
	assert_int_equal(apply(PODS "/p?fieldManager=k",
	                       "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"deletionTimestamp\":"
	                       "\"2026-01-01T00:00:00Z\",\"deletionGracePeriodSeconds\":3},\"spec\":{\"containers\":[{"
	                       "\"name\":\"c\",\"image\":\"i\"}]},\"status\":{\"phase\":\"Running\"}}"),
	                 201);
	assert_null(json_at(answer, "metadata", "deletionTimestamp", NULL));
	assert_null(json_at(answer, "metadata", "deletionGracePeriodSeconds", NULL));
	assert_string_equal(json_text(answer, "status", "phase", NULL), "Pending");
	assert_int_equal(apply(DEPLOYMENTS "/e?fieldManager=k",
	                       "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"e\"},"
	                       "\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"a\"}},\"template\":{\"metadata\":"
	                       "{\"labels\":{\"app\":\"a\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":"
	                       "\"i\"}]}}},\"status\":{\"replicas\":7}}"),
	                 201);
	assert_null(json_at(answer, "status", "replicas", NULL));
}

static void test_apply_conflicts(void **state _unused_)
{
	assert_int_equal(post(DEPLOYMENTS "?fieldManager=kubectl-client-side-apply", DEPLOYMENT("2", "\"x\":\"y\"")),
	                 201);
	assert_refused(apply(DEPLOYMENTS "/d?fieldManager=k", DEPLOYMENT("3", "\"x\":\"y\"")), 409, "Conflict",
	               "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: "
	               ".spec.replicas");
	assert_string_equal(json_text(json_array_get(json_at(answer, "details", "causes", NULL), 0), "field", NULL),
	                    ".spec.replicas");
	assert_refused(apply(DEPLOYMENTS "/d?fieldManager=k", DEPLOYMENT("3", "\"x\":\"n\"")), 409, "Conflict",
	               "Apply failed with 2 conflicts: conflicts with \"kubectl-client-side-apply\" using apps/v1:\n"
	               "- .metadata.labels.x\n- .spec.replicas");
	assert_int_equal(apply(DEPLOYMENTS "/d?fieldManager=k&force=true", DEPLOYMENT("3", "\"x\":\"y\"")), 200);
	assert_int_equal(json_int(answer, 0, "spec", "replicas", NULL), 3);
	/* it is k's alone now */
	assert_int_equal(apply(DEPLOYMENTS "/d?fieldManager=k", DEPLOYMENT("4", "\"x\":\"y\"")), 200);
	assert_refused(
		apply(DEPLOYMENTS "/d", DEPLOYMENT("4", "")), 400, "BadRequest",
		"PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
}

/* ---- what the server says of itself ---- */

static void test_discovery(void **state _unused_)
{
	static const char path[] = "/api/v1/namespaces/{namespace}/pods/{name}";
	const char *at;

	assert_int_equal(get("/api"), 200);
	assert_string_equal(json_text(answer, "kind", NULL), "APIVersions");
	assert_int_equal(get("/apis"), 200);
	assert_string_equal(json_text(answer, "kind", NULL), "APIGroupList");
	assert_int_equal(get("/api/v1"), 200);
	assert_string_equal(json_text(answer, "kind", NULL), "APIResourceList");
	assert_int_equal(ask("GET", "/apis", "",
	                     "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/"
	                     "json;g=apidiscovery.k8s.io;"
	                     "v=v2beta1;as=APIGroupDiscoveryList,application/json",
	                     ""),
	                 200);
	assert_string_equal(json_text(answer, "apiVersion", NULL), "apidiscovery.k8s.io/v2");
	assert_string_equal(reply.content_type, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
	assert_int_equal(get("/openapi/v2"), 200);
	assert_memory_equal(reply.body.buf, "\x0a\x03\x32\x2e\x30\x12\x0c\x0a\x06netemu\x12\x02v0\x42", 20);
	/* a PATCH of pods may be a dry run */
	at = memmem(reply.body.buf, reply.body.len, path, strlen(path));
	assert_non_null(at);
	at += strlen(path);
	assert_memory_equal(at + 5, "\x42\x15\x0a\x13\x12\x11\x1a\x0f\x12\x05query\x22\x06" "dryRun", 23);
	assert_int_equal(get("/version"), 200);
	assert_string_equal(json_text(answer, "gitVersion", NULL), "v1.27.3");
	assert_string_equal(json_text(answer, "minor", NULL), "27");
	assert_int_equal(get("/readyz"), 200);
	assert_int_equal(post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "{\"spec\":{}}"), 201);
	assert_true(json_bool(answer, "status", "allowed", NULL));
}

static void test_events(void **state _unused_)
{
	json_t *pod;

	assert_int_equal(post(PODS, POD("x")), 201);
	pod = json_incref(answer);
	for (int i = 0; i < 3; i++)
		api_event(&api, pod, "Warning", "BackOff", "kubelet", "n1", "Back-off %d", 1);
	api_event(&api, pod, "Normal", "Scheduled", "default-scheduler", NULL, "done");
	assert_int_equal(get("/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dx"), 200);
	assert_int_equal(json_array_size(json_object_get(answer, "items")), 2);
	assert_int_equal(json_int(json_array_get(json_object_get(answer, "items"), 0), 0, "count", NULL), 3);
	json_decref(pod);
}

/* ---- how fast ---- */

static void test_ten_thousand(void **state _unused_)
{
	struct timespec from, to;
	double seconds;

	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(post(PODS, "{\"metadata\":{\"generateName\":\"p-\",\"labels\":{\"app\":\"a\"}},"
		                            "\"spec\":{\"containers\":"
		                            "[{\"name\":\"c\",\"image\":\"i\",\"command\":[\"sleep\",\"inf\"]}]}}"),
		                 201);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	print_message("10000 pods in %.2f s\n", seconds);
	assert_int_equal(store_count(api.store, RES_PODS), 10000);
	assert_true(seconds < 20); /* 5 on a machine that does nothing else */
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_pod),
		TEST(test_words),
		TEST(test_bad_patches),
		TEST(test_protobuf),
		TEST(test_protobuf_pod),
		TEST(test_impersonation),
		TEST(test_field_validation),
		TEST(test_conflict),
		TEST(test_patches),
		TEST(test_status_is_apart),
		TEST(test_scale),
		TEST(test_namespace),
		TEST(test_service),
		TEST(test_secret),
		TEST(test_binding_and_eviction),
		TEST(test_containers),
		TEST(test_list),
		TEST(test_pages_and_watch),
		TEST(test_bad_queries),
		TEST(test_long_grace),
		TEST(test_silent_node),
		TEST(test_table),
		TEST(test_watch),
		TEST(test_watch_from),
		TEST(test_many_watches),
		TEST(test_timeout),
		TEST(test_apply),
		TEST(test_apply_of_a_dump),
		TEST(test_apply_conflicts),
		TEST(test_discovery),
		TEST(test_events),
		TEST(test_ten_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
