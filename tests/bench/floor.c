// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * floor.c - what the kernel alone takes for a lab: the same namespaces, mounts, links and processes as netemu makes,
 * with bare system calls and nothing else, one after the other
 *
 *   floor INIT FILE     makes what FILE says, with INIT as PID 1 of each node; prints "up", and ends it all when its input ends
 *
 * FILE: "nodes N", then "bridge I" (node I is a bridge, no node) and "link A B" lines (scripts/bench-shape makes them). A node is
 * a network namespace with netemu's sysctls, veths of one queue with MTU and MAC, all up, and a process in mount, PID,
 * UTS, IPC and cgroup namespaces of its own with an overlay of the host's root, /proc, /sys and /dev/pts as netemu masks
 * them. No file but FILE is read, nothing is checked twice, no state is kept, and nobody could use the result.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024, MTU = 9500, BATCH = 64, REQUEST = 512 };

struct node {
	int ns, sock; /* network namespace, rtnetlink socket in it */
	int port_of;  /* a bridge's index in the lab's namespace; 0: no bridge */
	unsigned links;
	unsigned pending; /* requests without an answer */
	pid_t pid;
};

static struct node *nodes, lab;
static int (*links)[2];
static int n_nodes, n_links;
enum { FD_INIT = 10, FD_IN, FD_OUT }; /* low, for the children keep these and no others */

static const char dir[] = "/run/bench-floor";

/* ---- netlink: a request is built in place, its answer is read when a batch is full ---- */

struct request {
	struct nlmsghdr h;
	struct ifinfomsg i;
	char rest[REQUEST];
};

static struct rtattr *attr(struct request *rq, unsigned short type, const void *data, size_t len)
{
	struct rtattr *a = (void *)((char *)rq + NLMSG_ALIGN(rq->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	rq->h.nlmsg_len = NLMSG_ALIGN(rq->h.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static void attr_end(const struct request *rq, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)((const char *)rq + rq->h.nlmsg_len - (char *)nest);
}

static void attr_u32(struct request *rq, unsigned short type, uint32_t v)
{
	(void)attr(rq, type, &v, sizeof(v));
}

static void answers(struct node *n)
{
	while (n->pending) {
		char buf[16384];
		ssize_t len = recv(n->sock, buf, sizeof(buf), 0);

		if (len < 0)
			err(1, "recv");
		for (struct nlmsghdr *h = (void *)buf; NLMSG_OK(h, (size_t)len); h = NLMSG_NEXT(h, len)) {
			const struct nlmsgerr *e = NLMSG_DATA(h);

			if (h->nlmsg_type == NLMSG_ERROR && e->error)
				errx(1, "netlink: %s", strerror(-e->error));
			n->pending--;
		}
	}
}

static void submit(struct node *n, struct request *rq)
{
	rq->h.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(n->sock, rq, rq->h.nlmsg_len, 0) < 0)
		err(1, "send");
	if (++n->pending == BATCH)
		answers(n);
}

static struct request request(unsigned short flags, int index)
{
	return (struct request){
		.h = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
		       .nlmsg_type = RTM_NEWLINK,
		       .nlmsg_flags = flags },
		.i = { .ifi_index = index },
	};
}

static void set_up(struct node *n, int index)
{
	struct request rq = request(0, index);

	rq.i.ifi_flags = rq.i.ifi_change = 1; /* IFF_UP */
	submit(n, &rq);
}

/* What an end of a veth has. */
static void end_attrs(struct request *rq, const char *name, uint32_t serial, int ns)
{
	const unsigned char mac[6] = { 0xaa, 0xc1, 0xab, serial >> 16 & 0xff, serial >> 8 & 0xff, serial & 0xff };

	(void)attr(rq, IFLA_IFNAME, name, strlen(name) + 1);
	(void)attr(rq, IFLA_ADDRESS, mac, sizeof(mac));
	attr_u32(rq, IFLA_MTU, MTU);
	attr_u32(rq, IFLA_NUM_TX_QUEUES, 1);
	attr_u32(rq, IFLA_NUM_RX_QUEUES, 1);
	if (ns >= 0)
		attr_u32(rq, IFLA_NET_NS_FD, (uint32_t)ns);
}

static void make_bridge(int i)
{
	struct request rq = request(NLM_F_CREATE | NLM_F_EXCL, 2 + (int)lab.links++);
	char name[16];
	struct rtattr *info;

	(void)snprintf(name, sizeof(name), "br%d", i);
	nodes[i].port_of = rq.i.ifi_index;
	(void)attr(&rq, IFLA_IFNAME, name, strlen(name) + 1);
	info = attr(&rq, IFLA_LINKINFO, NULL, 0);
	(void)attr(&rq, IFLA_INFO_KIND, "bridge", 7);
	attr_end(&rq, info);
	submit(&lab, &rq);
}

/* Where an end lives, and what it is called there. */
static struct node *end_place(int i, int *ret_index, char name[16])
{
	struct node *n = nodes[i].port_of ? &lab : &nodes[i];

