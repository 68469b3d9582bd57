/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim_options.h - how the tables of the shims are written
 */
#ifndef NETEMU_SHIM_OPTIONS_H
#define NETEMU_SHIM_OPTIONS_H

#include "verbs.h"

#define END                                                     \
	{                                                       \
		NULL, 0, OPT_FLAG, NULL, COMPLETE_NOTHING, NULL \
	}
#define FLAG(long_name, letter, text)                                     \
	{                                                                 \
		long_name, letter, OPT_FLAG, NULL, COMPLETE_NOTHING, text \
	}
#define VALUE(long_name, letter, metavar, text)                                \
	{                                                                      \
		long_name, letter, OPT_STRING, metavar, COMPLETE_NOTHING, text \
	}
#define VALUES(long_name, letter, metavar, text)                                \
	{                                                                       \
		long_name, letter, OPT_STRINGS, metavar, COMPLETE_NOTHING, text \
	}
#define LIST(long_name, letter, metavar, text)                               \
	{                                                                    \
		long_name, letter, OPT_LIST, metavar, COMPLETE_NOTHING, text \
	}
/* A flag of the real tool's that netemu cannot do; the text goes on after "netemu cannot do --NAME: ". */
#define REFUSE(long_name, letter, why)                                      \
	{                                                                   \
		long_name, letter, OPT_REFUSED, NULL, COMPLETE_NOTHING, why \
	}
#define REFUSE_VALUE(long_name, letter, metavar, why)                                   \
	{                                                                               \
		long_name, letter, OPT_REFUSED_VALUE, metavar, COMPLETE_NOTHING, why \
	}
#define IGNORED "accepted, without effect"

/* A command of the real tool's that netemu cannot do, whatever follows it: why, and what to do instead. */
#define REFUSE_COMMAND(words, why)                                                                         \
	{                                                                                                  \
		.name = words, .synopsis = "", .summary = why, .max_args = ARGS_ANY, .run = shim_refuse \
	}

#endif
