/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tool.h - small programs of the host that kernels are unpacked with, and files as a whole
 */
#ifndef NETEMU_VM_TOOL_H
#define NETEMU_VM_TOOL_H

#include "base/error.h"
#include "base/strbuf.h"

/**
 * tool_run() - run a program to its end
 * @argv: NULL-terminated; argv[0] is searched in PATH
 * @out: gets what it writes to stdout; NULL: nobody reads that
 *
 * Return: 0, or -errno with what it said on stderr when it could not be started or failed.
 */
int tool_run(char *const *argv, struct strbuf *out, struct error *e);

/** tool_read() - append the file @path to @out; .xz, .zst and .gz are decompressed */
int tool_read(const char *path, struct strbuf *out, struct error *e);

#endif
