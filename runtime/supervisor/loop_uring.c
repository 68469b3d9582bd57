// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * loop_uring.c - the loop's io_uring backend
 *
 * Owns the ring. One IORING_OP_POLL_ADD (one-shot) stands for each armed slot; it looks at the fd's state when it
 * is armed, which makes re-arming after each report level-triggered. No other operation is used, so that no io-wq
 * worker ever exists: with one, setns(CLONE_NEWNS) would fail in this process.
 *
 * user_data is {kind:8, seq:24, index:32}. Completions that nobody wants any more are told by their seq.
 *
 * IORING_SETUP_DEFER_TASKRUN (6.1) keeps completions from interrupting unrelated system calls of this thread;
 * older kernels get the plain ring.
 */
#include "supervisor/loop_backend.h"

#include <liburing.h>

#include "kernel/fault.h"

/* Slots in the submission ring and the completion ring. More than that is no error: it costs more system calls. */
enum { URING_SQ = 256, URING_CQ = 4096 };

enum { URING_POLL = 1, URING_REMOVE };

struct uring {
	struct io_uring ring;
	unsigned inflight; /* operations whose completion was not seen yet */
};

static uint64_t uring_pack(uint32_t kind, uint32_t seq, uint32_t index)
{
	return (uint64_t)kind << 56 | (uint64_t)(seq & LOOP_SEQ_MASK) << 32 | index;
}

static uint32_t uring_revents(int res)
{
	if (res >= 0)
		return (uint32_t)res;
	return res == -EBADF ? POLLNVAL : POLLERR;
}

static void uring_reap(struct loop *loop)
{
	struct uring *u = loop->priv;
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;

	io_uring_for_each_cqe(&u->ring, head, cqe) {
		uint64_t data = io_uring_cqe_get_data64(cqe);

		n++;
		if (data >> 56 == URING_POLL)
			loop_report(loop, (uint32_t)data, (uint32_t)(data >> 32) & LOOP_SEQ_MASK,
				    uring_revents(cqe->res));
	}
	io_uring_cq_advance(&u->ring, n);
	u->inflight -= n;
}

/* A free submission entry. Where the ring is full its content goes to the kernel first. */
static struct io_uring_sqe *uring_sqe(struct loop *loop)
{
	struct uring *u = loop->priv;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

	for (int i = 0; !sqe && i < 2; i++) {
		/* Kernels before 5.14 say EBUSY until overflown completions are collected. */
		if (io_uring_submit(&u->ring) < 0)
			uring_reap(loop);
		sqe = io_uring_get_sqe(&u->ring);
	}
	if (sqe)
		u->inflight++;
	return sqe;
}

static int uring_arm(struct loop *loop, uint32_t index)
{
	struct loop_slot *s = &loop->slots[index];
	struct io_uring_sqe *sqe = uring_sqe(loop);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_poll_add(sqe, s->fd, s->events);
	io_uring_sqe_set_data64(sqe, uring_pack(URING_POLL, s->seq, index));
	return 0;
}

static bool uring_queue_removal(struct loop *loop, uint32_t index)
{
	struct io_uring_sqe *sqe = uring_sqe(loop);

	if (!sqe)
		return false;
	io_uring_prep_poll_remove(sqe, uring_pack(URING_POLL, loop->slots[index].seq, index));
	io_uring_sqe_set_data64(sqe, uring_pack(URING_REMOVE, 0, index));
	return true;
}

static void uring_disarm(struct loop *loop, uint32_t index)
{
	struct uring *u = loop->priv;

	/* At once, not with the next wait: the poll holds the file open, whatever the caller closes. */
	if (!uring_queue_removal(loop, index))
		return;
	(void)io_uring_submit_and_get_events(&u->ring);
	uring_reap(loop);
}

static int uring_wait(struct loop *loop, int64_t timeout_usec)
{
	struct uring *u = loop->priv;
	struct __kernel_timespec ts = { .tv_sec = timeout_usec / 1000000, .tv_nsec = timeout_usec % 1000000 * 1000 };
	struct io_uring_cqe *cqe;
	int r;

	if (timeout_usec < 0)
		r = io_uring_submit_and_wait(&u->ring, 1);
	else
		r = io_uring_submit_and_wait_timeout(&u->ring, &cqe, 1, &ts, NULL);
	uring_reap(loop);
	/* EAGAIN: no memory for a request just now; EBUSY: completions had to be collected first, as they are now. */
	if (r < 0 && r != -ETIME && r != -EINTR && r != -EAGAIN && r != -EBUSY)
		return r;
	return 0;
}

static int uring_setup(struct uring *u)
{
	static const unsigned tries[] = { IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, 0 };
	int r = -ENOSYS;

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct io_uring_params p = { .flags = tries[i] | IORING_SETUP_CQSIZE, .cq_entries = URING_CQ };

		r = io_uring_queue_init_params(URING_SQ, &u->ring, &p);
		if (r >= 0 && !(p.features & IORING_FEAT_NODROP)) {
			io_uring_queue_exit(&u->ring);
			r = -ENOSYS;
		}
		if (r != -EINVAL)
			break;
	}
	return r;
}

static int uring_open(struct loop *loop, struct error *e)
{
	struct uring *u;
	int r;

	u = calloc(1, sizeof(*u));
	if (!u)
		return error_oom(e);
	r = fault_point("io_uring_setup");
	if (r == 0)
		r = uring_setup(u);
	if (r >= 0) {
		r = io_uring_ring_dontfork(&u->ring);
		if (r < 0)
			io_uring_queue_exit(&u->ring);
	}
	if (r < 0) {
		free(u);
		return error_errno(e, -r, "create an io_uring (NETEMU_LOOP=poll does without)");
	}
	loop->priv = u;
	return 0;
}

/* Taking a ring down is asynchronous in the kernel, but callers may count on their files being let go. */
static void uring_close(struct loop *loop)
{
	struct uring *u = loop->priv;

	for (uint32_t i = 0; i < loop->n_slots; i++)
		if (loop->slots[i].kind == SLOT_FD && loop->slots[i].armed)
			(void)uring_queue_removal(loop, i);
	for (int i = 0; u->inflight && i < 100; i++)
		(void)uring_wait(loop, 1000);
	io_uring_queue_exit(&u->ring);
	free(u);
}

const struct loop_backend loop_backend_uring = {
	.name = "uring",
	.oneshot = true,
	.open = uring_open,
	.close = uring_close,
	.arm = uring_arm,
	.disarm = uring_disarm,
	.wait = uring_wait,
};
