// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * clos.c - clos_generate()
 *
 * Owns the names of nodes, groups and interfaces, which are containerlab's. Refuses to know what a node runs: the file
 * cables a fabric, what routes in it is for its user to say.
 */
#include "topology/clos.h"

#include <string.h>

#include "base/arena.h"
#include "topology/names.h"

#define DEFAULT_KIND "linux"
#define DEFAULT_IMAGE "quay.io/frrouting/frr:latest"

struct tier {
	unsigned n;
	const char *kind, *type; /* type: or "" */
};

struct clos {
	struct arena arena;
	const struct clos_options *opt;
	struct tier tiers[CLOS_TIERS_MAX];
	size_t n_tiers;
};

/* How a kind calls its @nth data interface, from 1. */
static const char *interface_name(struct arena *a, const char *kind, unsigned nth)
{
	const bool srl = strcmp(kind, "srl") == 0 || strcmp(kind, "nokia_srlinux") == 0;

	return arena_printf(a, srl ? "e1-%u" : "eth%u", nth);
}

static int tier_parse(struct clos *c, const char *text, struct tier *ret, struct error *e)
{
	char *words = arena_strdup(&c->arena, text), *kind = strchr(words, ':'), *type = NULL, *end;
	unsigned long n;

	if (kind) {
		*kind++ = '\0';
		type = strchr(kind, ':');
	}
	if (type)
		*type++ = '\0';
	n = strtoul(words, &end, 10);
	if (*words < '1' || *words > '9' || *end || n > CLOS_LINKS_MAX)
		return error_set(e, EINVAL, "'%s' is no tier: write NODES, NODES:KIND or NODES:KIND:TYPE", text);
	*ret = (struct tier){ (unsigned)n, kind && *kind ? kind : c->opt->kind ? c->opt->kind : DEFAULT_KIND, type ? type : "" };
	return 0;
}

static int tiers_parse(struct clos *c, struct error *e)
{
	const struct strv *tiers = c->opt->tiers;
	size_t links = 0;

	if (tiers->n == 0 || tiers->n > CLOS_TIERS_MAX)
		return error_set(e, EINVAL, "a fabric has 1 to %d tiers, not %zu", CLOS_TIERS_MAX, tiers->n);
	for (; c->n_tiers < tiers->n; c->n_tiers++) {
		const struct tier *below = c->n_tiers ? &c->tiers[c->n_tiers - 1] : NULL;
		int r = tier_parse(c, tiers->v[c->n_tiers], &c->tiers[c->n_tiers], e);

		if (r < 0)
			return r;
		links += below ? (size_t)below->n * c->tiers[c->n_tiers].n : 0;
		if (links > CLOS_LINKS_MAX)
			return error_set(e, EINVAL, "more than %d links", CLOS_LINKS_MAX);
	}
	return 0;
}

/* The value of @kind among KIND=VALUE; a VALUE alone is for the default kind. */
static const char *value_of(const struct clos *c, const struct strv *values, const char *kind)
{
	const char *usual = c->opt->kind ? c->opt->kind : DEFAULT_KIND;

	for (size_t i = 0; values && i < values->n; i++) {
		const char *eq = strchr(values->v[i], '='), *slash = strchr(values->v[i], '/');
		const bool named = eq && (!slash || eq < slash);
		const size_t n = named ? (size_t)(eq - values->v[i]) : 0;

		if (named ? strlen(kind) == n && strncmp(values->v[i], kind, n) == 0 : strcmp(kind, usual) == 0)
			return named ? eq + 1 : values->v[i];
	}
	return NULL;
}

