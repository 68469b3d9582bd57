// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_kubeschema.c - Kubernetes objects: strict decoding, defaults and validation, in the API server's words
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "cluster/schema.h"

/* A pod's YAML with one container, to which @more (indented by four) belongs. */
#define POD_HEAD "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n"
#define POD(more) POD_HEAD "  containers:\n  - name: c\n    image: i\n" more
#define DEPLOYMENT(more)                                                                                                    \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector: {matchLabels: {app: x}}\n  template:\n" \
	"    metadata: {labels: {app: x}}\n    spec:\n      containers: [{name: c, image: i}]\n" more

static json_t *parse(const char *yaml, const struct resource **ret)
{
	struct error e = { 0 };
	json_t *j = yaml_to_json(yaml, strlen(yaml), &e);

	if (!j)
		fail_msg("%s in: %s", e.msg, yaml);
	*ret = resource_of_kind(json_text(j, "apiVersion", NULL), json_text(j, "kind", NULL));
	assert_non_null(*ret);
	return j;
}

/* Decodes; @want: the errors, or what makes it fail. */
static void decodes(const char *yaml, const char *want)
{
	const struct resource *r;
	json_t *o = parse(yaml, &r);
	struct strbuf errors = { 0 };
	struct error e = { 0 };

	if (schema_decode(r, o, &errors, &e) < 0)
		assert_string_equal(e.msg, want);
	else
		assert_string_equal(strbuf_str(&errors), want);
	strbuf_done(&errors);
	json_decref(o);
}

/* Fills in and validates, as an update of @old when that is not NULL. */
static void updates(const char *yaml, const char *old_yaml, const char *want)
{
	const struct resource *r;
	json_t *o = parse(yaml, &r), *old = old_yaml ? parse(old_yaml, &r) : NULL, *causes = json_array();
	struct strbuf s = { 0 };
	size_t n;

	schema_default(r, o);
	if (old)
		schema_default(r, old);
	n = schema_validate(r, o, old, causes);
	assert_int_equal(n, json_array_size(causes));
	if (json_array_size(causes))
		schema_invalid_text(r, kube_name(o), causes, &s);
	assert_string_equal(strbuf_str(&s), want);
	strbuf_done(&s);
	json_decref(causes);
	json_decref(o);
	json_decref(old);
}

static void validates(const char *yaml, const char *want)
{
	updates(yaml, NULL, want);
}

/* Whether, with all defaults, the object at a dotted path is @want (JSON); "" when there is none. */
static void fills_in(const char *yaml, const char *path, const char *want)
{
	const struct resource *r;
	json_t *o = parse(yaml, &r), *again, *v = o;
	char *copy = strdup(path), *rest = copy, *key, *got;

	schema_default(r, o);
	again = json_deep_copy(o);
	schema_default(r, again);
	assert_true(json_equal(o, again));
	while (v && (key = strsep(&rest, "/")))
		v = json_is_array(v) ? json_array_get(v, strtoul(key, NULL, 10)) : json_object_get(v, key);
	got = v ? json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS) : strdup("");
	assert_string_equal(got, want);
	free(got);
	free(copy);
	json_decref(again);
	json_decref(o);
}

static void unknown_fields(void **state)
{
	(void)state;
	decodes(POD(""), "");
	decodes(POD("    foo: 1\n  bar: 2\nbaz: {x: 1}\n"),
		"unknown field \"spec.containers[0].foo\", unknown field \"spec.bar\", unknown field \"baz\"");
	decodes(POD("    Image: 1\n"), "unknown field \"spec.containers[0].Image\"");
	decodes(DEPLOYMENT("      nodename: x\n"), "unknown field \"spec.template.spec.nodename\"");
	decodes(POD("  nodeSelector: {any: thing}\n  hostNetwork: ~\n"), "");
	decodes("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, managedFields: [{fieldsV1: {any: {thing: 1}}}]}\n", "");
}

