/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images.h - what stands for the images of a lab, and what the host lacks for it
 */
#ifndef NETEMU_IMAGES_H
#define NETEMU_IMAGES_H

#include <stdio.h>

#include "cli.h"
#include "topology/lab.h"

/**
 * images_resolve() - find out which nodes of a lab have an imported image
 *
 * Return: 0 or -errno when the store of images cannot be read.
 */
int images_resolve(struct lab *lab, struct error *e);

/** images_imported() - whether any node has one */
bool images_imported(struct lab *const *labs, size_t n);

/** images_show() - a table: each image, how many nodes have it, what stands for it; nothing when no node names one */
void images_show(struct lab *const *labs, size_t n, FILE *out);

/** images_warn() - a note for each command that a file's own lines need and the host does not have, with Debian's package */
void images_warn(const struct cli *cli, struct lab *const *labs, size_t n);

#endif
