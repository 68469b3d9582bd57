// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * help.c - the table of verbs as `netemu help` and `netemu VERB --help` show it
 */
#include "help.h"

#include <string.h>

enum { HELP_WIDTH = 80, HELP_COLUMN = 30 };

static bool option_is_maybe(const struct verb_option *o)
{
	return o->type == OPT_MAYBE_NUMBER || o->type == OPT_MAYBE_STRING;
}

const char *help_option_words(const struct verb_option *o, char *buf, size_t size)
{
	char letter[8] = "";
	const char *open = "", *close = "";

	if (o->letter)
		(void)snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	if (o->metavar) {
		open = option_is_maybe(o) ? "[=" : "=";
		close = option_is_maybe(o) ? "]" : "";
	}
	(void)snprintf(buf, size, "%s--%s%s%s%s", letter, o->name, open, o->metavar ? o->metavar : "", close);
	return buf;
}

/* Writes @text in lines of HELP_WIDTH, each after @indent blanks; the first line already has @col columns. */
static void wrap(FILE *out, const char *text, int indent, int col)
{
	while (*text) {
		int n = (int)strcspn(text, " \n");

		if (col > indent && col + 1 + n > HELP_WIDTH) {
			(void)fputc('\n', out);
			col = 0;
		}
		if (col < indent)
			col += fprintf(out, "%*s", indent - col, "");
		else if (col > indent)
			col += fprintf(out, " ");
		col += fprintf(out, "%.*s", n, text);
		text += n;
		if (*text == '\n') {
			(void)fputc('\n', out);
			col = 0;
		}
		text += *text != '\0';
	}
	(void)fputc('\n', out);
}

/* "  LEFT            right, wrapped" */
static void entry(FILE *out, const char *left, const char *right, int column)
{
	int col = fprintf(out, "  %s", left);

	if (col + 2 > column) {
		(void)fputc('\n', out);
		col = 0;
	}
	(void)fprintf(out, "%*s", column - col, "");
	wrap(out, right, column, column);
}

int help_overview(FILE *out)
{
	(void)fputs("netemu makes network topologies real with Linux namespaces, veth links and plain processes.\n\n"
		    "usage: netemu VERB [OPTION]... [ARGUMENT]...\n\n", out);
	for (const struct verb *v = verbs; v->name; v++)
		if (!v->hidden)
			entry(out, v->name, v->summary, 14);
	(void)fputs("\nnetemu help VERB shows everything about one; netemu help --man is the manual page.\n", out);
	return CLI_OK;
}

static void options_list(FILE *out, const struct verb_option *options)
{
	char words[80];

	for (const struct verb_option *o = options; o->name; o++)
		entry(out, help_option_words(o, words, sizeof(words)), o->help, HELP_COLUMN);
}

static void examples_list(FILE *out, const struct verb_example *examples)
{
	for (const struct verb_example *x = examples; x && x->command; x++) {
		(void)fprintf(out, "%s  # %s\n", x == examples ? "" : "\n", x->what);
		(void)fprintf(out, "  %s\n", x->command);
	}
}

int help_verb(const struct verb *v, FILE *out)
{
	(void)fprintf(out, "netemu %s - %s\n\n", v->name, v->summary);
	(void)fprintf(out, "usage: netemu %s [OPTION]...%s%s\n", v->name, *v->synopsis ? " " : "", v->synopsis);
	if (v->alias)
		(void)fprintf(out, "       netemu %s is the same verb\n", v->alias);
	(void)fputc('\n', out);
	wrap(out, v->description, 0, 0);
	(void)fputs("\nOptions:\n", out);
	options_list(out, v->options);
	options_list(out, common_options);
	if (v->examples)
		(void)fputs("\nExamples:\n", out);
	examples_list(out, v->examples);
	(void)fputs("\nExit status:\n", out);
	for (const struct verb_status *s = v->statuses ? v->statuses : common_statuses; s->status; s++)
		entry(out, s->status, s->meaning, 10);
	return CLI_OK;
}
