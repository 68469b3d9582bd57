// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest.c - a virtual machine, from its initramfs to its QEMU
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "kernel/hostview.h"
#include "vm/guest_internal.h"
#include "vm/initrd.h"
#include "vm/tool.h"

#define QEMU "qemu-system-x86_64"
#define VMINIT "netemu-vminit"

enum { MEMORY_MIB = 1024, SHARES_MAX = 4, FDS_MAX = 4 };

/* What the host's root can be seen through, and what a kernel needs for that and for a root that can be written. */
static const struct filesystem {
	const char *name;
	const char *const modules[5];
} filesystems[] = {
	{ "9p", { "virtio_pci", "9p", "9pnet_virtio", "overlay", NULL } },
	{ "virtiofs", { "virtio_pci", "virtiofs", "overlay", NULL } },
};

/* ---- where things are ---- */

static void self_dir(char *ret, size_t size)
{
	const ssize_t n = readlink("/proc/self/exe", ret, size - 1);

	ret[n > 0 ? n : 0] = '\0';
	if (strrchr(ret, '/'))
		*strrchr(ret, '/') = '\0';
}

static int vminit_read(struct strbuf *s, struct error *e)
{
	const char *given = getenv("NETEMU_LIBEXEC");
	char self[PATH_MAX], path[3][PATH_MAX + 64] = { "" };

	self_dir(self, sizeof(self));
	if (given)
		(void)snprintf(path[0], sizeof(path[0]), "%s/" VMINIT, given);
	(void)snprintf(path[1], sizeof(path[1]), "%s/" VMINIT, self);
	(void)snprintf(path[2], sizeof(path[2]), "%s/../libexec/netemu/" VMINIT, self);
	for (size_t i = 0; i < ARRAY_SIZE(path); i++)
		if (*path[i] && access(path[i], R_OK) == 0)
			return tool_read(path[i], s, e);
	return error_set(e, ENOENT, VMINIT " was not found beside %s/netemu nor in ../libexec/netemu: reinstall netemu", self);
}

