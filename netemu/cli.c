// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/strbuf.h"
#include "verbs.h"

const char *cli_program = "netemu";

/* The words that are not taken apart yet. */
struct parser {
	struct cli *cli;
	int argc;
	char *const *argv;
	int next;
	bool only_args; /* `--` was seen, or the command of exec began */
};

/* ---- values ---- */

static int number_check(const struct verb_option *o, const char *value, struct error *e)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (errno || end == value || *end || n < 1 || n > INT_MAX)
		return error_set(e, EINVAL, "--%s wants a number, not '%s'", o->name, value);
	return 0;
}

/* The words of "table|json|csv". */
static struct strv choice_words(struct arena *a, const char *metavar)
{
	struct strv words = { 0 };

	while (*metavar) {
		size_t n = strcspn(metavar, "|");

		strv_add(a, &words, arena_strndup(a, metavar, n));
		metavar += n + (metavar[n] == '|');
	}
	return words;
}

static int choice_check(struct cli *cli, const struct verb_option *o, const char *value, struct error *e)
{
	struct strv words = choice_words(&cli->arena, o->metavar);

	if (strv_contains(&words, value))
		return 0;
	return error_set(e, EINVAL, "--%s is one of %s, not '%s'", o->name, o->metavar, value);
}

static int value_check(struct cli *cli, const struct verb_option *o, const char *value, struct error *e)
{
	switch (o->type) {
	case OPT_NUMBER:
	case OPT_MAYBE_NUMBER:
		return number_check(o, value, e);
	case OPT_CHOICE:
		return choice_check(cli, o, value, e);
	case OPT_FLAG:
	case OPT_STRING:
	case OPT_STRINGS:
	case OPT_LIST:
	case OPT_MAYBE_STRING:
	case OPT_REFUSED:
	case OPT_REFUSED_VALUE:
	case _OPTION_TYPE_MAX:
		break;
	}
	return 0;
}

static bool option_is_flag(const struct verb_option *o)
{
	return o->type == OPT_FLAG || o->type == OPT_REFUSED;
}

static bool option_wants_value(const struct verb_option *o)
{
	return !option_is_flag(o) && o->type != OPT_MAYBE_NUMBER && o->type != OPT_MAYBE_STRING;
}

/* Records an option. @value: attached to it, or NULL; the next word is taken when it has to have one. */
static int option_take(struct parser *p, const struct verb_option *o, const char *value, struct error *e)
{
	struct cli_given *g;
	int r = 0;

	if (value && option_is_flag(o)) {
		if (strcmp(value, "false") == 0) /* as Go's flags: --tty=false */
			return 0;
		if (strcmp(value, "true") != 0)
			return error_set(e, EINVAL, "--%s takes no value", o->name);
		value = NULL;
	}
	if (o->type == OPT_REFUSED || o->type == OPT_REFUSED_VALUE)
		return error_set(e, EOPNOTSUPP, "netemu cannot do --%s: %s", o->name, o->help);
	if (!value && option_wants_value(o)) {
		if (p->next >= p->argc)
			return error_set(e, EINVAL, "--%s wants a value: --%s=%s", o->name, o->name, o->metavar);
		value = p->argv[p->next++];
	}
	if (value)
		r = value_check(p->cli, o, value, e);
	if (r < 0)
		return r;
	g = ARENA_PUSH(&p->cli->arena, p->cli->given, p->cli->n_given);
	g->option = o;
	g->value = value;
	return 0;
}

/* ---- options ---- */

static const char *option_suggest(const struct verb *verb, const char *typed)
{
	const char *names[64];
	size_t n = 0;

	for (const struct verb_option *o = verb->options; o->name && n < ARRAY_SIZE(names) - 1; o++)
		names[n++] = o->name;
	names[n] = NULL;
	return cli_suggest(typed, names);
}

static int unknown_option(const struct verb *verb, const char *word, const char *name, struct error *e)
{
	const char *near = name ? option_suggest(verb, name) : NULL;

	if (near)
		return error_set(e, EINVAL, "unknown option '%s': did you mean '--%s'?", word, near);
	if (strcmp(cli_program, "netemu") != 0)
		return error_set(e, EINVAL, "unknown option '%s'", word);
	return error_set(e, EINVAL, "unknown option '%s' (see netemu help %s)", word, verb->name);
}

