// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * volume.c - `volumes: [[name:]destination[:options]]`
 *
 * Owns Docker's syntax, and the merge by destination. A volume with a name is a directory of the host's that outlives labs,
 * and that nodes share; one without is the node's own, and goes with the lab.
 */
#include <string.h>

#include "topology/names.h"
#include "topology/nodekeys.h"

static const char *const volume_options[] = { "ro", "rw", "z", "Z", "nocopy", "cached", "delegated", "consistent" };

/* The parts of "[name:]dst[:options]", in the scratch arena; NULL: not there. */
struct volume_spec {
	char *name, *dst, *options;
};

static bool spec_split(struct loader *l, const char *text, struct volume_spec *ret)
{
	char *rest = arena_strdup(&l->scratch, text);

	*ret = (struct volume_spec){ 0 };
	if (*rest != '/')
		ret->name = strsep(&rest, ":");
	if (!rest)
		return false;
	ret->dst = strsep(&rest, ":");
	ret->options = rest ? strsep(&rest, ":") : NULL;
	return !rest;
}

static void check_options(struct loader *l, struct pos pos, char *options)
{
	char *o;

	while ((o = strsep(&options, ","))) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(volume_options); i++)
			known |= strcmp(o, volume_options[i]) == 0;
		if (!known)
			diag_error(l->d, pos, suggest_of(l, o, volume_options, ARRAY_SIZE(volume_options)),
				   "unknown option '%s' of a volume", o);
	}
}

static void check_one(struct loader *l, struct pos pos, const char *text)
{
	struct volume_spec s;

	if (!spec_split(l, text, &s) || !s.dst || !*s.dst)
		diag_error(l->d, pos, NULL, "a volume is written [name:]destination[:options], not '%s'", text);
	else if (!s.name && s.options && *s.options == '/')
		diag_error(l->d, pos, "what is on the host already belongs into 'binds'", "'%s' is no volume, but a bind", text);
	else if (s.name && (*s.name == '.' || *s.name == '~'))
		diag_error(l->d, pos, "what is on the host already belongs into 'binds'", "'%s' is no name of a volume", s.name);
	else if (s.name && name_check_lab(s.name))
		diag_error(l->d, pos, NULL, "the volume's name '%s' %s", s.name, name_check_lab(s.name));
	else if (*s.dst != '/' || strcmp(path_clean(&l->scratch, "", s.dst), "/") == 0)
		diag_error(l->d, pos, NULL, "the destination of a volume must be an absolute path below /, not '%s'", s.dst);
	else
		check_options(l, pos, s.options);
}

/* Those with magic variables, which have no value yet, are looked at in each node. */
void volume_check(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (!strstr(value_string(v->items[i]), "__clab"))
			check_one(l, v->items[i]->pos, value_string(v->items[i]));
}

static bool has_option(const char *options, const char *want)
{
	const size_t n = strlen(want);

	for (const char *p = options; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, want, n) == 0 && (!p[n] || p[n] == ','))
			return true;
	return false;
}

static bool volume_parse(struct node_ctx *c, const struct value *v, struct volume *ret)
{
	const char *text = magic_expand(c, value_string(v));
	struct volume_spec s;

	if (text != value_string(v))
		check_one(c->l, v->pos, text);
	if (!spec_split(c->l, text, &s) || !s.dst || *s.dst != '/')
		return false;
	*ret = (struct volume){
		.name = s.name ? arena_strdup(c->l->a, s.name) : NULL,
		.dst = path_clean(c->l->a, "", s.dst),
		.ro = has_option(s.options, "ro"),
		.nocopy = has_option(s.options, "nocopy"),
		.pos = v->pos,
	};
	return true;
}

static void volume_add(struct node_ctx *c, const struct volume *v)
{
	struct node *n = c->node;

	for (size_t i = 0; i < n->n_binds; i++)
		if (strcmp(n->binds[i].dst, v->dst) == 0) {
			diag_error(c->l->d, v->pos, NULL, "node '%s': %s is the destination of a bind as well, on line %u", n->name, v->dst,
				   n->binds[i].pos.line);
			return;
		}
	for (size_t i = 0; i < n->n_volumes; i++)
		if (strcmp(n->volumes[i].dst, v->dst) == 0) {
			n->volumes[i] = *v;
			return;
		}
	*ARENA_PUSH(c->l->a, n->volumes, n->n_volumes) = *v;
}

void node_apply_volumes(struct node_ctx *c)
{
	struct volume one;

	if (c->node->kind != NODE_LINUX)
		return;
	for (int i = 0; i < _LEVEL_MAX; i++) {
		const struct value *v = c->levels->p[i] ? c->levels->p[i]->v[NK_VOLUMES] : NULL;

		for (size_t k = 0; v && k < v->n; k++)
			if (volume_parse(c, v->items[k], &one))
				volume_add(c, &one);
	}
}
