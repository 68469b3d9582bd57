// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bind.c - `binds: [src:dst[:options]]`, and the magic variables that make their paths
 *
 * Owns the syntax, the paths and the merge by destination. Whether what is bound may be bound is for those who
 * mount it to find out.
 */
#include <string.h>
#include <sys/stat.h>

#include "topology/nodekeys.h"

/* Docker's options; those about propagation, labels and copying have no meaning here. */
static const char *const bind_options[] = {
	"ro",	  "rw",	     "z",	 "Z",	   "shared", "rshared",	  "slave",
	"rslave", "private", "rprivate", "nocopy", "cached", "delegated", "consistent",
};

char *path_clean(struct arena *a, const char *dir, const char *path)
{
	const bool absolute = *path == '/';
	char *out = arena_printf(a, "%s/%s", absolute ? "" : dir, path), *end = out;

	for (const char *p = out; *p;) {
		const size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.') {
			while (end > out && *--end != '/')
				;
		} else if (n && !(n == 1 && *p == '.')) {
			*end++ = '/';
			memmove(end, p, n);
			end += n;
		}
		p += n;
		p += *p == '/';
	}
	if (end == out)
		*end++ = '/';
	*end = '\0';
	return out;
}

/* The value of the magic variable at @p and the length of its name, or NULL. */
static const char *magic_value(struct node_ctx *c, const char *p, size_t *ret_len)
{
	const char *const lab = strrchr(c->lab_dir, '/') + 1;
	const struct kv vars[] = {
		{ "__clabNodeName__", c->node->name },
		{ "__clabNodeDir__", NULL },
		{ "__clabDir__", c->lab_dir },
		{ "__clabLabName__", lab },
	};

	for (size_t i = 0; i < ARRAY_SIZE(vars); i++) {
		*ret_len = strlen(vars[i].key);
		if (strncmp(p, vars[i].key, *ret_len) == 0)
			return vars[i].value ? vars[i].value
					     : arena_printf(&c->l->scratch, "%s/%s", c->lab_dir, c->node->name);
	}
	return NULL;
}

const char *magic_expand(struct node_ctx *c, const char *text)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	const char *p;

	if (!strstr(text, "__clab"))
		return text;
	while ((p = strstr(text, "__clab"))) {
		size_t len;
		const char *value = magic_value(c, p, &len);

		strbuf_add(&s, text, (size_t)(p - text));
		if (value)
			strbuf_puts(&s, value);
		else
			strbuf_add(&s, p, len = strlen("__clab"));
		text = p + len;
	}
	strbuf_puts(&s, text);
	return arena_strdup(&c->l->scratch, strbuf_str(&s));
}

/* "src:dst:opts" cut at its colons, in the scratch arena; parts that are not there are NULL. */
static unsigned split_bind(struct loader *l, const char *text, char *part[3])
{
	char *s = arena_strdup(&l->scratch, text);
	unsigned n = 0;

	part[0] = part[1] = part[2] = NULL;
	while (s && n < 3)
		part[n++] = strsep(&s, ":");
	return s ? 4 : n;
}

static void check_options(struct loader *l, const struct value *v, char *options)
{
	char *o;

	while ((o = strsep(&options, ","))) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(bind_options); i++)
			known |= strcmp(o, bind_options[i]) == 0;
		if (!known)
			diag_error(l->d, v->pos, suggest_of(l, o, bind_options, ARRAY_SIZE(bind_options)),
				   "unknown option '%s' of a bind", o);
	}
}

static void check_one(struct loader *l, const struct value *v)
{
	char *part[3];
	const unsigned n = split_bind(l, value_string(v), part);

	if (n < 2 || n > 3 || !*part[0])
		diag_error(l->d, v->pos, NULL, "a bind is written source:destination[:options], not '%s'",
			   value_string(v));
	else if (*part[1] != '/')
		diag_error(l->d, v->pos, NULL, "the destination of a bind must be an absolute path, not '%s'", part[1]);
	else if (strcmp(path_clean(&l->scratch, "", part[1]), "/") == 0)
		diag_error(l->d, v->pos, NULL, "a bind cannot replace a node's whole root directory");
	else if (n == 3)
		check_options(l, v, part[2]);
}

void bind_check(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		check_one(l, v->items[i]);
}

static const char *source_path(struct node_ctx *c, const char *src, struct pos pos)
{
	const char *home;

	if (*src != '~' || (src[1] && src[1] != '/'))
		return path_clean(c->l->a, c->l->lab->dir, src);
	home = loader_env(c->l, "HOME");
	if (home && *home == '/')
		return path_clean(c->l->a, home, src[1] ? src + 2 : ".");
	diag_error(c->l->d, pos, NULL, "'~' has no meaning: HOME is not set");
	return NULL;
}

static bool has_option(char *options, const char *want)
{
	char *o;

	while ((o = strsep(&options, ",")))
		if (strcmp(o, want) == 0)
			return true;
	return false;
}

/* What `run` makes before the nodes, so that it can be bound: the lab's files, and a node's directory. */
static bool source_will_be(const struct node_ctx *c, const char *src)
{
	const size_t n = strlen(c->lab_dir);

	if (cert_path_is(c->l->lab, src))
		return true; /* certificates_resolve() looks closer, when all nodes are known */
	if (strncmp(src, c->lab_dir, n) != 0 || (src[n] && src[n] != '/'))
		return false;
	return !src[n] || strcmp(src + n + 1, c->node->name) == 0 || lab_has_file(src + n + 1);
}

/* The bind into @ret. Return: whether it is one; what is wrong with it was said where it stands. */
static bool parse_bind(struct node_ctx *c, const struct value *v, struct bind *ret)
{
	char *part[3];
	const unsigned n = split_bind(c->l, magic_expand(c, value_string(v)), part);
	struct stat st;

	if (n < 2 || n > 3 || !*part[0] || *part[1] != '/')
		return false;
	ret->src = source_path(c, part[0], v->pos);
	ret->dst = path_clean(c->l->a, "", part[1]);
	ret->ro = has_option(part[2], "ro");
	ret->pos = v->pos;
	if (!ret->src)
		return false;
	if (!c->l->opt->check_files || stat(ret->src, &st) == 0 || source_will_be(c, ret->src))
		return true;
	if (errno == ENOENT && strcmp(ret->src, ret->dst) == 0) { /* /lib/modules, on a machine without modules */
		diag_warning(c->l->d, v->pos, NULL, "%s is not there on this host, and so not in node '%s'", ret->src, c->node->name);
		return false;
	}
	diag_error(c->l->d, v->pos, NULL, "the source of a bind, %s: %s", ret->src, strerror(errno));
	return true;
}

void node_apply_binds(struct node_ctx *c)
{
	_cleanup_strmap_ struct strmap by_dst = { 0 };

	if (c->node->kind != NODE_LINUX)
		return;
	for (int i = 0; i < _LEVEL_MAX; i++) {
		const struct value *v = c->levels->p[i] ? c->levels->p[i]->v[NK_BINDS] : NULL;

		for (size_t k = 0; v && k < v->n; k++) {
			struct bind b = { 0 };

			if (!parse_bind(c, v->items[k], &b))
				continue;
			if (strmap_put(&by_dst, b.dst, c->node->n_binds))
				*ARENA_PUSH(c->l->a, c->node->binds, c->node->n_binds) = b;
			else
				c->node->binds[strmap_get(&by_dst, b.dst)] = b;
		}
	}
}
