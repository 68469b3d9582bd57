/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.h - which names are allowed: they become file names, network interfaces, host names and sysctl directories
 *
 * Each check returns NULL when the name is good, else what is wrong with it, to stand behind "name 'x' ".
 */
#ifndef NETEMU_TOPOLOGY_NAMES_H
#define NETEMU_TOPOLOGY_NAMES_H

#include <stdbool.h>

enum { NAME_IF_MAX = 15, NAME_ALTNAME_MAX = 127, NAME_HOST_MAX = 64, NAME_LAB_MAX = 100, NAME_NODE_MAX = 63 };

/** name_check_lab() - containerlab's ^[a-zA-Z0-9][a-zA-Z0-9-._]*$, at most NAME_LAB_MAX bytes */
const char *name_check_lab(const char *s);
/** name_check_node() - the same, at most NAME_NODE_MAX bytes */
const char *name_check_node(const char *s);
/** name_check_if() - what dev_valid_name() of net/core/dev.c takes, and no name of a directory under net/ipv4/conf */
const char *name_check_if(const char *s);
/** name_check_end() - the same, but may be NAME_ALTNAME_MAX bytes long and hold '/': the kernel then gets another one */
const char *name_check_end(const char *s);
/** name_fits_if() - whether the kernel takes a name that name_check_end() has let through */
bool name_fits_if(const char *s);
/** name_check_host() - letters, digits, '-', '_', '.', at most 64 bytes (UTS) */
const char *name_check_host(const char *s);
/** name_check_sysctl() - a key that is a namespace's own: net.*, System V IPC, POSIX queues, host name */
const char *name_check_sysctl(const char *s);

#endif
