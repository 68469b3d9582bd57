// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Theory of Operation
 *
 * Kind renders one file of five documents for each node and patches it: the cluster's merge patches, the cluster's
 * JSON patches, then the node's own of both kinds. kubeadm init reads InitConfiguration on the first control plane,
 * kubeadm join reads JoinConfiguration on all others; the rest of the file is inert there. Only what is left in
 * nodeRegistration after all of that says what the node is: its addresses, labels and taints.
 *
 * Arguments (kubeletExtraArgs and the like) are a map until v1beta3 and a list of {name, value} in v1beta4, which Kind
 * merges by name. Here they are maps all the time, but while a JSON patch works on a v1beta4 document.
 */
#include "cluster/kubeadm.h"

#include <string.h>

#include "cluster/jsonpatch.h"
#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "cluster/podcidr.h"

enum document { DOC_CLUSTER, DOC_INIT, DOC_JOIN, DOC_KUBELET, DOC_PROXY, _DOC_MAX };

static const char *const kinds[] = {
	[DOC_CLUSTER] = "ClusterConfiguration",	  [DOC_INIT] = "InitConfiguration",	[DOC_JOIN] = "JoinConfiguration",
	[DOC_KUBELET] = "KubeletConfiguration",	  [DOC_PROXY] = "KubeProxyConfiguration",
};
static_assert(ARRAY_SIZE(kinds) == _DOC_MAX, "one a document");

/* ---- versions ---- */

const char *kubeadm_version(struct arena *a, const char *image)
{
	const char *name = strrchr(image, '/'), *tag;
	unsigned major, minor;

	tag = strchr(name ? name : image, ':');
	if (!tag || sscanf(tag, ":v%u.%u", &major, &minor) != 2)
		return NULL;
	return arena_strndup(a, tag + 1, strcspn(tag + 1, "@"));
}

static unsigned version_minor(const char *version)
{
	unsigned major = 1, minor = 27;

	if (version)
		(void)sscanf(version, "v%u.%u", &major, &minor);
	return minor;
}

/* The API version of kubeadm that Kind renders for a version of Kubernetes. */
static const char *api_version(unsigned minor)
{
	return minor < 23 ? "kubeadm.k8s.io/v1beta2" : minor < 36 ? "kubeadm.k8s.io/v1beta3" : "kubeadm.k8s.io/v1beta4";
}

static bool has_lists(const char *api)
{
	return strcmp(api, "kubeadm.k8s.io/v1beta4") == 0;
}

/* ---- rendering ---- */

static json_t *render_registration(const struct lab *lab, const struct node *n)
{
	_cleanup_strbuf_ struct strbuf labels = { 0 }, provider = { 0 };

	for (size_t i = 0; i < n->n_labels; i++)
		strbuf_printf(&labels, "%s%s=%s", i ? "," : "", n->labels[i].key, n->labels[i].value);
	strbuf_printf(&provider, "kind://netemu/%s/%s", lab->name, n->hostname);
	/* The container's address is not known yet: "" stands for it. */
	return json_pack("{s:s, s:{s:s, s:s, s:s}}", "criSocket", "unix:///run/containerd/containerd.sock", "kubeletExtraArgs",
			 "node-ip", "", "provider-id", strbuf_str(&provider), "node-labels", strbuf_str(&labels));
}

static json_t *render_cluster(const struct lab *lab, const struct node *n, const char *api)
{
	const char *any = strcmp(lab->ip_family, "ipv6") == 0 ? "::" : NULL;

	return json_pack("{s:s, s:s, s:{s:s}, s:s, s:s, s:{s:[s, s]}, s:{s:{s:s, s:s*}}, s:{s:{s:s*}}, s:{s:s, s:s}}",
			 "apiVersion", api, "kind", kinds[DOC_CLUSTER], "metadata", "name", "config", "kubernetesVersion",
			 n->kube_version, "clusterName", lab->name, "apiServer", "certSANs", "localhost", lab->api_address,
			 "controllerManager", "extraArgs", "enable-hostpath-provisioner", "true", "bind-address", any, "scheduler",
			 "extraArgs", "bind-address", any, "networking", "podSubnet", lab->pod_subnet, "serviceSubnet",
			 lab->service_subnet);
}

