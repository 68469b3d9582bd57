// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hostprobe.c - hostinfo_probe() of hostinfo.h
 *
 * One table of features, each with a function that looks and with the words for a user who lacks it. What has to
 * be tried runs in a forked child that first leaves the host's namespaces (in a user namespace when it is not
 * root) and answers with an errno as its exit status.
 */
#include "kernel/hostinfo.h"

#include <fcntl.h>
#include <netinet/in.h> /* before linux/netfilter.h */
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/magic.h>
#include <linux/netfilter.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "kernel/cgroup.h"
#include "kernel/nft.h"
#include "kernel/qdisc.h"
#include "kernel/sysctl.h"

enum {
	KB_ROUTER = 25000, /* memory of zebra, bgpd and staticd, measured */
	KB_NODE = 500, /* of an idle node with a link, mostly the kernel's */
};

/* Where a probe writes what it found. */
struct detail {
	char *buf;
	size_t size;
	size_t len;
	int procfd;
};

struct feature {
	const char *group, *name;
	enum probe_state (*look)(const char *arg, struct detail *d);
	const char *arg;
	const char *remedy;
};

static void _printf_(2, 3) say(struct detail *d, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (d->len >= d->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(d->buf + d->len, d->size - d->len, fmt, ap);
	va_end(ap);
	d->len += n > 0 ? (size_t)n : 0;
}

/* ---- trying things where they do no harm ---- */

/* Return: what @fn returned (0 or -errno), or why it could not run. */
static int in_scratch(int flags, int (*fn)(const char *arg), const char *arg)
{
	const int user = geteuid() == 0 ? 0 : CLONE_NEWUSER;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(unshare(flags | user) < 0 ? errno : fn ? -fn(arg) : 0);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static enum probe_state yes_or_why(int r, struct detail *d)
{
	if (r == 0)
		return PROBE_YES;
	say(d, "%s%s", d->len ? ": " : "", strerror(-r));
	return PROBE_NO;
}

/* Whether a line of a file below /lib/modules/<this kernel>/ contains @needle. */
static bool modules_have(const char *file, const char *needle)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[320], line[4096];
	struct utsname u;

	if (uname(&u) < 0)
		return false;
	(void)snprintf(path, sizeof(path), "/lib/modules/%s/%s", u.release, file);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, needle))
			return true;
	return false;
}

/* ---- kernel ---- */

static enum probe_state look_release(const char *arg, struct detail *d)
{
	struct utsname u;
	int major = 0, minor = 0;

	(void)arg;
	if (uname(&u) < 0)
		return PROBE_PARTLY;
	say(d, "%s %s", u.sysname, u.release);
	if (sscanf(u.release, "%d.%d", &major, &minor) != 2)
		return PROBE_PARTLY;
	if (major > 5 || (major == 5 && minor >= 12))
		return PROBE_YES;
	return major == 5 && minor >= 3 ? PROBE_PARTLY : PROBE_NO;
}

static enum probe_state look_namespace(const char *arg, struct detail *d)
{
	static const struct {
		const char *name;
		int flag;
	} kinds[] = {
		{ "net", CLONE_NEWNET }, { "mnt", CLONE_NEWNS },    { "pid", CLONE_NEWPID },
		{ "uts", CLONE_NEWUTS }, { "user", CLONE_NEWUSER }, { "ipc", CLONE_NEWIPC },
		{ "cgroup", CLONE_NEWCGROUP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, arg) == 0)
			return yes_or_why(in_scratch(kinds[i].flag, NULL, NULL), d);
	return PROBE_PARTLY;
}

static enum probe_state look_io_uring(const char *arg, struct detail *d)
{
	_cleanup_close_ int fd = -EBADF;
	struct io_uring_params p = { 0 };

	(void)arg;
	fd = (int)syscall(SYS_io_uring_setup, 2, &p);
	return yes_or_why(fd < 0 ? -errno : 0, d);
}