	*ret_index = 2 + (int)n->links++;
	(void)snprintf(name, 16, "e%d", *ret_index);
	return n;
}

static void make_link(int k)
{
	int index[2];
	char name[2][16];
	/* The end that may be a bridge's port comes first: only the outer one is given a master. */
	const int first = nodes[links[k][1]].port_of ? 1 : 0;
	struct node *a = end_place(links[k][first], &index[0], name[0]),
		    *b = end_place(links[k][!first], &index[1], name[1]);
	struct request rq = request(NLM_F_CREATE | NLM_F_EXCL, index[0]);
	struct ifinfomsg peer_head = { .ifi_index = index[1] };
	struct rtattr *info, *data, *peer;

	end_attrs(&rq, name[0], 2U * (uint32_t)k, -1);
	if (a == &lab)
		attr_u32(&rq, IFLA_MASTER, (uint32_t)nodes[links[k][first]].port_of);
	info = attr(&rq, IFLA_LINKINFO, NULL, 0);
	(void)attr(&rq, IFLA_INFO_KIND, "veth", 5);
	data = attr(&rq, IFLA_INFO_DATA, NULL, 0);
	peer = attr(&rq, VETH_INFO_PEER, &peer_head, sizeof(peer_head));
	end_attrs(&rq, name[1], 2U * (uint32_t)k + 1, b->ns);
	attr_end(&rq, peer);
	attr_end(&rq, data);
	attr_end(&rq, info);
	submit(a, &rq);
}

static void answers_all(void)
{
	answers(&lab);
	for (int i = 0; i < n_nodes; i++)
		if (!nodes[i].port_of)
			answers(&nodes[i]);
}

/* ---- namespaces ---- */

static int proc = -1;

/* A procfs of its own for every 32 namespaces: through one, each look for a name passes those of all namespaces before. */
static void fresh_proc(int i)
{
	int fs;

	if (i % 32 && proc >= 0)
		return;
	(void)close(proc);
	fs = (int)syscall(SYS_fsopen, "proc", 1U /* FSOPEN_CLOEXEC */);
	if (fs < 0 || syscall(SYS_fsconfig, fs, 6U /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0) < 0)
		err(1, "proc");
	proc = (int)syscall(SYS_fsmount, fs, 1U /* FSMOUNT_CLOEXEC */, 0U);
	(void)close(fs);
}

static void write_file(const char *path, const char *text)
{
	const int fd = openat(proc, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	(void)close(fd);
}

static void make_netns(struct node *n)
{
	if (unshare(CLONE_NEWNET) < 0)
		err(1, "unshare");
	n->ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	n->sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (n->ns < 0 || n->sock < 0)
		err(1, "netns");
}

static void node_sysctls(void)
{
	write_file("sys/net/ipv4/ip_forward", "1");
	write_file("sys/net/ipv4/conf/all/rp_filter", "0");
	write_file("sys/net/ipv4/conf/default/rp_filter", "0");
	write_file("sys/net/ipv4/ping_group_range", "0 2147483647");
	write_file("sys/net/ipv6/conf/all/accept_dad", "0");
	write_file("sys/net/ipv6/conf/default/accept_dad", "0");
}

/* ---- sandboxes ---- */

static int masked(const char *path, unsigned long flags)
{
	if (access(path, F_OK) < 0)
		return 0;
	return mount(path, path, NULL, MS_BIND, NULL) |
	       mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC | flags, NULL);
}

static int kernel_mounts(void)
{
	static const char *const read_only[] = {
		"/proc/sys",  "/proc/sysrq-trigger", "/proc/irq",    "/proc/bus",	   "/proc/fs",
		"/proc/acpi", "/proc/scsi",	     "/proc/driver", "/proc/dynamic_debug"
	};
	static const char *const hidden[] = { "/proc/kcore",	  "/proc/keys",	       "/proc/latency_stats",
					      "/proc/timer_list", "/proc/sched_debug", "/proc/kpagecount",
					      "/proc/kpageflags", "/proc/kmsg" };
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	int r = mount("proc", "/proc", "proc", flags, NULL);

	for (size_t i = 0; i < sizeof(read_only) / sizeof(*read_only); i++)
		r |= masked(read_only[i], MS_RDONLY);
	r |= masked("/proc/sys/net", 0);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		if (access(hidden[i], F_OK) == 0)
			r |= mount("/dev/null", hidden[i], NULL, MS_BIND, NULL);
	r |= mount("sysfs", "/sys", "sysfs", flags, NULL);
	r |= mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND | flags | MS_RDONLY, NULL);
	r |= masked("/sys/devices/virtual/net", 0);
	return r | mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
			 "newinstance,ptmxmode=0666,mode=0620,gid=5");
}