json_t *kubeadm_render(const struct lab *lab, size_t node)
{
	const struct node *n = &lab->nodes[node];
	const char *api = api_version(version_minor(n->kube_version));

	return json_pack("[o, {s:s, s:s, s:{s:s}, s:o}, {s:s, s:s, s:{s:s}, s:o}, {s:s, s:s, s:{s:s}, s:i, s:b}, {s:s, s:s, s:{s:s}, s:s}]",
			 render_cluster(lab, n, api),
			 "apiVersion", api, "kind", kinds[DOC_INIT], "metadata", "name", "config", "nodeRegistration",
			 render_registration(lab, n),
			 "apiVersion", api, "kind", kinds[DOC_JOIN], "metadata", "name", "config", "nodeRegistration",
			 render_registration(lab, n),
			 "apiVersion", "kubelet.config.k8s.io/v1beta1", "kind", kinds[DOC_KUBELET], "metadata", "name", "config",
			 "imageGCHighThresholdPercent", 100, "failSwapOn", false,
			 "apiVersion", "kubeproxy.config.k8s.io/v1alpha1", "kind", kinds[DOC_PROXY], "metadata", "name", "config",
			 "mode", lab->kube_proxy_mode);
}

/* ---- arguments: a map, or a list of {name, value} ---- */

static const char *const args_paths[][3] = {
	{ "nodeRegistration", "kubeletExtraArgs" }, { "apiServer", "extraArgs" },     { "controllerManager", "extraArgs" },
	{ "scheduler", "extraArgs" },		    { "etcd", "local", "extraArgs" },
};

static json_t *args_to_map(const json_t *list)
{
	json_t *map = json_object(), *item;
	size_t i;

	json_array_foreach(list, i, item) {
		json_t *value = json_object_get(item, "value");

		(void)json_object_set_new(map, json_text(item, "name", NULL), value ? json_incref(value) : json_null());
	}
	return map;
}

static json_t *args_to_list(const json_t *map)
{
	json_t *list = json_array(), *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)map, key, value)
		(void)json_array_append_new(list, json_pack("{s:s, s:O}", "name", key, "value", value));
	return list;
}

/* Turns all arguments of a document into one form or the other. */
static void args_convert(json_t *doc, bool to_list)
{
	for (size_t i = 0; i < ARRAY_SIZE(args_paths); i++) {
		const char *const *path = args_paths[i];
		json_t *parent = json_object_get(doc, path[0]);
		const char *last = path[2] ? path[2] : path[1];
		json_t *args;

		if (path[2])
			parent = json_object_get(parent, path[1]);
		args = json_object_get(parent, last);
		if (to_list && json_is_object(args))
			(void)json_object_set_new(parent, last, args_to_list(args));
		else if (!to_list && json_is_array(args))
			(void)json_object_set_new(parent, last, args_to_map(args));
	}
}

/* ---- patches, read once ---- */

/* One document of a merge patch, or one list of JSON patch operations. */
struct change {
	json_t *body;
	const char *api, *kind; /* of the documents that it is for; api "" = any */
	struct pos pos;
	bool json6902;
};

struct changes {
	struct change *items;
	size_t n;
};

char *kubeadm_next_document(char **rest)
{
	while (*rest) {
		char *doc = *rest, *end = strstr(doc, "\n---");

		*rest = NULL;
		if (end) {
			*end = '\0';
			*rest = end + 1 + strcspn(end + 1, "\n");
		}
		if (doc[strspn(doc, " \t\r\n-")])
			return doc;
	}
	return NULL;
}

