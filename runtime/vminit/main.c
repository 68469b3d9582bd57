// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - netemu-vminit: PID 1 of a virtual machine that lives for one command
 *
 * Owns: the guest's root, the command, and what is told of it (proto.h). Refuses to know what the command is.
 *
 * Theory of Operation
 *
 * It starts from an initramfs with nothing in it but itself, its words and the modules without which the host's root
 * cannot be seen. It loads these, puts a tmpfs over the host's root (so that all of it can be written, and nothing of it
 * is), mounts what a booted machine has, and starts the command with pipes as stdout and stderr. When the command has
 * ended it says how, and stops the machine; the host does not wait for that. Whatever goes wrong before is said in one
 * line, as a frame; a kernel that has no second serial line gets it on its console.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/macros.h"
#include "vminit/proto.h"

#define LOWER "/lower"
#define UPPER "/upper"
#define ROOT "/root"

enum { WORDS_MAX = 512 };

static struct {
	char *config;
	size_t size;
	int tty; /* -1: none */
} self = { .tty = -1 };

/* ---- what is said ---- */

static void tty_write(const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		const ssize_t done = write(self.tty, p, n);

		if (done < 0 && errno != EINTR)
			return;
		p += done > 0 ? done : 0;
		n -= done > 0 ? (size_t)done : 0;
	}
}

static void frame_send(enum vmframe_type type, const void *data, size_t n)
{
	const struct vmframe f = { VMFRAME_MAGIC, (uint8_t)type, (uint8_t)(n >> 8), (uint8_t)n };

	tty_write(&f, sizeof(f));
	tty_write(data, n);
}

/* The host ends QEMU when it has read the last frame; a host that is gone shall not leave a machine that runs. */
_Noreturn static void stop(void)
{
	if (self.tty >= 0)
		(void)tcdrain(self.tty);
	(void)reboot(RB_POWER_OFF);
	for (;;)
		(void)pause();
}

