// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmkernel.c - kernels in the shapes in which they come
 */
#include "vm/vmkernel.h"

#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "vm/tool.h"

#define BZIMAGE "arch/x86/boot/bzImage"

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool ends_with(const char *s, const char *suffix)
{
	const size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

static char *str_printf(const char *fmt, ...) _printf_(1, 2);
static char *str_printf(const char *fmt, ...)
{
	struct strbuf s = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&s, fmt, ap);
	va_end(ap);
	return strbuf_steal(&s);
}

/* ---- the image ---- */

/* Source: kernel Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header": header, kernel_version. */
static int image_release(const char *path, char **ret, struct error *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[0x210], version[128];
	ssize_t n;
	unsigned at;

	if (fd < 0)
		return error_errno(e, errno, "open the kernel %s", path);
	if (pread(fd, head, sizeof(head), 0) != sizeof(head) || memcmp(head + 0x202, "HdrS", 4) != 0)
		return error_set(e, EINVAL, "%s is no x86 kernel (bzImage)", path);
	at = (unsigned char)head[0x20e] + 256U * (unsigned char)head[0x20f] + 0x200;
	n = pread(fd, version, sizeof(version) - 1, at);
	version[n > 0 ? n : 0] = '\0';
	version[strcspn(version, " ")] = '\0';
	if (!*version)
		return error_set(e, EINVAL, "%s does not say which release it is", path);
	*ret = strdup(version);
	return *ret ? 0 : error_oom(e);
}

/* A kernel whose modules are in @base/lib/modules or @base/usr/lib/modules. Return: whether there are any. */
static bool modules_find(struct vm_kernel *k, const char *base)
{
	static const char *const dirs[] = { "lib/modules", "usr/lib/modules" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *dir = str_printf("%s/%s/%s", base, dirs[i], k->release);

		if (!dir || !is_dir(dir))
			continue;
		k->modules = realpath(dir, NULL);
		return k->modules;
	}
	return false;
}

/* dpkg-deb -x leaves them without: it is the package's script that runs depmod. */
static int modules_index(const struct vm_kernel *k, struct error *e)
{
	_cleanup_free_ char *index = k->modules ? str_printf("%s/modules.dep", k->modules) : NULL;
	_cleanup_free_ char *base = k->modules ? strdup(k->modules) : NULL;
	char *argv[] = { (char *)"/sbin/depmod", (char *)"-b", base, k->release, NULL };

	if (!k->modules || (index && access(index, R_OK) == 0))
		return 0;
	if (!index || !base)
		return error_oom(e);
	for (int i = 0; i < 3; i++)
		*strrchr(base, '/') = '\0';
	return tool_run(argv, NULL, e) < 0 ? error_wrap(e, "index the modules in %s", k->modules) : 0;
}

/* ---- the cache ---- */

static int dirs_make(char *path, struct error *e)
{
	for (char *p = strchr(path + 1, '/');; p = strchr(p + 1, '/')) {
		if (p)
			*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return error_errno(e, errno, "make %s", path);
		if (!p)
			return 0;
		*p = '/';
	}
}

static char *cache_path(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return str_printf("%s/netemu/kernels", xdg);
	if (geteuid() == 0 || !home || *home != '/')
		return strdup("/var/cache/netemu/kernels");
	return str_printf("%s/.cache/netemu/kernels", home);
}

/*
 * Runs @argv, whose word @at is "WHATEVER%s", with a new directory in the place of %s that becomes @dir when all went well. What
 * two do at once, one of them does; what is killed half-way leaves no half a directory under the final name.
 */
static int cache_fill(char *dir, char **argv, size_t at, struct error *e)
{
	_cleanup_free_ char *tmp = str_printf("%s.XXXXXX", dir), *word = NULL;
	char *rm[] = { (char *)"rm", (char *)"-rf", tmp, NULL };
	int r;

	if (!tmp)
		return error_oom(e);
	*strrchr(dir, '/') = '\0';
	r = dirs_make(dir, e);
	dir[strlen(dir)] = '/';
	if (r < 0)
		return r;
	if (!mkdtemp(tmp))
		return error_errno(e, errno, "make %s", tmp);
	word = str_printf("%.*s%s", (int)(strstr(argv[at], "%s") - argv[at]), argv[at], tmp);
	argv[at] = word;
	r = word ? tool_run(argv, NULL, e) : error_oom(e);
	(void)chmod(tmp, 0755);
	if (r == 0 && rename(tmp, dir) == 0)
		return 0;
	if (r == 0 && errno != EEXIST && errno != ENOTEMPTY)
		r = error_errno(e, errno, "rename %s to %s", tmp, dir);
	(void)tool_run(rm, NULL, NULL);
	return r;
}

/* Return: a new string, the directory in the cache for what @path is now. */
static char *cache_slot(const char *path, const struct stat *st)
{
	_cleanup_free_ char *cache = cache_path();
	const char *base = strrchr(path, '/');

	return cache ? str_printf("%s/%s-%llx-%llx", cache, base ? base + 1 : path, (unsigned long long)st->st_ino,
				  (unsigned long long)st->st_mtime) :
		       NULL;
}

/* ---- shapes ---- */

static int open_image(struct vm_kernel *k, const char *path, struct error *e)
{
	int r = image_release(path, &k->release, e);

	if (r < 0)
		return r;
	k->image = realpath(path, NULL);
	return k->image ? 0 : error_errno(e, errno, "%s", path);
}

static int open_vmlinuz(struct vm_kernel *k, const char *path, struct error *e)
{
	_cleanup_free_ char *up = NULL;
	int r = open_image(k, path, e);

	if (r < 0)
		return r;
	up = str_printf("%.*s/..", (int)(strrchr(k->image, '/') - k->image), k->image);
	if (!up)
		return error_oom(e);
	if (!modules_find(k, up))
		(void)modules_find(k, "");
	return 0;
}

