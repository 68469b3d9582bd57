/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bgpview.h - `get bgppeers` and `get bgproutes`: what the speakers of a cluster's nodes see
 */
#ifndef NETEMU_BGPVIEW_H
#define NETEMU_BGPVIEW_H

#include "cli.h"
#include "kubeclient.h"

/** bgp_is_view() - whether a word of `get` is one of these */
bool bgp_is_view(const char *word);

/** bgp_show() - "bgppeers [NODE]", or "bgproutes [available|advertised] [ipv4|ipv6] [NODE]". Return: exit code. */
int bgp_show(const struct cli *cli, struct kube *k, const struct strv *words);

#endif
