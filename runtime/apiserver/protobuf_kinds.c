// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * protobuf_kinds.c - which fields of which kinds a protobuf body may have: what kubectl's typed commands fill in
 *
 * Source: k8s.io/api, generated.proto. Nothing but tables; how they are read is protobuf.c's.
 */
#include "apiserver/protobuf.h"
#include "base/macros.h"

/* clang-format off */
#define END			{ .number = 0 }
#define STR(n, k)		{ .number = n, .name = k, .type = PB_STRING }
#define STRS(n, k)		{ .number = n, .name = k, .type = PB_STRING, .repeated = true }
#define INT(n, k)		{ .number = n, .name = k, .type = PB_INT }
#define BOOL(n, k)		{ .number = n, .name = k, .type = PB_BOOL }
/* Pointers of Go: 0 and false are not missing. */
#define INTP(n, k)		{ .number = n, .name = k, .type = PB_INT_PTR }
#define INTPS(n, k)		{ .number = n, .name = k, .type = PB_INT_PTR, .repeated = true }
#define BOOLP(n, k)		{ .number = n, .name = k, .type = PB_BOOL_PTR }
#define INT_OR_STR(n, k)	{ .number = n, .name = k, .type = PB_INT_OR_STRING }
#define QUANTITY(n, k)		{ .number = n, .name = k, .type = PB_QUANTITY }
#define STRMAP(n, k)		{ .number = n, .name = k, .type = PB_STRING_MAP }
#define BYTESMAP(n, k)		{ .number = n, .name = k, .type = PB_BYTES_MAP }
#define QUANTITYMAP(n, k)	{ .number = n, .name = k, .type = PB_QUANTITY_MAP }
#define OBJ(n, k, T)		{ .number = n, .name = k, .type = PB_MESSAGE, .fields = T }
#define LIST(n, k, T)		{ .number = n, .name = k, .type = PB_MESSAGE, .repeated = true, .fields = T }
/* A struct that is embedded in Go, and so no object of its own in JSON. */
#define INLINE(n, T)		{ .number = n, .name = "", .type = PB_INLINE, .fields = T }
#define SKIP(n, k)		{ .number = n, .name = k, .type = PB_SKIP }
#define TYPE(T)			static const struct pb_field T[]
#define META			OBJ(1, "metadata", object_meta)
#define STATUS			SKIP(3, "status")

TYPE(owner) = {
	STR(1, "kind"), STR(3, "name"), STR(4, "uid"), STR(5, "apiVersion"), BOOLP(6, "controller"),
	BOOLP(7, "blockOwnerDeletion"), END
};
TYPE(object_meta) = {
	STR(1, "name"), STR(2, "generateName"), STR(3, "namespace"), SKIP(8, "creationTimestamp"),
	STRMAP(11, "labels"), STRMAP(12, "annotations"), LIST(13, "ownerReferences", owner), STRS(14, "finalizers"),
	END
};
TYPE(label_selector) = { STRMAP(1, "matchLabels"), END };
TYPE(local_reference) = { STR(1, "name"), END };

TYPE(namespace_fields) = { META, SKIP(2, "spec"), STATUS, END };
TYPE(service_account) = { META, END };
TYPE(config_map) = { META, STRMAP(2, "data"), BYTESMAP(3, "binaryData"), BOOLP(4, "immutable"), END };
TYPE(secret) = { META, BYTESMAP(2, "data"), STR(3, "type"), STRMAP(4, "stringData"), BOOLP(5, "immutable"), END };

TYPE(preconditions) = { STR(1, "uid"), STR(2, "resourceVersion"), END };
TYPE(delete_options) = {
	INTP(1, "gracePeriodSeconds"), OBJ(2, "preconditions", preconditions), BOOLP(3, "orphanDependents"),
	STR(4, "propagationPolicy"), STRS(5, "dryRun"), END
};
TYPE(eviction) = { META, OBJ(2, "deleteOptions", delete_options), END };

TYPE(service_port) = {
	STR(1, "name"), STR(2, "protocol"), INT(3, "port"), INT_OR_STR(4, "targetPort"), INT(5, "nodePort"),
	STR(6, "appProtocol"), END
};
TYPE(service_spec) = {
	LIST(1, "ports", service_port), STRMAP(2, "selector"), STR(3, "clusterIP"), STR(4, "type"),
	STRS(5, "externalIPs"), STR(7, "sessionAffinity"), STR(10, "externalName"), END
};
TYPE(service) = { META, OBJ(2, "spec", service_spec), STATUS, END };

/* ---- pods ---- */

