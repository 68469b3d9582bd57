// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * envsubst.c - ${VAR} in a topology file, as containerlab's library understands it
 *
 * Owns the forms that source.h lists. Works on the whole text before YAML, comments included, and refuses to
 * know what the text means. A word (the d of ${v:-d}) may hold further variables; it ends with its line.
 */
#include <string.h>

#include "base/strmap.h"
#include "topology/source.h"

enum { SUBST_DEPTH_MAX = 16 };

struct subst {
	struct source *src;
	struct strmap index; /* name -> environ_[value] */
	struct arena arena;  /* names */
	char *const *env;
	struct strbuf *out;
};

static bool is_name(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t name_len(const char *p, const char *end)
{
	const char *q = p;

	if (q < end && *q >= '0' && *q <= '9')
		return 0; /* $1 belongs to a shell */
	while (q < end && is_name(*q))
		q++;
	return q - p == 1 && *p == '_' ? 0 : (size_t)(q - p);
}

static void index_env(struct subst *s)
{
	for (size_t i = 0; s->env && s->env[i]; i++) {
		const char *eq = strchr(s->env[i], '=');

		if (eq)
			(void)strmap_put(&s->index, arena_strndup(&s->arena, s->env[i], (size_t)(eq - s->env[i])), i);
	}
}

static const char *env_value(struct subst *s, const char *name, size_t len)
{
	char key[256];
	ssize_t i;

	if (len >= sizeof(key))
		return NULL;
	memcpy(key, name, len);
	key[len] = '\0';
	i = strmap_get(&s->index, key);
	return i < 0 ? NULL : s->env[i] + len + 1;
}

/* The brace that closes the one whose inside starts at @p, on the same line; NULL when there is none. */
static const char *closing_brace(const char *p, const char *end)
{
	unsigned depth = 1;

	for (; p < end && *p != '\n' && *p != '\r'; p++) {
		if (*p == '$' && p + 1 < end && p[1] == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			return p;
	}
	return NULL;
}

static const char *expand_dollar(struct subst *s, const char *p, const char *end, unsigned depth);

static void expand_word(struct subst *s, const char *p, const char *end, unsigned depth)
{
	while (p < end && s->out->len <= SOURCE_MAX) {
		const char *dollar = depth < SUBST_DEPTH_MAX ? memchr(p, '$', (size_t)(end - p)) : NULL;

		strbuf_add(s->out, p, (size_t)((dollar ? dollar : end) - p));
		p = dollar ? expand_dollar(s, dollar, end, depth + 1) : end;
	}
}

/*
 * ${name...}: @p stands on the dollar, @close on the brace. Whether a value that is set but empty counts
 * differs from form to form; := assigns nothing.
 */
static void expand_braced(struct subst *s, const char *p, size_t name, const char *close, unsigned depth)
{
	const char *value = env_value(s, p + 2, name), *op = p + 2 + name, *word;
	const bool colon = *op == ':' && op + 1 < close;
	const char kind = op == close ? '\0' : op[colon];

	word = op + colon + 1;
	if (kind == '+') {
		if (value)
			expand_word(s, word, close, depth);
	} else if (kind == '-' || kind == '=') {
		if (!value || (colon && !*value))
			expand_word(s, word, close, depth);
		else
			strbuf_puts(s->out, value);
	} else if (kind == '\0' && value) {
		strbuf_puts(s->out, value);
	} else { /* not set, or a form of some shell's */
		strbuf_add(s->out, p, (size_t)(close + 1 - p));
	}
}

/* What starts with the dollar at @p. Return: the first character behind it. */
static const char *expand_dollar(struct subst *s, const char *p, const char *end, unsigned depth)
{
	const bool brace = p + 1 < end && p[1] == '{';
	const char *close, *value;
	size_t len;

	if (p + 1 < end && p[1] == '$') {
		strbuf_putc(s->out, '$');
		return p + 2;
	}
	len = name_len(p + 1 + brace, end);
	close = brace && len ? closing_brace(p + 2, end) : NULL;
	if (close) {
		expand_braced(s, p, len, close, depth);
		return close + 1;
	}
	value = len && !brace ? env_value(s, p + 1, len) : NULL;
	if (value)
		strbuf_puts(s->out, value);
	else
		strbuf_add(s->out, p, 1 + brace + len);
	return p + 1 + brace + len;
}

/* As containerlab: the brace of a variable that opens is one that closes, on its line. ${1 and ${# are left alone. */
static int check_brace(struct source *src, const char *p, const char *end)
{
	if (p + 1 >= end || p[1] != '{' || !name_len(p + 2, end) || closing_brace(p + 2, end))
		return 0;
	diag_error(src->diag, source_pos_byte(src, (size_t)(p - src->orig)), "write $${ for a literal ${",
		   "'${' without its closing brace on the same line");
	return -EINVAL;
}

static void add_patch(struct source *src, struct source_patch patch)
{
	if (src->n_patches == src->cap_patches) {
		const size_t cap = src->cap_patches ? src->cap_patches * 2 : 64;
		struct source_patch *p = realloc(src->patches, cap * sizeof(*p));

		if (!p) {
			src->subst.oom = true;
			return;
		}
		src->patches = p;
		src->cap_patches = cap;
	}
	src->patches[src->n_patches++] = patch;
}

static int substitute(struct subst *s)
{
	struct source *src = s->src;
	const char *p = src->orig, *const end = p + src->orig_len;

	while (p < end && s->out->len <= SOURCE_MAX) {
		const char *dollar = memchr(p, '$', (size_t)(end - p)), *next;
		const size_t out = s->out->len + (size_t)((dollar ? dollar : end) - p);

		strbuf_add(s->out, p, (size_t)((dollar ? dollar : end) - p));
		if (!dollar)
			break;
		if (check_brace(src, dollar, end) < 0)
			return -EINVAL;
		next = expand_dollar(s, dollar, end, 0);
		add_patch(src, (struct source_patch){ .in = (size_t)(dollar - src->orig),
						      .in_len = (size_t)(next - dollar),
						      .out = out,
						      .out_len = s->out->len - out });
		p = next;
	}
	return 0;
}

int source_substitute(struct source *src, char *const *environ_)
{
	struct subst s = { .src = src, .env = environ_, .out = &src->subst };
	int r;

	if (!memchr(src->orig, '$', src->orig_len))
		return 0;
	index_env(&s);
	r = substitute(&s);
	strmap_done(&s.index);
	arena_done(&s.arena);
	if (r < 0) {
		src->n_patches = 0;
		return r;
	}
	if (src->subst.oom || src->subst.len > SOURCE_MAX) {
		diag_error(src->diag, (struct pos){ .file = src->file }, NULL,
			   "more than 16 MiB once environment variables are replaced");
		src->n_patches = 0;
		return -EINVAL;
	}
	src->text = strbuf_str(&src->subst);
	src->len = src->subst.len;
	return 0;
}
