/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base64.h - RFC 4648, the alphabet with + and /
 */
#ifndef NETEMU_BASE_BASE64_H
#define NETEMU_BASE_BASE64_H

#include "base/strbuf.h"

/** base64_encode() - append @n bytes as text, padded */
void base64_encode(struct strbuf *out, const void *data, size_t n);

/** base64_decode() - append what @text stands for; line ends in it are skipped. Return: 0, or -EINVAL for what is no base64. */
int base64_decode(struct strbuf *out, const char *text, size_t n);

#endif
