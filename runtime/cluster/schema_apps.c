// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_apps.c - the tables of apps/v1 and batch/v1
 */
#include "cluster/schema_internal.h"

/* clang-format off */
/* ---- Deployment, ReplicaSet ---- */

static TYPE(RollingUpdateDeployment) = {
	{ .name = "maxUnavailable", .type = FIELD_INT_OR_STRING, .fallback = "\"25%\"" },
	{ .name = "maxSurge", .type = FIELD_INT_OR_STRING, .fallback = "\"25%\"" }, END
};
static TYPE(DeploymentStrategy) = {
	ENUMD("type", DeploymentStrategyType, "RollingUpdate"), OBJ("rollingUpdate", RollingUpdateDeployment), END
};
static TYPE(DeploymentSpec) = {
	INTD("replicas", "1"), ATOM("selector", LabelSelector), OBJ("template", PodTemplateSpec), OBJD("strategy", DeploymentStrategy),
	INT("minReadySeconds"), INTD("revisionHistoryLimit", "10"), BOOL("paused"), INTD("progressDeadlineSeconds", "600"), END
};
static TYPE(DeploymentCondition) = {
	ENUM("type", DeploymentConditionType), ENUM("status", ConditionStatus), TIME("lastUpdateTime"), TIME("lastTransitionTime"),
	STR("reason"), STR("message"), END
};
static TYPE(DeploymentStatus) = {
	LONG("observedGeneration"), INT("replicas"), INT("updatedReplicas"), INT("readyReplicas"), INT("availableReplicas"),
	INT("unavailableReplicas"), KEYED("conditions", DeploymentCondition, "type"), INT("collisionCount"), END
};
static TYPE(Deployment) = { META, OBJ("spec", DeploymentSpec), OBJ("status", DeploymentStatus), END };

static TYPE(ReplicaSetSpec) = {
	INTD("replicas", "1"), INT("minReadySeconds"), ATOM("selector", LabelSelector), OBJ("template", PodTemplateSpec), END
};
/* All three kinds' conditions have the same fields. */
static TYPE(ReplicaSetCondition) = {
	STR("type"), ENUM("status", ConditionStatus), TIME("lastTransitionTime"), STR("reason"), STR("message"), END
};
static TYPE(ReplicaSetStatus) = {
	INT("replicas"), INT("fullyLabeledReplicas"), INT("readyReplicas"), INT("availableReplicas"), LONG("observedGeneration"),
	KEYED("conditions", ReplicaSetCondition, "type"), END
};
static TYPE(ReplicaSet) = { META, OBJ("spec", ReplicaSetSpec), OBJ("status", ReplicaSetStatus), END };

static TYPE(ReplicationControllerSpec) = {
	INTD("replicas", "1"), INT("minReadySeconds"), ATOMMAP("selector"), OBJ("template", PodTemplateSpec), END
};
static TYPE(ReplicationController) = { META, OBJ("spec", ReplicationControllerSpec), OBJ("status", ReplicaSetStatus), END };

/* ---- DaemonSet ---- */

static TYPE(RollingUpdateDaemonSet) = {
	{ .name = "maxUnavailable", .type = FIELD_INT_OR_STRING, .fallback = "1" },
	{ .name = "maxSurge", .type = FIELD_INT_OR_STRING, .fallback = "0" }, END
};
static TYPE(DaemonSetUpdateStrategy) = {
	ENUMD("type", DaemonSetUpdateStrategyType, "RollingUpdate"), OBJ("rollingUpdate", RollingUpdateDaemonSet), END
};
static TYPE(DaemonSetSpec) = {
	ATOM("selector", LabelSelector), OBJ("template", PodTemplateSpec), OBJD("updateStrategy", DaemonSetUpdateStrategy),
	INT("minReadySeconds"), INTD("revisionHistoryLimit", "10"), END
};
static TYPE(DaemonSetStatus) = {
	INT("currentNumberScheduled"), INT("numberMisscheduled"), INT("desiredNumberScheduled"), INT("numberReady"),
	LONG("observedGeneration"), INT("updatedNumberScheduled"), INT("numberAvailable"), INT("numberUnavailable"),
	INT("collisionCount"), KEYED("conditions", ReplicaSetCondition, "type"), END
};
static TYPE(DaemonSet) = { META, OBJ("spec", DaemonSetSpec), OBJ("status", DaemonSetStatus), END };

/* ---- StatefulSet ---- */