static void change_add(struct loader *l, const struct kubeadm_patch *p, const char *text, struct changes *ret)
{
	struct error e = { 0 };
	_cleanup_json_ json_t *body = yaml_to_json(text, strlen(text), &e);
	struct change *c;

	if (!body || (p->json6902 ? !json_is_array(body) : !json_is_object(body))) {
		diag_error(l->d, p->pos, NULL, "the patch is %s%s%s", p->json6902 ? "no list of operations" : "no map",
			   e.code ? ": " : "", e.msg);
		return;
	}
	c = ARENA_PUSH(&l->scratch, ret->items, ret->n);
	c->pos = p->pos;
	c->json6902 = p->json6902;
	c->kind = arena_strdup(&l->scratch, p->json6902 ? p->kind : json_text(body, "kind", NULL));
	c->api = !p->json6902 ? arena_strdup(&l->scratch, json_text(body, "apiVersion", NULL)) :
		 *p->group    ? arena_printf(&l->scratch, "%s/%s", p->group, p->version) :
				p->version;
	c->body = TAKE_PTR(body);
}

static struct changes changes_read(struct loader *l, const struct kubeadm_patches *patches)
{
	struct changes ret = { 0 };

	for (size_t i = 0; i < patches->n; i++) {
		const struct kubeadm_patch *p = &patches->items[i];
		char *rest = arena_strdup(&l->scratch, p->text), *doc;

		if (p->json6902)
			change_add(l, p, p->text, &ret);
		while (!p->json6902 && (doc = kubeadm_next_document(&rest)))
			change_add(l, p, doc, &ret);
	}
	return ret;
}

static void changes_done(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++)
		json_decref(c->items[i].body);
}

/* ---- patches, applied ---- */

/* The documents of one node on their way. */
struct config {
	struct loader *l;
	const struct node *node;
	json_t *docs; /* array, by enum document */
	bool lists; /* v1beta4 */
	bool first; /* the control plane that kubeadm init runs on */
	struct pos pos[_DOC_MAX]; /* of the last patch that changed a document, else of the node */
};

/* Return: the document that a patch is for, or -1. */
static int doc_find(const struct config *c, const char *api, const char *kind)
{
	for (int i = 0; i < _DOC_MAX; i++) {
		const json_t *doc = json_array_get(c->docs, (size_t)i);

		if (strcmp(kinds[i], kind) == 0 && (!*api || strcmp(json_text(doc, "apiVersion", NULL), api) == 0))
			return i;
	}
	return -1;
}

static void warn_unused(const struct config *c, const struct change *p)
{
	for (size_t i = 0; i < _DOC_MAX; i++) {
		if (strcmp(p->kind, kinds[i]) != 0)
			continue;
		diag_warning(c->l->d, p->pos, "leave out apiVersion, or write that one",
			     "the patch is for %s of %s, but that of node '%s' is %s: it has no effect", p->kind, p->api,
			     c->node->name, json_text(json_array_get(c->docs, i), "apiVersion", NULL));
		return;
	}
	if (*p->kind)
		diag_warning(c->l->d, p->pos, suggest_of(c->l, p->kind, kinds, ARRAY_SIZE(kinds)),
			     "kubeadm has no document '%s' here: the patch has no effect", p->kind);
	else
		diag_warning(c->l->d, p->pos, "write for example: kind: InitConfiguration",
			     "the patch has no 'kind': it has no effect");
}

/* A node's own patch to the document that kubeadm does not read there. */
static void warn_inert(const struct config *c, const struct change *p, int doc)
{
	if (doc == (c->first ? DOC_JOIN : DOC_INIT))
		diag_warning(c->l->d, p->pos, NULL, "%s has no effect on node '%s': there, %s counts", kinds[doc], c->node->name,
			     c->first ? kinds[DOC_INIT] : kinds[DOC_JOIN]);
}

static json_t *changed_merge(const struct config *c, const struct change *p, const json_t *doc)
{
	_cleanup_json_ json_t *patch = json_deep_copy(p->body);

	if (c->lists)
		args_convert(patch, false);
	return json_merge_patch(doc, patch);
}

