// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema_pod.c - the tables of core/v1's Pod and all that is in it
 */
#include "cluster/schema_internal.h"

/* clang-format off */
static TYPE(LocalObjectReference) = { STR("name"), END };

/* ---- containers ---- */

static TYPE(ContainerPort) = {
	STR("name"), INT("hostPort"), INT("containerPort"), ENUMD("protocol", Protocol, "TCP"), STR("hostIP"), END
};
static TYPE(ConfigMapEnvSource) = { STR("name"), BOOL("optional"), END };
static TYPE(SecretEnvSource) = { STR("name"), BOOL("optional"), END };
static TYPE(EnvFromSource) = {
	STR("prefix"), OBJ("configMapRef", ConfigMapEnvSource), OBJ("secretRef", SecretEnvSource), END
};
static TYPE(ObjectFieldSelector) = { STRD("apiVersion", "v1"), STR("fieldPath"), END };
static TYPE(ResourceFieldSelector) = {
	STR("containerName"), STR("resource"), { .name = "divisor", .type = FIELD_QUANTITY, .fallback = "\"0\"" }, END
};
static TYPE(ConfigMapKeySelector) = { STR("name"), STR("key"), BOOL("optional"), END };
static TYPE(SecretKeySelector) = { STR("name"), STR("key"), BOOL("optional"), END };
static TYPE(EnvVarSource) = {
	ATOM("fieldRef", ObjectFieldSelector), ATOM("resourceFieldRef", ResourceFieldSelector),
	ATOM("configMapKeyRef", ConfigMapKeySelector), ATOM("secretKeyRef", SecretKeySelector), END
};
static TYPE(EnvVar) = { STR("name"), STR("value"), OBJ("valueFrom", EnvVarSource), END };
static TYPE(ResourceClaim) = { STR("name"), END };
static TYPE(ResourceRequirements) = { RESOURCES("limits"), RESOURCES("requests"), KEYED("claims", ResourceClaim, "name"), END };
static TYPE(ContainerResizePolicy) = { ENUM("resourceName", ResourceName), ENUM("restartPolicy", ResourceResizeRestartPolicy), END };
static TYPE(VolumeMount) = {
	STR("name"), BOOL("readOnly"), ENUM("recursiveReadOnly", RecursiveReadOnlyMode), STR("mountPath"), STR("subPath"),
	ENUM("mountPropagation", MountPropagationMode), STR("subPathExpr"), END
};
static TYPE(VolumeDevice) = { STR("name"), STR("devicePath"), END };

static TYPE(ExecAction) = { STRS("command"), END };
static TYPE(HTTPHeader) = { STR("name"), STR("value"), END };
static TYPE(HTTPGetAction) = {
	STRD("path", "/"), INT_OR_STR("port"), STR("host"), ENUMD("scheme", URIScheme, "HTTP"), LIST("httpHeaders", HTTPHeader), END
};
static TYPE(TCPSocketAction) = { INT_OR_STR("port"), STR("host"), END };
static TYPE(GRPCAction) = { INT("port"), STRD("service", ""), END };
static TYPE(SleepAction) = { LONG("seconds"), END };
static TYPE(Probe) = {
	OBJ("exec", ExecAction), OBJ("httpGet", HTTPGetAction), OBJ("tcpSocket", TCPSocketAction), OBJ("grpc", GRPCAction),
	INT("initialDelaySeconds"), INTZ("timeoutSeconds", "1"), INTZ("periodSeconds", "10"), INTZ("successThreshold", "1"),
	INTZ("failureThreshold", "3"), LONG("terminationGracePeriodSeconds"), END
};
static TYPE(LifecycleHandler) = {
	OBJ("exec", ExecAction), OBJ("httpGet", HTTPGetAction), OBJ("tcpSocket", TCPSocketAction), OBJ("sleep", SleepAction), END
};
static TYPE(Lifecycle) = { OBJ("postStart", LifecycleHandler), OBJ("preStop", LifecycleHandler), END };

