/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * linkops.h - the engine's handlers of the operations that make special links; engine.c has those of every lab
 */
#ifndef NETEMU_ENGINE_LINKOPS_H
#define NETEMU_ENGINE_LINKOPS_H

#include "engine/engine.h"

/** engine_if_index() - the index of an interface of the plan, looked up where the kernel has chosen it */
int engine_if_index(struct engine *en, int32_t ifc, int *ret, struct error *e);

int op_macvlan(struct engine *en, const struct op *op, struct error *e);
int op_vxlan(struct engine *en, const struct op *op, struct error *e);
int op_dummy(struct engine *en, const struct op *op, struct error *e);
int op_rename(struct engine *en, const struct op *op, struct error *e);
int op_stitch(struct engine *en, const struct op *op, struct error *e);
int op_altname(struct engine *en, const struct op *op, struct error *e);
int op_impair(struct engine *en, const struct op *op, struct error *e);

#endif
