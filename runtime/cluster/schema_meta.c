// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_meta.c - the tables of meta/v1 and of the small groups: coordination, policy, autoscaling
 */
#include "cluster/schema_internal.h"

/* clang-format off */
static TYPE(OwnerReference) = {
	STR("apiVersion"), STR("kind"), STR("name"), UID("uid"), BOOL("controller"), BOOL("blockOwnerDeletion"), END
};

static TYPE(ManagedFieldsEntry) = {
	STR("manager"), ENUM("operation", ManagedFieldsOperationType), STR("apiVersion"), TIME("time"), STR("fieldsType"),
	ANY("fieldsV1"), STR("subresource"), END
};

TYPE(ObjectMeta) = {
	STR("name"), STR("generateName"), STR("namespace"), STR("selfLink"), UID("uid"), STR("resourceVersion"), LONG("generation"),
	TIME("creationTimestamp"), TIME("deletionTimestamp"), LONG("deletionGracePeriodSeconds"), STRMAP("labels"),
	STRMAP("annotations"), KEYED("ownerReferences", OwnerReference, "uid"), SET("finalizers"),
	LIST("managedFields", ManagedFieldsEntry), END
};

TYPE(ListMeta) = { STR("selfLink"), STR("resourceVersion"), STR("continue"), LONG("remainingItemCount"), END };

static TYPE(LabelSelectorRequirement) = { STR("key"), ENUM("operator", LabelSelectorOperator), STRS("values"), END };
TYPE(LabelSelector) = { STRMAP("matchLabels"), LIST("matchExpressions", LabelSelectorRequirement), END };

TYPE(Condition) = {
	STR("type"), ENUM("status", ConditionStatus), LONG("observedGeneration"), TIME("lastTransitionTime"), STR("reason"),
	STR("message"), END
};

static TYPE(Preconditions) = { UID("uid"), STR("resourceVersion"), END };
static TYPE(DeleteOptions) = {
	HEAD, LONG("gracePeriodSeconds"), OBJ("preconditions", Preconditions), BOOL("orphanDependents"),
	ENUM("propagationPolicy", DeletionPropagation), STRS("dryRun"), BOOL("ignoreStoreReadErrorWithClusterBreakingPotential"), END
};

/* ---- coordination.k8s.io ---- */

static TYPE(LeaseSpec) = {
	STR("holderIdentity"), INT("leaseDurationSeconds"), TIME("acquireTime"), TIME("renewTime"), INT("leaseTransitions"), END
};
static TYPE(Lease) = { META, OBJ("spec", LeaseSpec), END };

/* ---- policy ---- */

static TYPE(PodDisruptionBudgetSpec) = {
	INT_OR_STR("minAvailable"), ATOM("selector", LabelSelector), INT_OR_STR("maxUnavailable"),
	ENUM("unhealthyPodEvictionPolicy", UnhealthyPodEvictionPolicyType), END
};
static TYPE(PodDisruptionBudgetStatus) = {
	LONG("observedGeneration"), { .name = "disruptedPods", .type = FIELD_MAP, .element = FIELD_TIME }, INT("disruptionsAllowed"),
	INT("currentHealthy"), INT("desiredHealthy"), INT("expectedPods"), KEYED("conditions", Condition, "type"), END
};
static TYPE(PodDisruptionBudget) = { META, OBJ("spec", PodDisruptionBudgetSpec), OBJ("status", PodDisruptionBudgetStatus), END };
static TYPE(Eviction) = { META, OBJ("deleteOptions", DeleteOptions), END };

/* ---- autoscaling ---- */

static TYPE(ScaleSpec) = { INT("replicas"), END };
static TYPE(ScaleStatus) = { INT("replicas"), STR("selector"), END };
static TYPE(Scale) = { META, OBJ("spec", ScaleSpec), OBJ("status", ScaleStatus), END };

static TYPE(CrossVersionObjectReference) = { STR("kind"), STR("name"), STR("apiVersion"), END };
static TYPE(HorizontalPodAutoscalerSpec) = {
	ATOM("scaleTargetRef", CrossVersionObjectReference), INTD("minReplicas", "1"), INT("maxReplicas"),
	INT("targetCPUUtilizationPercentage"), END
};
static TYPE(HorizontalPodAutoscalerStatus) = {
	LONG("observedGeneration"), TIME("lastScaleTime"), INT("currentReplicas"), INT("desiredReplicas"),
	INT("currentCPUUtilizationPercentage"), END
};
static TYPE(HorizontalPodAutoscaler) = {
	META, OBJ("spec", HorizontalPodAutoscalerSpec), OBJ("status", HorizontalPodAutoscalerStatus), END
};

const struct schema_kind schema_meta_kinds[] = {
	{ "DeleteOptions", type_DeleteOptions },
	{ "Lease", type_Lease },
	{ "PodDisruptionBudget", type_PodDisruptionBudget },
	{ "Eviction", type_Eviction },
	{ "Scale", type_Scale },
	{ "HorizontalPodAutoscaler", type_HorizontalPodAutoscaler },
	{ NULL, NULL },
};
/* clang-format on */