/* lower = the host's root, upper = a tmpfs, as nodes have it. */
static int try_overlay(const char *dir)
{
	static const char *const dirs[] = { "/u", "/w", "/m" };
	char path[64], options[192];

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", dir, "tmpfs", 0, "size=1m") < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", dir, dirs[i]);
		if (mkdir(path, 0755) < 0)
			return -errno;
	}
	(void)snprintf(options, sizeof(options), "lowerdir=/,upperdir=%s/u,workdir=%s/w", dir, dir);
	return mount("overlay", path, "overlay", 0, options) < 0 ? -errno : 0;
}

static enum probe_state look_overlay(const char *arg, struct detail *d)
{
	int r = in_scratch(CLONE_NEWNS, try_overlay, arg);

	if (r == 0)
		say(d, "upper layer on tmpfs");
	return yes_or_why(r, d);
}

/* ---- cgroups ---- */

static bool read_line(const char *path, char *buf, size_t size)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");

	if (!f || !fgets(buf, (int)size, f))
		return false;
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

/* Each controller is in version 2's hierarchy or in one of version 1's. */
static enum probe_state look_cgroup(const char *arg, struct detail *d)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct cgroup_host host = { 0 };
	const char *text = "";
	size_t n = 0;

	(void)arg;
	if (cgroup_host_read(&a, &host, NULL) < 0 || !host.any) {
		say(d, "none mounted");
		return PROBE_NO;
	}
	for (size_t i = 0; i < _CGROUP_MAX; i++) {
		const char *where = !host.at[i].dir ? "missing" : host.at[i].v2 ? "v2" : "v1";

		n += host.at[i].dir != NULL;
		text = arena_printf(&a, "%s%s%s %s", text, i ? ", " : "", cgroup_controller_names[i], where);
	}
	say(d, "%s", text);
	return n == _CGROUP_MAX ? PROBE_YES : n ? PROBE_PARTLY : PROBE_NO;
}

/* ---- capabilities ---- */

static uint64_t status_caps(const char *field)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/status", "re");
	const size_t n = strlen(field);
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, field, n) == 0)
			return strtoull(line + n, NULL, 16);
	return 0;
}

static enum probe_state look_capabilities(const char *arg, struct detail *d)
{
	static const struct {
		const char *name;
		int cap;
	} needed[] = {
		{ "sys_admin", CAP_SYS_ADMIN },	    { "net_admin", CAP_NET_ADMIN },
		{ "net_raw", CAP_NET_RAW },	    { "net_bind_service", CAP_NET_BIND_SERVICE },
		{ "sys_chroot", CAP_SYS_CHROOT },   { "setuid", CAP_SETUID },
		{ "setgid", CAP_SETGID },	    { "setpcap", CAP_SETPCAP },
		{ "dac_override", CAP_DAC_OVERRIDE }, { "chown", CAP_CHOWN },
		{ "fowner", CAP_FOWNER },	    { "mknod", CAP_MKNOD },
		{ "kill", CAP_KILL },		    { "sys_ptrace", CAP_SYS_PTRACE },
	};
	const uint64_t have = status_caps("CapEff:") & status_caps("CapBnd:");

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!(have >> needed[i].cap & 1))
			say(d, "%s%s", d->len ? ", " : "missing: ", needed[i].name);
	if (d->len)
		return have ? PROBE_PARTLY : PROBE_NO;
	say(d, "all that are needed");
	return PROBE_YES;
}

/* ---- links and queues ---- */

static int note_lo(const struct nlmsghdr *nlh, void *arg, struct error *e)
{
	struct link_info l;

	(void)e;
	if (!nlh)
		*(bool *)arg = false;
	else if (link_parse(nlh, &l) > 0 && (l.flags & IFF_LOOPBACK))
		*(bool *)arg = true;
	return 0;
}

/*
 * Ask for the links of a kind. A kernel that knows the kind filters lo out; one that does not ignores the filter.
 * So no module is loaded, as an attempt to create one would do (net/core/rtnetlink.c linkinfo_to_kind_ops()).
 */
