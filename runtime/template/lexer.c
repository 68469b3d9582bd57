// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lexer.c - text and {{actions}} into tokens, as text/template/parse/lex.go splits them
 */
#include <ctype.h>
#include <string.h>

#include "template/internal.h"

static bool at(const struct lexer *l, const char *word)
{
	const size_t n = strlen(word);

	return (size_t)(l->end - l->p) >= n && memcmp(l->p, word, n) == 0;
}

static void advance(struct lexer *l, size_t n)
{
	for (; n; n--) {
		if (*l->p++ != '\n')
			continue;
		l->place.line++;
		l->line_start = l->p;
	}
}

static struct template_place here(const struct lexer *l)
{
	struct template_place place = l->place;

	place.col = (unsigned)(l->p - l->line_start) + 1;
	return place;
}

static int wrong(const struct lexer *l, struct token *t, struct error *e, const char *what)
{
	t->place = here(l);
	return error_set(e, EINVAL, "%s", what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- text ---- */

/* {{- with a blank after it takes the blanks before it away. */
static bool trims_left(const struct lexer *l)
{
	return l->end - l->p >= 4 && l->p[2] == '-' && is_blank(l->p[3]);
}

static int skip_comment(struct lexer *l, struct token *t, struct error *e)
{
	const char *stop = memmem(l->p, (size_t)(l->end - l->p), "*/", 2);

	if (!stop)
		return wrong(l, t, e, "unclosed comment");
	advance(l, (size_t)(stop + 2 - l->p));
	l->trim = l->end - l->p >= 4 && is_blank(l->p[0]) && l->p[1] == '-' && l->p[2] == '}';
	if (l->trim)
		advance(l, 2);
	if (!at(l, "}}"))
		return wrong(l, t, e, "comment ends before closing delimiter");
	advance(l, 2);
	return 0;
}

static void open_action(struct lexer *l)
{
	const size_t n = trims_left(l) ? 4 : 2;

	advance(l, n);
	l->inside = true;
}

/* Up to the next action. Return: 1 when there is such a text. */
static int lex_text(struct lexer *l, struct token *t)
{
	const char *start, *stop;

	if (l->trim)
		while (l->p < l->end && is_blank(*l->p))
			advance(l, 1);
	l->trim = false;
	start = l->p;
	t->place = here(l);
	stop = memmem(start, (size_t)(l->end - start), "{{", 2);
	advance(l, (size_t)((stop ? stop : l->end) - start));
	t->len = (size_t)(l->p - start);
	if (stop && trims_left(l))
		while (t->len && is_blank(start[t->len - 1]))
			t->len--;
	t->type = TOKEN_TEXT;
	t->text = arena_strndup(l->arena, start, t->len);
	return t->len > 0;
}

/* ---- inside of an action ---- */

static size_t utf8_put(char *out, uint32_t c)
{
	if (c < 0x80)
		return out[0] = (char)c, 1;
	if (c < 0x800)
		return out[0] = (char)(0xc0 | c >> 6), out[1] = (char)(0x80 | (c & 0x3f)), 2;
	out[0] = (char)(0xe0 | (c >> 12 & 0xf));
	out[1] = (char)(0x80 | (c >> 6 & 0x3f));
	out[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

/* What follows a backslash. Return: how many characters that are, 0 for what is none. */
static size_t escape(const char *p, const char *end, char *out, size_t *n)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	const char *found = p < end && *p ? strchr(from, *p) : NULL;
	const size_t digits = p < end && *p == 'x' ? 2 : p < end && *p == 'u' ? 4 : 0;
	uint32_t c = 0;

	if (found) {
		out[(*n)++] = to[found - from];
		return 1;
	}
	if (!digits || (size_t)(end - p) <= digits)
		return 0;
	for (size_t i = 1; i <= digits; i++) {
		if (!isxdigit((unsigned char)p[i]))
			return 0;
		c = c * 16 + (uint32_t)(isdigit((unsigned char)p[i]) ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
	}
	if (digits == 2)
		out[(*n)++] = (char)c;
	else
		*n += utf8_put(out + *n, c);
	return 1 + digits;
}

static int lex_quoted(struct lexer *l, struct token *t, struct error *e)
{
	const char quote = *l->p, *p = l->p + 1;
	char *out = arena_alloc(l->arena, (size_t)(l->end - l->p) + 4);

	for (t->len = 0; p < l->end && *p != quote && (quote == '`' || *p != '\n');) {
		size_t n;

		if (*p != '\\' || quote == '`') {
			out[t->len++] = *p++;
			continue;
		}
		n = escape(p + 1, l->end, out, &t->len);
		if (!n)
			return wrong(l, t, e, "bad escape in a string");
		p += 1 + n;
	}
	if (p >= l->end || *p != quote)
		return wrong(l, t, e, "unterminated quoted string");
	out[t->len] = '\0';
	t->type = TOKEN_STRING;
	t->text = out;
	advance(l, (size_t)(p + 1 - l->p));
	return 0;
}

/* 'x' is a number. */
static int lex_char(struct lexer *l, struct token *t, struct error *e)
{
	int r = lex_quoted(l, t, e);

	if (r < 0)
		return r;
	if (t->len != 1)
		return wrong(l, t, e, "a character constant has one character");
	t->type = TOKEN_NUMBER;
	t->number = json_integer((unsigned char)t->text[0]);
	return 0;
}

static int lex_number(struct lexer *l, struct token *t, struct error *e)
{
	const char *start = l->p;
	const char *text;
	char *end;
	json_int_t i;
	double d;

	while (l->p < l->end &&
	       (isalnum((unsigned char)*l->p) || *l->p == '.' || *l->p == '_' || *l->p == '+' || *l->p == '-')) {
		if ((*l->p == '+' || *l->p == '-') && l->p != start && (l->p[-1] | 0x20) != 'e')
			break;
		advance(l, 1);
	}
	text = arena_strndup(l->arena, start, (size_t)(l->p - start));
	t->type = TOKEN_NUMBER;
	errno = 0;
	i = strtoll(text, &end, 0);
	if (!*end && end != text && !errno) {
		t->number = json_integer(i);
		return 0;
	}
	d = strtod(text, &end);
	if (*end || end == text)
		return error_set(e, EINVAL, "bad number syntax: %s", text);
	t->number = json_real(d);
	return 0;
}

static const char *lex_word(struct lexer *l)
{
	const char *start = l->p;

	while (l->p < l->end && (isalnum((unsigned char)*l->p) || *l->p == '_' || (unsigned char)*l->p >= 0x80))
		advance(l, 1);
	return arena_strndup(l->arena, start, (size_t)(l->p - start));
}

static bool closes(const struct lexer *l)
{
	return at(l, "}}") || (at(l, "-}}") && is_blank(l->p[-1]));
}

static int lex_close(struct lexer *l, struct token *t)
{
	l->trim = *l->p == '-';
	advance(l, l->trim ? 3 : 2);
	l->inside = false;
	t->type = TOKEN_CLOSE;
	return 0;
}

static bool begins_number(const struct lexer *l)
{
	const char *p = l->p;

	if ((*p == '-' || *p == '+') && p + 1 < l->end)
		p++;
	if (*p == '.' && p + 1 < l->end)
		p++;
	return isdigit((unsigned char)*p);
}

static int lex_mark(struct lexer *l, struct token *t, struct error *e)
{
	static const struct {
		const char *text;
		enum token_type type;
	} marks[] = { { ":=", TOKEN_DECLARE },	 { "=", TOKEN_ASSIGN },	     { "|", TOKEN_PIPE },
		      { "(", TOKEN_OPEN_PAREN }, { ")", TOKEN_CLOSE_PAREN }, { ",", TOKEN_COMMA } };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		if (!at(l, marks[i].text))
			continue;
		t->type = marks[i].type;
		t->text = marks[i].text;
		advance(l, strlen(marks[i].text));
		return 0;
	}
	return error_set(e, EINVAL, "unexpected '%c' in an action", isprint((unsigned char)*l->p) ? *l->p : '?');
}

/* Whether a character can stand in a name: what text/template takes for a letter. */
static bool begins_word(const struct lexer *l)
{
	return l->p < l->end && (isalpha((unsigned char)*l->p) || *l->p == '_' || (unsigned char)*l->p >= 0x80);
}

/* strings.ToUpper is one name: what stands before the dot is a name space, no value. */
static void lex_name(struct lexer *l, struct token *t)
{
	t->type = TOKEN_NAME;
	t->text = lex_word(l);
	while (l->end - l->p >= 2 && *l->p == '.' && isalpha((unsigned char)l->p[1])) {
		advance(l, 1);
		t->text = arena_printf(l->arena, "%s.%s", t->text, lex_word(l));
	}
}

static int lex_inside(struct lexer *l, struct token *t, struct error *e)
{
	while (l->p < l->end && is_blank(*l->p)) {
		t->space = true;
		advance(l, 1);
	}
	t->place = here(l);
	if (l->p >= l->end)
		return error_set(e, EINVAL, "unclosed action");
	if (closes(l))
		return lex_close(l, t);
	if (*l->p == '"' || *l->p == '`')
		return lex_quoted(l, t, e);
	if (*l->p == '\'')
		return lex_char(l, t, e);
	if (begins_number(l))
		return lex_number(l, t, e);
	if (begins_word(l))
		return lex_name(l, t), 0;
	if (*l->p != '.' && *l->p != '$')
		return lex_mark(l, t, e);
	t->type = *l->p == '$' ? TOKEN_VARIABLE : TOKEN_DOT;
	advance(l, 1);
	t->text = lex_word(l);
	if (t->type == TOKEN_DOT && *t->text)
		t->type = TOKEN_FIELD;
	return 0;
}

int lexer_next(struct lexer *l, struct token *ret, struct error *e)
{
	int r;

	*ret = (struct token){ .type = TOKEN_END };
	while (!l->inside) {
		if (lex_text(l, ret))
			return 0;
		ret->place = here(l);
		if (l->p >= l->end) {
			ret->type = TOKEN_END;
			return 0;
		}
		open_action(l);
		if (!at(l, "/*"))
			break;
		l->inside = false;
		r = skip_comment(l, ret, e);
		if (r < 0)
			return r;
	}
	return lex_inside(l, ret, e);
}
