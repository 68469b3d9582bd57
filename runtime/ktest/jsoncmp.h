/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jsoncmp.h - whether JSON is what was expected, by the rules that FRR's topotests know as json_cmp
 *
 *   a map     each expected key must be there and match; others may be there, too
 *   null      the key must not be there
 *   "*"       anything
 *   a list    each expected item must match an item of its own, in any order, and others may be there, too;
 *             with "__ordered__" as its first item: the same items, in this order
 *   exact     no other keys, no other items, lists in order
 *
 * Pure.
 */
#ifndef NETEMU_KTEST_JSONCMP_H
#define NETEMU_KTEST_JSONCMP_H

#include <jansson.h>

#include "base/strbuf.h"

/**
 * jsoncmp() - compare
 * @why: one line a difference is appended, with the path to it: of a list, the item that is nearest; may be NULL
 *
 * Return: the number of differences, 0: it matches.
 */
unsigned jsoncmp(const json_t *want, const json_t *got, bool exact, struct strbuf *why);

#endif