static TYPE(Capabilities) = { ENUMS("add", Capability), ENUMS("drop", Capability), END };
static TYPE(SELinuxOptions) = { STR("user"), STR("role"), STR("type"), STR("level"), END };
static TYPE(WindowsSecurityContextOptions) = {
	STR("gmsaCredentialSpecName"), STR("gmsaCredentialSpec"), STR("runAsUserName"), BOOL("hostProcess"), END
};
static TYPE(SeccompProfile) = { ENUM("type", SeccompProfileType), STR("localhostProfile"), END };
static TYPE(AppArmorProfile) = { ENUM("type", AppArmorProfileType), STR("localhostProfile"), END };
static TYPE(SecurityContext) = {
	OBJ("capabilities", Capabilities), BOOL("privileged"), OBJ("seLinuxOptions", SELinuxOptions),
	OBJ("windowsOptions", WindowsSecurityContextOptions), LONG("runAsUser"), LONG("runAsGroup"), BOOL("runAsNonRoot"),
	BOOL("readOnlyRootFilesystem"), BOOL("allowPrivilegeEscalation"), ENUM("procMount", ProcMountType),
	OBJ("seccompProfile", SeccompProfile), OBJ("appArmorProfile", AppArmorProfile), END
};

/* imagePullPolicy's default depends on the tag: schema_default.c */
#define CONTAINER_FIELDS \
	STR("name"), STR("image"), STRS("command"), STRS("args"), STR("workingDir"), \
	KEYED2("ports", ContainerPort, "containerPort", "protocol"), LIST("envFrom", EnvFromSource), KEYED("env", EnvVar, "name"), \
	OBJD("resources", ResourceRequirements), LIST("resizePolicy", ContainerResizePolicy), \
	ENUM("restartPolicy", ContainerRestartPolicy), KEYED("volumeMounts", VolumeMount, "mountPath"), \
	KEYED("volumeDevices", VolumeDevice, "devicePath"), OBJ("livenessProbe", Probe), OBJ("readinessProbe", Probe), \
	OBJ("startupProbe", Probe), OBJ("lifecycle", Lifecycle), STRD("terminationMessagePath", "/dev/termination-log"), \
	ENUMD("terminationMessagePolicy", TerminationMessagePolicy, "File"), ENUM("imagePullPolicy", PullPolicy), \
	OBJ("securityContext", SecurityContext), BOOL("stdin"), BOOL("stdinOnce"), BOOL("tty")

static TYPE(Container) = { CONTAINER_FIELDS, END };
/* Go's EphemeralContainer embeds EphemeralContainerCommon. */
static TYPE(EphemeralContainer) = { CONTAINER_FIELDS, STR("targetContainerName"), END };

/* ---- volumes ---- */

