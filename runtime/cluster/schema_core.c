// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_core.c - the tables of core/v1 but for pods (schema_pod.c)
 */
#include "cluster/schema_internal.h"

/* clang-format off */
static TYPE(LocalObjectReference) = { STR("name"), END };
static TYPE(TypedLocalObjectReference) = { STR("apiGroup"), STR("kind"), STR("name"), END };
static TYPE(TypedObjectReference) = { STR("apiGroup"), STR("kind"), STR("name"), STR("namespace"), END };
static TYPE(ObjectReference) = {
	STR("kind"), STR("namespace"), STR("name"), UID("uid"), STR("apiVersion"), STR("resourceVersion"), STR("fieldPath"), END
};

/* ---- Service, Endpoints ---- */

static TYPE(ServicePort) = {
	STR("name"), ENUMD("protocol", Protocol, "TCP"), STR("appProtocol"), INT("port"), INT_OR_STR("targetPort"), INT("nodePort"), END
};
static TYPE(ClientIPConfig) = { INT("timeoutSeconds"), END };
static TYPE(SessionAffinityConfig) = { OBJ("clientIP", ClientIPConfig), END };
static TYPE(ServiceSpec) = {
	KEYED2("ports", ServicePort, "port", "protocol"), ATOMMAP("selector"), STR("clusterIP"), STRS("clusterIPs"),
	ENUMD("type", ServiceType, "ClusterIP"), STRS("externalIPs"), ENUMD("sessionAffinity", ServiceAffinity, "None"),
	STR("loadBalancerIP"), STRS("loadBalancerSourceRanges"), STR("externalName"),
	ENUM("externalTrafficPolicy", ServiceExternalTrafficPolicy), INT("healthCheckNodePort"), BOOL("publishNotReadyAddresses"),
	OBJ("sessionAffinityConfig", SessionAffinityConfig), ENUMS("ipFamilies", IPFamily), ENUM("ipFamilyPolicy", IPFamilyPolicy),
	BOOL("allocateLoadBalancerNodePorts"), STR("loadBalancerClass"), ENUM("internalTrafficPolicy", ServiceInternalTrafficPolicy),
	STR("trafficDistribution"), END
};
static TYPE(PortStatus) = { INT("port"), ENUM("protocol", Protocol), STR("error"), END };
static TYPE(LoadBalancerIngress) = { STR("ip"), STR("hostname"), STR("ipMode"), LIST("ports", PortStatus), END };
static TYPE(LoadBalancerStatus) = { LIST("ingress", LoadBalancerIngress), END };
static TYPE(ServiceStatus) = { OBJ("loadBalancer", LoadBalancerStatus), KEYED("conditions", Condition, "type"), END };
static TYPE(Service) = { META, OBJ("spec", ServiceSpec), OBJ("status", ServiceStatus), END };

static TYPE(EndpointAddress) = { STR("ip"), STR("hostname"), STR("nodeName"), ATOM("targetRef", ObjectReference), END };
static TYPE(EndpointPort) = { STR("name"), INT("port"), ENUMD("protocol", Protocol, "TCP"), STR("appProtocol"), END };
static TYPE(EndpointSubset) = {
	LIST("addresses", EndpointAddress), LIST("notReadyAddresses", EndpointAddress), LIST("ports", EndpointPort), END
};
static TYPE(Endpoints) = { META, LIST("subsets", EndpointSubset), END };

/* ---- Node ---- */

static TYPE(Taint) = { STR("key"), STR("value"), ENUM("effect", TaintEffect), TIME("timeAdded"), END };
static TYPE(ConfigMapNodeConfigSource) = {
	STR("namespace"), STR("name"), UID("uid"), STR("resourceVersion"), STR("kubeletConfigKey"), END
};
static TYPE(NodeConfigSource) = { OBJ("configMap", ConfigMapNodeConfigSource), END };
static TYPE(NodeSpec) = {
	STR("podCIDR"), SET("podCIDRs"), STR("providerID"), BOOL("unschedulable"), LIST("taints", Taint),
	OBJ("configSource", NodeConfigSource), STR("externalID"), END
};
static TYPE(NodeCondition) = {
	ENUM("type", NodeConditionType), ENUM("status", ConditionStatus), TIME("lastHeartbeatTime"), TIME("lastTransitionTime"),
	STR("reason"), STR("message"), END
};
static TYPE(NodeAddress) = { ENUM("type", NodeAddressType), STR("address"), END };
static TYPE(DaemonEndpoint) = { INT("Port"), END };
static TYPE(NodeDaemonEndpoints) = { OBJ("kubeletEndpoint", DaemonEndpoint), END };
static TYPE(NodeSystemInfo) = {
	STR("machineID"), STR("systemUUID"), STR("bootID"), STR("kernelVersion"), STR("osImage"), STR("containerRuntimeVersion"),
	STR("kubeletVersion"), STR("kubeProxyVersion"), STR("operatingSystem"), STR("architecture"), END
};
static TYPE(ContainerImage) = { STRS("names"), LONG("sizeBytes"), END };
static TYPE(AttachedVolume) = { STR("name"), STR("devicePath"), END };
static TYPE(NodeConfigStatus) = {
	OBJ("assigned", NodeConfigSource), OBJ("active", NodeConfigSource), OBJ("lastKnownGood", NodeConfigSource), STR("error"), END
};
static TYPE(NodeRuntimeHandlerFeatures) = { BOOL("recursiveReadOnlyMounts"), END };
static TYPE(NodeRuntimeHandler) = { STR("name"), OBJ("features", NodeRuntimeHandlerFeatures), END };
static TYPE(NodeStatus) = {
	RESOURCES("capacity"), RESOURCES("allocatable"), ENUM("phase", NodePhase), KEYED("conditions", NodeCondition, "type"),
	KEYED("addresses", NodeAddress, "type"), OBJ("daemonEndpoints", NodeDaemonEndpoints), OBJ("nodeInfo", NodeSystemInfo),
	LIST("images", ContainerImage), STRS("volumesInUse"), LIST("volumesAttached", AttachedVolume), OBJ("config", NodeConfigStatus),
	LIST("runtimeHandlers", NodeRuntimeHandler), END
};
static TYPE(Node) = { META, OBJ("spec", NodeSpec), OBJ("status", NodeStatus), END };