static TYPE(RollingUpdateStatefulSetStrategy) = { INTD("partition", "0"), INT_OR_STR("maxUnavailable"), END };
static TYPE(StatefulSetUpdateStrategy) = {
	ENUMD("type", StatefulSetUpdateStrategyType, "RollingUpdate"), OBJ("rollingUpdate", RollingUpdateStatefulSetStrategy), END
};
static TYPE(StatefulSetPersistentVolumeClaimRetentionPolicy) = {
	ENUMD("whenDeleted", PersistentVolumeClaimRetentionPolicyType, "Retain"),
	ENUMD("whenScaled", PersistentVolumeClaimRetentionPolicyType, "Retain"), END
};
static TYPE(StatefulSetOrdinals) = { INT("start"), END };
static TYPE(StatefulSetSpec) = {
	INTD("replicas", "1"), ATOM("selector", LabelSelector), OBJ("template", PodTemplateSpec),
	LIST("volumeClaimTemplates", PersistentVolumeClaim), STR("serviceName"),
	ENUMD("podManagementPolicy", PodManagementPolicyType, "OrderedReady"), OBJD("updateStrategy", StatefulSetUpdateStrategy),
	INTD("revisionHistoryLimit", "10"), INT("minReadySeconds"),
	OBJD("persistentVolumeClaimRetentionPolicy", StatefulSetPersistentVolumeClaimRetentionPolicy),
	OBJ("ordinals", StatefulSetOrdinals), END
};
static TYPE(StatefulSetStatus) = {
	LONG("observedGeneration"), INT("replicas"), INT("readyReplicas"), INT("currentReplicas"), INT("updatedReplicas"),
	STR("currentRevision"), STR("updateRevision"), INT("collisionCount"), KEYED("conditions", ReplicaSetCondition, "type"),
	INT("availableReplicas"), END
};
static TYPE(StatefulSet) = { META, OBJ("spec", StatefulSetSpec), OBJ("status", StatefulSetStatus), END };

static TYPE(ControllerRevision) = { META, ANY("data"), LONG("revision"), END };

/* ---- Job, CronJob ---- */

static TYPE(PodFailurePolicyOnExitCodesRequirement) = {
	STR("containerName"), ENUM("operator", PodFailurePolicyOnExitCodesOperator),
	{ .name = "values", .type = FIELD_LIST, .element = FIELD_INT }, END
};
static TYPE(PodFailurePolicyOnPodConditionsPattern) = { ENUM("type", PodConditionType), ENUMD("status", ConditionStatus, "True"), END };
static TYPE(PodFailurePolicyRule) = {
	ENUM("action", PodFailurePolicyAction), OBJ("onExitCodes", PodFailurePolicyOnExitCodesRequirement),
	LIST("onPodConditions", PodFailurePolicyOnPodConditionsPattern), END
};
static TYPE(PodFailurePolicy) = { LIST("rules", PodFailurePolicyRule), END };
static TYPE(SuccessPolicyRule) = { STR("succeededIndexes"), INT("succeededCount"), END };
static TYPE(SuccessPolicy) = { LIST("rules", SuccessPolicyRule), END };
static TYPE(JobSpec) = {
	INT("parallelism"), INT("completions"), LONG("activeDeadlineSeconds"), OBJ("podFailurePolicy", PodFailurePolicy),
	OBJ("successPolicy", SuccessPolicy), INT("backoffLimit"), INT("backoffLimitPerIndex"), INT("maxFailedIndexes"),
	ATOM("selector", LabelSelector), BOOL("manualSelector"), OBJ("template", PodTemplateSpec), INT("ttlSecondsAfterFinished"),
	ENUMD("completionMode", CompletionMode, "NonIndexed"), BOOLD("suspend", "false"),
	ENUM("podReplacementPolicy", PodReplacementPolicy), STR("managedBy"), END
};
static TYPE(JobCondition) = {
	ENUM("type", JobConditionType), ENUM("status", ConditionStatus), TIME("lastProbeTime"), TIME("lastTransitionTime"),
	STR("reason"), STR("message"), END
};
static TYPE(UncountedTerminatedPods) = { STRS("succeeded"), STRS("failed"), END };
static TYPE(JobStatus) = {
	KEYED("conditions", JobCondition, "type"), TIME("startTime"), TIME("completionTime"), INT("active"), INT("succeeded"),
	INT("failed"), INT("terminating"), STR("completedIndexes"), STR("failedIndexes"),
	OBJ("uncountedTerminatedPods", UncountedTerminatedPods), INT("ready"), END
};
static TYPE(Job) = { META, OBJ("spec", JobSpec), OBJ("status", JobStatus), END };

static TYPE(JobTemplateSpec) = { OBJ("metadata", ObjectMeta), OBJ("spec", JobSpec), END };
static TYPE(CronJobSpec) = {
	STR("schedule"), STR("timeZone"), LONG("startingDeadlineSeconds"), ENUMD("concurrencyPolicy", ConcurrencyPolicy, "Allow"),
	BOOLD("suspend", "false"), OBJ("jobTemplate", JobTemplateSpec), INTD("successfulJobsHistoryLimit", "3"),
	INTD("failedJobsHistoryLimit", "1"), END
};
static TYPE(ObjectReference) = {
	STR("kind"), STR("namespace"), STR("name"), UID("uid"), STR("apiVersion"), STR("resourceVersion"), STR("fieldPath"), END
};
static TYPE(CronJobStatus) = { LIST("active", ObjectReference), TIME("lastScheduleTime"), TIME("lastSuccessfulTime"), END };
static TYPE(CronJob) = { META, OBJ("spec", CronJobSpec), OBJ("status", CronJobStatus), END };

const struct schema_kind schema_apps_kinds[] = {
	{ "Deployment", type_Deployment },
	{ "ReplicaSet", type_ReplicaSet },
	{ "ReplicationController", type_ReplicationController },
	{ "DaemonSet", type_DaemonSet },
	{ "StatefulSet", type_StatefulSet },
	{ "ControllerRevision", type_ControllerRevision },
	{ "Job", type_Job },
	{ "CronJob", type_CronJob },
	{ NULL, NULL },
};
/* clang-format on */
