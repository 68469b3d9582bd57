// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_shlex.c - lines into words; words that are quoted again must come back as they were
 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/strv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void quote(struct strbuf *s, const char *word)
{
	strbuf_putc(s, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			strbuf_puts(s, "'\\''");
		else
			strbuf_putc(s, *word);
	}
	strbuf_puts(s, "' ");
}

static void check_round_trip(struct arena *a, const struct strv *words)
{
	struct strbuf s = { 0 };
	struct strv again = { 0 };

	for (size_t i = 0; i < words->n; i++)
		quote(&s, words->v[i]);
	must(shlex_split(a, strbuf_str(&s), &again, NULL) == 0);
	must(again.n == words->n);
	for (size_t i = 0; i < words->n; i++)
		must(strcmp(again.v[i], words->v[i]) == 0);
	strbuf_done(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct strv words = { 0 };
	struct error e = { 0 };
	char *line = arena_strndup(&a, (const char *)data, size);
	const int r = shlex_split(&a, line, &words, &e);

	must(r == 0 || (r == -EINVAL && e.code == EINVAL && *e.msg));
	if (r == 0)
		check_round_trip(&a, &words);
	arena_done(&a);
	return 0;
}