static void wrong_types(void **state)
{
	(void)state;
	decodes(POD("  hostNetwork: 'yes'\n"), "json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool");
	decodes(POD("    stdin: 1\n"), "json: cannot unmarshal number into Go struct field Container.spec.containers.stdin of type bool");
	decodes(POD("    command: sh\n"),
		"json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string");
	decodes(POD("    args: [1]\n"), "json: cannot unmarshal number into Go struct field Container.spec.containers.args of type string");
	decodes(POD("    env: [{name: A, value: 1}]\n"),
		"json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string");
	decodes(POD("    env: [{name: A, value: yes}]\n"),
		"json: cannot unmarshal bool into Go struct field EnvVar.spec.containers.env.value of type string");
	decodes("apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: 1}}\n",
		"json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string");
	decodes("apiVersion: v1\nkind: Pod\nspec: x\n", "json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec");
	decodes("apiVersion: v1\nkind: Pod\nspec: {containers: {name: x}}\n",
		"json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container");
	decodes(DEPLOYMENT("  replicas: 1.5\n"),
		"json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32");
	decodes(DEPLOYMENT("  replicas: 3000000000\n"),
		"json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32");
	decodes(POD("  terminationGracePeriodSeconds: 3000000000\n"), "");
	decodes(POD("    livenessProbe: {httpGet: {port: true}}\n"), "json: cannot unmarshal bool into Go value of type int32");
	decodes(POD("    livenessProbe: {httpGet: {port: http}}\n"), "");
	decodes("apiVersion: v1\nkind: Secret\ndata: {a: 'x!'}\n", "illegal base64 data at input byte 1");
	decodes("apiVersion: v1\nkind: Secret\ndata: {a: YQ==, b: YWI=, c: YWJj, d: ''}\n", "");
	decodes("apiVersion: v1\nkind: Secret\ndata: {a: YQ}\n", "illegal base64 data at input byte 2");
	decodes("apiVersion: v1\nkind: Pod\nmetadata: {creationTimestamp: x}\n",
		"parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\"");
}

static void quantities(void **state)
{
	static const char *const good[] = { "1",   "0.5", "100m", "1Gi", "-1",	"1e3", "1E3", "1E", ".5",
					    "5.",  "+1",  "12E-3", "3n", "1.5Mi" };
	static const char *const bad[] = { "a", "1a", "", "1 ", "1.2.3", "m" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good) + ARRAY_SIZE(bad); i++) {
		const bool ok = i < ARRAY_SIZE(good);
		char yaml[512];

		(void)snprintf(yaml, sizeof(yaml), POD("    resources: {limits: {cpu: '%s'}}\n"),
			       ok ? good[i] : bad[i - ARRAY_SIZE(good)]);
		decodes(yaml, ok ? "" : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
	}
	decodes(POD("    resources: {limits: {cpu: 1Kii}}\n"), "unable to parse quantity's suffix");
	decodes(POD("    resources: {limits: {cpu: 1}}\n"), "");
	fills_in(POD("    resources: {limits: {cpu: 1}, requests: {cpu: 0.5, memory: 1Gi}}\n"), "spec/containers/0/resources",
		 "{\"limits\":{\"cpu\":\"1\"},\"requests\":{\"cpu\":\"500m\",\"memory\":\"1Gi\"}}");
	fills_in(POD("    resources: {limits: {cpu: 1500m, memory: 2000m}}\n"), "spec/containers/0/resources/requests",
		 "{\"cpu\":\"1500m\",\"memory\":\"2\"}");
}

