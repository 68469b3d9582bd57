/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render.h - topology templates: from a .gotmpl and its variables to the text that is loaded
 *
 * Owns: which files belong to a template (its variables, clab_templates/), and that a mistake is shown where it stands in
 * them. The language is runtime/template's.
 */
#ifndef NETEMU_RENDER_H
#define NETEMU_RENDER_H

#include "base/strbuf.h"
#include "files.h"

/**
 * render_wanted() - whether @text is a template
 * @vars: --vars, or NULL
 *
 * containerlab takes every topology for one. Here a file is one when its name ends in .gotmpl, when variables are given for it or
 * lie next to it, or when it is a topology with {{ in it; so that manifests and cluster configs are left alone.
 */
bool render_wanted(struct arena *a, const char *path, const char *text, const char *vars);

/**
 * render_topology() - render a template
 * @f: gets the mistakes, and keeps the texts that they quote
 * @vars: a file of variables; NULL: the one next to the template (NAME_vars.yaml, .yml, .json), if there is one
 * @ret: the rendered text, allocated; the caller's
 *
 * Return: 0; -EINVAL with f->diag; another -errno with @e when a file cannot be read.
 */
int render_topology(struct files *f, const char *path, const char *text, size_t len, const char *vars, struct strbuf *ret,
		    struct error *e);

#endif
