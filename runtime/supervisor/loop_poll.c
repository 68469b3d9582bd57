// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * loop_poll.c - the loop's ppoll(2) backend, for kernels and containers that refuse io_uring
 *
 * Owns the array that is handed to ppoll(2) and, beside it, which slot each entry stands for. Entries are kept
 * dense by moving the last one into a gap. ppoll(2) looks at each fd on each turn; with 10,000 of them that is
 * about a millisecond.
 */
#include "supervisor/loop_backend.h"

#include <time.h>

struct pollset {
	struct pollfd *fds;
	uint32_t *index; /* fds[i] stands for slots[index[i]] */
	uint32_t n, cap;
};

static int pollset_grow(struct pollset *p)
{
	uint32_t cap = p->cap ? p->cap * 2 : 64;
	struct pollfd *fds;
	uint32_t *index;

	fds = realloc(p->fds, cap * sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	p->fds = fds;
	index = realloc(p->index, cap * sizeof(*index));
	if (!index)
		return -ENOMEM;
	p->index = index;
	p->cap = cap;
	return 0;
}

static int pollset_arm(struct loop *loop, uint32_t index)
{
	struct pollset *p = loop->priv;
	struct loop_slot *s = &loop->slots[index];
	int r;

	if (p->n == p->cap) {
		r = pollset_grow(p);
		if (r < 0)
			return r;
	}
	s->pos = p->n++;
	p->fds[s->pos] = (struct pollfd){ .fd = s->fd, .events = (short)s->events };
	p->index[s->pos] = index;
	return 0;
}

static void pollset_disarm(struct loop *loop, uint32_t index)
{
	struct pollset *p = loop->priv;
	uint32_t pos = loop->slots[index].pos, last = --p->n;

	p->fds[pos] = p->fds[last];
	p->index[pos] = p->index[last];
	loop->slots[p->index[pos]].pos = pos;
	loop->slots[index].pos = LOOP_NONE;
}

static int pollset_wait(struct loop *loop, int64_t timeout_usec)
{
	struct pollset *p = loop->priv;
	struct timespec ts = { .tv_sec = timeout_usec / 1000000, .tv_nsec = timeout_usec % 1000000 * 1000 };
	int n;

	n = ppoll(p->fds, p->n, timeout_usec < 0 ? NULL : &ts, NULL);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (uint32_t i = 0; n > 0 && i < p->n; i++) {
		uint32_t index = p->index[i];

		if (!p->fds[i].revents)
			continue;
		n--;
		loop_report(loop, index, loop->slots[index].seq, (uint16_t)p->fds[i].revents);
	}
	return 0;
}

static int pollset_open(struct loop *loop, struct error *e)
{
	loop->priv = calloc(1, sizeof(struct pollset));
	return loop->priv ? 0 : error_oom(e);
}

static void pollset_close(struct loop *loop)
{
	struct pollset *p = loop->priv;

	free(p->fds);
	free(p->index);
	free(p);
}

const struct loop_backend loop_backend_poll = {
	.name = "poll",
	.open = pollset_open,
	.close = pollset_close,
	.arm = pollset_arm,
	.disarm = pollset_disarm,
	.wait = pollset_wait,
};
