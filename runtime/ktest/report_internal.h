/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_internal.h - the formats that are written as a whole
 */
#ifndef NETEMU_KTEST_REPORT_INTERNAL_H
#define NETEMU_KTEST_REPORT_INTERNAL_H

#include "ktest/report.h"

/** case_last() - the attempt that counts */
const struct attempt *case_last(const struct case_report *c);
/** attempt_unexplained() - whether none of its points tells why it ended as it did: they are joined by one called "all" */
bool attempt_unexplained(const struct attempt *a);
void report_junit(const struct report_head *head, const struct case_report *cases, size_t n, struct strbuf *out);
void report_json(const struct report_head *head, const struct case_report *cases, size_t n, struct strbuf *out);

#endif