static int kind_registered(const char *kind, bool *ret)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	_cleanup_nlconn_ struct nlconn *c = NULL;
	struct nl_msg *m = nlmsg_alloc();
	struct nlattr *info = NULL;
	bool lo = false;
	int r = m && nlmsg_put(m, 0, 0, RTM_GETLINK, 0, 0) ? nlconn_open(NETLINK_ROUTE, &c, NULL) : -ENOMEM;

	if (r == 0 && (nlmsg_append(m, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 ||
		       !(info = nla_nest_start(m, IFLA_LINKINFO)) || nla_put_string(m, IFLA_INFO_KIND, kind) < 0 ||
		       nla_nest_end(m, info) < 0))
		r = -EMSGSIZE;
	if (r == 0)
		r = nlconn_dump(c, m, note_lo, &lo, NULL, "list links of kind %s", kind);
	nlmsg_free(m);
	*ret = !lo;
	return r;
}

static enum probe_state look_kind(const char *kind, struct detail *d)
{
	char alias[64];
	bool known = false;
	int r = kind_registered(kind, &known);

	if (r < 0) {
		say(d, "cannot tell: %s", strerror(-r));
		return PROBE_PARTLY;
	}
	if (known)
		return PROBE_YES;
	(void)snprintf(alias, sizeof(alias), "alias rtnl-link-%s ", kind);
	if (!modules_have("modules.alias", alias))
		return PROBE_NO;
	say(d, "a module, loaded at first use");
	return PROBE_YES;
}

bool hostinfo_has_kind(const char *kind, bool loaded)
{
	struct detail nowhere = { 0 };
	bool known = true;

	if (loaded)
		return kind_registered(kind, &known) < 0 || known;
	return look_kind(kind, &nowhere) != PROBE_NO;
}

static enum probe_state look_tun(const char *arg, struct detail *d)
{
	if (access("/dev/net/tun", R_OK | W_OK) == 0)
		return PROBE_YES;
	say(d, "/dev/net/tun: %s", strerror(errno));
	return look_kind(arg, d) == PROBE_NO ? PROBE_NO : PROBE_PARTLY;
}

/* A known kind takes it or complains about missing options (EINVAL); an unknown one is ENOENT. */
static int try_qdisc(const char *kind)
{
	struct tcmsg tc = { .tcm_family = AF_UNSPEC, .tcm_ifindex = 1, .tcm_parent = TC_H_ROOT };
	_cleanup_nlconn_ struct nlconn *c = NULL;
	struct nl_msg *m = nlmsg_alloc();
	int r = m && nlmsg_put(m, 0, 0, RTM_NEWQDISC, 0, NLM_F_CREATE | NLM_F_REPLACE) ? 0 : -ENOMEM;

	if (r == 0 && (nlmsg_append(m, &tc, sizeof(tc), NLMSG_ALIGNTO) < 0 || nla_put_string(m, TCA_KIND, kind) < 0))
		r = -EMSGSIZE;
	if (r == 0)
		r = nlconn_open(NETLINK_ROUTE, &c, NULL);
	if (r == 0)
		r = nlconn_call(c, m, NULL, NULL, NULL, "try qdisc %s", kind);
	nlmsg_free(m);
	return r == -EINVAL ? 0 : r;
}

static enum probe_state look_qdisc(const char *kind, struct detail *d)
{
	int r = in_scratch(CLONE_NEWNET, try_qdisc, kind);

	if (r != -ENOENT)
		return yes_or_why(r, d);
	say(d, "not in this kernel");
	return PROBE_NO;
}

static int try_redirect(const char *arg)
{
	_cleanup_nlconn_ struct nlconn *c = NULL;
	int r = nlconn_open(NETLINK_ROUTE, &c, NULL);

	(void)arg;
	return r < 0 ? r : qdisc_redirect(c, 1, 1, NULL);
}

static enum probe_state look_redirect(const char *arg, struct detail *d)
{
	return yes_or_why(in_scratch(CLONE_NEWNET, try_redirect, arg), d);
}

bool hostinfo_has_redirect(void)
{
	return in_scratch(CLONE_NEWNET, try_redirect, NULL) != -ENOENT;
}

bool hostinfo_has_qdisc(const char *kind)
{
	return in_scratch(CLONE_NEWNET, try_qdisc, kind) != -ENOENT;
}