static json_t *changed_json6902(const struct config *c, const struct change *p, const json_t *doc)
{
	_cleanup_json_ json_t *before = json_deep_copy(doc);
	struct error e = { 0 };
	json_t *after = NULL;

	if (c->lists)
		args_convert(before, true);
	if (json_patch_apply(before, p->body, &after, &e) < 0) {
		diag_error(c->l->d, p->pos, NULL, "the patch does not apply to %s of node '%s': %s", p->kind, c->node->name, e.msg);
		return NULL;
	}
	if (c->lists)
		args_convert(after, false);
	return after;
}

/* @own: the node's own patches, not the cluster's */
static void patch_all(struct config *c, const struct changes *changes, bool own)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *p = &changes->items[i];
		const int at = doc_find(c, p->api, p->kind);
		json_t *doc = json_array_get(c->docs, (size_t)at);

		if (at < 0 && (own || c->first))
			warn_unused(c, p);
		if (at < 0)
			continue;
		if (own)
			warn_inert(c, p, at);
		doc = p->json6902 ? changed_json6902(c, p, doc) : changed_merge(c, p, doc);
		if (!doc)
			continue;
		(void)json_array_set_new(c->docs, (size_t)at, doc);
		c->pos[at] = p->pos;
	}
}

/* ---- labels ---- */

static void kv_set(struct arena *a, struct node *n, const char *key, const char *value)
{
	for (size_t i = 0; i < n->n_kube_labels; i++) {
		if (strcmp(n->kube_labels[i].key, key) == 0) {
			n->kube_labels[i].value = arena_strdup(a, value);
			return;
		}
	}
	*ARENA_PUSH(a, n->kube_labels, n->n_kube_labels) = (struct kv){ arena_strdup(a, key), arena_strdup(a, value) };
}

#if defined(__x86_64__)
#define GO_ARCH "amd64"
#elif defined(__aarch64__)
#define GO_ARCH "arm64"
#elif defined(__i386__)
#define GO_ARCH "386"
#elif defined(__arm__)
#define GO_ARCH "arm"
#elif defined(__riscv)
#define GO_ARCH "riscv64"
#elif defined(__powerpc64__)
#define GO_ARCH "ppc64le"
#elif defined(__s390x__)
#define GO_ARCH "s390x"
#else
#define GO_ARCH "unknown"
#endif

static void labels_automatic(struct arena *a, struct node *n)
{
	kv_set(a, n, "beta.kubernetes.io/arch", GO_ARCH);
	kv_set(a, n, "beta.kubernetes.io/os", "linux");
	kv_set(a, n, "kubernetes.io/arch", GO_ARCH);
	kv_set(a, n, "kubernetes.io/hostname", n->hostname);
	kv_set(a, n, "kubernetes.io/os", "linux");
}

static bool ends_in_domain(const char *ns, size_t len, const char *domain)
{
	const size_t n = strlen(domain);

	return len >= n && strncmp(ns + len - n, domain, n) == 0 && (len == n || ns[len - n - 1] == '.');
}

