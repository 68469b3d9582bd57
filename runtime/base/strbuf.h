/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * strbuf.h - a growing string
 *
 * Invariant: buf is NUL-terminated at buf[len] whenever it is not NULL; a zeroed struct is an empty string.
 * Memory exhaustion is sticky: oom is set, later appends do nothing, and strbuf_steal() returns NULL, so that
 * callers check once at the end.
 */
#ifndef NETEMU_BASE_STRBUF_H
#define NETEMU_BASE_STRBUF_H

#include <stdarg.h>

#include "base/macros.h"

struct strbuf {
	char *buf;
	size_t len;
	size_t cap;
	bool oom;
};

void strbuf_add(struct strbuf *s, const void *data, size_t n);
void strbuf_puts(struct strbuf *s, const char *str);
void strbuf_putc(struct strbuf *s, char c);
void strbuf_printf(struct strbuf *s, const char *fmt, ...) _printf_(2, 3);
void strbuf_vprintf(struct strbuf *s, const char *fmt, va_list ap) _printf_(2, 0);
/** strbuf_json_string() - append @str quoted and escaped as a JSON string (RFC 8259); NULL becomes `null` */
void strbuf_json_string(struct strbuf *s, const char *str);
void strbuf_reset(struct strbuf *s);
void strbuf_done(struct strbuf *s);
/** strbuf_steal() - take the string, never NULL but when out of memory; the buffer is empty afterwards */
char *strbuf_steal(struct strbuf *s);
static inline const char *strbuf_str(const struct strbuf *s)
{
	return s->buf ? s->buf : "";
}
#define _cleanup_strbuf_ _cleanup_(strbuf_done)

#endif
