// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * images.c - which images are imported, what stands for the others, and which commands are missing
 *
 * Owns: the table of commands and Debian's packages. Refuses to look into shell scripts: the first word of a line is what is
 * looked for.
 */
#include "images.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/strbuf.h"
#include "image/store.h"
#include "output.h"
#include "plan/plan.h"

/* ---- which are imported ---- */

int images_resolve(struct lab *lab, struct error *e)
{
	_cleanup_strmap_ struct strmap seen = { 0 };
	struct image **found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < lab->n_nodes; i++) {
		struct node *node = &lab->nodes[i];
		int r;

		if (node->kind != NODE_LINUX || node->kube || !node->image || !*node->image)
			continue;
		if (strmap_put(&seen, node->image, n)) {
			r = imgstore_find(&lab->arena, node->image, ARENA_PUSH(&lab->arena, found, n), e);
			if (r < 0 && r != -ENOENT)
				return error_wrap(e, "image %s", node->image);
		}
		if (found)
			node->imported = found[strmap_get(&seen, node->image)];
	}
	return 0;
}

bool images_imported(struct lab *const *labs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < labs[i]->n_nodes; k++)
			if (labs[i]->nodes[k].imported)
				return true;
	return false;
}

/* ---- the table of images ---- */

static const struct column columns[] = {
	{ "image", "IMAGE", COLUMN_ELASTIC },
	{ "nodes", "NODES", COLUMN_RIGHT },
	{ "stands_for", "IN ITS PLACE", 0 },
};

static bool counts(const struct node *n)
{
	return n->kind == NODE_LINUX && n->image && *n->image;
}

static const char *stands_for(struct arena *a, const struct node *n)
{
	const struct profile *p = n->kube ? profile_kind() : profile_find(n->image);

	if (n->imported)
		return arena_printf(a, "imported image %.*s, from %s", IMAGE_ID_SHORT, n->imported->id, n->imported->source);
	return p ? p->about : "an idle host";
}

static void row_add(struct table *t, struct strmap *seen, const struct node *n)
{
	const ssize_t at = strmap_get(seen, n->image);
	struct cell *row;

	if (at >= 0) {
		t->rows[at][1].text = arena_printf(&t->arena, "%lu", strtoul(t->rows[at][1].text, NULL, 10) + 1);
		return;
	}
	(void)strmap_put(seen, n->image, t->n_rows);
	row = table_add_row(t);
	row[0].text = n->image;
	row[1].text = "1";
	row[2].text = stands_for(&t->arena, n);
}

void images_show(struct lab *const *labs, size_t n, FILE *out)
{
	_cleanup_table_ struct table t;
	struct strmap seen = { 0 };
	struct output o;

	table_init(&t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < labs[i]->n_nodes; k++)
			if (counts(&labs[i]->nodes[k]))
				row_add(&t, &seen, &labs[i]->nodes[k]);
	strmap_done(&seen);
	if (t.n_rows == 0)
		return;
	output_init(&o, NULL);
	o.out = out;
	output_write(&o, &t);
	(void)fputc('\n', out);
}

/* ---- what is missing ---- */

/* Where a command that labs use comes from, when it is not simply called like its package. */
static const char *const packages[][2] = {
	{ "arping", "iputils-arping" },
	{ "curl", "curl" },
	{ "dnsmasq", "dnsmasq-base" },
	{ "ethtool", "ethtool" },
	{ "fping", "fping" },
	{ "iperf", "iperf" },
	{ "iperf3", "iperf3" },
	{ "nmap", "nmap" },
	{ "socat", "socat" },
	{ "tcpdump", "tcpdump" },
	{ "traceroute", "traceroute" },
	{ "tshark", "tshark" },
	{ "wget", "wget" },
	{ "bird", "bird2" },
	{ "birdc", "bird2" },
	{ "bridge", "iproute2" },
	{ "brctl", "bridge-utils" },
	{ "conntrack", "conntrack" },
	{ "dhclient", "isc-dhcp-client" },
	{ "dig", "bind9-dnsutils" },
	{ "exabgp", "exabgp" },
	{ "gobgp", "gobgpd" },
	{ "gobgpd", "gobgpd" },
	{ "hping3", "hping3" },
	{ "ifconfig", "net-tools" },
	{ "ip", "iproute2" },
	{ "ipsec", "strongswan" },
	{ "ip6tables", "iptables" },
	{ "lldpcli", "lldpd" },
	{ "mtr", "mtr-tiny" },
	{ "named", "bind9" },
	{ "nc", "netcat-openbsd" },
	{ "netstat", "net-tools" },
	{ "nft", "nftables" },
	{ "nginx", "nginx-light" },
	{ "nslookup", "bind9-dnsutils" },
	{ "ovs-vsctl", "openvswitch-switch" },
	{ "ping", "iputils-ping" },
	{ "ping6", "iputils-ping" },
	{ "route", "net-tools" },
	{ "snmpget", "snmp" },
	{ "ss", "iproute2" },
	{ "sshd", "openssh-server" },
	{ "sysctl", "procps" },
	{ "tc", "iproute2" },
	{ "teamd", "libteam-utils" },
	{ "vtysh", "frr" },
	{ "wg", "wireguard-tools" },
};