static TYPE(HostPathVolumeSource) = { STR("path"), ENUMD("type", HostPathType, ""), END };
static TYPE(EmptyDirVolumeSource) = { ENUM("medium", StorageMedium), QUANTITY("sizeLimit"), END };
static TYPE(GCEPersistentDiskVolumeSource) = { STR("pdName"), STR("fsType"), INT("partition"), BOOL("readOnly"), END };
static TYPE(AWSElasticBlockStoreVolumeSource) = { STR("volumeID"), STR("fsType"), INT("partition"), BOOL("readOnly"), END };
static TYPE(GitRepoVolumeSource) = { STR("repository"), STR("revision"), STR("directory"), END };
static TYPE(KeyToPath) = { STR("key"), STR("path"), INT("mode"), END };
static TYPE(SecretVolumeSource) = {
	STR("secretName"), LIST("items", KeyToPath), INTD("defaultMode", "420"), BOOL("optional"), END
};
static TYPE(NFSVolumeSource) = { STR("server"), STR("path"), BOOL("readOnly"), END };
static TYPE(ISCSIVolumeSource) = {
	STR("targetPortal"), STR("iqn"), INT("lun"), STRD("iscsiInterface", "default"), STR("fsType"), BOOL("readOnly"), STRS("portals"),
	BOOL("chapAuthDiscovery"), BOOL("chapAuthSession"), ATOM("secretRef", LocalObjectReference), STR("initiatorName"), END
};
static TYPE(GlusterfsVolumeSource) = { STR("endpoints"), STR("path"), BOOL("readOnly"), END };
static TYPE(PersistentVolumeClaimVolumeSource) = { STR("claimName"), BOOL("readOnly"), END };
static TYPE(RBDVolumeSource) = {
	STRS("monitors"), STR("image"), STR("fsType"), STRD("pool", "rbd"), STRD("user", "admin"), STRD("keyring", "/etc/ceph/keyring"),
	ATOM("secretRef", LocalObjectReference), BOOL("readOnly"), END
};
static TYPE(FlexVolumeSource) = {
	STR("driver"), STR("fsType"), ATOM("secretRef", LocalObjectReference), BOOL("readOnly"), STRMAP("options"), END
};
static TYPE(CinderVolumeSource) = {
	STR("volumeID"), STR("fsType"), BOOL("readOnly"), ATOM("secretRef", LocalObjectReference), END
};
static TYPE(CephFSVolumeSource) = {
	STRS("monitors"), STR("path"), STR("user"), STR("secretFile"), ATOM("secretRef", LocalObjectReference), BOOL("readOnly"), END
};
static TYPE(FlockerVolumeSource) = { STR("datasetName"), STR("datasetUUID"), END };
static TYPE(DownwardAPIVolumeFile) = {
	STR("path"), ATOM("fieldRef", ObjectFieldSelector), ATOM("resourceFieldRef", ResourceFieldSelector), INT("mode"), END
};
static TYPE(DownwardAPIVolumeSource) = { LIST("items", DownwardAPIVolumeFile), INTD("defaultMode", "420"), END };
static TYPE(FCVolumeSource) = { STRS("targetWWNs"), INT("lun"), STR("fsType"), BOOL("readOnly"), STRS("wwids"), END };
static TYPE(AzureFileVolumeSource) = { STR("secretName"), STR("shareName"), BOOL("readOnly"), END };
static TYPE(ConfigMapVolumeSource) = {
	STR("name"), LIST("items", KeyToPath), INTD("defaultMode", "420"), BOOL("optional"), END
};
static TYPE(VsphereVirtualDiskVolumeSource) = {
	STR("volumePath"), STR("fsType"), STR("storagePolicyName"), STR("storagePolicyID"), END
};
static TYPE(QuobyteVolumeSource) = {
	STR("registry"), STR("volume"), BOOL("readOnly"), STR("user"), STR("group"), STR("tenant"), END
};
static TYPE(AzureDiskVolumeSource) = {
	STR("diskName"), STR("diskURI"), ENUMD("cachingMode", AzureDataDiskCachingMode, "ReadWrite"), STRD("fsType", "ext4"),
	BOOLD("readOnly", "false"), ENUMD("kind", AzureDataDiskKind, "Shared"), END
};
static TYPE(PhotonPersistentDiskVolumeSource) = { STR("pdID"), STR("fsType"), END };
static TYPE(SecretProjection) = { STR("name"), LIST("items", KeyToPath), BOOL("optional"), END };
static TYPE(DownwardAPIProjection) = { LIST("items", DownwardAPIVolumeFile), END };
static TYPE(ConfigMapProjection) = { STR("name"), LIST("items", KeyToPath), BOOL("optional"), END };
static TYPE(ServiceAccountTokenProjection) = { STR("audience"), LONGD("expirationSeconds", "3600"), STR("path"), END };
static TYPE(ClusterTrustBundleProjection) = {
	STR("name"), STR("signerName"), ATOM("labelSelector", LabelSelector), BOOL("optional"), STR("path"), END
};
static TYPE(VolumeProjection) = {
	OBJ("secret", SecretProjection), OBJ("downwardAPI", DownwardAPIProjection), OBJ("configMap", ConfigMapProjection),
	OBJ("serviceAccountToken", ServiceAccountTokenProjection), OBJ("clusterTrustBundle", ClusterTrustBundleProjection), END
};
static TYPE(ProjectedVolumeSource) = { LIST("sources", VolumeProjection), INTD("defaultMode", "420"), END };
static TYPE(PortworxVolumeSource) = { STR("volumeID"), STR("fsType"), BOOL("readOnly"), END };
static TYPE(ScaleIOVolumeSource) = {
	STR("gateway"), STR("system"), ATOM("secretRef", LocalObjectReference), BOOL("sslEnabled"), STR("protectionDomain"),
	STR("storagePool"), STRD("storageMode", "ThinProvisioned"), STR("volumeName"), STRD("fsType", "xfs"), BOOL("readOnly"), END
};
static TYPE(StorageOSVolumeSource) = {
	STR("volumeName"), STR("volumeNamespace"), STR("fsType"), BOOL("readOnly"), ATOM("secretRef", LocalObjectReference), END
};
static TYPE(CSIVolumeSource) = {
	STR("driver"), BOOL("readOnly"), STR("fsType"), STRMAP("volumeAttributes"), ATOM("nodePublishSecretRef", LocalObjectReference), END
};
static TYPE(PersistentVolumeClaimTemplate) = { OBJ("metadata", ObjectMeta), OBJ("spec", PersistentVolumeClaimSpec), END };
static TYPE(EphemeralVolumeSource) = { OBJ("volumeClaimTemplate", PersistentVolumeClaimTemplate), END };
static TYPE(Volume) = {
	STR("name"), OBJ("hostPath", HostPathVolumeSource), OBJ("emptyDir", EmptyDirVolumeSource),
	OBJ("gcePersistentDisk", GCEPersistentDiskVolumeSource), OBJ("awsElasticBlockStore", AWSElasticBlockStoreVolumeSource),
	OBJ("gitRepo", GitRepoVolumeSource), OBJ("secret", SecretVolumeSource), OBJ("nfs", NFSVolumeSource),
	OBJ("iscsi", ISCSIVolumeSource), OBJ("glusterfs", GlusterfsVolumeSource),
	OBJ("persistentVolumeClaim", PersistentVolumeClaimVolumeSource), OBJ("rbd", RBDVolumeSource),
	OBJ("flexVolume", FlexVolumeSource), OBJ("cinder", CinderVolumeSource), OBJ("cephfs", CephFSVolumeSource),
	OBJ("flocker", FlockerVolumeSource), OBJ("downwardAPI", DownwardAPIVolumeSource), OBJ("fc", FCVolumeSource),
	OBJ("azureFile", AzureFileVolumeSource), OBJ("configMap", ConfigMapVolumeSource),
	OBJ("vsphereVolume", VsphereVirtualDiskVolumeSource), OBJ("quobyte", QuobyteVolumeSource),
	OBJ("azureDisk", AzureDiskVolumeSource), OBJ("photonPersistentDisk", PhotonPersistentDiskVolumeSource),
	OBJ("projected", ProjectedVolumeSource), OBJ("portworxVolume", PortworxVolumeSource), OBJ("scaleIO", ScaleIOVolumeSource),
	OBJ("storageos", StorageOSVolumeSource), OBJ("csi", CSIVolumeSource), OBJ("ephemeral", EphemeralVolumeSource), END
};