static bool in_path(const char *name)
{
	const char *dirs = getenv("PATH");
	char path[PATH_MAX];

	for (const char *p = dirs ? dirs : "/usr/bin:/bin"; *p; p += strcspn(p, ":"), p += *p == ':') {
		(void)snprintf(path, sizeof(path), "%.*s/%s", (int)strcspn(p, ":"), p, name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

int vm_can_run(struct error *e)
{
	if (in_path(QEMU))
		return 0;
	return error_set(e, ENOENT, QEMU " is not installed (Debian: apt-get install --no-install-recommends qemu-system-x86)");
}

static const char *virtiofsd_find(void)
{
	static const char *const paths[] = { "/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

bool vm_uses_kvm(void)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	if (access("/dev/kvm", R_OK | W_OK) < 0 || tool_read("/proc/cpuinfo", &s, NULL) < 0)
		return false;
	return strstr(strbuf_str(&s), " vmx") || strstr(strbuf_str(&s), " svm");
}

/* ---- the initramfs ---- */

static void config_add(struct strbuf *s, const char *key, const char *value)
{
	strbuf_printf(s, "%s=%s", key, value);
	strbuf_putc(s, '\0');
}

static void config_write(struct strbuf *s, const struct vm_spec *spec, const char *fs, size_t n_modules)
{
	char self[PATH_MAX], word[PATH_MAX + 128];

	for (size_t i = 0; i < n_modules; i++) {
		(void)snprintf(word, sizeof(word), "/m/%zu.ko", i);
		config_add(s, "module", word);
	}
	config_add(s, "fs", fs);
	for (size_t i = 0; spec->shares && spec->shares[i]; i++)
		config_add(s, "share", spec->shares[i]);
	if (spec->kernel->modules)
		config_add(s, "modules", spec->kernel->modules);
	config_add(s, "dir", spec->cwd ? spec->cwd : "/");
	self_dir(self, sizeof(self));
	(void)snprintf(word, sizeof(word), "PATH=%s:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", self);
	config_add(s, "env", word);
	config_add(s, "env", "HOME=/root");
	config_add(s, "env", "LANG=C.UTF-8");
	for (size_t i = 0; spec->env && spec->env[i]; i++)
		config_add(s, "env", spec->env[i]);
	for (size_t i = 0; spec->argv[i]; i++)
		config_add(s, "arg", spec->argv[i]);
}

static int modules_add(struct strbuf *s, char *const *paths, size_t *ret_n, struct error *e)
{
	size_t n = 0;

	for (; paths[n]; n++) {
		_cleanup_strbuf_ struct strbuf module = { 0 };
		char name[32];
		int r = tool_read(paths[n], &module, e);

		if (r < 0)
			return r;
		(void)snprintf(name, sizeof(name), "/m/%zu.ko", n);
		initrd_add(s, name, S_IFREG | 0600, module.buf, module.len);
	}
	*ret_n = n;
	return 0;
}

/* Return: a memfd, or -errno. */
static int initrd_make(const struct vm_spec *spec, const char *fs, char *const *modules, struct error *e)
{
	_cleanup_strbuf_ struct strbuf s = { 0 }, init = { 0 }, config = { 0 };
	_cleanup_close_ int fd = -EBADF;
	size_t n = 0;
	int r = vminit_read(&init, e);

	if (r < 0)
		return r;
	initrd_add(&s, "/m", S_IFDIR | 0755, NULL, 0);
	initrd_add(&s, "/dev", S_IFDIR | 0755, NULL, 0);
	initrd_add(&s, "/init", S_IFREG | 0755, init.buf, init.len);
	r = modules_add(&s, modules, &n, e);
	if (r < 0)
		return r;
	config_write(&config, spec, fs, n);
	initrd_add(&s, VMINIT_CONFIG, S_IFREG | 0600, config.buf, config.len);
	initrd_end(&s);
	if (s.oom || config.oom)
		return error_oom(e);
	fd = memfd_create("initrd", MFD_CLOEXEC);
	if (fd < 0 || write(fd, s.buf, s.len) != (ssize_t)s.len)
		return error_errno(e, errno, "make an initramfs");
	return TAKE_FD(fd);
}

/* The first file system that the kernel and the host have what is needed for. */
static int filesystem_choose(const struct vm_kernel *k, const struct filesystem **ret, char ***ret_modules, struct error *e)
{
	const char *missing = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++) {
		_cleanup_(vm_paths_freep) char **modules = NULL;
		int r = vm_kernel_modules(k, filesystems[i].modules, &modules, &missing, e);

		if (r < 0)
			return r;
		if (missing)
			continue;
		*ret = &filesystems[i];
		*ret_modules = TAKE_PTR(modules);
		return 0;
	}
	return error_set(e, ENOENT, "the kernel %s cannot see the host's files: it has neither 9p nor virtiofs (%s is missing)", k->name,
			 missing);
}

/* ---- processes ---- */

/* @keep: descriptors that go on under their numbers. @view: see no host file that can be written but these; NULL: see all as it is. */
static void child(char *const *argv, const int *keep, size_t n_keep, int complaints, char *const *view)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct error e = { 0 };
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(complaints, STDOUT_FILENO);
	(void)dup2(complaints, STDERR_FILENO);
	for (size_t i = 0; i < n_keep; i++)
		(void)fcntl(keep[i], F_SETFD, 0);
	if (view && hostview_readonly(view, &e) < 0)
		(void)dprintf(STDERR_FILENO, "%s\n", e.msg);
	else
		(void)execvp(argv[0], argv);
	_exit(127);
}

/* A group of its own: Ctrl-C is netemu's, which then ends it. */
static int process_start(struct process *p, char *const *argv, const int *keep, size_t n_keep, int complaints, char *const *view,
			 struct error *e)
{
	const pid_t self = getpid();
	const pid_t pid = fork();

	if (pid < 0)
		return error_errno(e, errno, "start %s", argv[0]);
	if (pid == 0) {
		(void)setpgid(0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != self)
			_exit(127);
		child(argv, keep, n_keep, complaints, view);
	}
	p->pid = pid;
	p->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p->pidfd >= 0)
		return (void)fcntl(p->pidfd, F_SETFD, FD_CLOEXEC), 0;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return error_errno(e, errno, "open a pidfd");
}

static void process_end(struct process *p)
{
	if (p->pidfd < 0)
		return;
	(void)kill(p->pid, SIGKILL); /* not reaped yet: the number is still its own */
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	p->pidfd = fd_close(p->pidfd);
}

/* ---- virtiofsd ---- */

/* An abstract socket with a name by the kernel; we are the one client before anyone else could be. */
static int socket_pair_listening(int *ret_listen, int *ret_client, struct error *e)
{
	_cleanup_close_ int l = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), c = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t n = sizeof(a.sun_family);

	if (l < 0 || c < 0 || bind(l, (struct sockaddr *)&a, n) < 0 || listen(l, 1) < 0)
		return error_errno(e, errno, "make a socket");
	n = sizeof(a);
	if (getsockname(l, (struct sockaddr *)&a, &n) < 0 || connect(c, (struct sockaddr *)&a, n) < 0)
		return error_errno(e, errno, "make a socket");
	*ret_listen = TAKE_FD(l);
	*ret_client = TAKE_FD(c);
	return 0;
}