TYPE(container_port) = {
	STR(1, "name"), INT(2, "hostPort"), INT(3, "containerPort"), STR(4, "protocol"), STR(5, "hostIP"), END
};
TYPE(field_selector) = { STR(1, "apiVersion"), STR(2, "fieldPath"), END };
TYPE(resource_selector) = { STR(1, "containerName"), STR(2, "resource"), QUANTITY(3, "divisor"), END };
TYPE(key_selector) = { INLINE(1, local_reference), STR(2, "key"), BOOLP(3, "optional"), END };
TYPE(env_source) = {
	OBJ(1, "fieldRef", field_selector), OBJ(2, "resourceFieldRef", resource_selector),
	OBJ(3, "configMapKeyRef", key_selector), OBJ(4, "secretKeyRef", key_selector), END
};
TYPE(env_var) = { STR(1, "name"), STR(2, "value"), OBJ(3, "valueFrom", env_source), END };
TYPE(env_of) = { INLINE(1, local_reference), BOOLP(2, "optional"), END };
TYPE(env_from) = { STR(1, "prefix"), OBJ(2, "configMapRef", env_of), OBJ(3, "secretRef", env_of), END };
TYPE(requirements) = { QUANTITYMAP(1, "limits"), QUANTITYMAP(2, "requests"), END };
TYPE(volume_mount) = {
	STR(1, "name"), BOOL(2, "readOnly"), STR(3, "mountPath"), STR(4, "subPath"), STR(5, "mountPropagation"),
	STR(6, "subPathExpr"), END
};
TYPE(exec_action) = { STRS(1, "command"), END };
TYPE(http_header) = { STR(1, "name"), STR(2, "value"), END };
TYPE(http_action) = {
	STR(1, "path"), INT_OR_STR(2, "port"), STR(3, "host"), STR(4, "scheme"), LIST(5, "httpHeaders", http_header),
	END
};
TYPE(tcp_action) = { INT_OR_STR(1, "port"), STR(2, "host"), END };
TYPE(probe_handler) = {
	OBJ(1, "exec", exec_action), OBJ(2, "httpGet", http_action), OBJ(3, "tcpSocket", tcp_action), END
};
TYPE(probe) = {
	INLINE(1, probe_handler), INT(2, "initialDelaySeconds"), INT(3, "timeoutSeconds"), INT(4, "periodSeconds"),
	INT(5, "successThreshold"), INT(6, "failureThreshold"), INTP(7, "terminationGracePeriodSeconds"), END
};
TYPE(capabilities) = { STRS(1, "add"), STRS(2, "drop"), END };
TYPE(seccomp) = { STR(1, "type"), STR(2, "localhostProfile"), END };
TYPE(security) = {
	OBJ(1, "capabilities", capabilities), BOOLP(2, "privileged"), INTP(4, "runAsUser"), BOOLP(5, "runAsNonRoot"),
	BOOLP(6, "readOnlyRootFilesystem"), BOOLP(7, "allowPrivilegeEscalation"), INTP(8, "runAsGroup"),
	OBJ(11, "seccompProfile", seccomp), END
};
TYPE(container) = {
	STR(1, "name"), STR(2, "image"), STRS(3, "command"), STRS(4, "args"), STR(5, "workingDir"),
	LIST(6, "ports", container_port), LIST(7, "env", env_var), OBJ(8, "resources", requirements),
	LIST(9, "volumeMounts", volume_mount), OBJ(10, "livenessProbe", probe), OBJ(11, "readinessProbe", probe),
	STR(13, "terminationMessagePath"), STR(14, "imagePullPolicy"), OBJ(15, "securityContext", security),
	BOOL(16, "stdin"), BOOL(17, "stdinOnce"), BOOL(18, "tty"), LIST(19, "envFrom", env_from),
	STR(20, "terminationMessagePolicy"), OBJ(22, "startupProbe", probe), END
};
TYPE(host_path) = { STR(1, "path"), STR(2, "type"), END };
TYPE(empty_dir) = { STR(1, "medium"), QUANTITY(2, "sizeLimit"), END };
TYPE(key_to_path) = { STR(1, "key"), STR(2, "path"), INTP(3, "mode"), END };
TYPE(secret_volume) = {
	STR(1, "secretName"), LIST(2, "items", key_to_path), INTP(3, "defaultMode"), BOOLP(4, "optional"), END
};
TYPE(config_map_volume) = {
	INLINE(1, local_reference), LIST(2, "items", key_to_path), INTP(3, "defaultMode"), BOOLP(4, "optional"), END
};
TYPE(volume_source) = {
	OBJ(1, "hostPath", host_path), OBJ(2, "emptyDir", empty_dir), OBJ(6, "secret", secret_volume),
	OBJ(19, "configMap", config_map_volume), END
};
TYPE(volume) = { STR(1, "name"), INLINE(2, volume_source), END };
TYPE(toleration) = {
	STR(1, "key"), STR(2, "operator"), STR(3, "value"), STR(4, "effect"), INTP(5, "tolerationSeconds"), END
};
TYPE(pod_security) = {
	INTP(2, "runAsUser"), BOOLP(3, "runAsNonRoot"), INTPS(4, "supplementalGroups"), INTP(5, "fsGroup"),
	INTP(6, "runAsGroup"), OBJ(10, "seccompProfile", seccomp), END
};
TYPE(pod_spec) = {
	LIST(1, "volumes", volume), LIST(2, "containers", container), STR(3, "restartPolicy"),
	INTP(4, "terminationGracePeriodSeconds"), INTP(5, "activeDeadlineSeconds"), STR(6, "dnsPolicy"),
	STRMAP(7, "nodeSelector"), STR(8, "serviceAccountName"), STR(9, "serviceAccount"), STR(10, "nodeName"),
	BOOL(11, "hostNetwork"), BOOL(12, "hostPID"), BOOL(13, "hostIPC"), OBJ(14, "securityContext", pod_security),
	LIST(15, "imagePullSecrets", local_reference), STR(16, "hostname"), STR(17, "subdomain"),
	STR(19, "schedulerName"), LIST(20, "initContainers", container), BOOLP(21, "automountServiceAccountToken"),
	LIST(22, "tolerations", toleration), STR(24, "priorityClassName"), INTP(25, "priority"),
	BOOLP(27, "shareProcessNamespace"), BOOLP(30, "enableServiceLinks"), STR(31, "preemptionPolicy"), END
};
TYPE(pod_template) = { META, OBJ(2, "spec", pod_spec), END };
TYPE(pod) = { META, OBJ(2, "spec", pod_spec), STATUS, END };

