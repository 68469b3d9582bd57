// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * state_find.c - the lab and node that a name on the command line means
 *
 * Every exec comes through here. Reading the state of all labs would cost more than the rest of the exec, so
 * what is asked first is which labs have a socket nodes/NAME.sock, or, for a long name, which labs' names are
 * part of it; only those are read, as far as the one node goes, and all of them only when that finds nothing.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "engine/state_internal.h"

struct search {
	const char *name;
	struct lab_state *st; /* the lab it was found in */
	size_t index;
	struct strbuf labs; /* names of the labs that have it */
	unsigned hits;
};

/* A long name wins over a short one. */
static ssize_t node_index(const struct lab_state *st, const char *name)
{
	for (size_t i = 0; i < st->n_nodes; i++)
		if (strcmp(st->nodes[i].longname, name) == 0)
			return (ssize_t)i;
	for (size_t i = 0; i < st->n_nodes; i++)
		if (strcmp(st->nodes[i].name, name) == 0)
			return (ssize_t)i;
	return -1;
}

/* Looks into one lab; one that died or is not whole yet has no nodes. */
static int search_lab(struct search *s, const char *lab, struct error *e)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	struct error why = { 0 };
	ssize_t i;
	int r = state_load_node(lab, s->name, &st, &why);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_set(e, -r, "%s", why.msg);
	i = node_index(st, s->name);
	if (i < 0)
		return 0;
	strbuf_printf(&s->labs, "%s%s", s->hits ? ", " : "", lab);
	if (s->hits++ > 0)
		return 0;
	s->st = TAKE_PTR(st);
	s->index = (size_t)i;
	return 0;
}

static bool lab_has_socket(int root, const char *lab, const char *name)
{
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/nodes/%s.sock", lab, name);

	return n < (int)sizeof(path) && faccessat(root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

enum likely { LIKELY_SOCKET, LIKELY_LONGNAME, LIKELY_ALL, _LIKELY_MAX };

static bool lab_is_likely(int root, const char *lab, const char *name, enum likely how)
{
	switch (how) {
	case LIKELY_SOCKET:
		return lab_has_socket(root, lab, name);
	case LIKELY_LONGNAME:
		return strstr(name, lab) != NULL;
	case LIKELY_ALL:
	case _LIKELY_MAX:
		break;
	}
	return true;
}

/* Looks into the likely labs, then into all; a broken lab only counts when nothing else has the name. */
static int search_labs(struct search *s, int root, const struct strv *labs, struct error *e)
{
	int broken = 0;

	for (enum likely how = 0; how < _LIKELY_MAX && s->hits == 0; how++) {
		broken = 0;
		for (size_t i = 0; i < labs->n; i++) {
			int r = 0;

			if (lab_is_likely(root, labs->v[i], s->name, how))
				r = search_lab(s, labs->v[i], broken ? NULL : e);
			if (r < 0)
				broken = r;
		}
	}
	return s->hits ? 0 : broken;
}

/* "; there are: router0, tor0 (lab x), ..." as far as it fits an error. */
static void candidates_list(const struct strv *labs, struct strbuf *out)
{
	enum { ENOUGH = 300 };
	struct error ignored;
	bool any = false;

	for (size_t i = 0; i < labs->n && out->len < ENOUGH; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (state_load(labs->v[i], &st, &ignored) < 0)
			continue;
		for (size_t k = 0; k < st->n_nodes && out->len < ENOUGH; k++) {
			strbuf_printf(out, "%s%s", any ? ", " : "; there are: ", st->nodes[k].name);
			any = true;
		}
	}
	if (out->len >= ENOUGH)
		strbuf_puts(out, ", ...");
}

static int not_found_error(const char *lab, const char *name, const struct strv *labs, struct error *e)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	_cleanup_strbuf_ struct strbuf list = { 0 };

	if (lab && state_load(lab, &st, NULL) == -ENOENT)
		return error_set(e, ENOENT, "lab '%s' is not running (netemu list shows what is)", lab);
	if (labs->n == 0)
		return error_set(e, ENOENT, "no node '%s': no lab is running", name);
	candidates_list(labs, &list);
	if (lab)
		return error_set(e, ENOENT, "lab '%s' has no node '%s'%s", lab, name, strbuf_str(&list));
	return error_set(e, ENOENT, "no running lab has a node '%s'%s", name, strbuf_str(&list));
}

/* The labs to search: the one that was asked for, else all that have a directory. */
static int search_space(int root, const char *lab, struct arena *a, struct strv *ret, struct error *e)
{
	if (!lab)
		return root < 0 ? 0 : state_dir_list(root, a, ret, e);
	if (!state_name_valid(lab))
		return error_set(e, EINVAL, "'%s' cannot be the name of a lab", lab);
	strv_add(a, ret, lab);
	return 0;
}

static int search_done(struct search *s, struct lab_state **ret, size_t *ret_index, struct error *e)
{
	if (s->hits > 1)
		return error_set(e, EEXIST, "node '%s' is in several labs (%s): choose with --lab, or use its long name",
				 s->name, strbuf_str(&s->labs));
	*ret = TAKE_PTR(s->st);
	*ret_index = s->index;
	return 0;
}

static int find_in(int root, const char *lab, struct search *s, struct lab_state **ret, size_t *ret_index,
		   struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv labs = { 0 };
	int r = search_space(root, lab, &a, &labs, e);

	if (r == 0 && state_name_valid(s->name))
		r = search_labs(s, root, &labs, e);
	if (r < 0)
		return r;
	return s->hits ? search_done(s, ret, ret_index, e) : not_found_error(lab, s->name, &labs, e);
}

int state_find_node(const char *lab, const char *name, struct lab_state **ret, size_t *ret_index, struct error *e)
{
	_cleanup_close_ int root = state_root_open(false, LOCK_SH, e);
	struct search s = { .name = name };
	int r;

	if (root < 0 && root != -ENOENT)
		return root;
	if (root >= 0)
		(void)flock(root, LOCK_UN); /* state_load() may have to sweep */
	r = find_in(root, lab, &s, ret, ret_index, e);
	state_free(s.st);
	strbuf_done(&s.labs);
	return r;
}