static void defaults_of_pods(void **state)
{
	(void)state;
	fills_in(POD_HEAD "  containers: [{name: c, image: i}]\n", "spec",
		 "{\"containers\":[{\"image\":\"i\",\"imagePullPolicy\":\"Always\",\"name\":\"c\",\"resources\":{},"
		 "\"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\"}],\"dnsPolicy\":"
		 "\"ClusterFirst\",\"enableServiceLinks\":true,\"preemptionPolicy\":\"PreemptLowerPriority\",\"priority\":0,"
		 "\"restartPolicy\":\"Always\",\"schedulerName\":\"default-scheduler\",\"securityContext\":{},\"serviceAccount\":"
		 "\"default\",\"serviceAccountName\":\"default\",\"terminationGracePeriodSeconds\":30,\"tolerations\":[{\"effect\":"
		 "\"NoExecute\",\"key\":\"node.kubernetes.io/not-ready\",\"operator\":\"Exists\",\"tolerationSeconds\":300},{\"effect\":"
		 "\"NoExecute\",\"key\":\"node.kubernetes.io/unreachable\",\"operator\":\"Exists\",\"tolerationSeconds\":300}]}");
	fills_in(POD_HEAD "  containers: [{name: c, image: 'r:5000/i'}]\n", "spec/containers/0/imagePullPolicy", "\"Always\"");
	fills_in(POD_HEAD "  containers: [{name: c, image: 'r:5000/i:1'}]\n", "spec/containers/0/imagePullPolicy", "\"IfNotPresent\"");
	fills_in(POD_HEAD "  containers: [{name: c, image: 'i:latest'}]\n", "spec/containers/0/imagePullPolicy", "\"Always\"");
	fills_in(POD_HEAD "  containers: [{name: c, image: 'i@sha256:0'}]\n", "spec/containers/0/imagePullPolicy", "\"IfNotPresent\"");
	fills_in(POD("    ports: [{containerPort: 80}]\n  hostNetwork: true\n"), "spec/containers/0/ports",
		 "[{\"containerPort\":80,\"hostPort\":80,\"protocol\":\"TCP\"}]");
	fills_in(POD("    livenessProbe: {httpGet: {port: 80}, timeoutSeconds: 0}\n"), "spec/containers/0/livenessProbe",
		 "{\"failureThreshold\":3,\"httpGet\":{\"path\":\"/\",\"port\":80,\"scheme\":\"HTTP\"},\"periodSeconds\":10,"
		 "\"successThreshold\":1,\"timeoutSeconds\":1}");
	fills_in(POD("    env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]\n"),
		 "spec/containers/0/env/0/valueFrom/fieldRef", "{\"apiVersion\":\"v1\",\"fieldPath\":\"status.podIP\"}");
	fills_in(POD("  volumes: [{name: a}, {name: b, configMap: {name: x}}, {name: c, hostPath: {path: /}}]\n"), "spec/volumes",
		 "[{\"emptyDir\":{},\"name\":\"a\"},{\"configMap\":{\"defaultMode\":420,\"name\":\"x\"},\"name\":\"b\"},"
		 "{\"hostPath\":{\"path\":\"/\",\"type\":\"\"},\"name\":\"c\"}]");
	/* what Go's struct would not have kept */
	fills_in(POD("    stdin: ~\n    foo: 1\n"), "spec/containers/0/stdin", "");
	fills_in(POD("    foo: 1\n"), "spec/containers/0/foo", "");
}

static void defaults_of_others(void **state)
{
	(void)state;
	fills_in(DEPLOYMENT(""), "spec/strategy", "{\"rollingUpdate\":{\"maxSurge\":\"25%\",\"maxUnavailable\":\"25%\"},\"type\":\"RollingUpdate\"}");
	fills_in(DEPLOYMENT("  strategy: {type: Recreate}\n"), "spec/strategy", "{\"type\":\"Recreate\"}");
	fills_in(DEPLOYMENT("  replicas: 0\n"), "spec/replicas", "0");
	fills_in(DEPLOYMENT(""), "spec/progressDeadlineSeconds", "600");
	fills_in(DEPLOYMENT(""), "spec/template/spec/tolerations", "");
	fills_in("{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80}]}}", "spec",
		 "{\"internalTrafficPolicy\":\"Cluster\",\"ipFamilyPolicy\":\"SingleStack\",\"ports\":[{\"port\":80,\"protocol\":\"TCP\","
		 "\"targetPort\":80}],\"sessionAffinity\":\"None\",\"type\":\"ClusterIP\"}");
	fills_in("{apiVersion: v1, kind: Secret, stringData: {a: hi, b: abc, c: abcd}, data: {a: eA==, z: eg==}}", "data",
		 "{\"a\":\"aGk=\",\"b\":\"YWJj\",\"c\":\"YWJjZA==\",\"z\":\"eg==\"}");
	fills_in("{apiVersion: v1, kind: Secret, stringData: {a: hi}}", "stringData", "");
	fills_in("{apiVersion: v1, kind: Secret}", "type", "\"Opaque\"");
	fills_in("{apiVersion: v1, kind: Namespace, metadata: {name: n}}", "spec", "{\"finalizers\":[\"kubernetes\"]}");
	fills_in("{apiVersion: apps/v1, kind: DaemonSet, spec: {}}", "spec/updateStrategy",
		 "{\"rollingUpdate\":{\"maxSurge\":0,\"maxUnavailable\":1},\"type\":\"RollingUpdate\"}");
	fills_in("{apiVersion: apps/v1, kind: StatefulSet, spec: {}}", "spec/updateStrategy",
		 "{\"rollingUpdate\":{\"partition\":0},\"type\":\"RollingUpdate\"}");
	fills_in("{apiVersion: batch/v1, kind: Job, spec: {}}", "spec",
		 "{\"backoffLimit\":6,\"completionMode\":\"NonIndexed\",\"completions\":1,\"parallelism\":1,\"podReplacementPolicy\":"
		 "\"TerminatingOrFailed\",\"suspend\":false}");
	fills_in("{apiVersion: batch/v1, kind: CronJob, spec: {}}", "spec",
		 "{\"concurrencyPolicy\":\"Allow\",\"failedJobsHistoryLimit\":1,\"successfulJobsHistoryLimit\":3,\"suspend\":false}");
}