/* The option whose long name is @name, or begins with it as no other does. */
static int long_find(const struct verb *verb, const char *word, const char *name, const struct verb_option **ret,
		     struct error *e)
{
	const struct verb_option *found = verb_option_find(verb, name);
	size_t n = strlen(name);

	for (const struct verb_option *o = verb->options; !found && n > 0 && o->name; o++) {
		if (strncmp(o->name, name, n) != 0)
			continue;
		for (const struct verb_option *q = o + 1; q->name; q++)
			if (strncmp(q->name, name, n) == 0)
				return error_set(e, EINVAL, "'%s' may be --%s or --%s", word, o->name, q->name);
		found = o;
	}
	if (!found)
		return unknown_option(verb, word, name, e);
	*ret = found;
	return 0;
}

static int long_take(struct parser *p, const char *word, struct error *e)
{
	const char *eq = strchr(word, '=');
	const char *name = arena_strndup(&p->cli->arena, word + 2, eq ? (size_t)(eq - word - 2) : strlen(word + 2));
	const struct verb_option *o = NULL;
	int r = long_find(p->cli->verb, word, name, &o, e);

	return r < 0 ? r : option_take(p, o, eq ? eq + 1 : NULL, e);
}

static const struct verb_option *short_find(const struct verb *verb, char letter)
{
	for (const struct verb_option *o = verb->options; o->name; o++)
		if (o->letter == letter)
			return o;
	for (const struct verb_option *o = common_options; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

/* -abc, -xVALUE, -abxVALUE */
static int shorts_take(struct parser *p, const char *word, struct error *e)
{
	for (const char *s = word + 1; *s; s++) {
		const struct verb_option *o = short_find(p->cli->verb, *s);
		int r;

		if (!o)
			return unknown_option(p->cli->verb, word, s == word + 1 ? s : NULL, e);
		if (!option_is_flag(o) && s[1])
			return option_take(p, o, s[1] == '=' ? s + 2 : s + 1, e);
		r = option_take(p, o, NULL, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- words ---- */

static int word_take(struct parser *p, struct error *e)
{
	const struct verb *verb = p->cli->verb;
	const char *word = p->argv[p->next++];
	bool is_option = word[0] == '-' && word[1];

	if (!is_option && verb->stop_after && (verb->stop_after == (unsigned)STOP_AT_ONCE || p->cli->args.n >= verb->stop_after))
		p->only_args = true;
	if (p->only_args || !is_option) {
		strv_add(&p->cli->arena, &p->cli->args, word);
		return 0;
	}
	if (strcmp(word, "--") == 0) {
		p->only_args = true;
		return 0;
	}
	return word[1] == '-' ? long_take(p, word, e) : shorts_take(p, word, e);
}

static int args_check(const struct cli *cli, struct error *e)
{
	const struct verb *v = cli->verb;

	if (cli->args.n < v->min_args)
		return error_set(e, EINVAL, "something is missing: %s %s %s", cli_program, v->name, v->synopsis);
	if (cli->args.n > v->max_args)
		return error_set(e, EINVAL, "'%s' is too much: %s %s%s%s", cli->args.v[v->max_args], cli_program, v->name,
				 *v->synopsis ? " " : "", v->synopsis);
	return 0;
}

int cli_parse(const struct verb *verb, int argc, char *const argv[], struct cli *ret, struct error *e)
{
	struct parser p = { .cli = ret, .argc = argc, .argv = argv };
	int r = 0;

	*ret = (struct cli){ .verb = verb };
	ret->args.v = arena_alloc(&ret->arena, sizeof(*ret->args.v));
	while (r == 0 && p.next < argc) {
		r = word_take(&p, e);
		if (r == 0 && cli_flag(ret, "help"))
			return 0;
	}
	return r < 0 ? r : args_check(ret, e);
}

void cli_done(struct cli *cli)
{
	arena_done(&cli->arena);
	*cli = (struct cli){ 0 };
}

/* ---- accessors ---- */

static const struct cli_given *last_given(const struct cli *cli, const char *name)
{
	const struct verb_option *o = verb_option_find(cli->verb, name);

	if (!o)
		abort();
	for (size_t i = cli->n_given; i > 0; i--)
		if (cli->given[i - 1].option == o)
			return &cli->given[i - 1];
	return NULL;
}

bool cli_flag(const struct cli *cli, const char *name)
{
	return last_given(cli, name) != NULL;
}

const char *cli_value(const struct cli *cli, const char *name)
{
	const struct cli_given *g = last_given(cli, name);

	return g ? g->value : NULL;
}

unsigned cli_number(const struct cli *cli, const char *name, unsigned fallback)
{
	const char *value = cli_value(cli, name);

	return value ? (unsigned)strtoul(value, NULL, 10) : fallback;
}

static void list_add(struct arena *a, struct strv *out, const struct cli_given *g)
{
	const char *p = g->value;

	if (g->option->type != OPT_LIST) {
		strv_add(a, out, p);
		return;
	}
	while (*p) {
		size_t n = strcspn(p, ",");

		if (n > 0)
			strv_add(a, out, arena_strndup(a, p, n));
		p += n + (p[n] == ',');
	}
}

struct strv cli_list(const struct cli *cli, const char *name)
{
	const struct verb_option *o = verb_option_find(cli->verb, name);
	struct arena *a = (struct arena *)&cli->arena; /* what is made here lives as long as the rest */
	struct strv out = { .v = arena_alloc(a, sizeof(*out.v)) };

	if (!o)
		abort();
	for (size_t i = 0; i < cli->n_given; i++)
		if (cli->given[i].option == o && cli->given[i].value)
			list_add(a, &out, &cli->given[i]);
	return out;
}

const struct strv *cli_args(const struct cli *cli)
{
	return &cli->args;
}

/* ---- messages ---- */

static void message(const struct cli *cli, const char *fmt, va_list ap) _printf_(2, 0);
static void message(const struct cli *cli, const char *fmt, va_list ap)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	strbuf_printf(&s, "%s%s%s: ", cli_program, cli ? " " : "", cli ? cli->verb->name : "");
	strbuf_vprintf(&s, fmt, ap);
	strbuf_putc(&s, '\n');
	(void)fflush(stdout);
	(void)fputs(strbuf_str(&s), stderr); /* one write: lines of two processes do not mix */
}

int cli_error(const struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(cli, fmt, ap);
	va_end(ap);
	return cli && cli->verb->usage_status ? cli->verb->usage_status : CLI_FAILED;
}

int cli_fail(const struct cli *cli, const struct error *e)
{
	return cli_error(cli, "%s", e->msg);
}

void cli_note(const struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(cli, fmt, ap);
	va_end(ap);
}

int cli_usage(const struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(cli, fmt, ap);
	va_end(ap);
	return cli && cli->verb->usage_status ? cli->verb->usage_status : CLI_USAGE;
}

bool cli_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no && *no)
		return false;
	return isatty(fileno(out)) && term && *term && strcmp(term, "dumb") != 0;
}

/* ---- did you mean ---- */

enum { SUGGEST_MAX = 24 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	return MIN_OF(MIN_OF(a, b), c);
}

/* Edit distance of two short words, a swap of neighbours counting as one (optimal string alignment). */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned d[SUGGEST_MAX + 1][SUGGEST_MAX + 1];

	for (size_t i = 0; i <= na; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= nb; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		for (size_t j = 1; j <= nb; j++) {
			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = MIN_OF(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[na][nb];
}

const char *cli_suggest(const char *typed, const char *const *words)
{
	const char *best = NULL;
	size_t n = strlen(typed);
	unsigned best_distance = n < 4 ? 2 : 3; /* one less is near enough */

	if (n == 0 || n > SUGGEST_MAX)
		return NULL;
	for (; *words; words++) {
		size_t m = strlen(*words);
		unsigned d = m <= SUGGEST_MAX ? distance(typed, n, *words, m) : UINT_MAX;

		if (n >= 3 && strncmp(typed, *words, n) == 0)
			d = 1;
		if (d < best_distance) {
			best_distance = d;
			best = *words;
		}
	}
	return best;
}
