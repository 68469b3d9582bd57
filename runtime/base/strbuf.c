// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/strbuf.h"

#include <string.h>

static bool strbuf_grow(struct strbuf *s, size_t extra)
{
	size_t need, cap;
	char *p;

	if (s->oom)
		return false;
	need = s->len + extra + 1;
	if (need <= s->cap)
		return true;
	cap = s->cap ? s->cap : 64;
	while (cap < need)
		cap *= 2;
	p = realloc(s->buf, cap);
	if (!p) {
		s->oom = true;
		return false;
	}
	if (!s->buf)
		p[0] = '\0';
	s->buf = p;
	s->cap = cap;
	return true;
}

void strbuf_add(struct strbuf *s, const void *data, size_t n)
{
	if (!strbuf_grow(s, n))
		return;
	if (n)
		memcpy(s->buf + s->len, data, n);
	s->len += n;
	s->buf[s->len] = '\0';
}

void strbuf_puts(struct strbuf *s, const char *str)
{
	strbuf_add(s, str, strlen(str));
}

void strbuf_putc(struct strbuf *s, char c)
{
	strbuf_add(s, &c, 1);
}

void strbuf_vprintf(struct strbuf *s, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || !strbuf_grow(s, (size_t)n))
		return;
	(void)vsnprintf(s->buf + s->len, (size_t)n + 1, fmt, ap);
	s->len += (size_t)n;
}

void strbuf_printf(struct strbuf *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(s, fmt, ap);
	va_end(ap);
}

void strbuf_json_string(struct strbuf *s, const char *str)
{
	if (!str) {
		strbuf_puts(s, "null");
		return;
	}
	strbuf_putc(s, '"');
	for (const unsigned char *p = (const unsigned char *)str; *p; p++) {
		if (*p == '"' || *p == '\\')
			strbuf_printf(s, "\\%c", *p);
		else if (*p == '\n')
			strbuf_puts(s, "\\n");
		else if (*p == '\t')
			strbuf_puts(s, "\\t");
		else if (*p < 0x20)
			strbuf_printf(s, "\\u%04x", *p);
		else
			strbuf_putc(s, (char)*p);
	}
	strbuf_putc(s, '"');
}

void strbuf_reset(struct strbuf *s)
{
	s->len = 0;
	if (s->buf)
		s->buf[0] = '\0';
}

void strbuf_done(struct strbuf *s)
{
	free(s->buf);
	*s = (struct strbuf){ 0 };
}

char *strbuf_steal(struct strbuf *s)
{
	char *p = NULL;

	if (!s->oom && strbuf_grow(s, 0))
		p = TAKE_PTR(s->buf);
	strbuf_done(s);
	return p;
}
