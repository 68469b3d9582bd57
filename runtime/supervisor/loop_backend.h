/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop_backend.h - what loop.c and its two backends share; nobody else includes this
 */
#ifndef NETEMU_SUPERVISOR_LOOP_BACKEND_H
#define NETEMU_SUPERVISOR_LOOP_BACKEND_H

#include "supervisor/loop.h"

enum slot_kind { SLOT_FREE, SLOT_FD, SLOT_TIMER, _SLOT_KIND_MAX };

enum { LOOP_NONE = UINT32_MAX };

/* One handle. Addressed by index only: the array moves when it grows, also in the middle of a callback. */
struct loop_slot {
	enum slot_kind kind;
	uint32_t generation; /* of the handle: moves when the slot is given up */
	uint32_t seq; /* of the wait: moves each time the backend arms or disarms; 24 bits are used */
	bool armed; /* the backend waits for it */
	bool queued; /* is in the ready queue */
	uint32_t next; /* next in the ready queue or in the list of free slots */
	int fd;
	uint32_t events, revents;
	uint32_t pos; /* backend poll: index in its array; SLOT_TIMER: index in the heap, or LOOP_NONE */
	uint64_t deadline; /* SLOT_TIMER: CLOCK_MONOTONIC, microseconds */
	union {
		loop_fd_fn fd_cb;
		loop_timer_fn timer_cb;
	};
	void *arg;
};

struct loop_backend {
	const char *name;
	bool oneshot; /* disarms by reporting */
	int (*open)(struct loop *loop, struct error *e);
	void (*close)(struct loop *loop);
	/* Starts waiting for slot @index under its current seq. Returns 0 or -errno. */
	int (*arm)(struct loop *loop, uint32_t index);
	/* Stops; the slot still has the seq that it was armed with. */
	void (*disarm)(struct loop *loop, uint32_t index);
	/* Waits until something is ready or for @timeout_usec (< 0: without limit), and calls loop_report(). */
	int (*wait)(struct loop *loop, int64_t timeout_usec);
};

struct loop {
	const struct loop_backend *backend;
	void *priv; /* of the backend */
	struct loop_slot *slots;
	uint32_t n_slots, free_head;
	uint32_t ready_head, ready_tail;
	uint32_t *heap; /* slots of timers, the earliest first; room for n_slots */
	uint32_t n_heap;
	bool dispatching, exiting;
	int exit_code;
};

extern const struct loop_backend loop_backend_uring, loop_backend_poll;

/** loop_report() - slot @index, armed under @seq, has @revents; ignored when that wait is no longer wanted */
void loop_report(struct loop *loop, uint32_t index, uint32_t seq, uint32_t revents);

enum { LOOP_SEQ_MASK = 0xffffff };

#endif
