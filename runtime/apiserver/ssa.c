// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ssa.c - server-side apply: who owns which field
 */
#include "apiserver/serve.h"

#include "cluster/jsonpatch.h"

int ssa_apply(struct call *c _unused_, const json_t *live, const json_t *applied, json_t **ret)
{
	*ret = live ? json_merge_patch(live, applied) : json_deep_copy(applied);
	return 0;
}

void ssa_track(const struct call *c _unused_, json_t *object _unused_, const json_t *old _unused_)
{
}
