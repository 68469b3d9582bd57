// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_sysctl.c - settings of a namespace are written, and of nothing else
 */
#include "scratch.h"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kernel/link.h"
#include "kernel/sysctl.h"

static int open_procfs(void)
{
	struct error e = { 0 };
	int fd = -EBADF;

	assert_ok(sysctl_open(&fd, &e), &e);
	return fd;
}

static void test_write_and_read(void **state)
{
	_cleanup_close_ int fd = open_procfs();
	struct error e = { 0 };
	char v[32];

	(void)state;
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_ok(sysctl_write(fd, "net.ipv4.ip_forward", "1", &e), &e);
	assert_ok(sysctl_read(fd, "net/ipv4/ip_forward", v, sizeof(v), &e), &e);
	assert_string_equal(v, "1");
	assert_ok(sysctl_write(fd, "net/ipv4/conf/lo/rp_filter", "0", &e), &e);
	assert_int_equal(sysctl_write(fd, "net.ipv4.no_such_thing", "1", &e), -ENOENT);
	assert_non_null(strstr(e.msg, "net.ipv4.no_such_thing"));
	assert_int_equal(sysctl_write(fd, "net.ipv4.ip_forward", "rubbish", &e), -EINVAL);
	assert_true(sysctl_write(fd, "net.ipv4.conf", "1", &e) < 0);
}

/* One descriptor serves all namespaces. */
static void test_follows_the_namespace(void **state)
{
	_cleanup_close_ int fd = open_procfs(), self = netns_self(), other = netns_fresh();
	struct error e = { 0 };
	char v[32];

	(void)state;
	netns_enter(other);
	assert_ok(sysctl_write(fd, "net.ipv4.ip_default_ttl", "33", &e), &e);
	netns_enter(self);
	assert_ok(sysctl_read(fd, "net.ipv4.ip_default_ttl", v, sizeof(v), &e), &e);
	assert_string_equal(v, "64");
	netns_enter(other);
	assert_ok(sysctl_read(fd, "net.ipv4.ip_default_ttl", v, sizeof(v), &e), &e);
	assert_string_equal(v, "33");
}

static void test_interface_with_a_dot(void **state)
{
	const struct link_veth spec = { .a = { .netns_fd = -1, .ifname = "eth0.100" },
					.b = { .netns_fd = -1, .ifname = "p" } };
	_cleanup_close_ int fd = open_procfs();
	_cleanup_nlconn_ struct nlconn *c = NULL;
	struct error e = { 0 };
	char v[32];

	(void)state;
	assert_ok(nlconn_open(NETLINK_ROUTE, &c, &e), &e);
	assert_ok(link_create_veth(c, &spec, &e), &e);
	assert_ok(sysctl_write(fd, "net/ipv4/conf/eth0.100/forwarding", "1", &e), &e);
	assert_ok(sysctl_read(fd, "net.ipv4.conf.eth0/100.forwarding", v, sizeof(v), &e), &e);
	assert_string_equal(v, "1");
}

static void test_refuses(void **state)
{
	_cleanup_close_ int fd = open_procfs(), root = open("/", O_PATH | O_CLOEXEC);
	struct error e = { 0 };

	(void)state;
	assert_int_equal(sysctl_write(fd, "net/ipv4/../../kernel/core_pattern", "x", &e), -EINVAL);
	assert_int_equal(sysctl_write(fd, "net/../../sysrq-trigger", "x", &e), -EINVAL);
	assert_int_equal(sysctl_write(fd, "kernel.core_pattern", "x", &e), -EPERM);
	assert_int_equal(sysctl_write(fd, "vm/swappiness", "60", &e), -EPERM);
	assert_int_equal(sysctl_write(root, "net.ipv4.ip_forward", "1", &e), -EINVAL);
	assert_string_equal(e.msg, "sysctl net.ipv4.ip_forward: not a descriptor of procfs");
	assert_int_equal(sysctl_write(-1, "net.ipv4.ip_forward", "1", &e), -EINVAL);
}

/*
 * In a mount namespace of its own: something is mounted over a setting, once an ordinary file, once another file
 * of procfs. Through /proc it is refused; through a procfs of our own it does not matter.
 */
static int child_with_covered_proc(const char *cover)
{
	_cleanup_close_ int proc = -EBADF, own = -EBADF;
	struct error e = { 0 };
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(cover, "/proc/sys/net/ipv4/ip_forward", "none", MS_BIND, NULL) < 0)
		return 77;
	proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = sysctl_write(proc, "net.ipv4.ip_forward", "0", &e);
	if (r != -EXDEV && r != -EINVAL)
		return 1;
	if (sysctl_open(&own, &e) < 0)
		return 2;
	r = sysctl_write(own, "net.ipv4.ip_forward", "1", &e);
	return r == 0 || r == -EXDEV ? 0 : 3;
}

static const char *const covers[] = { "/dev/null", "/proc/sys/net/ipv4/ip_default_ttl" };

/* Run @child in a process of its own for each of @covers; it exits with 0, or 77 where it cannot be done. */
static void for_each_cover(int (*child)(const char *cover))
{
	int status = 0;
	pid_t pid;

	for (size_t i = 0; i < ARRAY_SIZE(covers); i++) {
		pid = fork();
		if (pid == 0)
			_exit(child(covers[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
			skip();
		assert_int_equal(status, 0);
	}
}

static void test_mount_over_a_setting(void **state)
{
	(void)state;
	for_each_cover(child_with_covered_proc);
}

/* As on Linux 5.0: neither openat2() nor fsopen(). */
static int forbid_new_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fsopen, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -1 : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

static int child_on_old_kernel(const char *cover)
{
	_cleanup_close_ int fd = -EBADF;
	struct error e = { 0 };
	char v[32];

	if (forbid_new_calls() < 0)
		return 77;
	if (sysctl_open(&fd, &e) < 0 || sysctl_write(fd, "net/ipv4/conf/lo/rp_filter", "2", &e) < 0)
		return 11;
	if (sysctl_read(fd, "net.ipv4.conf.lo.rp_filter", v, sizeof(v), &e) < 0 || strcmp(v, "2") != 0)
		return 12;
	if (sysctl_write(fd, "net.ipv4.no_such_thing", "1", &e) != -ENOENT)
		return 13;
	return child_with_covered_proc(cover);
}

static void test_without_openat2(void **state)
{
	(void)state;
	for_each_cover(child_on_old_kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_write_and_read, scratch_setup),
		cmocka_unit_test_setup(test_follows_the_namespace, scratch_setup),
		cmocka_unit_test_setup(test_interface_with_a_dot, scratch_setup),
		cmocka_unit_test_setup(test_refuses, scratch_setup),
		cmocka_unit_test_setup(test_mount_over_a_setting, scratch_setup),
		cmocka_unit_test_setup(test_without_openat2, scratch_setup),
	};

	if (!scratch_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