/* ---- what makes them ---- */

TYPE(strategy) = { STR(1, "type"), END };
TYPE(deployment_spec) = {
	INTP(1, "replicas"), OBJ(2, "selector", label_selector), OBJ(3, "template", pod_template),
	OBJ(4, "strategy", strategy), INT(5, "minReadySeconds"), BOOL(7, "paused"), END
};
TYPE(deployment) = { META, OBJ(2, "spec", deployment_spec), STATUS, END };
TYPE(job_spec) = {
	INTP(1, "parallelism"), INTP(2, "completions"), INTP(3, "activeDeadlineSeconds"),
	OBJ(6, "template", pod_template), INTP(7, "backoffLimit"), INTP(8, "ttlSecondsAfterFinished"),
	STR(9, "completionMode"), BOOLP(10, "suspend"), INTP(12, "backoffLimitPerIndex"),
	INTP(13, "maxFailedIndexes"), STR(14, "podReplacementPolicy"), STR(15, "managedBy"), END
};
TYPE(job) = { META, OBJ(2, "spec", job_spec), STATUS, END };
TYPE(job_template) = { META, OBJ(2, "spec", job_spec), END };
TYPE(cronjob_spec) = {
	STR(1, "schedule"), INTP(2, "startingDeadlineSeconds"), STR(3, "concurrencyPolicy"), BOOLP(4, "suspend"),
	OBJ(5, "jobTemplate", job_template), INTP(6, "successfulJobsHistoryLimit"),
	INTP(7, "failedJobsHistoryLimit"), STR(8, "timeZone"), END
};
TYPE(cronjob) = { META, OBJ(2, "spec", cronjob_spec), STATUS, END };
TYPE(budget_spec) = {
	INT_OR_STR(1, "minAvailable"), OBJ(2, "selector", label_selector), INT_OR_STR(3, "maxUnavailable"), END
};
TYPE(budget) = { META, OBJ(2, "spec", budget_spec), STATUS, END };
TYPE(scale_target) = { STR(1, "kind"), STR(2, "name"), STR(3, "apiVersion"), END };
TYPE(autoscaler_spec) = {
	OBJ(1, "scaleTargetRef", scale_target), INTP(2, "minReplicas"), INT(3, "maxReplicas"),
	INTP(4, "targetCPUUtilizationPercentage"), END
};
TYPE(autoscaler) = { META, OBJ(2, "spec", autoscaler_spec), STATUS, END };
/* clang-format on */

const struct pb_kind protobuf_kinds[] = {
	{ "Namespace", namespace_fields },
	{ "ServiceAccount", service_account },
	{ "ConfigMap", config_map },
	{ "Secret", secret },
	{ "Eviction", eviction },
	{ "DeleteOptions", delete_options },
	{ "Service", service },
	{ "Pod", pod },
	{ "Deployment", deployment },
	{ "Job", job },
	{ "CronJob", cronjob },
	{ "PodDisruptionBudget", budget },
	{ "HorizontalPodAutoscaler", autoscaler },
	{ NULL, NULL },
};
