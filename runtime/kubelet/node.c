// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * node.c - the Node object: what this machine has, and whether pods can be connected
 */
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include "kubelet/cni.h"
#include "kubelet/kubelet.h"

#define NO_NETWORK                                                                                                    \
	"container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin " \
	"returns error: cni plugin not initialized"

/* ---- what the machine has ---- */

/* The value of a line "KEY=value" or "KEY:  value" of a file, without quotes; "" when there is none. */
static void file_value(const char *path, const char *key, char *buf, size_t size)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	const size_t n = strlen(key);
	char line[256];

	buf[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		const char *v = line + n;

		if (strncmp(line, key, n) != 0)
			continue;
		v += strspn(v, " \t\"");
		(void)snprintf(buf, size, "%.*s", (int)strcspn(v, "\"\n"), v);
		return;
	}
}

/* Each node is a machine of its own, the same one each time: 32 hex digits (FNV-1a of its name, twice). */
static void machine_id(const char *hostname, char buf[33])
{
	uint64_t h = 0xcbf29ce484222325, first;

	for (const char *c = hostname; *c; c++)
		h = (h ^ (unsigned char)*c) * 0x100000001b3;
	first = h;
	for (const char *c = hostname; *c; c++)
		h = (h ^ (unsigned char)*c) * 0x100000001b3;
	(void)snprintf(buf, 33, "%016llx%016llx", (unsigned long long)first, (unsigned long long)h);
}

static json_t *machine(const struct kubelet *k)
{
	static const struct {
		const char *uname, *go;
	} archs[] = { { "x86_64", "amd64" }, { "aarch64", "arm64" }, { "armv7l", "arm" }, { "i686", "386" } };
	char os[128], id[33], boot_id[64];
	const char *arch, *version = json_text(k->cluster, "version", NULL);
	struct utsname u = { 0 };

	(void)uname(&u);
	arch = u.machine;
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (strcmp(u.machine, archs[i].uname) == 0)
			arch = archs[i].go;
	file_value("/etc/os-release", "PRETTY_NAME=", os, sizeof(os));
	machine_id(kubelet_hostname(k), id);
	file_value("/proc/sys/kernel/random/boot_id", "", boot_id, sizeof(boot_id));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "machineID", id, "systemUUID", id,
			 "bootID", boot_id, "kernelVersion", u.release, "osImage", *os ? os : "Linux",
			 "containerRuntimeVersion", "netemu://" NETEMU_VERSION, "kubeletVersion", version,
			 "kubeProxyVersion", version, "operatingSystem", "linux", "architecture", arch);
}

static json_t *kibibytes(unsigned long long n)
{
	return json_sprintf("%lluKi", n);
}

static json_t *capacity(void)
{
	struct statvfs fs = { 0 };
	char memory[64];

	file_value("/proc/meminfo", "MemTotal:", memory, sizeof(memory));
	(void)statvfs("/", &fs);
	return json_pack("{s:o, s:o, s:o, s:s, s:s, s:s}", "cpu", json_sprintf("%ld", sysconf(_SC_NPROCESSORS_ONLN)),
			 "memory", kibibytes(strtoull(memory, NULL, 10)), "ephemeral-storage",
			 kibibytes((unsigned long long)fs.f_blocks * fs.f_frsize / 1024), "hugepages-1Gi", "0",
			 "hugepages-2Mi", "0", "pods", "110");
}

static json_t *addresses(const struct kubelet *k)
{
	json_t *list = json_array(), *a;
	size_t i;

	json_array_foreach (kubelet_host_ips(k), i, a)
		(void)json_array_append_new(list, json_pack("{s:s, s:O}", "type", "InternalIP", "address", a));
	(void)json_array_append_new(list, json_pack("{s:s, s:s}", "type", "Hostname", "address", kubelet_hostname(k)));
	return list;
}

/* ---- conditions ---- */

static void condition_add(const struct kubelet *k, json_t *list, const char *type, bool yes, const char *reason,
			  const char *message)
{
	const char *status = yes ? "True" : "False";
	const json_t *before = kube_condition(k->node, type);
	char now[KUBE_TIME_LEN];
	const char *since;

	(void)kube_time(time(NULL), now);
	since = strcmp(json_text(before, "status", NULL), status) == 0 ? json_text(before, "lastTransitionTime", NULL)
								       : "";
	(void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", type, "status", status,
						    "lastHeartbeatTime", now, "lastTransitionTime",
						    *since ? since : now, "reason", reason, "message", message));
}

static void condition_ready(const struct kubelet *k, json_t *list)
{
	char text[1024];

	if (cni_ready(k->cni)) {
		condition_add(k, list, "Ready", true, "KubeletReady", "kubelet is posting ready status");
	} else if (k->cni_failed) {
		(void)snprintf(text, sizeof(text), "container runtime network not ready: %s", k->cni_error.msg);
		condition_add(k, list, "Ready", false, "KubeletNotReady", text);
	} else {
		condition_add(k, list, "Ready", false, "KubeletNotReady", NO_NETWORK);
	}
}

static json_t *conditions(const struct kubelet *k)
{
	json_t *list = json_array();

	condition_add(k, list, "MemoryPressure", false, "KubeletHasSufficientMemory",
		      "kubelet has sufficient memory available");
	condition_add(k, list, "DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure");
	condition_add(k, list, "PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available");
	condition_ready(k, list);
	return list;
}

/* ---- the object ---- */

json_t *node_status(const struct kubelet *k)
{
	return json_pack("{s:o}", "conditions", conditions(k));
}

static json_t *metadata(const struct kubelet *k)
{
	json_t *labels = json_object_get(k->entry, "labels");

	return json_pack("{s:s, s:o, s:{s:s, s:s}}", "name", kubelet_hostname(k), "labels",
			 labels ? json_incref(labels) : json_object(), "annotations", "node.alpha.kubernetes.io/ttl",
			 "0", "volumes.kubernetes.io/controller-managed-attach-detach", "true");
}

static json_t *spec(const struct kubelet *k)
{
	json_t *s = json_object(), *taints = json_object_get(k->entry, "taints"),
	       *cidrs = json_object_get(k->entry, "podCIDRs");
	const char *provider = json_text(k->entry, "providerID", NULL);

	if (json_array_size(cidrs)) {
		(void)json_object_set(s, "podCIDR", json_array_get(cidrs, 0));
		(void)json_object_set(s, "podCIDRs", cidrs);
	}
	if (*provider)
		(void)json_object_set_new(s, "providerID", json_string(provider));
	if (json_array_size(taints))
		(void)json_object_set(s, "taints", taints);
	return s;
}

json_t *node_object(const struct kubelet *k)
{
	json_t *status = node_status(k), *has = capacity();

	(void)json_object_set_new(status, "addresses", addresses(k));
	(void)json_object_set(status, "capacity", has);
	(void)json_object_set_new(status, "allocatable", has);
	(void)json_object_set_new(status, "daemonEndpoints", json_pack("{s:{s:i}}", "kubeletEndpoint", "Port", 10250));
	(void)json_object_set_new(status, "nodeInfo", machine(k));
	(void)json_object_set_new(status, "images", json_array());
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "apiVersion", "v1", "kind", "Node", "metadata", metadata(k),
			 "spec", spec(k), "status", status);
}