#define SUBDOMAIN                                                                                                              \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " \
	"with an alphanumeric character (e.g. 'example.com', regex used for validation is "                                     \
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
#define LABEL                                                                                                                  \
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "  \
	"alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

static void names_and_labels(void **state)
{
	(void)state;
	validates(POD(""), "");
	validates("{apiVersion: v1, kind: ConfigMap, metadata: {}}",
		  "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required");
	validates("{apiVersion: v1, kind: ConfigMap, metadata: {generateName: a-}}", "");
	validates("{apiVersion: v1, kind: ConfigMap, metadata: {name: A_b}}",
		  "ConfigMap \"A_b\" is invalid: metadata.name: Invalid value: \"A_b\": " SUBDOMAIN);
	validates("{apiVersion: v1, kind: Namespace, metadata: {name: a.b}}",
		  "Namespace \"a.b\" is invalid: metadata.name: Invalid value: \"a.b\": " LABEL);
	validates("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {'x y': '', k: 'a b'}}}",
		  "ConfigMap \"a\" is invalid: [metadata.labels: Invalid value: \"x y\": name part must consist of alphanumeric characters, "
		  "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', "
		  "regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'), metadata.labels: Invalid value: \"a b\": a "
		  "valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
		  "an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
		  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')]");
	validates("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {'a/b': ''}}",
		  "ConfigMap \"a\" is invalid: data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric "
		  "characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
		  "'[-._a-zA-Z0-9]+')");
	validates("{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}",
		  "Namespace \"a\" is invalid: metadata.namespace: Forbidden: not allowed on this type");
}

#define PINV "Pod \"p\" is invalid: "

static void containers(void **state)
{
	(void)state;
	validates(POD_HEAD "  restartPolicy: x\n", PINV "[spec.containers: Required value, spec.restartPolicy: Unsupported value: \"x\": "
						       "supported values: \"Always\", \"OnFailure\", \"Never\"]");
	validates(POD_HEAD "  containers: [{}]\n",
		  PINV "[spec.containers[0].name: Required value, spec.containers[0].image: Required value]");
	validates(POD_HEAD "  containers: [{name: x, image: i}, {name: x, image: i}]\n  initContainers: [{name: x, image: ' i'}]\n",
		  PINV "[spec.containers[1].name: Duplicate value: \"x\", spec.initContainers[0].image: Invalid value: \" i\": must not "
		       "have leading or trailing whitespace, spec.initContainers[0].name: Duplicate value: \"x\"]");
	validates(POD_HEAD "  containers: [{name: A, image: i}]\n", PINV "spec.containers[0].name: Invalid value: \"A\": " LABEL);
	validates(POD("    ports: [{containerPort: 0}, {containerPort: 70000, protocol: X, name: a}, {containerPort: 1, name: a}]\n"),
		  PINV "[spec.containers[0].ports[0].containerPort: Required value, "
		       "spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive, "
		       "spec.containers[0].ports[1].protocol: Unsupported value: \"X\": supported values: \"SCTP\", \"TCP\", \"UDP\", "
		       "spec.containers[0].ports[2].name: Duplicate value: \"a\"]");
}

static void pods_values(void **state)
{
	(void)state;
	validates(POD("    volumeMounts: [{name: x, mountPath: /x}]\n"), PINV "spec.containers[0].volumeMounts[0].name: Not found: \"x\"");
	validates(POD("    volumeMounts: [{name: v, mountPath: /x}, {name: v, mountPath: /x}]\n  volumes: [{name: v, emptyDir: {}}]\n"),
		  PINV "spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/x\": must be unique");
	validates(POD("  volumes: [{name: v, emptyDir: {}, hostPath: {path: /}}, {name: v, secret: {}}]\n"),
		  PINV "[spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type, spec.volumes[1].secret.secretName: "
		       "Required value, spec.volumes[1].name: Duplicate value: \"v\"]");
	validates(POD("    env: [{value: x}, {name: 1a}]\n"),
		  PINV "[spec.containers[0].env[0].name: Required value, spec.containers[0].env[1].name: Invalid value: \"1a\": a valid "
		       "environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with "
		       "a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is "
		       "'[-._a-zA-Z][-._a-zA-Z0-9]*')]");
	validates(POD("    livenessProbe: {periodSeconds: -1, successThreshold: 2}\n"),
		  PINV "[spec.containers[0].livenessProbe: Required value: must specify a handler type, "
		       "spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0, "
		       "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1]");
	validates(POD("    resources: {requests: {cpu: 2, foo: 1}, limits: {cpu: 1}}\n"),
		  PINV "[spec.containers[0].resources.requests.foo: Invalid value: \"foo\": must be a standard resource for containers, "
		       "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1]");
	validates(POD("  tolerations: [{key: a, operator: Foo}, {operator: Equal}, {key: a, effect: x}, {key: a, tolerationSeconds: 1}]\n"),
		  PINV "[spec.tolerations[0].operator: Unsupported value: \"Foo\": supported values: \"Equal\", \"Exists\", "
		       "spec.tolerations[1].operator: Invalid value: \"Equal\": operator must be Exists when `key` is empty, which means "
		       "\"match all values and all keys\", spec.tolerations[2].effect: Unsupported value: \"x\": supported values: "
		       "\"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\", spec.tolerations[3].effect: Invalid value: \"\": effect must be "
		       "'NoExecute' when `tolerationSeconds` is set]");
	validates(POD("  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}\n"),
		  PINV "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must "
		       "have at least one node selector term");
	validates(POD("  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: "
		      "[{key: a, operator: Is}, {key: a, operator: In}]}]}}}\n"),
		  PINV "[spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]."
		       "operator: Invalid value: \"Is\": not a valid selector operator, spec.affinity.nodeAffinity."
		       "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[1].values: Required value: must "
		       "be specified when `operator` is 'In' or 'NotIn']");
}

static void pods_hardly_change(void **state)
{
	static const char only[] =
		PINV "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
		     "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
		     "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

	(void)state;
	updates(POD(""), POD(""), "");
	updates(POD_HEAD "  containers: [{name: c, image: other}]\n", POD("    imagePullPolicy: Always\n"), "");
	updates(POD("    command: [x]\n"), POD(""), only);
	updates(POD("  hostNetwork: false\n"), POD(""), "");
	updates(POD("  tolerations: [{key: a, operator: Exists}]\n"), POD(""), "");
	updates(POD(""), POD("  tolerations: [{key: a, operator: Exists}]\n"), only);
	updates(POD("  - {name: d, image: i}\n"), POD(""), PINV "spec.containers: Forbidden: pod updates may not add or remove containers");
}

#define DINV "Deployment.apps \"d\" is invalid: "

static void controllers(void **state)
{
	(void)state;
	validates(DEPLOYMENT(""), "");
	validates(DEPLOYMENT("  replicas: -1\n"), DINV "spec.replicas: Invalid value: -1: must be greater than or equal to 0");
	validates(DEPLOYMENT("      restartPolicy: Never\n"),
		  DINV "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"");
	validates("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector: {matchLabels: {app: x}}\n  template: "
		  "{metadata: {labels: {b: d, app: z}}, spec: {containers: [{name: c, image: i}]}}\n",
		  DINV "spec.template.metadata.labels: Invalid value: map[string]string{\"app\":\"z\", \"b\":\"d\"}: `selector` does not match "
		       "template `labels`");
	validates("{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {template: {spec: {containers: [{name: c, image: i}]}}}}",
		  DINV "spec.selector: Required value");
	validates(DEPLOYMENT("  strategy: {type: Recreate, rollingUpdate: {}}\n"),
		  DINV "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'");
	validates(DEPLOYMENT("  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}\n"),
		  DINV "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"0%\": may not be 0 when `maxSurge` is 0");
	validates("{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {containers: [{name: c, image: i}]}}}}",
		  "Job.batch \"j\" is invalid: spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"");
	updates("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector: {matchLabels: {app: z}}\n  template: "
		"{metadata: {labels: {app: z}}, spec: {containers: [{name: c, image: i}]}}\n",
		DEPLOYMENT(""),
		DINV "spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{\"app\":\"z\"}, "
		     "MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable");
}

static void services_nodes_secrets(void **state)
{
	(void)state;
	validates("{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {}}", "Service \"s\" is invalid: spec.ports: Required value");
	validates("{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {clusterIP: None}}", "");
	validates("{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: X, ports: [{port: 0}, {port: 80, name: a}]}}",
		  "Service \"s\" is invalid: [spec.ports[0].name: Required value, spec.ports[0].port: Invalid value: 0: must be between 1 and "
		  "65535, inclusive, spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive, spec.type: "
		  "Unsupported value: \"X\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"]");
	updates("{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {clusterIP: 10.0.0.2, ports: [{port: 1}]}}",
		"{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {clusterIP: 10.0.0.1, ports: [{port: 1}]}}",
		"Service \"s\" is invalid: spec.clusterIPs[0]: Invalid value: []string{\"10.0.0.2\"}: may not change once set");
	validates("{apiVersion: v1, kind: Node, metadata: {name: node}, spec: {taints: [{key: a, effect: x}]}}",
		  "Node \"node\" is invalid: spec.taints[0].effect: Unsupported value: \"x\": supported values: \"NoSchedule\", "
		  "\"PreferNoSchedule\", \"NoExecute\"");
	validates("{apiVersion: v1, kind: Secret, metadata: {name: s}, type: kubernetes.io/tls, data: {tls.crt: YQ==}}",
		  "Secret \"s\" is invalid: data[tls.key]: Required value");
	updates("{apiVersion: v1, kind: ConfigMap, metadata: {name: s}, immutable: true, data: {a: '2'}}",
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: s}, immutable: true, data: {a: '1'}}",
		"ConfigMap \"s\" is invalid: data: Forbidden: field is immutable when `immutable` is set");
}

/* Each table of merge keys names fields that are there. */
static void check_table(const struct kube_field *fields, unsigned depth)
{
	for (; fields->name && depth < 12; fields++) {
		const struct kube_field *f = fields->fields;
		const char *const keys[] = { fields->merge_key, fields->merge_key2 };

		for (unsigned k = 0; k < 2; k++) {
			bool found = !keys[k] || !*keys[k];

			for (const struct kube_field *c = f; c && c->name; c++)
				found = found || strcmp(c->name, keys[k]) == 0;
			if (!found)
				fail_msg("%s has no field %s", fields->name, keys[k]);
		}
		if (fields->fallback) {
			json_t *j = json_loads(fields->fallback, JSON_DECODE_ANY, NULL);

			assert_non_null(j);
			json_decref(j);
		}
		if (f)
			check_table(f, depth + 1);
	}
}

static void tables_are_sound(void **state)
{
	static const char *const more[] = { "Scale", "Eviction", "Binding", "DeleteOptions" };

	(void)state;
	for (size_t i = 0; i < _RES_MAX; i++)
		if (schema_fields(resources[i].kind))
			check_table(schema_fields(resources[i].kind), 0);
		else
			assert_true(resources[i].custom || i == RES_CRDS);
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		check_table(schema_fields(more[i]), 0);
	assert_null(schema_fields("Foo"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_fields),     cmocka_unit_test(wrong_types),	   cmocka_unit_test(quantities),
		cmocka_unit_test(defaults_of_pods),   cmocka_unit_test(defaults_of_others), cmocka_unit_test(names_and_labels),
		cmocka_unit_test(containers),	      cmocka_unit_test(pods_values),	   cmocka_unit_test(pods_hardly_change),
		cmocka_unit_test(controllers),	      cmocka_unit_test(services_nodes_secrets), cmocka_unit_test(tables_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