/* "      KEY: VALUE", quoted where YAML would not take it for that text. */
static void put_key(struct strbuf *out, const char *key, const char *value)
{
	strbuf_printf(out, "      %s: ", key);
	if (*value && !value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/:@")])
		strbuf_puts(out, value);
	else
		strbuf_json_string(out, value);
	strbuf_putc(out, '\n');
}

static void put_kinds(const struct clos *c, struct strbuf *out)
{
	strbuf_puts(out, "  kinds:\n");
	for (size_t i = 0; i < c->n_tiers; i++) {
		const char *kind = c->tiers[i].kind, *image = value_of(c, c->opt->images, kind);
		const char *license = value_of(c, c->opt->licenses, kind);
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen |= strcmp(c->tiers[k].kind, kind) == 0;
		if (seen)
			continue;
		if (!image && strcmp(kind, DEFAULT_KIND) == 0)
			image = DEFAULT_IMAGE;
		strbuf_printf(out, "    %s:%s\n", kind, image || license ? "" : " {}");
		if (image)
			put_key(out, "image", image);
		if (license)
			put_key(out, "license", license);
	}
}

static void put_nodes(const struct clos *c, const char *prefix, const char *group, struct strbuf *out)
{
	strbuf_puts(out, "  nodes:\n");
	for (size_t t = 0; t < c->n_tiers; t++)
		for (unsigned i = 1; i <= c->tiers[t].n; i++) {
			strbuf_printf(out, "    %s%zu-%u:\n      kind: %s\n      group: %s-%zu\n", prefix, t + 1, i,
				      c->tiers[t].kind, group, t + 1);
			if (*c->tiers[t].type)
				strbuf_printf(out, "      type: %s\n", c->tiers[t].type);
		}
}

/* Node @i of tier @t to node @k of the tier above. */
static void put_link(struct clos *c, const char *prefix, size_t t, unsigned i, unsigned k, struct strbuf *out)
{
	const unsigned below = t ? c->tiers[t - 1].n : 0;

	strbuf_printf(out, "    - endpoints: [\"%s%zu-%u:%s\", \"%s%zu-%u:%s\"]\n", prefix, t + 1, i,
		      interface_name(&c->arena, c->tiers[t].kind, below + k), prefix, t + 2, k,
		      interface_name(&c->arena, c->tiers[t + 1].kind, i));
}

static void put_links(struct clos *c, const char *prefix, struct strbuf *out)
{
	if (c->n_tiers > 1)
		strbuf_puts(out, "  links:\n");
	for (size_t t = 0; t + 1 < c->n_tiers; t++)
		for (unsigned i = 1; i <= c->tiers[t].n; i++)
			for (unsigned k = 1; k <= c->tiers[t + 1].n; k++)
				put_link(c, prefix, t, i, k, out);
}

/* What goes into the file as it is must be a word of YAML. */
static int check_word(const char *what, const char *s, struct error *e)
{
	const char *wrong = name_check_lab(s);

	return wrong ? error_set(e, EINVAL, "%s '%s' %s", what, s, wrong) : 0;
}

static int check_words(const struct clos *c, const char *prefix, const char *group, struct error *e)
{
	int r = check_word("the lab's name", c->opt->name, e);

	if (r == 0)
		r = check_word("the prefix of nodes", prefix, e);
	if (r == 0)
		r = check_word("the prefix of groups", group, e);
	for (size_t i = 0; r == 0 && i < c->n_tiers; i++) {
		r = check_word("the kind", c->tiers[i].kind, e);
		if (r == 0 && *c->tiers[i].type)
			r = check_word("the type", c->tiers[i].type, e);
	}
	return r;
}

int clos_generate(const struct clos_options *opt, struct strbuf *out, struct error *e)
{
	const char *prefix = opt->node_prefix ? opt->node_prefix : "node", *group = opt->group_prefix ? opt->group_prefix : "tier";
	struct clos c = { .opt = opt };
	int r = tiers_parse(&c, e);

	if (r == 0)
		r = check_words(&c, prefix, group, e);
	if (r == 0) {
		strbuf_printf(out, "name: %s\ntopology:\n", opt->name);
		put_kinds(&c, out);
		put_nodes(&c, prefix, group, out);
		put_links(&c, prefix, out);
	}
	arena_done(&c.arena);
	return r;
}