/* Return: the socket for QEMU, or -errno. */
static int virtiofsd_start(struct guest *g, struct error *e)
{
	static char *const none[] = { NULL };
	_cleanup_close_ int listening = -EBADF, client = -EBADF;
	const char *program = virtiofsd_find();
	char fd[32];
	char *argv[] = { (char *)(uintptr_t)program, fd, (char *)"-o", (char *)"source=/,cache=always,sandbox=chroot", NULL };
	int r;

	if (!program)
		return error_set(e, ENOENT, "the kernel %s has no 9p, and virtiofsd is not installed", g->spec->kernel->name);
	if (geteuid() != 0)
		return error_set(e, EPERM, "the kernel %s has no 9p, and virtiofsd needs root", g->spec->kernel->name);
	r = socket_pair_listening(&listening, &client, e);
	if (r < 0)
		return r;
	(void)snprintf(fd, sizeof(fd), "--fd=%d", listening);
	r = process_start(&g->fsd, argv, &listening, 1, g->fsd_complaints, g->spec->shares ? g->spec->shares : none, e);
	return r < 0 ? r : TAKE_FD(client);
}

/* ---- QEMU ---- */

static void arg(struct arena *a, struct strv *v, const char *word)
{
	strv_add(a, v, word);
}

static void serial_args(struct arena *a, struct strv *v, const char *name, int fd)
{
	arg(a, v, "-chardev");
	arg(a, v, arena_printf(a, "socket,id=%s,fd=%d", name, fd));
	arg(a, v, "-serial");
	arg(a, v, arena_printf(a, "chardev:%s", name));
}

/* QEMU's own escape: a comma in a value is written twice. */
static char *comma_escape(struct arena *a, const char *path)
{
	char *s = arena_alloc(a, 2 * strlen(path) + 1), *p = s;

	for (; *path; path++) {
		*p++ = *path;
		if (*path == ',')
			*p++ = ',';
	}
	return s;
}

static void ninep_args(struct arena *a, struct strv *v, const struct vm_spec *spec)
{
	arg(a, v, "-virtfs");
	arg(a, v, "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap");
	for (size_t i = 0; spec->shares && spec->shares[i]; i++) {
		arg(a, v, "-virtfs");
		arg(a, v, arena_printf(a, "local,path=%s,mount_tag=share%zu,security_model=none,multidevs=remap",
				       comma_escape(a, spec->shares[i]), i));
	}
}

static void virtiofs_args(struct arena *a, struct strv *v, int fd, unsigned memory)
{
	arg(a, v, "-object");
	arg(a, v, arena_printf(a, "memory-backend-memfd,id=mem,size=%uM,share=on", memory));
	arg(a, v, "-machine");
	arg(a, v, "memory-backend=mem");
	arg(a, v, "-chardev");
	arg(a, v, arena_printf(a, "socket,id=fs,fd=%d", fd));
	arg(a, v, "-device");
	arg(a, v, "vhost-user-fs-pci,chardev=fs,tag=root");
}