/* Nothing on a Debian host has these: what installs packages in an image. */
static const char *const installers[] = { "apk", "yum", "dnf", "opkg", "tdnf" };

static const char *package_of(const char *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		if (strcmp(packages[i][0], command) == 0)
			return packages[i][1];
	return NULL;
}

static bool is_installer(const char *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(installers); i++)
		if (strcmp(installers[i], command) == 0)
			return true;
	return false;
}

/* Whether a bind of the node brings the file, or the directory that it is in. */
static bool is_bound(const struct node *n, const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	for (size_t i = 0; i < n->n_binds; i++) {
		const char *dst = n->binds[i].dst, *last = strrchr(dst, '/') + 1;
		const size_t len = strlen(dst);
		struct stat st;

		if (strcmp(last, base) == 0 || (*path == '/' && strncmp(path, dst, len) == 0 && path[len] == '/'))
			return true;
		/* A directory may have anything in it: the host's side is looked at. */
		if (!strchr(path, '/') && stat(n->binds[i].src, &st) == 0 && S_ISDIR(st.st_mode) && strstr(dst, "bin"))
			return true;
	}
	return false;
}

static bool is_on_host(const char *word)
{
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					    "/usr/bin",	       "/sbin",		 "/bin" };
	char path[512];

	if (strcmp(word, "ash") == 0 || strcmp(word, "/bin/ash") == 0) /* rootfs_shell() */
		return true;
	if (strchr(word, '/')) {
		(void)snprintf(path, sizeof(path), "/%s", *word == '/' ? word + 1 : word);
		return access(path, F_OK) == 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], word);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* Whatever its links say, it is looked for inside. */
static bool is_in_dir(const struct image *im, const char *dir, size_t n, const char *word)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	_cleanup_close_ int root = open(im->root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
	char path[1024];

	(void)snprintf(path, sizeof(path), "%.*s/%s", (int)n, dir, word);
	fd = root < 0 ? -1 : (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	return fd >= 0;
}

static bool is_in_image(const struct image *im, const char *word)
{
	const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

	if (strchr(word, '/'))
		return is_in_dir(im, "", 0, word);
	for (size_t i = 0; i < im->env.n; i++)
		if (strncmp(im->env.v[i], "PATH=", 5) == 0)
			path = im->env.v[i] + 5;
	for (size_t n; *path; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		if (is_in_dir(im, path, n, word))
			return true;
	}
	return false;
}

struct missing {
	const char *command;
	const struct image *image; /* that has it not; NULL: the host */
	const char *node; /* the first that needs it */
	size_t n;	  /* how many nodes do */
	const struct node *last;
};

struct missings {
	struct arena arena;
	struct missing *v;
	size_t n;
};

static void need(struct missings *m, const struct node *n, const char *word)
{
	struct missing *one = NULL;

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].image == n->imported && strcmp(m->v[i].command, word) == 0)
			one = &m->v[i];
	if (!one && ((n->imported ? is_in_image(n->imported, word) : is_on_host(word)) || is_bound(n, word)))
		return;
	if (!one) {
		one = ARENA_PUSH(&m->arena, m->v, m->n);
		*one = (struct missing){ .command = word, .image = n->imported, .node = n->name };
	}
	one->n += one->last != n;
	one->last = n;
}

static void need_of_node(struct missings *m, const struct node *n)
{
	const struct profile *p = n->kube ? NULL : profile_find(n->image);

	if (n->kind != NODE_LINUX)
		return;
	if (plan_runs_image(n, p)) {
		if (!n->imported && p && p->program && p->command)
			need(m, n, p->program);
	} else if (n->entrypoint.n)
		need(m, n, n->entrypoint.v[0]);
	else if (n->cmd.n && !command_is_idle(&n->cmd))
		need(m, n, n->cmd.v[0]);
	for (size_t i = 0; i < n->n_exec; i++)
		if (n->exec[i].argv.n && !(p && p->ash && strcmp(n->exec[i].argv.v[0], "apk") == 0)) /* rootfs_busybox() */
			need(m, n, n->exec[i].argv.v[0]);
}

static void tell(const struct cli *cli, const struct missing *m)
{
	char others[64] = "";

	if (m->n > 1)
		(void)snprintf(others, sizeof(others), " and %zu more", m->n - 1);
	if (m->image)
		cli_note(cli, "node %s%s: '%s' is not in its image %s", m->node, others, m->command, m->image->name);
	else if (is_installer(m->command))
		cli_note(cli, "node %s%s: there is no %s here: install on the host what it would", m->node, others,
			 m->command);
	else if (strchr(m->command, '/'))
		cli_note(cli, "node %s%s: %s is not on this host", m->node, others, m->command);
	else if (package_of(m->command))
		cli_note(cli, "node %s%s: '%s' is not on this host (Debian's package %s)", m->node, others, m->command,
			 package_of(m->command));
	else
		cli_note(cli, "node %s%s: '%s' is not on this host", m->node, others, m->command);
}

void images_warn(const struct cli *cli, struct lab *const *labs, size_t n)
{
	struct missings m = { 0 };

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < labs[i]->n_nodes; k++)
			need_of_node(&m, &labs[i]->nodes[k]);
	for (size_t i = 0; i < m.n; i++)
		tell(cli, &m.v[i]);
	arena_done(&m.arena);
}