_Noreturn static void fail(const char *fmt, ...)
{
	char text[WORDS_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (self.tty >= 0)
		frame_send(VMFRAME_FAILED, text, strlen(text));
	else
		(void)dprintf(open("/dev/kmsg", O_WRONLY | O_CLOEXEC), "<3>netemu-vminit: %s\n", text);
	stop();
}

/* ---- what it was told ---- */

static void config_read(void)
{
	const int fd = open(VMINIT_CONFIG, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		fail("read %s: %s", VMINIT_CONFIG, strerror(errno));
	self.size = (size_t)st.st_size;
	self.config = calloc(1, self.size + 1);
	if (!self.config || read(fd, self.config, self.size) != st.st_size)
		fail("read %s: %s", VMINIT_CONFIG, strerror(errno));
	(void)close(fd);
}

/* The value of the next string that is KEY=VALUE, after @prev (NULL: the first); NULL when there is none. */
static const char *config_next(const char *key, const char *prev)
{
	const size_t n = strlen(key);
	const char *const end = self.config + self.size;

	for (const char *p = prev ? prev + strlen(prev) + 1 : self.config; p < end; p += strlen(p) + 1)
		if (strncmp(p, key, n) == 0 && p[n] == '=')
			return p + n + 1;
	return NULL;
}

/* A vector of the values of @key, with @extra first unless it is NULL. */
static char **config_vector(const char *key, const char *extra)
{
	char **v = calloc(self.size + 2, sizeof(*v));
	size_t n = 0;

	if (!v)
		fail("out of memory");
	if (extra)
		v[n++] = (char *)(uintptr_t)extra;
	for (const char *p = config_next(key, NULL); p; p = config_next(key, p))
		v[n++] = (char *)(uintptr_t)p;
	return v;
}

/* ---- the root ---- */

static void modules_load(void)
{
	for (const char *path = config_next("module", NULL); path; path = config_next("module", path)) {
		const int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
			fail("load %s: %s", path, strerror(errno));
		(void)close(fd);
	}
}

/* mkdir -p; what is there already is fine. */
static void dir_make(const char *path)
{
	char part[PATH_MAX];

	for (size_t i = 1; i < sizeof(part) && path[i - 1]; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		(void)memcpy(part, path, i);
		part[i] = '\0';
		(void)mkdir(part, 0755);
	}
}

static void must_mount(const char *what, const char *where, const char *type, unsigned long flags, const char *options)
{
	if (mount(what, where, type, flags, options) < 0)
		fail("mount %s (%s) on %s: %s%s", what, type ? type : "bind", where, strerror(errno),
		     errno == ENODEV ? ": the kernel lacks this file system" : "");
}

static void share_mount(const char *fs, const char *dir, size_t index)
{
	char from[PATH_MAX], to[PATH_MAX];

	(void)snprintf(to, sizeof(to), ROOT "%s", dir);
	dir_make(to);
	if (strcmp(fs, "9p") == 0) {
		(void)snprintf(from, sizeof(from), "share%zu", index);
		must_mount(from, to, fs, 0, "trans=virtio,version=9p2000.L,msize=262144,cache=mmap");
		return;
	}
	(void)snprintf(from, sizeof(from), LOWER "%s", dir);
	must_mount(from, to, NULL, MS_BIND, NULL);
}

/* What a directory of the guest's own hides is the host's: its /run, above all. */
static void root_build(void)
{
	const char *fs = config_next("fs", NULL);
	const bool is_9p = fs && strcmp(fs, "9p") == 0;
	size_t n = 0;

	if (!fs)
		fail("nobody said how the host's files are shared");
	dir_make(LOWER);
	dir_make(UPPER);
	dir_make(ROOT);
	must_mount("root", LOWER, fs, is_9p ? MS_RDONLY : 0,
		   is_9p ? "trans=virtio,version=9p2000.L,msize=262144,cache=loose" : NULL);
	must_mount("upper", UPPER, "tmpfs", 0, "mode=0755,size=75%");
	dir_make(UPPER "/files");
	dir_make(UPPER "/work");
	must_mount("overlay", ROOT, "overlay", 0, "lowerdir=" LOWER ",upperdir=" UPPER "/files,workdir=" UPPER "/work");
	must_mount("run", ROOT "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755");
	for (const char *dir = config_next("share", NULL); dir; dir = config_next("share", dir))
		share_mount(fs, dir, n++);
}

static void root_enter(void)
{
	if (chdir(ROOT) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		fail("make %s the root: %s", ROOT, strerror(errno));
}

static void kernel_modules_show(void)
{
	const char *from = config_next("modules", NULL);
	char to[PATH_MAX];
	struct utsname u;

	if (!from || uname(&u) < 0)
		return;
	(void)snprintf(to, sizeof(to), "/lib/modules/%s", u.release);
	if (strcmp(from, to) == 0)
		return;
	dir_make(to);
	must_mount(from, to, NULL, MS_BIND, NULL);
}

/* ---- what a booted machine has ---- */

static const struct {
	const char *type, *where, *options;
	unsigned long flags;
	bool optional;
} mounts[] = {
	{ "proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "devtmpfs", "/dev", "mode=0755", MS_NOSUID, false },
	{ "devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666", MS_NOSUID | MS_NOEXEC, false },
	{ "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV, false },
	{ "mqueue", "/dev/mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "cgroup2", "/sys/fs/cgroup", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "debugfs", "/sys/kernel/debug", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "tracefs", "/sys/kernel/tracing", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "bpf", "/sys/fs/bpf", "mode=0700", MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
};

static void file_put(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, text, strlen(text));
	(void)fd_close(fd);
}

static void loopback_up(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	(void)ioctl(fd, SIOCSIFFLAGS, &req);
	(void)fd_close(fd);
}

static void machine_mount(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		if (mounts[i].optional) {
			dir_make(mounts[i].where);
			(void)mount(mounts[i].type, mounts[i].where, mounts[i].type, mounts[i].flags, mounts[i].options);
			continue;
		}
		if (strncmp(mounts[i].where, "/dev/", 5) == 0)
			dir_make(mounts[i].where);
		must_mount(mounts[i].type, mounts[i].where, mounts[i].type, mounts[i].flags, mounts[i].options);
	}
	(void)symlink("/proc/self/fd", "/dev/fd");
	(void)symlink("/proc/self/fd/0", "/dev/stdin");
	(void)symlink("/proc/self/fd/1", "/dev/stdout");
	(void)symlink("/proc/self/fd/2", "/dev/stderr");
}

/*
 * From here on the console has all that the kernel says, warnings and whom it kills for want of memory included. The limits
 * are for labs, which are many machines in one.
 */
static const struct {
	const char *path, *text;
} settings[] = {
	{ "/proc/sys/kernel/printk", "7" },
	{ "/proc/sys/kernel/hung_task_timeout_secs", "60" },
	{ "/proc/sys/fs/inotify/max_user_instances", "8192" },
	{ "/proc/sys/net/ipv4/neigh/default/gc_thresh3", "16384" },
	{ "/proc/sys/net/ipv6/neigh/default/gc_thresh3", "16384" },
	{ "/proc/sys/kernel/pid_max", "4194304" },
};

/* MPLS, alone among what networks are made of, is not loaded by being used. */
static void mpls_load(void)
{
	static char *const argv[] = { (char *)"modprobe", (char *)"-q", (char *)"-a", (char *)"mpls_router", (char *)"mpls_iptunnel", NULL };
	const pid_t pid = fork();

	if (pid == 0) {
		(void)execv("/sbin/modprobe", argv);
		_exit(127);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

static void machine_set(void)
{
	const struct rlimit files = { .rlim_cur = 1024, .rlim_max = 1048576 };

	dir_make("/run/lock");
	(void)sethostname("netemu-vm", strlen("netemu-vm"));
	(void)setrlimit(RLIMIT_NOFILE, &files);
	loopback_up();
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		file_put(settings[i].path, settings[i].text);
	mpls_load();
}

/* ---- the command ---- */

_Noreturn static void command_refuse(const char *what)
{
	const int code = errno;

	(void)dprintf(STDERR_FILENO, "netemu vm: %s: %s\n", what, strerror(code));
	_exit(code == ENOENT ? 127 : 126);
}

_Noreturn static void command_exec(int out, int err)
{
	struct utsname u;
	char version[sizeof(u.release) + 16] = "NETEMU_VM=?";
	const char *dir = config_next("dir", NULL);
	char **argv = config_vector("arg", NULL), **envp;
	const int null = open("/dev/null", O_RDWR);
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	if (uname(&u) == 0)
		(void)snprintf(version, sizeof(version), "NETEMU_VM=%s", u.release);
	envp = config_vector("env", version);
	for (char **e = envp; *e; e++)
		(void)putenv(*e);
	if (!argv[0])
		_exit(127);
	if (dir && chdir(dir) < 0)
		command_refuse(dir);
	(void)execvp(argv[0], argv);
	command_refuse(argv[0]);
}

static void pass_on(int fd, enum vmframe_type type)
{
	char buf[VMFRAME_DATA];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		frame_send(type, buf, (size_t)n);
}

/* All that have ended. Return: whether @pid has, and how. */
static bool reap(pid_t pid, uint8_t *ret_status)
{
	bool ended = false;
	pid_t got;
	int st;

	while ((got = waitpid(-1, &st, WNOHANG)) > 0) {
		if (got != pid)
			continue;
		ended = true;
		*ret_status = (uint8_t)(WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st));
	}
	return ended;
}

static int child_signals(void)
{
	sigset_t mask;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* What is in the pipes when the command ends is its last word; who else has them open is not waited for. */
static uint8_t command_watch(pid_t pid, int out, int err, int signals)
{
	struct pollfd p[] = { { signals, POLLIN, 0 }, { out, POLLIN, 0 }, { err, POLLIN, 0 } };
	struct signalfd_siginfo si;
	uint8_t status = 0;
	bool ended = false;

	while (!ended) {
		(void)poll(p, ARRAY_SIZE(p), -1);
		while (read(signals, &si, sizeof(si)) > 0)
			;
		ended = reap(pid, &status);
		pass_on(out, VMFRAME_STDOUT);
		pass_on(err, VMFRAME_STDERR);
		for (size_t i = 1; i < ARRAY_SIZE(p); i++)
			if (p[i].revents & (POLLHUP | POLLERR))
				p[i].fd = -1;
	}
	return status;
}

static uint8_t command_run(void)
{
	int out[2], err[2];
	const int signals = child_signals();
	pid_t pid;

	if (signals < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		fail("make pipes: %s", strerror(errno));
	frame_send(VMFRAME_STARTED, NULL, 0);
	pid = fork();
	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid == 0)
		command_exec(out[1], err[1]);
	(void)close(out[1]);
	(void)close(err[1]);
	(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(err[0], F_SETFL, O_NONBLOCK);
	return command_watch(pid, out[0], err[0], signals);
}

static void tty_open(void)
{
	struct termios t;

	(void)mkdir("/dev", 0755);
	(void)mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	self.tty = open(VMINIT_TTY, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (self.tty < 0 || tcgetattr(self.tty, &t) < 0)
		fail("open %s: %s: the kernel lacks a serial port's driver", VMINIT_TTY, strerror(errno));
	cfmakeraw(&t);
	(void)cfsetspeed(&t, B115200);
	(void)tcsetattr(self.tty, TCSANOW, &t);
}

int main(void)
{
	uint8_t status;

	if (getpid() != 1) {
		(void)dprintf(STDERR_FILENO, "netemu-vminit is the first program of a virtual machine of netemu vm\n");
		return 64;
	}
	tty_open();
	config_read();
	modules_load();
	root_build();
	root_enter();
	machine_mount();
	kernel_modules_show();
	machine_set();
	status = command_run();
	sync();
	frame_send(VMFRAME_EXITED, &status, 1);
	stop();
}
