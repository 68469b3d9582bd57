// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_nl.c - answers of the kernel, taken apart and matched to requests, without a kernel
 *
 * White box: nl.c is included, and its functions get datagrams made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel/nl.c"

/* A datagram under construction. */
struct gram {
	_Alignas(4) uint8_t b[2048];
	size_t len;
};

static struct nlmsghdr *add_header(struct gram *g, uint16_t type, uint16_t flags, uint32_t seq)
{
	struct nlmsghdr *h = (void *)(g->b + g->len);

	*h = (struct nlmsghdr){ .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = seq };
	g->len += NLMSG_HDRLEN;
	return h;
}

static void add_bytes(struct gram *g, struct nlmsghdr *h, const void *p, size_t n)
{
	memcpy(g->b + g->len, p, n);
	memset(g->b + g->len + n, 0, NLMSG_ALIGN(n) - n);
	h->nlmsg_len += (uint32_t)n;
	g->len += NLMSG_ALIGN(n);
}

static void add_ack(struct gram *g, uint32_t seq, int error, const char *text)
{
	const struct nlmsgerr err = { .error = -error, .msg = { .nlmsg_len = NLMSG_HDRLEN, .nlmsg_seq = seq } };
	struct nlmsghdr *h = add_header(g, NLMSG_ERROR, text ? NLM_F_CAPPED | NLM_F_ACK_TLVS : NLM_F_CAPPED, seq);
	struct nlattr a = { .nla_type = NLMSGERR_ATTR_MSG };

	add_bytes(g, h, &err, sizeof(err));
	if (!text)
		return;
	a.nla_len = (uint16_t)(NLA_HDRLEN + strlen(text) + 1);
	add_bytes(g, h, &a, sizeof(a));
	add_bytes(g, h, text, strlen(text) + 1);
}

/* A conn with @n queued requests, "op 1" with sequence number 1 and so on, and no socket. */
static struct nlconn *queued(size_t n, struct exchange *x)
{
	struct nlconn *c = calloc(1, sizeof(*c));
	struct nl_msg *m = nlmsg_alloc();

	assert_non_null(c);
	assert_non_null(m);
	c->fd = -1;
	*x = (struct exchange){ .pending = n };
	for (size_t i = 1; i <= n; i++) {
		assert_non_null(nlmsg_put(m, 0, 0, 16, 0, 0));
		assert_int_equal(nlconn_queue(c, m, NULL, "op %zu", i), 0);
	}
	nlmsg_free(m);
	return c;
}

/* ---- the parser ---- */

static void test_parses_ack_with_text(void **state)
{
	struct gram g = { .len = 0 };
	struct nlreply_cursor cur;
	struct nlreply r;

	(void)state;
	add_ack(&g, 7, EOPNOTSUPP, "Unknown device type");
	add_ack(&g, 8, 0, NULL);
	cur = (struct nlreply_cursor){ g.b, g.len };
	assert_int_equal(nlreply_next(&cur, &r), 1);
	assert_int_equal(r.kind, NLREPLY_ACK);
	assert_int_equal(r.seq, 7);
	assert_int_equal(r.err, EOPNOTSUPP);
	assert_string_equal(r.text, "Unknown device type");
	assert_int_equal(nlreply_next(&cur, &r), 1);
	assert_int_equal(r.err, 0);
	assert_null(r.text);
	assert_int_equal(nlreply_next(&cur, &r), 0);
}

static void test_parses_ack_that_repeats_the_request(void **state)
{
	const struct nlmsgerr err = { .error = -EINVAL, .msg = { .nlmsg_len = NLMSG_HDRLEN + 5 } };
	const struct nlattr a = { .nla_len = NLA_HDRLEN + 3, .nla_type = NLMSGERR_ATTR_MSG };
	struct gram g = { .len = 0 };
	struct nlmsghdr *h = add_header(&g, NLMSG_ERROR, NLM_F_ACK_TLVS, 1);
	struct nlreply_cursor cur;
	struct nlreply r;

	(void)state;
	add_bytes(&g, h, &err, sizeof(err));
	add_bytes(&g, h, "paylo\0\0", 8);
	add_bytes(&g, h, &a, sizeof(a));
	add_bytes(&g, h, "no", 3);
	cur = (struct nlreply_cursor){ g.b, g.len };
	assert_int_equal(nlreply_next(&cur, &r), 1);
	assert_string_equal(r.text, "no");
}