/* On the parent's memory, as netemu's. */
static int child_main(void *arg)
{
	const struct node *n = arg;
	const int i = (int)(n - nodes);
	char name[16], opts[128];
	char *const argv[] = { (char *)"floor_init", NULL }, *const env[] = { NULL };

	(void)snprintf(name, sizeof(name), "n%d", i);
	(void)snprintf(opts, sizeof(opts), "lowerdir=layer:/,upperdir=n/%d/u,workdir=n/%d/w", i, i);
	if (setns(n->ns, CLONE_NEWNET) < 0 || chdir(dir) < 0 || mount("floor", "root", "overlay", 0, opts) < 0 ||
	    chdir("root") < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
	    chdir("/") < 0 || kernel_mounts() != 0)
		_exit(1);
	(void)syscall(SYS_close_range, FD_OUT + 1, ~0U, 2 /* CLOSE_RANGE_UNSHARE */);
	(void)setsid();
	if (sethostname(name, strlen(name)) < 0)
		_exit(1);
	(void)syscall(SYS_execveat, FD_INIT, "", argv, env, AT_EMPTY_PATH);
	_exit(1);
}

static void make_sandbox(int i)
{
	static _Alignas(16) char stack[STACK];
	static const char *const parts[] = { "", "/u", "/w" };
	char path[64];

	for (size_t k = 0; k < sizeof(parts) / sizeof(*parts); k++) {
		(void)snprintf(path, sizeof(path), "%s/n/%d%s", dir, i, parts[k]);
		if (mkdir(path, 0755) < 0)
			err(1, "%s", path);
	}
	nodes[i].pid = clone(child_main, stack + STACK,
			     CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP | CLONE_VM |
				     CLONE_VFORK | CLONE_FILES | SIGCHLD,
			     &nodes[i]);
	if (nodes[i].pid < 0)
		err(1, "clone");
}

