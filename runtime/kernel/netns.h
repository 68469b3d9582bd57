/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netns.h - network namespaces as file descriptors
 *
 * The calling thread moves; nothing here remembers where it was.
 */
#ifndef NETEMU_KERNEL_NETNS_H
#define NETEMU_KERNEL_NETNS_H

#include "base/error.h"

/** netns_self() - an fd of the namespace that the calling thread is in. Return: fd or -errno. */
int netns_self(struct error *e);

/**
 * netns_create() - make a network namespace and move into it (unshare(2))
 *
 * Must not be called by a process whose io_uring has workers when it would need CLONE_NEWNS or CLONE_NEWUSER;
 * CLONE_NEWNET alone is fine.
 *
 * Return: its fd (close-on-exec), or -errno.
 */
int netns_create(struct error *e);

/** netns_open() - the namespace at @path ("/run/netns/x", "/proc/1/ns/net"); refuses what is not one. Return: fd or -errno. */
int netns_open(const char *path, struct error *e);

/**
 * netns_socket() - a socket that lives in another network namespace
 *
 * A child makes it there, since a process with an io_uring must not move.
 *
 * Return: an fd (close-on-exec), or -errno.
 */
int netns_socket(int fd, int family, int type, struct error *e);

/** netns_enter() - move into @fd (setns(2)). Return: 0 or -errno. */
int netns_enter(int fd, struct error *e);

#endif
