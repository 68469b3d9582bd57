// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * base64.c - bytes as text and back; strict: padding must be there, and be right
 */
#include "base/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct strbuf *out, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i += 3) {
		const size_t have = MIN_OF(n - i, (size_t)3);
		const unsigned v = (unsigned)p[i] << 16 | (have > 1 ? (unsigned)p[i + 1] << 8 : 0) | (have > 2 ? p[i + 2] : 0U);
		const char four[4] = { alphabet[v >> 18], alphabet[v >> 12 & 63], have > 1 ? alphabet[v >> 6 & 63] : '=',
				       have > 2 ? alphabet[v & 63] : '=' };

		strbuf_add(out, four, sizeof(four));
	}
}

static int digit(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Four digits, of which @pad at the end are '='. Return: whether the bits that are cut off are zero. */
static bool quantum(struct strbuf *out, unsigned v, unsigned pad)
{
	const char bytes[3] = { (char)(v >> 16), (char)(v >> 8), (char)v };

	strbuf_add(out, bytes, 3 - pad);
	return (v & ((1U << (8 * pad)) - 1)) == 0;
}

int base64_decode(struct strbuf *out, const char *text, size_t n)
{
	unsigned v = 0, have = 0, pad = 0;

	for (size_t i = 0; i < n; i++) {
		const int d = text[i] == '=' ? 0 : digit(text[i]);

		if (text[i] == '\n' || text[i] == '\r')
			continue;
		if (d < 0 || (pad && text[i] != '='))
			return -EINVAL;
		pad += text[i] == '=';
		v = v << 6 | (unsigned)d;
		if (++have < 4)
			continue;
		if (pad > 2 || !quantum(out, v, pad))
			return -EINVAL;
		have = v = 0;
		if (pad) /* only line ends may follow */
			pad = 3;
	}
	return have == 0 ? 0 : -EINVAL;
}
