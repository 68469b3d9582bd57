/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * template.h - Go's text/template, as far as containerlab's topology templates and docker's --format use it
 *
 * Owns: the language (https://pkg.go.dev/text/template): actions, pipelines, variables, if, with, range, define, template, block, break,
 * continue, trimming, comments, the predefined functions, and of gomplate's those that containerlab hands to a topology. Data
 * is JSON. Refuses to know files, methods, and functions of anybody else: those are an error with their place.
 *
 * Bounded: steps, output and depth have limits, so that a template can neither run nor grow for ever.
 */
#ifndef NETEMU_TEMPLATE_TEMPLATE_H
#define NETEMU_TEMPLATE_TEMPLATE_H

#include <jansson.h>

#include "base/error.h"
#include "base/strbuf.h"

struct template_source {
	const char *name; /* by which {{template "NAME"}} finds it */
	const char *text;
	size_t len;
};

/* Where a template went wrong; columns and lines from 1. */
struct template_place {
	size_t source; /* index */
	unsigned line, col;
};

struct template_options {
	const struct template_source *sources; /* the first one is rendered, the others can be called by name */
	size_t n_sources;
	bool missing_is_error; /* a key that is not there; otherwise it is "<no value>" */
};

/**
 * template_render() - render the first source with @data as its dot
 * @out: appended to
 * @ret_place: set on failure; may be NULL
 *
 * Return: 0; -EINVAL for a mistake in the template or in what it does with the data, -E2BIG for one of the limits.
 */
int template_render(const struct template_options *opt, json_t *data, struct strbuf *out,
		    struct template_place *ret_place, struct error *e);

#endif