static void test_parses_done(void **state)
{
	const int32_t error = -EOPNOTSUPP;
	struct gram g = { .len = 0 };
	struct nlmsghdr *h = add_header(&g, NLMSG_DONE, NLM_F_DUMP_INTR, 3);
	struct nlreply_cursor cur;
	struct nlreply r;

	(void)state;
	add_bytes(&g, h, &error, sizeof(error));
	(void)add_header(&g, NLMSG_DONE, 0, 4);
	cur = (struct nlreply_cursor){ g.b, g.len };
	assert_int_equal(nlreply_next(&cur, &r), 1);
	assert_int_equal(r.kind, NLREPLY_DONE);
	assert_int_equal(r.err, EOPNOTSUPP);
	assert_true(r.interrupted);
	assert_int_equal(nlreply_next(&cur, &r), 1);
	assert_int_equal(r.err, 0);
	assert_false(r.interrupted);
}

static void test_refuses_what_is_cut(void **state)
{
	struct gram g = { .len = 0 };
	struct nlreply_cursor cur;
	struct nlreply r;
	size_t whole;

	(void)state;
	add_ack(&g, 1, EPERM, "no");
	whole = ((struct nlmsghdr *)(void *)g.b)->nlmsg_len; /* without the padding */
	for (size_t len = 1; len < g.len; len++) {
		cur = (struct nlreply_cursor){ g.b, len };
		assert_int_equal(nlreply_next(&cur, &r), len >= whole ? 1 : -EBADMSG);
	}
	((struct nlmsghdr *)(void *)g.b)->nlmsg_len = 3;
	cur = (struct nlreply_cursor){ g.b, g.len };
	assert_int_equal(nlreply_next(&cur, &r), -EBADMSG);
	((struct nlmsghdr *)(void *)g.b)->nlmsg_len = NLMSG_HDRLEN + 2; /* shorter than an errno */
	assert_int_equal(nlreply_next(&cur, &r), -EBADMSG);
}

static void test_errno_out_of_range(void **state)
{
	struct gram g = { .len = 0 };
	struct nlreply_cursor cur;
	struct nlreply r;

	(void)state;
	add_ack(&g, 1, -5, NULL); /* positive on the wire */
	add_ack(&g, 1, 99999, NULL);
	cur = (struct nlreply_cursor){ g.b, g.len };
	assert_int_equal(nlreply_next(&cur, &r), 1);
	assert_int_equal(r.err, EPROTO);
	assert_int_equal(nlreply_next(&cur, &r), 1);
	assert_int_equal(r.err, EPROTO);
}

/* ---- batches ---- */

static void test_acks_in_any_order(void **state)
{
	struct gram g = { .len = 0 };
	struct exchange x;
	_cleanup_nlconn_ struct nlconn *c = queued(3, &x);
	struct error e = { 0 };

	(void)state;
	add_ack(&g, 3, 0, NULL);
	add_ack(&g, 1, 0, NULL);
	assert_int_equal(take_answers(c, &x, g.b, g.len, &e), 0);
	assert_int_equal(x.pending, 1);
	g.len = 0;
	add_ack(&g, 2, ENODEV, "ipv4: Device not found");
	assert_int_equal(take_answers(c, &x, g.b, g.len, &e), 0);
	assert_int_equal(x.pending, 0);
	assert_int_equal(x.r, -ENODEV);
	assert_string_equal(e.msg, "op 2: No such device (ipv4: Device not found)");
}

static void test_duplicates_and_strangers(void **state)
{
	struct gram g = { .len = 0 };
	struct exchange x;
	_cleanup_nlconn_ struct nlconn *c = queued(2, &x);
	struct error e = { 0 };

	(void)state;
	add_ack(&g, 1, 0, NULL);
	add_ack(&g, 1, EPERM, NULL); /* again */
	add_ack(&g, 0, EPERM, NULL); /* of an earlier batch */
	add_ack(&g, 3, EPERM, NULL); /* of none */
	add_ack(&g, 0xffffffff, EPERM, NULL);
	(void)add_header(&g, NLMSG_NOOP, 0, 2);
	assert_int_equal(take_answers(c, &x, g.b, g.len, &e), 0);
	assert_int_equal(x.pending, 1);
	assert_int_equal(x.r, 0);
}

