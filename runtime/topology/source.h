/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.h - the text of a file, before and after environment substitution
 *
 * The YAML parser counts characters of the substituted text; messages must point into the text that the user
 * wrote. A source keeps both and maps one to the other. Refuses to know YAML.
 */
#ifndef NETEMU_TOPOLOGY_SOURCE_H
#define NETEMU_TOPOLOGY_SOURCE_H

#include "base/strbuf.h"
#include "topology/diag.h"

/* One replaced piece: @out_len bytes at @out stand for the @in_len bytes at @in. Ordered, never overlapping. */
struct source_patch {
	size_t in, in_len, out, out_len;
};

struct source {
	struct diag *diag;
	uint32_t file;
	const char *orig; /* as the user wrote it, borrowed, without a byte order mark */
	size_t orig_len;
	const char *text; /* what to parse: @orig, or @subst's buffer */
	size_t len;
	struct strbuf subst;
	struct source_patch *patches;
	size_t n_patches, cap_patches;
	size_t *lines; /* where each line of @orig starts */
	size_t n_lines;
	/* cursors: questions come in ascending order, answers cost what lies between two of them */
	size_t ch, byte;     /* a character of @text and where it starts */
	size_t line, col_at; /* the last answer's line and byte, ... */
	uint32_t col;	     /* ... and its column */
};

enum { SOURCE_MAX = 16 * 1024 * 1024 }; /* bytes, before and after substitution */

/** source_init() - prepare @text (borrowed) of file @file in @d; nothing substituted */
void source_init(struct source *s, struct diag *d, uint32_t file, const char *text, size_t len);
/**
 * source_substitute() - replace environment variables as containerlab does, on the whole text
 * @environ_: "K=V" entries, or NULL
 *
 *   $v ${v}              the value; left as it is when v is not set
 *   ${v-d} ${v=d}        d when v is not set
 *   ${v:-d} ${v:=d}      d when v is not set or empty
 *   ${v+o} ${v:+o}       o when v is set, else nothing
 *   $$                   a dollar sign
 *   $1 ${1} $_ ${x%y}    and whatever else is no such form: left as it is
 *
 * Return: 0, or -EINVAL with a diagnostic (no closing brace on the line; result too large).
 */
int source_substitute(struct source *s, char *const *environ_);
/** source_check() - whether text is UTF-8 that YAML allows. Return: 0, or -EINVAL with a diagnostic. */
int source_check(struct source *s);
/** source_pos() - where the user wrote character @ch (0-based) of the substituted text */
struct pos source_pos(struct source *s, size_t ch);
/** source_pos_byte() - where the user wrote byte @byte of the substituted text */
struct pos source_pos_byte(struct source *s, size_t byte);
void source_done(struct source *s);
#define _cleanup_source_ _cleanup_(source_done)

/** utf8_decode() - length of the well-formed UTF-8 sequence at @p (at most @n bytes), 0 when it is none */
size_t utf8_decode(const char *p, size_t n, uint32_t *ret);

#endif