/* -EEXIST when a new namespace has more than lo. */
static int try_clean(const char *arg)
{
	_cleanup_free_ struct link_info *v = NULL;
	_cleanup_nlconn_ struct nlconn *c = NULL;
	size_t n = 0;
	int r = nlconn_open(NETLINK_ROUTE, &c, NULL);

	(void)arg;
	if (r == 0)
		r = link_dump(c, &v, &n, NULL);
	return r == 0 && n > 1 ? -EEXIST : r;
}

static enum probe_state look_clean(const char *arg, struct detail *d)
{
	int r = in_scratch(CLONE_NEWNET, try_clean, arg);

	if (r != -EEXIST)
		return yes_or_why(r, d);
	say(d, "each node has fallback tunnels (tunl0, sit0, gre0...) besides its own interfaces");
	return PROBE_PARTLY;
}

static enum probe_state look_mpls(const char *arg, struct detail *d)
{
	(void)arg;
	if (access("/proc/sys/net/mpls/platform_labels", F_OK) == 0)
		return PROBE_YES;
	if (!modules_have("modules.dep", "/mpls_router.ko"))
		return PROBE_NO;
	say(d, "the module is there, but not loaded");
	return PROBE_PARTLY;
}

/* ---- nftables ---- */

static int try_masquerade(const char *arg)
{
	_cleanup_nft_table_ struct nft_table *t = NULL;
	struct inprefix nets[2];

	(void)arg;
	if (inprefix_parse("192.0.2.0/24", &nets[0]) < 0 || inprefix_parse("2001:db8::/64", &nets[1]) < 0)
		return -EINVAL;
	return nft_masquerade_open("probe", nets, ARRAY_SIZE(nets), NULL, &t, NULL);
}

static int try_owner(const char *arg)
{
	(void)arg;
	return nft_owner_supported(NULL);
}

static enum probe_state look_nft(const char *arg, struct detail *d)
{
	return yes_or_why(in_scratch(CLONE_NEWNET, strcmp(arg, "owner") == 0 ? try_owner : try_masquerade, NULL), d);
}

/* ---- the way out of the host ---- */

static enum probe_state look_forwarding(const char *key, struct detail *d)
{
	char v[32];

	if (d->procfd < 0 || sysctl_read(d->procfd, key, v, sizeof(v), NULL) < 0) {
		say(d, "%s cannot be read", key);
		return PROBE_PARTLY;
	}
	say(d, "%s = %s", key, v);
	return strcmp(v, "0") == 0 ? PROBE_NO : PROBE_YES;
}

/* Chains of the forward hook whose policy is drop, as Docker makes them. */
static enum probe_state look_forward_policy(const char *arg, struct detail *d)
{
	_cleanup_free_ struct nft_chain_info *v = NULL;
	char names[256] = "";
	size_t n = 0;
	int r = nft_chain_dump(&v, &n, NULL);

	(void)arg;
	for (size_t i = 0; r == 0 && i < n; i++)
		if (v[i].hook == NF_INET_FORWARD && v[i].drops && v[i].family != NFPROTO_BRIDGE)
			say(d, "%schain %s of table %s drops by policy", d->len ? ", " : "", v[i].name, v[i].table);
	if (d->len)
		return PROBE_NO;
	if (read_line("/proc/net/ip_tables_names", names, sizeof(names)) && names[0]) {
		say(d, "iptables-legacy has rules that are not looked at");
		return PROBE_PARTLY;
	}
	if (r < 0 && r != -EPROTONOSUPPORT && r != -EOPNOTSUPP) {
		say(d, "cannot tell: %s", strerror(-r));
		return PROBE_PARTLY;
	}
	say(d, "no forward chain drops by policy");
	return PROBE_YES;
}

/* ---- limits ---- */

/* @arg: "key:least value for a big lab" */
static enum probe_state look_limit(const char *arg, struct detail *d)
{
	char key[96], v[64];
	const char *least = strchr(arg, ':');

