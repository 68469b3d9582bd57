// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/strv.h"

#include <string.h>

#include "base/strbuf.h"

void strv_add(struct arena *a, struct strv *s, const char *str)
{
	size_t n = s->n + 1; /* the terminating NULL is an element of the array too */
	char **slot;

	if (s->n == 0) {
		size_t zero = 0;

		(void)ARENA_PUSH(a, s->v, zero);
	}
	slot = ARENA_PUSH(a, s->v, n);
	*slot = NULL;
	s->v[s->n++] = arena_strdup(a, str);
}

bool strv_contains(const struct strv *s, const char *str)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], str) == 0)
			return true;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Copies a quoted run to @w; *@p stands on the opening quote and ends behind the closing one. */
static int shlex_quoted(const char **p, struct strbuf *w, struct error *e)
{
	const char quote = **p;
	const char *s = *p + 1;

	for (; *s && *s != quote; s++) {
		if (quote == '"' && *s == '\\' && s[1])
			s++;
		strbuf_putc(w, *s);
	}
	if (!*s)
		return error_set(e, EINVAL, "unterminated %s quote", quote == '"' ? "double" : "single");
	*p = s + 1;
	return 0;
}

/* One word into @w; *@p stands on its first character. */
static int shlex_word(const char **p, struct strbuf *w, struct error *e)
{
	while (**p && !is_blank(**p)) {
		if (**p == '\'' || **p == '"') {
			int r = shlex_quoted(p, w, e);

			if (r < 0)
				return r;
			continue;
		}
		if (**p == '\\') {
			(*p)++;
			if (!**p)
				return error_set(e, EINVAL, "nothing follows the last backslash");
		}
		strbuf_putc(w, **p);
		(*p)++;
	}
	return 0;
}

int shlex_split(struct arena *a, const char *line, struct strv *ret, struct error *e)
{
	_cleanup_strbuf_ struct strbuf w = { 0 };
	struct strv out = { 0 };
	const char *p = line;

	for (;;) {
		int r;

		while (is_blank(*p))
			p++;
		if (!*p)
			break;
		if (*p == '#') {
			p += strcspn(p, "\n");
			continue;
		}
		strbuf_reset(&w);
		r = shlex_word(&p, &w, e);
		if (r < 0)
			return r;
		strv_add(a, &out, strbuf_str(&w));
	}
	*ret = out;
	return 0;
}
