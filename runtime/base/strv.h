/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * strv.h - a vector of strings in an arena
 *
 * Invariant: v[n] is NULL once anything was added, so that v is fit for execve(2).
 */
#ifndef NETEMU_BASE_STRV_H
#define NETEMU_BASE_STRV_H

#include "base/arena.h"
#include "base/error.h"

struct strv {
	char **v;
	size_t n;
};

void strv_add(struct arena *a, struct strv *s, const char *str);
bool strv_contains(const struct strv *s, const char *str);

/**
 * shlex_split() - split a line into words as a POSIX shell would, without running one
 *
 * Rules of github.com/google/shlex, which containerlab uses: blanks separate; '...' is literal; "..." knows
 * \" and \\ ; a backslash outside quotes takes the next character; # at the start of a word begins a comment
 * that ends with the line. Nothing is expanded.
 *
 * Return: 0, or -EINVAL for an unterminated quote or escape.
 */
int shlex_split(struct arena *a, const char *line, struct strv *ret, struct error *e);

#endif