/* @fds: the initramfs, console, frames, virtiofsd's socket or negative. */
static struct strv qemu_args(struct arena *a, const struct vm_spec *spec, const int *fds)
{
	const unsigned memory = spec->memory_mib ? spec->memory_mib : MEMORY_MIB;
	static const char *const fixed[] = { QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot" };
	struct strv v = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		arg(a, &v, fixed[i]);
	arg(a, &v, "-accel");
	arg(a, &v, vm_uses_kvm() ? "kvm" : "tcg");
	arg(a, &v, "-cpu");
	arg(a, &v, "max");
	arg(a, &v, "-smp");
	arg(a, &v, arena_printf(a, "%u", spec->cpus ? spec->cpus : 1));
	arg(a, &v, "-m");
	arg(a, &v, arena_printf(a, "%u", memory));
	arg(a, &v, "-kernel");
	arg(a, &v, spec->kernel->image);
	arg(a, &v, "-initrd");
	arg(a, &v, arena_printf(a, "/proc/self/fd/%d", fds[0]));
	arg(a, &v, "-append");
	arg(a, &v, arena_printf(a, "console=ttyS0 panic=-1 oops=panic%s", spec->verbose ? "" : " quiet"));
	serial_args(a, &v, "console", fds[1]);
	serial_args(a, &v, "frames", fds[2]);
	if (fds[3] < 0)
		ninep_args(a, &v, spec);
	else
		virtiofs_args(a, &v, fds[3], memory);
	return v;
}

static int streams_open(struct guest *g, int *ret_console, int *ret_frames, struct error *e)
{
	int c[2], f[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c) < 0)
		return error_errno(e, errno, "make a socket pair");
	g->console = c[0];
	*ret_console = c[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, f) < 0)
		return error_errno(e, errno, "make a socket pair");
	g->frames = f[0];
	*ret_frames = f[1];
	(void)fcntl(g->console, F_SETFL, O_NONBLOCK);
	(void)fcntl(g->frames, F_SETFL, O_NONBLOCK);
	return 0;
}

static int log_open(struct guest *g, struct error *e)
{
	char path[PATH_MAX];

	if (!g->spec->artefacts)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/console.log", g->spec->artefacts);
	g->log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return g->log < 0 ? error_errno(e, errno, "create %s", path) : 0;
}

static int shares_check(const struct vm_spec *spec, struct error *e)
{
	size_t n = 0;
	struct stat st;

	for (; spec->shares && spec->shares[n]; n++) {
		if (spec->shares[n][0] != '/')
			return error_set(e, EINVAL, "the shared directory %s: it must be an absolute path", spec->shares[n]);
		if (stat(spec->shares[n], &st) < 0)
			return error_errno(e, errno, "the shared directory %s", spec->shares[n]);
		if (!S_ISDIR(st.st_mode))
			return error_set(e, ENOTDIR, "the shared directory %s is none", spec->shares[n]);
	}
	return n > SHARES_MAX ? error_set(e, E2BIG, "at most %d directories can be shared with a guest", SHARES_MAX) : 0;
}

/* Descriptors that QEMU gets are closed here in any case. */
static int qemu_start(struct guest *g, int *fds, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct strv v = qemu_args(&a, g->spec, fds);

	return process_start(&g->qemu, v.v, fds, fds[3] < 0 ? 3 : 4, g->complaints, NULL, e);
}

int guest_start(struct guest *g, struct error *e)
{
	_cleanup_(vm_paths_freep) char **modules = NULL;
	const struct filesystem *fs = NULL;
	int fds[FDS_MAX] = { -EBADF, -EBADF, -EBADF, -EBADF };
	int r = shares_check(g->spec, e);

	r = r < 0 ? r : filesystem_choose(g->spec->kernel, &fs, &modules, e);
	r = r < 0 ? r : log_open(g, e);
	if (r < 0)
		return r;
	g->complaints = memfd_create("complaints", MFD_CLOEXEC);
	g->fsd_complaints = memfd_create("complaints of virtiofsd", MFD_CLOEXEC);
	if (g->complaints < 0 || g->fsd_complaints < 0)
		return error_errno(e, errno, "make a memfd");
	fds[0] = r = initrd_make(g->spec, fs->name, modules, e);
	r = r < 0 ? r : streams_open(g, &fds[1], &fds[2], e);
	if (r == 0 && fs != filesystems)
		fds[3] = r = virtiofsd_start(g, e);
	r = r < 0 ? r : qemu_start(g, fds, e);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		(void)fd_close(fds[i]);
	if (r < 0)
		guest_kill(g);
	return r;
}

void guest_kill(struct guest *g)
{
	process_end(&g->qemu);
	process_end(&g->fsd);
}

void guest_done(struct guest *g)
{
	g->console = fd_close(g->console);
	g->frames = fd_close(g->frames);
	g->log = fd_close(g->log);
	g->complaints = fd_close(g->complaints);
	g->fsd_complaints = fd_close(g->fsd_complaints);
}
