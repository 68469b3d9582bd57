// SPDX-License-Identifier: GPL-2.0-or-later
#include "kubewords.h"

#include <string.h>

#include "cli.h"

static int unknown(const char *word, struct error *e)
{
	const char *names[2 * _RES_MAX + 1];
	size_t n = 0;
	const char *near;

	for (size_t i = 0; i < _RES_MAX; i++) {
		names[n++] = resources[i].plural;
		names[n++] = resources[i].singular;
	}
	names[n] = NULL;
	near = cli_suggest(word, names);
	return error_set(e, EINVAL, "there is no resource type \"%s\"%s%s%s", word, near ? ": did you mean '" : "", near ? near : "",
			 near ? "'?" : "");
}

static bool in_category(const struct resource *r, const char *word)
{
	for (const char *const *c = r->categories; *c; c++)
		if (strcmp(*c, word) == 0)
			return true;
	return false;
}

static void target_add(struct arena *a, const struct resource *res, const char *name, struct kube_targets *ret)
{
	bool seen = false;

	for (size_t i = 0; i < ret->n; i++)
		seen = seen || ret->items[i].res == res;
	ret->kinds += !seen;
	*ARENA_PUSH(a, ret->items, ret->n) = (struct kube_target){ res, name };
}

/* One word of a list of kinds: a kind, or a category. @names: from the second on, or none */
static int kind_add(struct arena *a, const char *word, const struct strv *args, struct kube_targets *ret, struct error *e)
{
	const struct resource *res = resource_of_word(word);
	const size_t before = ret->n;

	for (size_t i = 0; !res && i < _RES_MAX; i++)
		if (in_category(&resources[i], word))
			target_add(a, &resources[i], NULL, ret);
	if (!res)
		return ret->n > before ? 0 : unknown(word, e);
	if (args->n == 1)
		target_add(a, res, NULL, ret);
	for (size_t i = 1; i < args->n; i++)
		target_add(a, res, args->v[i], ret);
	return 0;
}

static int pairs(struct arena *a, const struct strv *args, struct kube_targets *ret, struct error *e)
{
	for (size_t i = 0; i < args->n; i++) {
		char *word = arena_strdup(a, args->v[i]), *slash = strchr(word, '/');
		const struct resource *res;

		if (!slash || !slash[1])
			return error_set(e, EINVAL, "when one argument is KIND/NAME all must be, but there is '%s'", args->v[i]);
		*slash = '\0';
		res = resource_of_word(word);
		if (!res)
			return unknown(word, e);
		target_add(a, res, slash + 1, ret);
	}
	return 0;
}

int kube_words(struct arena *a, const struct strv *args, struct kube_targets *ret, struct error *e)
{
	char *rest, *word;
	int r = 0;

	if (strchr(args->v[0], '/'))
		return pairs(a, args, ret, e);
	rest = arena_strdup(a, args->v[0]);
	while (r == 0 && (word = strsep(&rest, ",")))
		r = kind_add(a, word, args, ret, e);
	return r;
}
