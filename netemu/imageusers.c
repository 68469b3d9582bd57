// SPDX-License-Identifier: GPL-2.0-or-later
#include "imageusers.h"

#include <string.h>

#include "base/strbuf.h"
#include "engine/state.h"

static bool is_known(const struct image_users *u, const char *id, const char *lab)
{
	for (size_t i = 0; i < u->ids.n; i++)
		if (strcmp(u->ids.v[i], id) == 0 && strcmp(u->labs.v[i], lab) == 0)
			return true;
	return false;
}

int image_users_find(struct arena *a, struct image_users *ret, struct error *e)
{
	struct strv labs = { 0 };
	int r = state_names(a, &labs, e);

	for (size_t i = 0; r == 0 && i < labs.n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (state_load(labs.v[i], &st, NULL) < 0)
			continue;
		for (size_t k = 0; k < st->n_nodes; k++) {
			const char *id = st->nodes[k].image_id;

			if (!*id || is_known(ret, id, labs.v[i]))
				continue;
			strv_add(a, &ret->ids, id);
			strv_add(a, &ret->labs, labs.v[i]);
		}
	}
	return r;
}

size_t image_users_count(const struct image_users *u, const char *id)
{
	size_t n = 0;

	for (size_t i = 0; i < u->ids.n; i++)
		n += strcmp(u->ids.v[i], id) == 0;
	return n;
}

const char *image_users_text(struct arena *a, const char *id)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	struct image_users u = { 0 };

	(void)image_users_find(a, &u, NULL);
	for (size_t i = 0; i < u.ids.n; i++)
		if (strcmp(u.ids.v[i], id) == 0)
			strbuf_printf(&s, "%slab %s", s.len ? ", " : "", u.labs.v[i]);
	return s.len ? arena_strdup(a, strbuf_str(&s)) : "a pod, or a lab that is just being started or ended";
}
