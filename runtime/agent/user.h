/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user.h - "-u USER": names to numbers from the node's own /etc/passwd and /etc/group
 */
#ifndef NETEMU_AGENT_USER_H
#define NETEMU_AGENT_USER_H

#include <stddef.h>
#include <sys/types.h>

enum { USER_MAX_GROUPS = 64 };

struct user_ids {
	uid_t uid;
	gid_t gid;
	gid_t groups[USER_MAX_GROUPS]; /* supplementary */
	size_t n_groups;
	char name[64];
	char home[256]; /* "" when not known */
};

/**
 * user_resolve() - NAME|UID[:GROUP|GID], as docker exec -u takes it
 *
 * A numeric id need not exist in the files; a name must. Lines that do not parse are passed over, never guessed
 * (CVE-2026-30892: a mis-parse that ran as the wrong user).
 *
 * Return: 0, -ENOENT for an unknown name, -EINVAL for a malformed or out-of-range @spec.
 */
int user_resolve(const char *spec, struct user_ids *ret);

/** user_resolve_in() - the same with the two files' paths given (for tests and fuzzing) */
int user_resolve_in(const char *spec, const char *passwd, const char *group, struct user_ids *ret);

#endif