	(void)snprintf(key, sizeof(key), "%.*s", (int)(least - arg), arg);
	if (d->procfd < 0 || sysctl_read(d->procfd, key, v, sizeof(v), NULL) < 0) {
		say(d, "not visible here");
		return PROBE_PARTLY;
	}
	say(d, "%s", v);
	return strtoull(v, NULL, 10) >= strtoull(least + 1, NULL, 10) ? PROBE_YES : PROBE_PARTLY;
}

static enum probe_state look_nofile(const char *arg, struct detail *d)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return PROBE_PARTLY;
	say(d, "%llu, at most %llu", (unsigned long long)l.rlim_cur, (unsigned long long)l.rlim_max);
	return l.rlim_max >= strtoull(arg, NULL, 10) ? PROBE_YES : PROBE_PARTLY;
}

static enum probe_state look_memory(const char *arg, struct detail *d)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kb = 0;
	char line[128];

	(void)arg;
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %llu kB", &kb) == 1)
			break;
	if (!kb)
		return PROBE_PARTLY;
	say(d, "%llu MiB available: ", kb / 1024);
	say(d, "about %llu FRR routers, or %llu idle nodes", kb / KB_ROUTER, kb / KB_NODE);
	return kb / KB_ROUTER >= 4 ? PROBE_YES : PROBE_PARTLY;
}

/* ---- programs ---- */

/* The directory of FRR's daemons, or NULL. */
static const char *frr_dir(void)
{
	static const char *const dirs[] = { "/usr/lib/frr", "/usr/libexec/frr", "/usr/lib64/frr", "/usr/local/sbin",
					    "/usr/sbin" };
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s/zebra", dirs[i]);
		if (access(path, X_OK) == 0)
			return dirs[i];
	}
	return NULL;
}

/* The first line of `PROGRAM --version`. */
static bool program_version(const char *program, char *buf, size_t size)
{
	_cleanup_close_ int out = -EBADF;
	_cleanup_fclose_ FILE *f = NULL;
	int fds[2], null;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	out = fds[0];
	pid = fork();
	if (pid == 0) {
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (null < 0 || dup2(null, 0) < 0 || dup2(fds[1], 1) < 0 || dup2(null, 2) < 0)
			_exit(127);
		(void)execl(program, program, "--version", (char *)NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	f = pid < 0 ? NULL : fdopen(out, "r");
	if (f)
		(void)TAKE_FD(out);
	if (!f || !fgets(buf, (int)size, f))
		buf[0] = '\0';
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	buf[strcspn(buf, "\n")] = '\0';
	return buf[0] != '\0';
}

static enum probe_state look_frr(const char *arg, struct detail *d)
{
	static const char *const daemons[] = { "zebra", "bgpd", "ospfd", "ospf6d", "isisd", "staticd", "bfdd", "ldpd" };
	const char *dir = frr_dir();
	char path[96], version[96];

	(void)arg;
	if (!dir)
		return PROBE_NO;
	(void)snprintf(path, sizeof(path), "%s/zebra", dir);
	if (!program_version(path, version, sizeof(version)))
		(void)strcpy(version, "of unknown version");
	say(d, "%s in %s; without", version, dir);
	for (size_t i = 0; i < ARRAY_SIZE(daemons); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, daemons[i]);
		if (access(path, X_OK) < 0)
			say(d, " %s", daemons[i]);
	}
	if (d->len > 9 && d->len < d->size && strcmp(d->buf + d->len - 9, "; without") == 0)
		d->buf[d->len -= 9] = '\0';
	return PROBE_YES;
}

/* gobgpd and its command line, as kubelets look for them. */
static enum probe_state look_gobgp(const char *arg, struct detail *d)
{
	static const char *const dirs[] = { "/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin" };
	char path[64], version[96];

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s/gobgpd", dirs[i]);
		if (access(path, X_OK) < 0)
			continue;
		if (program_version(path, version, sizeof(version)))
			say(d, "%s in %s", version, dirs[i]);
		return PROBE_YES;
	}
	return PROBE_NO;
}

/* ---- the table ---- */