/* ---- where it may run ---- */

static TYPE(NodeSelectorRequirement) = { STR("key"), ENUM("operator", NodeSelectorOperator), STRS("values"), END };
static TYPE(NodeSelectorTerm) = {
	LIST("matchExpressions", NodeSelectorRequirement), LIST("matchFields", NodeSelectorRequirement), END
};
static TYPE(NodeSelector) = { LIST("nodeSelectorTerms", NodeSelectorTerm), END };
static TYPE(PreferredSchedulingTerm) = { INT("weight"), ATOM("preference", NodeSelectorTerm), END };
static TYPE(NodeAffinity) = {
	ATOM("requiredDuringSchedulingIgnoredDuringExecution", NodeSelector),
	LIST("preferredDuringSchedulingIgnoredDuringExecution", PreferredSchedulingTerm), END
};
static TYPE(PodAffinityTerm) = {
	ATOM("labelSelector", LabelSelector), STRS("namespaces"), STR("topologyKey"), ATOM("namespaceSelector", LabelSelector),
	STRS("matchLabelKeys"), STRS("mismatchLabelKeys"), END
};
static TYPE(WeightedPodAffinityTerm) = { INT("weight"), OBJ("podAffinityTerm", PodAffinityTerm), END };
static TYPE(PodAffinity) = {
	LIST("requiredDuringSchedulingIgnoredDuringExecution", PodAffinityTerm),
	LIST("preferredDuringSchedulingIgnoredDuringExecution", WeightedPodAffinityTerm), END
};
static TYPE(PodAntiAffinity) = {
	LIST("requiredDuringSchedulingIgnoredDuringExecution", PodAffinityTerm),
	LIST("preferredDuringSchedulingIgnoredDuringExecution", WeightedPodAffinityTerm), END
};
static TYPE(Affinity) = {
	OBJ("nodeAffinity", NodeAffinity), OBJ("podAffinity", PodAffinity), OBJ("podAntiAffinity", PodAntiAffinity), END
};
static TYPE(Toleration) = {
	STR("key"), ENUM("operator", TolerationOperator), STR("value"), ENUM("effect", TaintEffect), LONG("tolerationSeconds"), END
};
static TYPE(TopologySpreadConstraint) = {
	INT("maxSkew"), STR("topologyKey"), ENUM("whenUnsatisfiable", UnsatisfiableConstraintAction), ATOM("labelSelector", LabelSelector),
	INT("minDomains"), ENUM("nodeAffinityPolicy", NodeInclusionPolicy), ENUM("nodeTaintsPolicy", NodeInclusionPolicy),
	STRS("matchLabelKeys"), END
};