static void test_first_error_wins(void **state)
{
	struct gram g = { .len = 0 };
	struct exchange x;
	_cleanup_nlconn_ struct nlconn *c = queued(2, &x);
	struct error e = { 0 };

	(void)state;
	add_ack(&g, 1, EEXIST, NULL);
	add_ack(&g, 2, EPERM, NULL);
	assert_int_equal(take_answers(c, &x, g.b, g.len, &e), 0);
	assert_int_equal(x.r, -EEXIST);
	assert_string_equal(e.msg, "op 1: File exists");
}

static void test_overrun(void **state)
{
	struct gram g = { .len = 0 };
	struct exchange x;
	_cleanup_nlconn_ struct nlconn *c = queued(2, &x);
	struct error e = { 0 };

	(void)state;
	add_ack(&g, 1, 0, NULL);
	(void)add_header(&g, NLMSG_OVERRUN, 0, 0);
	assert_int_equal(take_answers(c, &x, g.b, g.len, &e), -ENOBUFS);
	assert_int_equal(receive_error(c, ENOBUFS, &e), -ENOBUFS);
	assert_string_equal(e.msg, "op 1: answers of the kernel were lost, what was done is unknown");
}

/* nf_tables refuses a whole transaction by an error to its first message, which asks for no ack. */
static void test_refused_transaction(void **state)
{
	struct gram g = { .len = 0 };
	struct exchange x;
	_cleanup_nlconn_ struct nlconn *c = queued(3, &x);
	struct error e = { 0 };

	(void)state;
	c->req[0].noack = true;
	x.pending = 2;
	add_ack(&g, 1, EPERM, NULL);
	assert_int_equal(take_answers(c, &x, g.b, g.len, &e), 0);
	assert_int_equal(x.pending, 0);
	assert_int_equal(x.r, -EPERM);
}

/* ---- dumps ---- */

static int count_items(const struct nlmsghdr *nlh, void *arg, struct error *e)
{
	(void)e;
	*(int *)arg = nlh ? *(int *)arg + 1 : 0;
	return 0;
}

static void test_dump(void **state)
{
	struct gram g = { .len = 0 };
	struct exchange x;
	_cleanup_nlconn_ struct nlconn *c = queued(1, &x);
	struct error e = { 0 };
	int n = 0;

	(void)state;
	x.fn = count_items;
	x.arg = &n;
	(void)add_header(&g, 16, NLM_F_MULTI, 1);
	(void)add_header(&g, 16, NLM_F_MULTI, 1);
	(void)add_header(&g, 16, NLM_F_MULTI, 0); /* of another dump */
	assert_int_equal(take_dump(c, &x, g.b, g.len, &e), 0);
	assert_false(x.done);
	assert_int_equal(n, 2);
	g.len = 0;
	(void)add_header(&g, NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, 1);
	assert_int_equal(take_dump(c, &x, g.b, g.len, &e), 0);
	assert_true(x.done);
	assert_true(x.redo);
}

static void test_dump_refused(void **state)
{
	struct gram g = { .len = 0 };
	struct exchange x;
	_cleanup_nlconn_ struct nlconn *c = queued(1, &x);
	struct error e = { 0 };

	(void)state;
	add_ack(&g, 1, EINVAL, "Unknown filter");
	assert_int_equal(take_dump(c, &x, g.b, g.len, &e), 0);
	assert_true(x.done);
	assert_int_equal(x.r, -EINVAL);
	assert_string_equal(e.msg, "op 1: Invalid argument (Unknown filter)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parses_ack_with_text),
		cmocka_unit_test(test_parses_ack_that_repeats_the_request),
		cmocka_unit_test(test_parses_done),
		cmocka_unit_test(test_refuses_what_is_cut),
		cmocka_unit_test(test_errno_out_of_range),
		cmocka_unit_test(test_acks_in_any_order),
		cmocka_unit_test(test_duplicates_and_strangers),
		cmocka_unit_test(test_first_error_wins),
		cmocka_unit_test(test_overrun),
		cmocka_unit_test(test_refused_transaction),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_dump_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