static int open_package_dir(struct vm_kernel *k, const char *dir, struct error *e)
{
	_cleanup_free_ char *pattern = str_printf("%s/boot/vmlinuz-*", dir);
	glob_t g = { 0 };
	int r;

	if (!pattern || glob(pattern, 0, NULL, &g) != 0 || g.gl_pathc != 1) {
		r = error_set(e, ENOENT, "%s: it has %s boot/vmlinuz-* and no " BZIMAGE, dir, g.gl_pathc ? "several" : "no");
	} else {
		r = open_image(k, g.gl_pathv[0], e);
		if (r == 0)
			(void)modules_find(k, dir);
	}
	globfree(&g);
	return r;
}

static int open_build(struct vm_kernel *k, const char *dir, const char *image, struct error *e)
{
	_cleanup_free_ char *order = str_printf("%s/modules.order", dir), *slot = NULL;
	char *argv[] = { (char *)"make", (char *)"-s", (char *)"-C", (char *)(uintptr_t)dir, (char *)"modules_install",
			 (char *)"INSTALL_MOD_PATH=%s", NULL };
	struct stat st;
	int r = open_image(k, image, e);

	if (r < 0 || !order || stat(order, &st) < 0 || st.st_size == 0)
		return r;
	if (stat(image, &st) < 0)
		return error_errno(e, errno, "%s", image);
	slot = cache_slot(dir, &st);
	if (!slot)
		return error_oom(e);
	r = is_dir(slot) ? 0 : cache_fill(slot, argv, 5, e);
	if (r < 0)
		return error_wrap(e, "install the modules of %s", dir);
	(void)modules_find(k, slot);
	return 0;
}

static int open_deb(struct vm_kernel *k, const char *path, struct error *e)
{
	char *argv[] = { (char *)"dpkg-deb", (char *)"-x", (char *)(uintptr_t)path, (char *)"%s", NULL };
	_cleanup_free_ char *slot = NULL;
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return error_errno(e, errno, "%s", path);
	slot = cache_slot(path, &st);
	if (!slot)
		return error_oom(e);
	r = is_dir(slot) ? 0 : cache_fill(slot, argv, 3, e);
	return r < 0 ? error_wrap(e, "unpack %s", path) : open_package_dir(k, slot, e);
}

static int open_path(struct vm_kernel *k, const char *path, struct error *e)
{
	_cleanup_free_ char *tree = str_printf("%s/" BZIMAGE, path);

	if (!tree)
		return error_oom(e);
	if (ends_with(path, ".deb"))
		return open_deb(k, path, e);
	if (!is_dir(path))
		return open_vmlinuz(k, path, e);
	return access(tree, F_OK) == 0 ? open_build(k, path, tree, e) : open_package_dir(k, path, e);
}

/* ---- names ---- */

/* Return: a new string, or NULL: there is none of that name in @dir. */
static char *name_find_in(const char *dir, const char *name)
{
	static const struct {
		const char *before, *after;
	} forms[] = { { "", "" }, { "linux-image-", "" }, { "", ".deb" }, { "linux-image-", "_*.deb" } };
	char *found = NULL;

	for (size_t i = 0; !found && i < ARRAY_SIZE(forms); i++) {
		char pattern[PATH_MAX];
		glob_t g = { 0 };

		(void)snprintf(pattern, sizeof(pattern), "%s/%s%s%s", dir, forms[i].before, name, forms[i].after);
		if (glob(pattern, 0, NULL, &g) == 0)
			found = strdup(g.gl_pathv[g.gl_pathc - 1]);
		globfree(&g);
	}
	return found;
}

static char *beside_self(void)
{
	char self[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	return strrchr(self, '/') ? str_printf("%.*s/kernels", (int)(strrchr(self, '/') - self), self) : NULL;
}

static int name_find(const char *name, char **ret, struct error *e)
{
	const char *given = getenv("NETEMU_KERNELS");
	_cleanup_free_ char *beside = beside_self(), *cache = cache_path();
	const char *dirs[] = { given, beside, cache };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		*ret = dirs[i] && *dirs[i] ? name_find_in(dirs[i], name) : NULL;
		if (*ret)
			return 0;
	}
	return error_set(e, ENOENT, "there is no kernel %s: neither a file nor in %s%s%s or %s (make kernels KERNELS=%s fetches Debian's)",
			 name, given ? given : "", given ? ", " : "", beside ? beside : "?", cache ? cache : "?", name);
}

static char *name_for_people(const char *path)
{
	const char *end = path + strlen(path), *base;

	while (end > path + 1 && end[-1] == '/')
		end--;
	base = end;
	while (base > path && base[-1] != '/')
		base--;
	if (ends_with(base, ".deb"))
		end -= strlen(".deb");
	return strndup(base, (size_t)(end - base));
}

int vm_kernel_open(const char *what, struct vm_kernel *ret, struct error *e)
{
	_cleanup_free_ char *path = NULL;
	int r;

	*ret = (struct vm_kernel){ 0 };
	if (strchr(what, '/') || access(what, F_OK) == 0)
		path = strdup(what);
	else if ((r = name_find(what, &path, e)) < 0)
		return r;
	ret->name = path ? name_for_people(path) : NULL;
	if (!ret->name)
		return error_oom(e);
	if (access(path, R_OK) < 0)
		return error_errno(e, errno, "the kernel %s", path);
	r = open_path(ret, path, e);
	return r < 0 ? r : modules_index(ret, e);
}

void vm_kernel_done(struct vm_kernel *k)
{
	free(k->name);
	free(k->release);
	free(k->image);
	free(k->modules);
	*k = (struct vm_kernel){ 0 };
}
