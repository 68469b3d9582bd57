// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fault.c - counting kernel operations and failing the Nth of them
 *
 * The counter is made by a constructor, before any fork, so that each process of the tree has the same page.
 * Without NETEMU_FAULT this file is empty.
 */
#include "kernel/fault.h"

#ifdef NETEMU_FAULT
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { EXIT_KILLED = 128 + SIGKILL };

struct fault_page {
	_Atomic uint64_t count;
	char op[120]; /* the one that was made to fail */
};

struct fault_state {
	struct fault_page *page;
	uint64_t at;
	int error;
	bool kill;
};

static struct fault_state fault_state;

static uint64_t env_number(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);
	char *end;
	uint64_t v;

	if (!s || !*s)
		return otherwise;
	v = strtoull(s, &end, 10);
	return *end ? otherwise : v;
}

/* A page of the file that the test named, or of nothing. NULL when even that is refused: nothing fails then. */
static void *map_counter(const char *path)
{
	_cleanup_close_ int fd = -EBADF;
	void *p;

	if (path && *path) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 || ftruncate(fd, sizeof(struct fault_page)) < 0)
			return NULL;
	}
	p = mmap(NULL, sizeof(struct fault_page), PROT_READ | PROT_WRITE, MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0),
		 fd < 0 ? -1 : fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

static void __attribute__((constructor)) fault_init(void)
{
	const char *action = getenv("NETEMU_FAULT_ACTION");
	struct fault_state *f = &fault_state;

	f->at = env_number("NETEMU_FAULT_AT", 0);
	f->error = (int)env_number("NETEMU_FAULT_ERRNO", ENOMEM);
	f->kill = action && strcmp(action, "kill") == 0;
	f->page = map_counter(getenv("NETEMU_FAULT_COUNT"));
}

/*
 * Nobody can send SIGKILL to the init of his own PID namespace, and supervisors and nodes are such inits. What the
 * kernel does when one of them exits without a word is the same.
 */
static _Noreturn void die(void)
{
	(void)raise(SIGKILL);
	for (;;)
		(void)syscall(SYS_exit_group, EXIT_KILLED);
}

int fault_point(const char *op)
{
	const struct fault_state *f = &fault_state;

	if (!f->page || atomic_fetch_add(&f->page->count, 1) + 1 != f->at)
		return 0;
	(void)snprintf(f->page->op, sizeof(f->page->op), "%s", op);
	if (f->kill)
		die();
	return -f->error;
}
#endif