#define NS_REMEDY "no lab without it; as root outside of a container, or in a privileged one"
#define LINK_REMEDY "links of this kind cannot be made; needs a kernel that has it"
#define QDISC_REMEDY "links cannot be impaired with it (delay, loss, rate)"
#define SYSCTL_REMEDY(what, key, value) what "; sysctl -w " key "=" value

static const struct feature features[] = {
	{ "kernel", "release", look_release, NULL, "below 5.12 labs have no NAT to the outside, below 5.3 none run" },
	{ "kernel", "capabilities", look_capabilities, NULL, "run as root, or give the container --privileged" },
	{ "kernel", "io_uring", look_io_uring, NULL, "nothing is missed: the supervisor uses poll instead" },
	{ "kernel", "overlayfs", look_overlay, "/tmp", "nodes cannot have a root file system of their own" },
	{ "kernel", "cgroups", look_cgroup, NULL, "nodes run without limits of memory and CPU" },
	{ "namespaces", "net", look_namespace, "net", NS_REMEDY },
	{ "namespaces", "mnt", look_namespace, "mnt", NS_REMEDY },
	{ "namespaces", "pid", look_namespace, "pid", NS_REMEDY },
	{ "namespaces", "uts", look_namespace, "uts", NS_REMEDY },
	{ "namespaces", "ipc", look_namespace, "ipc", NS_REMEDY },
	{ "namespaces", "cgroup", look_namespace, "cgroup", "nodes see the host's cgroups" },
	{ "namespaces", "user", look_namespace, "user", "no labs for users other than root" },
	{ "namespaces", "clean", look_clean, NULL,
	  SYSCTL_REMEDY("unexpected interfaces, slower starts", "net.core.fb_tunnels_only_for_init_net", "2") },
	{ "links", "veth", look_kind, "veth", "no lab has links without it" },
	{ "links", "bridge", look_kind, "bridge", "no management network, no bridge nodes" },
	{ "links", "macvlan", look_kind, "macvlan", LINK_REMEDY },
	{ "links", "vxlan", look_kind, "vxlan", LINK_REMEDY },
	{ "links", "dummy", look_kind, "dummy", "links of type dummy are made of ifb, which does the same, or not at all" },
	{ "links", "vrf", look_kind, "vrf", LINK_REMEDY },
	{ "links", "vlan", look_kind, "vlan", LINK_REMEDY },
	{ "links", "bond", look_kind, "bond", LINK_REMEDY },
	{ "links", "ipvlan", look_kind, "ipvlan", LINK_REMEDY },
	{ "links", "ifb", look_kind, "ifb", LINK_REMEDY },
	{ "links", "tun", look_tun, "tun", "no tunnels of programs such as VPN daemons" },
	{ "qdiscs", "netem", look_qdisc, "netem", "no delay, jitter, loss and corruption on links; a rate alone needs tbf" },
	{ "qdiscs", "tbf", look_qdisc, "tbf", QDISC_REMEDY },
	{ "qdiscs", "htb", look_qdisc, "htb", QDISC_REMEDY },
	{ "qdiscs", "redirect", look_redirect, NULL, "no links of type vxlan-stitch and veth-stitch; needs u32 and mirred" },
	{ "network", "mpls", look_mpls, NULL, "routers forward no MPLS; modprobe mpls_router mpls_iptunnel" },
	{ "network", "nftables-owner", look_nft, "owner",
	  "no NAT to the outside, it could outlive its lab; Linux 5.12" },
	{ "network", "nftables-masquerade", look_nft, "masquerade", "nodes do not reach the outside; Linux 5.12" },
	{ "network", "ipv4-forwarding", look_forwarding, "net.ipv4.ip_forward",
	  SYSCTL_REMEDY("nodes do not reach the outside", "net.ipv4.ip_forward", "1") },
	{ "network", "ipv6-forwarding", look_forwarding, "net.ipv6.conf.all.forwarding",
	  SYSCTL_REMEDY("nodes do not reach the outside by IPv6", "net.ipv6.conf.all.forwarding", "1") },
	{ "network", "forward-policy", look_forward_policy, NULL,
	  "nodes may not reach the outside; with Docker: iptables -I DOCKER-USER -s SUBNET -j ACCEPT, and with -d" },
	{ "limits", "neighbors-ipv4", look_limit, "net.ipv4.neigh.default.gc_thresh3:4096",
	  SYSCTL_REMEDY("one table for all nodes, two entries a link", "net.ipv4.neigh.default.gc_thresh3", "16384") },
	{ "limits", "neighbors-ipv6", look_limit, "net.ipv6.neigh.default.gc_thresh3:4096",
	  SYSCTL_REMEDY("one table for all nodes, two entries a link", "net.ipv6.neigh.default.gc_thresh3", "16384") },
	{ "limits", "processes", look_limit, "kernel.pid_max:65536",
	  SYSCTL_REMEDY("four processes a router", "kernel.pid_max", "4194304") },
	{ "limits", "threads", look_limit, "kernel.threads-max:65536",
	  SYSCTL_REMEDY("some ten threads a router", "kernel.threads-max", "1000000") },
	{ "limits", "inotify", look_limit, "fs.inotify.max_user_instances:512",
	  SYSCTL_REMEDY("daemons that watch files fail", "fs.inotify.max_user_instances", "8192") },
	{ "limits", "mounts", look_limit, "fs.mount-max:100000",
	  SYSCTL_REMEDY("some ten mounts a node", "fs.mount-max", "1000000") },
	{ "limits", "ptys", look_limit, "kernel.pty.max:1024", SYSCTL_REMEDY("one a shell", "kernel.pty.max", "4096") },
	{ "limits", "net-namespaces", look_limit, "user.max_net_namespaces:10000",
	  SYSCTL_REMEDY("one a node", "user.max_net_namespaces", "100000") },
	{ "limits", "mnt-namespaces", look_limit, "user.max_mnt_namespaces:10000",
	  SYSCTL_REMEDY("one a node", "user.max_mnt_namespaces", "100000") },
	{ "limits", "pid-namespaces", look_limit, "user.max_pid_namespaces:10000",
	  SYSCTL_REMEDY("one a node", "user.max_pid_namespaces", "100000") },
	{ "limits", "open-files", look_nofile, "20000", "two to four a node; ulimit -Hn 1048576 before" },
	{ "limits", "netlink-buffer", look_limit, "net.core.rmem_max:212992",
	  SYSCTL_REMEDY("notifications of big labs get lost and are asked for again", "net.core.rmem_max", "1048576") },
	{ "limits", "memory", look_memory, NULL, "24 MB an FRR router" },
	{ "programs", "frr", look_frr, NULL, "routers have no daemons; install the package frr" },
	{ "programs", "gobgpd", look_gobgp, NULL, "clusters have FRR's bgpd as BGP engine only; install the package gobgpd" },
};

const char *probe_state_name(enum probe_state s)
{
	static const char *const names[] = {
		[PROBE_NO] = "no",
		[PROBE_PARTLY] = "partly",
		[PROBE_YES] = "yes",
	};

	static_assert(ARRAY_SIZE(names) == _PROBE_STATE_MAX, "a state lacks its name");
	return names[s];
}

void probe_report_done(struct probe_report *r)
{
	free(r->items);
	*r = (struct probe_report){ 0 };
}

int hostinfo_probe(struct probe_report *ret, struct error *e)
{
	_cleanup_free_ struct probe_item *items = calloc(ARRAY_SIZE(features), sizeof(*items));
	_cleanup_close_ int procfd = -EBADF;

	if (!items)
		return error_oom(e);
	(void)sysctl_open(&procfd, NULL); /* the limits then say that they are not visible */
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		struct detail d = { .buf = items[i].detail, .size = sizeof(items[i].detail), .procfd = procfd };

		items[i].group = features[i].group;
		items[i].name = features[i].name;
		items[i].remedy = features[i].remedy;
		items[i].state = features[i].look(features[i].arg, &d);
	}
	*ret = (struct probe_report){ .items = TAKE_PTR(items), .n = ARRAY_SIZE(features) };
	return 0;
}