/* Labels of Kubernetes' own domains that a kubelet may give itself (kubelet's ValidateKubeletLabels). */
static bool label_allowed(const char *key)
{
	static const char *const known[] = {
		"kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch",
		"topology.kubernetes.io/zone", "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone",
		"failure-domain.beta.kubernetes.io/region", "node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type",
	};
	const char *slash = strchr(key, '/');
	const size_t len = slash ? (size_t)(slash - key) : 0;

	if (!ends_in_domain(key, len, "kubernetes.io") && !ends_in_domain(key, len, "k8s.io"))
		return true;
	if (ends_in_domain(key, len, "kubelet.kubernetes.io") || ends_in_domain(key, len, "node.kubernetes.io"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(key, known[i]) == 0)
			return true;
	return false;
}

/* Letters, digits, '-', '_' and '.', beginning and ending in a letter or digit, at most 63 bytes. */
static bool is_label_word(const char *s, size_t n)
{
	static const char *const alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

	return n <= 63 && strspn(s, alnum) >= n && (n == 0 || (!strchr("-_.", s[0]) && !strchr("-_.", s[n - 1])));
}

static bool is_label_key(const char *s)
{
	const char *slash = strrchr(s, '/'), *name = slash ? slash + 1 : s;
	const size_t prefix = slash ? (size_t)(slash - s) : 0;

	if (!*name || !is_label_word(name, strlen(name)))
		return false;
	return !slash || (prefix && prefix <= 253 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") == prefix);
}

static void label_add(const struct config *c, struct node *n, char *pair, struct pos pos)
{
	char *value = strchr(pair, '=');

	if (!value) {
		diag_error(c->l->d, pos, NULL, "node-labels of node '%s': '%s' is not KEY=VALUE", n->name, pair);
		return;
	}
	*value++ = '\0';
	if (!is_label_key(pair) || !is_label_word(value, strlen(value)))
		diag_error(c->l->d, pos, NULL, "node-labels of node '%s': '%s=%s' is not a valid label", n->name, pair, value);
	else if (!label_allowed(pair))
		diag_error(c->l->d, pos, "labels of kubernetes.io are Kubernetes' own, besides node.kubernetes.io/...",
			   "node-labels of node '%s': a kubelet refuses to start with the label '%s'", n->name, pair);
	else
		kv_set(c->l->a, n, pair, value);
}

static void labels_read(const struct config *c, struct node *n, const char *text, struct pos pos)
{
	char *rest = arena_strdup(&c->l->scratch, text), *one;

	labels_automatic(c->l->a, n);
	while ((one = strsep(&rest, ",")))
		if (*one)
			label_add(c, n, one, pos);
}

/* ---- taints ---- */

static const char *const effects[] = { "NoSchedule", "PreferNoSchedule", "NoExecute" };

static void taint_add(const struct config *c, struct node *n, const struct taint *t, struct pos pos)
{
	bool ok = false;

	for (size_t i = 0; i < ARRAY_SIZE(effects); i++)
		ok = ok || strcmp(t->effect, effects[i]) == 0;
	if (!ok || !is_label_key(t->key) || !is_label_word(t->value, strlen(t->value))) {
		diag_error(c->l->d, pos, "a taint is KEY=VALUE:EFFECT with NoSchedule, PreferNoSchedule or NoExecute",
			   "node '%s': '%s=%s:%s' is not a valid taint", n->name, t->key, t->value, t->effect);
		return;
	}
	for (size_t i = 0; i < n->n_taints; i++)
		if (strcmp(n->taints[i].key, t->key) == 0 && strcmp(n->taints[i].effect, t->effect) == 0)
			return;
	*ARENA_PUSH(c->l->a, n->taints, n->n_taints) = (struct taint){
		arena_strdup(c->l->a, t->key),
		arena_strdup(c->l->a, t->value),
		arena_strdup(c->l->a, t->effect),
	};
}

/* register-with-taints: "key=value:effect,key:effect" */
static void taints_read_text(const struct config *c, struct node *n, const char *text, struct pos pos)
{
	char *rest = arena_strdup(&c->l->scratch, text), *one;

	while ((one = strsep(&rest, ","))) {
		char *effect = strrchr(one, ':'), *value;

		if (!*one)
			continue;
		if (effect)
			*effect++ = '\0';
		value = strchr(one, '=');
		if (value)
			*value++ = '\0';
		taint_add(c, n, &(struct taint){ one, value ? value : "", effect ? effect : "" }, pos);
	}
}

static void taints_read_list(const struct config *c, struct node *n, const json_t *list, struct pos pos)
{
	json_t *t;
	size_t i;

	json_array_foreach(list, i, t)
		taint_add(c, n,
			  &(struct taint){ json_text(t, "key", NULL), json_text(t, "value", NULL), json_text(t, "effect", NULL) }, pos);
}

/* What kubeadm marks a control plane with; Kind takes it away again from the only node of a cluster. */
static void mark_control_plane(const struct config *c, struct node *n, bool own_taints, bool alone)
{
	static const char *const role = "node-role.kubernetes.io/control-plane", *const old = "node-role.kubernetes.io/master";
	const unsigned minor = version_minor(n->kube_version);

	if (minor >= 20)
		kv_set(c->l->a, n, role, "");
	if (minor < 24)
		kv_set(c->l->a, n, old, "");
	if (minor >= 21 && !alone)
		kv_set(c->l->a, n, "node.kubernetes.io/exclude-from-external-load-balancers", "");
	if (own_taints || alone)
		return;
	if (minor >= 24)
		taint_add(c, n, &(struct taint){ role, "", "NoSchedule" }, c->pos[DOC_INIT]);
	if (minor < 25)
		taint_add(c, n, &(struct taint){ old, "", "NoSchedule" }, c->pos[DOC_INIT]);
}

/* ---- what became of a node ---- */

static void ips_read(const struct config *c, struct node *n, const char *text, struct pos pos)
{
	char *rest = arena_strdup(&c->l->scratch, text), *one;
	struct inprefix p, before = { 0 };
	char buf[INPREFIX_STRLEN];

	while ((one = strsep(&rest, ","))) {
		if (!*text || strcmp(one, "0.0.0.0") == 0 || strcmp(one, "::") == 0) /* the kubelet finds out */
			continue;
		if (strchr(one, '/') || inprefix_parse(one, &p) < 0) {
			diag_error(c->l->d, pos, NULL, "node-ip of node '%s': '%s' is not an IP address", n->name, one);
		} else if (n->node_ips.n && (n->node_ips.n > 1 || p.family == before.family)) {
			diag_error(c->l->d, pos, NULL, "node-ip of node '%s': two addresses must be one of IPv4 and one of IPv6",
				   n->name);
			return;
		} else {
			strv_add(c->l->a, &n->node_ips, inprefix_addr_str(&p, buf));
			before = p;
		}
	}
}

/* Arguments of the kubelet that netemu knows nothing about. */
static void warn_args(const struct config *c, const json_t *args, struct pos pos)
{
	static const char *const known[] = { "node-ip", "node-labels", "provider-id", "register-with-taints" };
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)args, key, value) {
		bool ok = false;

		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			ok = ok || strcmp(key, known[i]) == 0;
		if (!json_is_string(value))
			diag_error(c->l->d, pos, "quote it", "kubeletExtraArgs of node '%s': '%s' must be text", c->node->name, key);
		else if (!ok)
			loader_ignore(c->l, arena_printf(&c->l->scratch, "kubeletExtraArgs.%s", key), pos);
	}
}

