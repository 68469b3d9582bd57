// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/noderoot.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

int noderoot_open(pid_t pid, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC | O_NONBLOCK), .resolve = RESOLVE_IN_ROOT };
	_cleanup_close_ int root = -EBADF;
	char dir[64];
	int fd;

	if (flags & O_PATH)
		how.flags &= ~(uint64_t)O_NONBLOCK; /* openat2 refuses what O_PATH would ignore */
	(void)snprintf(dir, sizeof(dir), "/proc/%d/root", (int)pid);
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(root, path, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* Whether a line of /etc/frr/daemons turns @name on: "bgpd=yes", as frrcommon.sh reads it. */
static bool line_enables(const char *line, const char *name)
{
	const size_t n = strlen(name);

	return strncmp(line, name, n) == 0 && line[n] == '=' && strncmp(line + n + 1, "no", 2) != 0 && line[n + 1] != '0' &&
	       line[n + 1] != '\n' && line[n + 1] != '"';
}

void noderoot_frr_daemons(pid_t pid, const char *ret[FRR_ROUTING_MAX])
{
	static const char *const routing[] = { "bgpd", "ospfd", "ospf6d" };
	const int fd = noderoot_open(pid, "etc/frr/daemons", O_RDONLY);
	_cleanup_fclose_ FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	bool on[ARRAY_SIZE(routing)] = { false };
	char line[512];
	size_t n = 0;

	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < ARRAY_SIZE(routing); i++)
			on[i] |= line_enables(line, routing[i]);
	if (f) {
		ret[n++] = "watchfrr";
		ret[n++] = "zebra";
	}
	for (size_t i = 0; i < ARRAY_SIZE(routing); i++)
		if (on[i])
			ret[n++] = routing[i];
	ret[n] = NULL;
}
