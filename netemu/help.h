/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * help.h - the table of verbs, written for people, for man(1) and for bash
 *
 * All functions return an exit code.
 */
#ifndef NETEMU_HELP_H
#define NETEMU_HELP_H

#include "verbs.h"

/** help_overview() - one line a verb */
int help_overview(FILE *out);
/** help_verb() - everything about one verb */
int help_verb(const struct verb *verb, FILE *out);
/** help_man() - the whole manual page, man(7) */
int help_man(FILE *out);
/** help_completion() - bash completion; names of nodes and labs come from `netemu __complete` */
int help_completion(FILE *out);

/** help_schema() - the keys of a topology file, as Markdown tables */
int help_schema(FILE *out);

/** help_option_words() - "-w, --wait[=SECONDS]" into @buf. Return: @buf. */
const char *help_option_words(const struct verb_option *o, char *buf, size_t size);

#endif