/* ---- PodSpec ---- */

static TYPE(Sysctl) = { STR("name"), STR("value"), END };
static TYPE(PodSecurityContext) = {
	OBJ("seLinuxOptions", SELinuxOptions), OBJ("windowsOptions", WindowsSecurityContextOptions), LONG("runAsUser"),
	LONG("runAsGroup"), BOOL("runAsNonRoot"), LONGS("supplementalGroups"), LONG("fsGroup"), LIST("sysctls", Sysctl),
	ENUM("fsGroupChangePolicy", PodFSGroupChangePolicy), OBJ("seccompProfile", SeccompProfile),
	OBJ("appArmorProfile", AppArmorProfile), END
};
static TYPE(HostAlias) = { STR("ip"), STRS("hostnames"), END };
static TYPE(PodDNSConfigOption) = { STR("name"), STR("value"), END };
static TYPE(PodDNSConfig) = { STRS("nameservers"), STRS("searches"), LIST("options", PodDNSConfigOption), END };
static TYPE(PodReadinessGate) = { ENUM("conditionType", PodConditionType), END };
static TYPE(PodOS) = { ENUM("name", OSName), END };
static TYPE(PodSchedulingGate) = { STR("name"), END };
static TYPE(ClaimSource) = { STR("resourceClaimName"), STR("resourceClaimTemplateName"), END };
static TYPE(PodResourceClaim) = { STR("name"), OBJ("source", ClaimSource), END };
static TYPE(PodSpec) = {
	KEYED("volumes", Volume, "name"), KEYED("initContainers", Container, "name"), KEYED("containers", Container, "name"),
	KEYED("ephemeralContainers", EphemeralContainer, "name"), ENUMD("restartPolicy", RestartPolicy, "Always"),
	LONGD("terminationGracePeriodSeconds", "30"), LONG("activeDeadlineSeconds"), ENUMD("dnsPolicy", DNSPolicy, "ClusterFirst"),
	ATOMMAP("nodeSelector"), STR("serviceAccountName"), STR("serviceAccount"), BOOL("automountServiceAccountToken"), STR("nodeName"),
	BOOL("hostNetwork"), BOOL("hostPID"), BOOL("hostIPC"), BOOL("shareProcessNamespace"), OBJD("securityContext", PodSecurityContext),
	KEYED("imagePullSecrets", LocalObjectReference, "name"), STR("hostname"), STR("subdomain"), OBJ("affinity", Affinity),
	STRD("schedulerName", "default-scheduler"), LIST("tolerations", Toleration), KEYED("hostAliases", HostAlias, "ip"),
	STR("priorityClassName"), INT("priority"), OBJ("dnsConfig", PodDNSConfig), LIST("readinessGates", PodReadinessGate),
	STR("runtimeClassName"), BOOL("enableServiceLinks"), ENUM("preemptionPolicy", PreemptionPolicy), RESOURCES("overhead"),
	KEYED2("topologySpreadConstraints", TopologySpreadConstraint, "topologyKey", "whenUnsatisfiable"), BOOL("setHostnameAsFQDN"),
	OBJ("os", PodOS), BOOL("hostUsers"), KEYED("schedulingGates", PodSchedulingGate, "name"),
	KEYED("resourceClaims", PodResourceClaim, "name"), END
};

