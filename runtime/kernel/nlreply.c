// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nlreply.c - see nlreply.h. Layouts: linux/netlink.h; net/netlink/af_netlink.c netlink_ack(), netlink_dump().
 */
#include "kernel/nlreply.h"

#include <string.h>

enum { ERRNO_MAX = 4095 }; /* MAX_ERRNO of include/linux/err.h */

static int reply_errno(int32_t error)
{
	if (error == 0)
		return 0;
	return error < 0 && error >= -ERRNO_MAX ? -error : EPROTO;
}

/* The text attribute of an extended ack, or NULL; attributes begin at @p. */
static const char *ext_ack_text(const uint8_t *p, size_t left)
{
	struct nlattr a;
	const char *s;

	while (left >= sizeof(a)) {
		memcpy(&a, p, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || a.nla_len > left)
			return NULL;
		s = (const char *)p + NLA_HDRLEN;
		if ((a.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG && memchr(s, '\0', a.nla_len - NLA_HDRLEN))
			return s;
		if ((size_t)NLA_ALIGN(a.nla_len) >= left)
			return NULL;
		p += NLA_ALIGN(a.nla_len);
		left -= NLA_ALIGN(a.nla_len);
	}
	return NULL;
}

/* NLMSG_ERROR: the errno, the header of the request, its payload unless NLM_F_CAPPED, then the attributes. */
static int parse_ack(const uint8_t *p, size_t len, struct nlreply *r)
{
	struct nlmsgerr err;
	size_t off = sizeof(err);

	if (len < sizeof(err))
		return -EBADMSG;
	memcpy(&err, p, sizeof(err));
	r->err = reply_errno(err.error);
	if (!(r->nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return 1;
	if (!(r->nlh->nlmsg_flags & NLM_F_CAPPED)) {
		if (err.msg.nlmsg_len < NLMSG_HDRLEN || err.msg.nlmsg_len > len)
			return -EBADMSG;
		off += NLMSG_ALIGN(err.msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	if (off < len)
		r->text = ext_ack_text(p + off, len - off);
	return 1;
}

/* NLMSG_DONE: an errno (absent in ancient kernels), then the attributes. */
static int parse_done(const uint8_t *p, size_t len, struct nlreply *r)
{
	int32_t error = 0;

	if (len >= sizeof(error))
		memcpy(&error, p, sizeof(error));
	r->err = reply_errno(error);
	if ((r->nlh->nlmsg_flags & NLM_F_ACK_TLVS) && len > sizeof(error))
		r->text = ext_ack_text(p + sizeof(error), len - sizeof(error));
	return 1;
}

int nlreply_next(struct nlreply_cursor *c, struct nlreply *ret)
{
	const struct nlmsghdr *h = c->buf;
	struct nlreply r = { .kind = NLREPLY_DATA };
	size_t step, len;
	int k = 1;

	if (c->left == 0)
		return 0;
	if (c->left < NLMSG_HDRLEN || h->nlmsg_len < NLMSG_HDRLEN || h->nlmsg_len > c->left)
		return -EBADMSG;
	len = h->nlmsg_len - NLMSG_HDRLEN;
	r.nlh = h;
	r.seq = h->nlmsg_seq;
	r.interrupted = h->nlmsg_flags & NLM_F_DUMP_INTR;
	if (h->nlmsg_type == NLMSG_ERROR) {
		r.kind = NLREPLY_ACK;
		k = parse_ack(NLMSG_DATA(h), len, &r);
	} else if (h->nlmsg_type == NLMSG_DONE) {
		r.kind = NLREPLY_DONE;
		k = parse_done(NLMSG_DATA(h), len, &r);
	} else if (h->nlmsg_type < NLMSG_MIN_TYPE) {
		r.kind = h->nlmsg_type == NLMSG_OVERRUN ? NLREPLY_OVERRUN : NLREPLY_NOOP;
	}
	if (k < 0)
		return k;
	step = MIN_OF((size_t)NLMSG_ALIGN(h->nlmsg_len), c->left);
	c->buf = (const uint8_t *)c->buf + step;
	c->left -= step;
	*ret = r;
	return 1;
}