/* ---- Namespace, ConfigMap, Secret, ServiceAccount, Binding ---- */

static TYPE(NamespaceSpec) = { ENUMS("finalizers", FinalizerName), END };
static TYPE(NamespaceCondition) = {
	ENUM("type", NamespaceConditionType), ENUM("status", ConditionStatus), TIME("lastTransitionTime"), STR("reason"), STR("message"), END
};
static TYPE(NamespaceStatus) = { ENUM("phase", NamespacePhase), KEYED("conditions", NamespaceCondition, "type"), END };
static TYPE(Namespace) = { META, OBJ("spec", NamespaceSpec), OBJ("status", NamespaceStatus), END };

static TYPE(ConfigMap) = { META, BOOL("immutable"), STRMAP("data"), BYTESMAP("binaryData"), END };
static TYPE(Secret) = {
	META, BOOL("immutable"), BYTESMAP("data"), STRMAP("stringData"), ENUMD("type", SecretType, "Opaque"), END
};
static TYPE(ServiceAccount) = {
	META, KEYED("secrets", ObjectReference, "name"), LIST("imagePullSecrets", LocalObjectReference),
	BOOL("automountServiceAccountToken"), END
};
static TYPE(Binding) = { META, OBJ("target", ObjectReference), END };

/* ---- Event ---- */

static TYPE(EventSource) = { STR("component"), STR("host"), END };
static TYPE(EventSeries) = { INT("count"), TIME("lastObservedTime"), END };
static TYPE(Event) = {
	META, OBJ("involvedObject", ObjectReference), STR("reason"), STR("message"), OBJ("source", EventSource), TIME("firstTimestamp"),
	TIME("lastTimestamp"), INT("count"), STR("type"), TIME("eventTime"), OBJ("series", EventSeries), STR("action"),
	OBJ("related", ObjectReference), STR("reportingComponent"), STR("reportingInstance"), END
};

/* ---- PersistentVolumeClaim ---- */

static TYPE(VolumeResourceRequirements) = { RESOURCES("limits"), RESOURCES("requests"), END };
TYPE(PersistentVolumeClaimSpec) = {
	ENUMS("accessModes", PersistentVolumeAccessMode), ATOM("selector", LabelSelector), OBJ("resources", VolumeResourceRequirements),
	STR("volumeName"), STR("storageClassName"), ENUMD("volumeMode", PersistentVolumeMode, "Filesystem"),
	ATOM("dataSource", TypedLocalObjectReference), OBJ("dataSourceRef", TypedObjectReference), STR("volumeAttributesClassName"), END
};
static TYPE(PersistentVolumeClaimCondition) = {
	ENUM("type", PersistentVolumeClaimConditionType), ENUM("status", ConditionStatus), TIME("lastProbeTime"),
	TIME("lastTransitionTime"), STR("reason"), STR("message"), END
};
static TYPE(ModifyVolumeStatus) = { STR("targetVolumeAttributesClassName"), STR("status"), END };
static TYPE(PersistentVolumeClaimStatus) = {
	ENUM("phase", PersistentVolumeClaimPhase), ENUMS("accessModes", PersistentVolumeAccessMode), RESOURCES("capacity"),
	KEYED("conditions", PersistentVolumeClaimCondition, "type"), RESOURCES("allocatedResources"),
	STRMAP("allocatedResourceStatuses"), STR("currentVolumeAttributesClassName"), OBJ("modifyVolumeStatus", ModifyVolumeStatus), END
};
TYPE(PersistentVolumeClaim) = {
	META, OBJ("spec", PersistentVolumeClaimSpec), OBJ("status", PersistentVolumeClaimStatus), END
};

const struct schema_kind schema_core_kinds[] = {
	{ "Pod", type_Pod },
	{ "Node", type_Node },
	{ "Namespace", type_Namespace },
	{ "Event", type_Event },
	{ "ConfigMap", type_ConfigMap },
	{ "Secret", type_Secret },
	{ "ServiceAccount", type_ServiceAccount },
	{ "Service", type_Service },
	{ "Endpoints", type_Endpoints },
	{ "PersistentVolumeClaim", type_PersistentVolumeClaim },
	{ "Binding", type_Binding },
	{ NULL, NULL },
};
/* clang-format on */