static void node_read(const struct config *c, struct node *n, bool alone)
{
	const enum document doc = c->first ? DOC_INIT : DOC_JOIN;
	const json_t *reg = json_object_get(json_array_get(c->docs, doc), "nodeRegistration");
	const json_t *args = json_object_get(reg, "kubeletExtraArgs"), *taints = json_object_get(reg, "taints");
	const struct pos pos = c->pos[doc];

	if (args && !json_is_object(args)) {
		diag_error(c->l->d, pos, NULL, "kubeletExtraArgs of node '%s' must be a map for Kubernetes %s", n->name,
			   n->kube_version);
		return;
	}
	warn_args(c, args, pos);
	ips_read(c, n, json_text(args, "node-ip", NULL), pos);
	labels_read(c, n, json_text(args, "node-labels", NULL), pos);
	taints_read_list(c, n, taints, pos);
	taints_read_text(c, n, json_text(args, "register-with-taints", NULL), pos);
	if (n->control_plane)
		mark_control_plane(c, n, json_is_array(taints), alone);
}

/* ---- what became of the cluster: ClusterConfiguration of the first control plane ---- */

static void subnets_split(struct loader *l, const char *text, struct strv *ret)
{
	char *rest = arena_strdup(&l->scratch, text), *one;

	*ret = (struct strv){ 0 };
	while ((one = strsep(&rest, ",")))
		if (*one)
			strv_add(l->a, ret, one);
}