/* ---- PodStatus ---- */

static TYPE(PodCondition) = {
	ENUM("type", PodConditionType), ENUM("status", ConditionStatus), TIME("lastProbeTime"), TIME("lastTransitionTime"),
	STR("reason"), STR("message"), END
};
static TYPE(HostIP) = { STR("ip"), END };
static TYPE(PodIP) = { STR("ip"), END };
static TYPE(ContainerStateWaiting) = { STR("reason"), STR("message"), END };
static TYPE(ContainerStateRunning) = { TIME("startedAt"), END };
static TYPE(ContainerStateTerminated) = {
	INT("exitCode"), INT("signal"), STR("reason"), STR("message"), TIME("startedAt"), TIME("finishedAt"), STR("containerID"), END
};
static TYPE(ContainerState) = {
	OBJ("waiting", ContainerStateWaiting), OBJ("running", ContainerStateRunning), OBJ("terminated", ContainerStateTerminated), END
};
static TYPE(VolumeMountStatus) = {
	STR("name"), STR("mountPath"), BOOL("readOnly"), ENUM("recursiveReadOnly", RecursiveReadOnlyMode), END
};
static TYPE(ContainerStatus) = {
	STR("name"), OBJ("state", ContainerState), OBJ("lastState", ContainerState), BOOL("ready"), INT("restartCount"), STR("image"),
	STR("imageID"), STR("containerID"), BOOL("started"), RESOURCES("allocatedResources"), OBJ("resources", ResourceRequirements),
	KEYED("volumeMounts", VolumeMountStatus, "mountPath"), END
};
static TYPE(PodResourceClaimStatus) = { STR("name"), STR("resourceClaimName"), END };
static TYPE(PodStatus) = {
	ENUM("phase", PodPhase), KEYED("conditions", PodCondition, "type"), STR("message"), STR("reason"), STR("nominatedNodeName"),
	STR("hostIP"), LIST("hostIPs", HostIP), STR("podIP"), KEYED("podIPs", PodIP, "ip"), TIME("startTime"),
	LIST("initContainerStatuses", ContainerStatus), LIST("containerStatuses", ContainerStatus), ENUM("qosClass", PodQOSClass),
	LIST("ephemeralContainerStatuses", ContainerStatus), ENUM("resize", PodResizeStatus),
	KEYED("resourceClaimStatuses", PodResourceClaimStatus, "name"), END
};

TYPE(Pod) = { META, OBJ("spec", PodSpec), OBJ("status", PodStatus), END };
TYPE(PodTemplateSpec) = { OBJ("metadata", ObjectMeta), OBJ("spec", PodSpec), END };
/* clang-format on */
