// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * source.c - positions: from characters of the substituted text to lines and columns of the original
 *
 * The substitution itself is envsubst.c.
 */
#include "topology/source.h"

#include <string.h>

static void index_lines(struct source *s)
{
	size_t n = 1, at = 0;

	for (const char *p = s->orig; (p = memchr(p, '\n', (size_t)(s->orig + s->orig_len - p))); p++)
		n++;
	s->lines = calloc(n, sizeof(*s->lines));
	if (!s->lines)
		return; /* then everything stands on line 1 */
	for (const char *p = s->orig; (p = memchr(p, '\n', (size_t)(s->orig + s->orig_len - p))); p++)
		s->lines[++at] = (size_t)(p + 1 - s->orig);
	s->n_lines = n;
}

void source_init(struct source *s, struct diag *d, uint32_t file, const char *text, size_t len)
{
	*s = (struct source){ .diag = d, .file = file };
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	s->orig = s->text = text;
	s->orig_len = s->len = len;
	index_lines(s);
}

size_t utf8_decode(const char *p, size_t n, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)p;
	size_t len;
	uint32_t c;

	if (n == 0)
		return 0;
	if (u[0] < 0x80) {
		*ret = u[0];
		return 1;
	}
	len = u[0] >= 0xf8 ? 0 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc0 ? 2 : 0;
	if (len == 0 || len > n)
		return 0;
	c = u[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = (c << 6) | (u[i] & 0x3fu);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return len;
}

/* The characters that YAML 1.1 allows in a stream. */
static bool char_ok(uint32_t c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\r';
	return c < 0x7f || c == 0x85 || (c >= 0xa0 && c != 0xfeff && c != 0xfffe && c != 0xffff);
}

int source_check(struct source *s)
{
	for (size_t i = 0; i < s->len;) {
		uint32_t c;
		const size_t n = utf8_decode(s->text + i, s->len - i, &c);

		if (n == 0) {
			diag_error(s->diag, source_pos_byte(s, i), "save the file as UTF-8", "not UTF-8: byte 0x%02x",
				   (unsigned char)s->text[i]);
			return -EINVAL;
		}
		if (!char_ok(c)) {
			diag_error(s->diag, source_pos_byte(s, i), NULL, "control character U+%04X", c);
			return -EINVAL;
		}
		i += n;
	}
	return 0;
}

/* The byte of the original text that byte @out of the substituted text comes from. */
static size_t unpatch(const struct source *s, size_t out)
{
	size_t lo = 0, hi = s->n_patches;
	const struct source_patch *p;

	while (lo < hi) { /* the first patch that starts behind @out */
		const size_t mid = (lo + hi) / 2;

		if (s->patches[mid].out <= out)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return out;
	p = &s->patches[lo - 1];
	return out < p->out + p->out_len ? p->in : p->in + p->in_len + (out - p->out - p->out_len);
}

/* Characters (lead bytes) in [@from, @to) of the original. */
static uint32_t count_chars(const struct source *s, size_t from, size_t to)
{
	uint32_t n = 0;

	for (; from < to; from++)
		n += ((unsigned char)s->orig[from] & 0xc0) != 0x80;
	return n;
}

/* The line (0-based) that byte @at of the original stands on. */
static size_t find_line(const struct source *s, size_t at)
{
	size_t lo = 0, hi = s->n_lines;

	while (hi - lo > 1) {
		const size_t mid = (lo + hi) / 2;

		if (s->lines[mid] <= at)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

struct pos source_pos_byte(struct source *s, size_t byte)
{
	const size_t at = MIN_OF(unpatch(s, byte), s->orig_len);
	const size_t line = s->n_lines ? find_line(s, at) : 0, start = s->n_lines ? s->lines[line] : 0;

	if (s->col && s->line == line && s->col_at >= start && s->col_at <= at)
		s->col += count_chars(s, s->col_at, at);
	else
		s->col = 1 + count_chars(s, start, at);
	s->line = line;
	s->col_at = at;
	return (struct pos){ .file = s->file, .line = (uint32_t)line + 1, .col = s->col };
}

struct pos source_pos(struct source *s, size_t ch)
{
	for (; s->ch < ch && s->byte < s->len; s->ch++)
		do
			s->byte++;
		while (s->byte < s->len && ((unsigned char)s->text[s->byte] & 0xc0) == 0x80);
	for (; s->ch > ch; s->ch--)
		do
			s->byte--;
		while (s->byte > 0 && ((unsigned char)s->text[s->byte] & 0xc0) == 0x80);
	return source_pos_byte(s, s->byte);
}

void source_done(struct source *s)
{
	free(s->lines);
	free(s->patches);
	strbuf_done(&s->subst);
	*s = (struct source){ 0 };
}