static void mask_read(const struct config *c, const json_t *args, const char *key, uint8_t max, uint8_t *ret)
{
	const char *text = json_text(args, key, NULL);
	char *end;
	const unsigned long mask = strtoul(text, &end, 10);

	if (!*text)
		return;
	if (*end || mask < 1 || mask > max)
		diag_error(c->l->d, c->pos[DOC_CLUSTER], NULL, "%s is '%s', but must be a number from 1 to %u", key, text, max);
	else
		*ret = (uint8_t)mask;
}

static void cluster_read(const struct config *c, struct lab *lab)
{
	const json_t *doc = json_array_get(c->docs, DOC_CLUSTER);
	const json_t *args = json_at(doc, "controllerManager", "extraArgs", NULL);
	const char *pods = json_text(doc, "networking", "podSubnet", NULL);
	const char *services = json_text(doc, "networking", "serviceSubnet", NULL);

	if (*pods && strcmp(pods, lab->pod_subnet) != 0) {
		lab->pod_subnet = arena_strdup(c->l->a, pods);
		lab->pod_subnet_pos = c->pos[DOC_CLUSTER];
	}
	if (*services)
		lab->service_subnet = arena_strdup(c->l->a, services);
	if (lab->pod_subnet && !strchr(lab->pod_subnet, ',')) {
		mask_read(c, args, "node-cidr-mask-size", strchr(lab->pod_subnet, ':') ? 128 : 32,
			  strchr(lab->pod_subnet, ':') ? &lab->node_mask6 : &lab->node_mask4);
	}
	mask_read(c, args, "node-cidr-mask-size-ipv4", 32, &lab->node_mask4);
	mask_read(c, args, "node-cidr-mask-size-ipv6", 128, &lab->node_mask6);
}

static void assign(struct loader *l)
{
	struct lab *lab = l->lab;
	struct strv *cidrs = arena_alloc(&l->scratch, (lab->n_nodes + 1) * sizeof(*cidrs));
	struct error e = { 0 };

	subnets_split(l, lab->pod_subnet, &lab->pod_subnets);
	subnets_split(l, lab->service_subnet, &lab->service_subnets);
	if (podcidr_assign(lab, NULL, l->a, cidrs, &e) < 0) {
		diag_error(l->d, lab->pod_subnet_pos, NULL, "%s", e.msg);
		return;
	}
	for (size_t i = 0; i < lab->n_nodes; i++)
		lab->nodes[i].pod_cidrs = cidrs[i];
}

/* ---- all of it ---- */

static size_t count_kube(const struct lab *lab)
{
	size_t n = 0;

	for (size_t i = 0; i < lab->n_nodes; i++)
		n += lab->nodes[i].kube;
	return n;
}

static void configure_node(struct loader *l, size_t i, const struct changes *cluster, const struct changes *own, bool first)
{
	struct node *n = &l->lab->nodes[i];
	const size_t errors = l->d->n_errors;
	struct config c = { .l = l, .node = n, .docs = kubeadm_render(l->lab, i), .first = first };

	c.lists = has_lists(api_version(version_minor(n->kube_version)));
	for (size_t k = 0; k < _DOC_MAX; k++)
		c.pos[k] = n->pos;
	patch_all(&c, cluster, false);
	patch_all(&c, own, true);
	if (l->d->n_errors == errors) {
		if (first)
			cluster_read(&c, l->lab);
		node_read(&c, n, count_kube(l->lab) == 1);
	}
	json_decref(c.docs);
}

void kubeadm_configure(struct loader *l, const struct kubeadm_patches *cluster, const struct kubeadm_patches *nodes)
{
	struct changes common = changes_read(l, cluster);
	bool seen = false;

	for (size_t i = 0; i < l->lab->n_nodes; i++) {
		const struct node *n = &l->lab->nodes[i];
		struct changes own = { 0 };

		if (!n->kube)
			continue;
		own = changes_read(l, &nodes[i]);
		configure_node(l, i, &common, &own, n->control_plane && !seen);
		changes_done(&own);
		seen = seen || n->control_plane;
	}
	changes_done(&common);
	if (l->d->n_errors == 0)
		assign(l);
}
