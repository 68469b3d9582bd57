/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images.h - what stands for the images of a lab, and what the host lacks for it
 */
#ifndef NETEMU_IMAGES_H
#define NETEMU_IMAGES_H

#include <stdio.h>

#include "cli.h"
#include "topology/lab.h"

/** images_show() - a table: each image, how many nodes have it, what stands for it; nothing when no node names one */
void images_show(struct lab *const *labs, size_t n, FILE *out);

/** images_warn() - a note for each command that a file's own lines need and the host does not have, with Debian's package */
void images_warn(const struct cli *cli, struct lab *const *labs, size_t n);

#endif
