/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * analyzer.h - what `make lint` tells clang's analyzer, which cannot see into other files: errors are negative
 *
 * Included before each file by the Makefile; no compiler ever sees it.
 */
#ifndef NETEMU_ANALYZER_H
#define NETEMU_ANALYZER_H

#include "base/error.h"

#define error_set(...) ((void)error_set(__VA_ARGS__), -EIO)
#define error_errno(...) ((void)error_errno(__VA_ARGS__), -EIO)
#define error_wrap(...) ((void)error_wrap(__VA_ARGS__), -EIO)
#define error_oom(...) ((void)error_oom(__VA_ARGS__), -ENOMEM)

#endif
