/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim_clab_tools.h - containerlab's `tools`, for the table of shim_clab.c
 */
#ifndef NETEMU_SHIM_CLAB_TOOLS_H
#define NETEMU_SHIM_CLAB_TOOLS_H

#include "verbs.h"

extern const struct verb_option tools_netem_options[], tools_veth_options[], tools_vxlan_options[],
	tools_offload_options[], tools_ca_options[], tools_sign_options[];

/* Their first argument is what to do. Return: exit code. */
int tools_netem(const struct cli *cli);
int tools_veth(const struct cli *cli);
int tools_vxlan(const struct cli *cli);

int tools_offload(const struct cli *cli);
int tools_ca(const struct cli *cli);
int tools_sign(const struct cli *cli);

#endif
