// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * env.c - a node's environment: env-files, env, the host's when asked for, and what containerlab adds itself
 *
 * Owns the order: env-files (docker's syntax, later files win), then `env`; __IMPORT_ENVS adds variables of the
 * host that neither sets; CLAB_LABEL_* and CLAB_INTFS are netemu's own.
 */
#include <string.h>

#include "topology/nodekeys.h"

#define IMPORT_ENVS "__IMPORT_ENVS"

struct env_set {
	struct node_ctx *c;
	struct strmap index; /* name -> index in the node's env */
};

static bool is_env_name(const char *s)
{
	return *s && !strpbrk(s, "= \t\n");
}

void env_check(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (!is_env_name(v->pairs[i].key))
			diag_error(l->d, v->pairs[i].key_pos, NULL, "'%s' cannot name an environment variable",
				   v->pairs[i].key);
}

static void env_put(struct env_set *s, const char *name, const char *value, bool overwrite)
{
	struct arena *a = s->c->l->a;
	struct strv *env = &s->c->node->env;
	const ssize_t at = strmap_get(&s->index, name);

	if (at >= 0) {
		if (overwrite)
			env->v[at] = arena_printf(a, "%s=%s", name, value);
		return;
	}
	(void)strmap_put(&s->index, arena_strdup(&s->c->l->scratch, name), env->n);
	strv_add(a, env, arena_printf(&s->c->l->scratch, "%s=%s", name, value));
}

/* One line as `docker run --env-file` reads it: no quotes; a name alone is taken from the host, if it is there. */
static int env_line(struct env_set *s, char *line)
{
	char *eq;

	line += strspn(line, " \t\r\v\f");
	line[strcspn(line, "\r")] = '\0';
	if (!*line || *line == '#')
		return 0;
	eq = strchr(line, '=');
	if (eq)
		*eq = '\0';
	if (!is_env_name(line))
		return -EINVAL;
	if (eq)
		env_put(s, line, eq + 1, true);
	else if (loader_env(s->c->l, line))
		env_put(s, line, loader_env(s->c->l, line), true);
	return 0;
}

static void read_env_file(struct env_set *s, const struct value *v)
{
	struct loader *l = s->c->l;
	const char *path = path_clean(&l->scratch, l->lab->dir, magic_expand(s->c, v->text));
	_cleanup_free_ char *text = NULL;
	struct error e = { 0 };
	char *line, *rest;
	unsigned n = 0;
	size_t len;

	if (!l->opt->check_files)
		return;
	if (file_read(path, &text, &len, &e) < 0) {
		diag_error(l->d, v->pos, NULL, "env-file %s", e.msg);
		return;
	}
	if (!loader_charge(l, len, v->pos))
		return;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		n++;
		if (env_line(s, line) < 0)
			diag_error(l->d, v->pos, NULL, "%s:%u: '%s' cannot name an environment variable", path, n,
				   line);
	}
}

static void read_env_files(struct env_set *s)
{
	for (int i = 0; i < _LEVEL_MAX; i++) {
		const struct value *v = s->c->levels->p[i] ? s->c->levels->p[i]->v[NK_ENV_FILES] : NULL;

		for (size_t k = 0; v && k < v->n; k++)
			if (value_is_set(v->items[k]))
				read_env_file(s, v->items[k]);
	}
}

/* Return: whether the host's environment is to be imported. */
static bool put_env(struct env_set *s)
{
	bool import = false;

	for (int i = 0; i < _LEVEL_MAX; i++) {
		const struct value *v = s->c->levels->p[i] ? s->c->levels->p[i]->v[NK_ENV] : NULL;

		for (size_t k = 0; v && k < v->n; k++) {
			const struct pair *p = &v->pairs[k];

			if (strcmp(p->key, IMPORT_ENVS) == 0)
				(void)value_parse_bool(value_string(p->value), &import);
			else if (is_env_name(p->key))
				env_put(s, p->key, value_string(p->value), true);
		}
	}
	return import;
}

static void import_host(struct env_set *s)
{
	char *const *env = s->c->l->opt->environ_;

	for (size_t i = 0; env && env[i]; i++) {
		const char *eq = strchr(env[i], '=');

		if (eq && eq != env[i])
			env_put(s, arena_strndup(&s->c->l->scratch, env[i], (size_t)(eq - env[i])), eq + 1, false);
	}
}

/* CLAB_LABEL_<KEY>: upper case, what no variable's name may hold becomes '_'. */
static void put_label(struct env_set *s, const char *key, const char *value)
{
	char *name = arena_printf(&s->c->l->scratch, "CLAB_LABEL_%s", key);

	for (char *p = name; *p; p++) {
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
		else if (!((*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9')))
			*p = '_';
	}
	env_put(s, name, value, true);
}

static void put_own(struct env_set *s, size_t n_intfs)
{
	const struct node *n = s->c->node;
	char count[24];

	for (size_t i = 0; i < n->n_labels; i++)
		put_label(s, n->labels[i].key, n->labels[i].value);
	put_label(s, "containerlab", s->c->l->lab->name);
	put_label(s, "clab-node-name", n->name);
	put_label(s, "clab-node-longname", n->longname);
	put_label(s, "clab-node-kind", node_kind_text(n));
	put_label(s, "clab-node-group", n->group ? n->group : "");
	put_label(s, "clab-node-lab-dir", arena_printf(&s->c->l->scratch, "%s/%s", s->c->lab_dir, n->name));
	put_label(s, "clab-topo-file", s->c->l->lab->path);
	(void)snprintf(count, sizeof(count), "%zu", n_intfs);
	env_put(s, "CLAB_INTFS", count, true);
}

void node_apply_env(struct node_ctx *c, size_t n_intfs)
{
	struct env_set s = { .c = c };

	read_env_files(&s);
	if (put_env(&s))
		import_host(&s);
	put_own(&s, n_intfs);
	strmap_done(&s.index);
}