/* A tmpfs with a layer that hides the host's /dev, /run and /tmp, as netemu's. */
static void make_files(void)
{
	static const char *const dirs[] = {
		"layer", "layer/dev", "layer/dev/pts", "layer/run", "layer/tmp", "n", "root"
	};
	char path[64];

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", "", MS_REC | MS_SLAVE, NULL) < 0 ||
	    (mkdir(dir, 0700) < 0 && errno != EEXIST) ||
	    mount("floor", dir, "tmpfs", MS_NOATIME, "mode=0755,size=50%") < 0)
		err(1, "%s", dir);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, dirs[i]);
		if (mkdir(path, 0755) < 0)
			err(1, "%s", path);
	}
	(void)snprintf(path, sizeof(path), "%s/layer/dev/null", dir);
	if (mknod(path, S_IFCHR | 0666, makedev(1, 3)) < 0)
		err(1, "%s", path);
}

/* ---- the run ---- */

static void read_shape(const char *path)
{
	FILE *f = fopen(path, "re");
	int a, b, cap = 0;
	char word[16];

	if (!f || fscanf(f, "nodes %d", &n_nodes) != 1)
		errx(1, "%s: no shape", path);
	nodes = calloc((size_t)n_nodes, sizeof(*nodes));
	while (fscanf(f, "%15s %d", word, &a) == 2) {
		if (strcmp(word, "bridge") == 0) {
			nodes[a].port_of = -1;
			continue;
		}
		if (fscanf(f, "%d", &b) != 1)
			errx(1, "%s: a link has two ends", path);
		if (n_links == cap)
			links = realloc(links, (size_t)(cap = cap * 2 + 64) * sizeof(*links));
		links[n_links][0] = a;
		links[n_links++][1] = b;
	}
	(void)fclose(f);
}

static void up_all(void)
{
	for (int i = 0; i < n_nodes; i++)
		for (unsigned k = 0; !nodes[i].port_of && k <= nodes[i].links; k++)
			set_up(&nodes[i], 1 + (int)k);
	for (unsigned k = 0; k <= lab.links; k++)
		set_up(&lab, 1 + (int)k);
	answers_all();
}

static void make_all(const char *path)
{
	const struct rlimit files = { 1 << 20, 1 << 20 };

	read_shape(path);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	make_files();
	make_netns(&lab);
	for (int i = 0; i < n_nodes; i++) {
		if (nodes[i].port_of) {
			make_bridge(i);
			continue;
		}
		fresh_proc(i);
		make_netns(&nodes[i]);
		node_sysctls();
	}
	answers(&lab);
	for (int k = 0; k < n_links; k++)
		make_link(k);
	answers_all();
	up_all();
	/* Each descriptor less is one that no child copies. */
	for (int i = 0; i < n_nodes; i++)
		if (!nodes[i].port_of)
			(void)close(nodes[i].sock);
	for (int i = 0; i < n_nodes; i++)
		if (!nodes[i].port_of)
			make_sandbox(i);
}

/* Standard streams go up, and /dev/null takes their place, so that no child has to. */
static void arrange_fds(const char *init)
{
	const int exe = open(init, O_RDONLY), null = open("/dev/null", O_RDWR);

	if (exe < 0 || null < 0 || dup3(exe, FD_INIT, O_CLOEXEC) < 0 || dup3(STDIN_FILENO, FD_IN, O_CLOEXEC) < 0 ||
	    dup3(STDOUT_FILENO, FD_OUT, O_CLOEXEC) < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		err(1, "descriptors");
	(void)close(exe);
	(void)close(null);
}

int main(int argc, char **argv)
{
	char c;

	if (argc != 3)
		errx(64, "usage: floor INIT FILE");
	arrange_fds(argv[1]);
	make_all(argv[2]);
	(void)!write(FD_OUT, "up\n", 3);
	while (read(FD_IN, &c, 1) > 0)
		;
	for (int i = 0; i < n_nodes; i++)
		if (nodes[i].pid > 0)
			(void)kill(nodes[i].pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return 0;
}
