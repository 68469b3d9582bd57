// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * names.c - the rules of names.h
 */
#include "topology/names.h"

#include <string.h>

#include "base/macros.h"

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether @s consists of letters, digits and @others. */
static bool made_of(const char *s, const char *others)
{
	for (; *s; s++)
		if (!is_alnum(*s) && !strchr(others, *s))
			return false;
	return true;
}

static const char *check_common(const char *s, size_t max, const char *too_long)
{
	if (!*s)
		return "is empty";
	if (strlen(s) > max)
		return too_long;
	if (!is_alnum(*s))
		return "must start with a letter or a digit";
	return made_of(s, "-._") ? NULL : "may hold only letters, digits, '-', '_' and '.'";
}

const char *name_check_lab(const char *s)
{
	static_assert(NAME_LAB_MAX == 100, "the text says so");
	return check_common(s, NAME_LAB_MAX, "is longer than 100 characters");
}

const char *name_check_node(const char *s)
{
	static_assert(NAME_NODE_MAX == 63, "the text says so");
	if (strchr(s, '|'))
		return "is that of a bridge inside of a node ('bridge|node'), which needs 'kind: bridge'";
	return check_common(s, NAME_NODE_MAX, "is longer than 63 characters");
}

const char *name_check_host(const char *s)
{
	static_assert(NAME_HOST_MAX == 64, "the text says so");
	return check_common(s, NAME_HOST_MAX, "is longer than the 64 characters of a host name");
}

static const char *check_interface(const char *s, const char *forbidden, const char *text)
{
	if (!*s)
		return "is empty";
	if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return "is a directory's";
	if (strcmp(s, "all") == 0 || strcmp(s, "default") == 0)
		return "is a directory of the kernel's sysctls";
	if (strcmp(s, "lo") == 0)
		return "is the loopback interface's, which each node has";
	for (; *s; s++)
		if (*s <= ' ' || *s >= 0x7f || strchr(forbidden, *s))
			return text;
	return NULL;
}

const char *name_check_if(const char *s)
{
	static_assert(NAME_IF_MAX == 15, "the text says so");
	if (strlen(s) > NAME_IF_MAX)
		return "is longer than 15 characters, the most the kernel takes";
	return check_interface(s, "/:%\"\\", "may hold only printable ASCII without blanks, '/', ':', '%', '\"' and '\\'");
}

const char *name_check_end(const char *s)
{
	static_assert(NAME_ALTNAME_MAX == 127, "the text says so");
	if (strlen(s) > NAME_ALTNAME_MAX)
		return "is longer than 127 characters";
	return check_interface(s, ":%\"\\", "may hold only printable ASCII without blanks, ':', '%', '\"' and '\\'");
}

bool name_fits_if(const char *s)
{
	return strlen(s) <= NAME_IF_MAX && !strchr(s, '/');
}

const char *name_check_sysctl(const char *s)
{
	static const char *const prefixes[] = { "net", "fs.mqueue" };
	static const char *const ipc[] = { "kernel.shm", "kernel.msg" };
	static const char *const exact[] = { "kernel.sem", "kernel.hostname", "kernel.domainname" };
	char key[256];

	if (strlen(s) >= sizeof(key) || !made_of(s, "._/-"))
		return "may hold only letters, digits, '.', '_', '/' and '-'";
	if (strstr(s, "..") || strstr(s, "//") || strstr(s, "./") || strstr(s, "/.") || strchr("./", *s))
		return "is no path below /proc/sys";
	strcpy(key, s);
	for (char *p = key; (p = strpbrk(p, "/")); p++)
		*p = '.';
	if (key[strlen(key) - 1] == '.')
		return "is no path below /proc/sys";
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0 && key[strlen(prefixes[i])] == '.')
			return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(ipc); i++)
		if (strncmp(key, ipc[i], strlen(ipc[i])) == 0 && !strchr(key + 7, '.'))
			return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(exact); i++)
		if (strcmp(key, exact[i]) == 0)
			return NULL;
	return "is not a namespace's own (net.*, kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.*)";
}
