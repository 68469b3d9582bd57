/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.h - a single-threaded event loop over file descriptors and timers
 *
 * Processes are watched through their pidfds, signals through a signalfd, files through inotify: all of them are
 * file descriptors that the caller owns and reads. What waits underneath, io_uring or poll(2), is not to be seen
 * from here. Callbacks may add, change and remove any handle, their own included. An idle loop never wakes up.
 *
 * A loop must be made after the last fork() of the process that runs it (a child that only execs or exits is
 * fine), and must only be used by the thread that made it.
 */
#ifndef NETEMU_SUPERVISOR_LOOP_H
#define NETEMU_SUPERVISOR_LOOP_H

#include <poll.h>

#include "base/error.h"

struct loop;

/* Names something that was added to a loop; all zeroes names nothing, and so does what was removed. */
struct loop_handle {
	uint32_t index;
	uint32_t generation;
};

/**
 * loop_fd_fn - a file descriptor is ready
 * @revents: poll(2) bits. POLLNVAL means that the fd was closed behind the loop's back: it has been removed.
 */
typedef void (*loop_fd_fn)(struct loop *loop, struct loop_handle id, uint32_t revents, void *arg);

/** loop_timer_fn - a timer is due. It is gone after this call unless the callback calls loop_set_timer(@id). */
typedef void (*loop_timer_fn)(struct loop *loop, struct loop_handle id, void *arg);

/**
 * loop_new() - make a loop
 *
 * The environment variable NETEMU_LOOP picks what waits: "uring" (fails when the kernel refuses), "poll", or
 * unset: io_uring where the kernel allows it, otherwise poll.
 *
 * Return: 0, -EINVAL (NETEMU_LOOP has another value), or what io_uring_setup(2) said.
 */
int loop_new(struct loop **ret, struct error *e);

/** loop_free() - drop all handles; file descriptors stay open, they are the caller's. Return: NULL. */
struct loop *loop_free(struct loop *loop);
DEFINE_CLEANUP(struct loop *, loop_free);
#define _cleanup_loop_ _cleanup_(loop_freep)

/** loop_backend_name() - "uring" or "poll" */
const char *loop_backend_name(const struct loop *loop);

/**
 * loop_add_fd() - call @cb whenever @fd has one of @events, for as long as it has (level-triggered)
 * @events: poll(2) bits; POLLERR and POLLHUP are always reported. 0 means paused: nothing at all is reported.
 * @ret_id: may be NULL
 *
 * Remove the handle before closing the fd.
 *
 * Return: 0, -EBADF or -ENOMEM.
 */
int loop_add_fd(struct loop *loop, int fd, uint32_t events, loop_fd_fn cb, void *arg, struct loop_handle *ret_id,
		struct error *e);

/** loop_modify() - wait for other @events from now on. Return: 0, or -ENOENT when @id names no fd. */
int loop_modify(struct loop *loop, struct loop_handle id, uint32_t events);

/**
 * loop_add_timer() - call @cb once, @usec microseconds from now (CLOCK_MONOTONIC)
 * @ret_id: may be NULL
 *
 * Return: 0 or -ENOMEM.
 */
int loop_add_timer(struct loop *loop, uint64_t usec, loop_timer_fn cb, void *arg, struct loop_handle *ret_id,
		   struct error *e);

/** loop_set_timer() - let timer @id be due @usec from now instead. Return: 0, or -ENOENT when @id names no timer. */
int loop_set_timer(struct loop *loop, struct loop_handle id, uint64_t usec);

/**
 * loop_remove() - forget a handle; its callback will not be called again
 *
 * What no longer exists may be removed again. When this returns the loop holds no reference to the fd's file, so
 * that closing it really closes it.
 */
void loop_remove(struct loop *loop, struct loop_handle id);

/** loop_exists() - whether @id still names something */
bool loop_exists(const struct loop *loop, struct loop_handle id);

/**
 * loop_run_once() - wait once, then call what is ready
 * @timeout_usec: wait no longer than this; negative means without limit
 *
 * Return: how many callbacks ran, -EBUSY from inside a callback, or -errno when the kernel cannot wait.
 */
int loop_run_once(struct loop *loop, int64_t timeout_usec);

/** loop_run() - run until loop_exit(). Return: the code given to loop_exit(), or -errno. */
int loop_run(struct loop *loop);

/** loop_exit() - let loop_run() return @code (0 or positive) when the current callback is done */
void loop_exit(struct loop *loop, int code);

/** loop_now() - microseconds of CLOCK_MONOTONIC */
uint64_t loop_now(void);

#endif
