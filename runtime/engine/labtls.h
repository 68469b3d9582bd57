/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * labtls.h - the certificates of a lab's nodes: LAB_DIR/.tls/NODE/NODE.pem and NODE.key, and the authority's in .tls/ca
 *
 * Made by netemu-cert, as many at a time as there are processors. Files of those names that are there already and good stay,
 * and outlive the lab; what is made is written to the record of labdir.h first, and goes with the lab.
 */
#ifndef NETEMU_ENGINE_LABTLS_H
#define NETEMU_ENGINE_LABTLS_H

#include "plan/plan.h"

/** labtls_wanted() - whether a node has a certificate */
bool labtls_wanted(const struct lab *lab);

/**
 * labtls_make() - make what is missing, before the nodes are made: they bind it
 * @statefd: /run/netemu/LAB, locked
 * @program: path of netemu-cert
 *
 * Return: 0 or -errno.
 */
int labtls_make(const struct plan *p, int statefd, const char *program, struct error *e);

#endif
