/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schema_check.h - what validation says, in the words of apimachinery's field.Error, and the checks of names and numbers
 *
 * Private to cluster/schema_*.c. A check_x() takes the path of what it looks at and the object or value; what is missing or of a
 * wrong type (the decoder has said so) is passed over, unless it is required.
 */
#ifndef NETEMU_CLUSTER_SCHEMA_CHECK_H
#define NETEMU_CLUSTER_SCHEMA_CHECK_H

#include "cluster/schema_internal.h"

struct checker {
	json_t *causes; /* borrowed */
	size_t n;	/* added by now */
};

/* AT(path, "key"), AT_ITEM(path, index) - one step further, for as long as the block lasts */
#define AT(up_, key_) (&(const struct schema_path){ .up = (up_), .key = (key_) })
#define AT_ITEM(up_, i_) (&(const struct schema_path){ .up = (up_), .index = (i_) })

/* For each: `FIELD: Required value`, `...: DETAIL` when @detail is not NULL. */
void say_required(struct checker *c, const struct schema_path *at, const char *detail);
void say_invalid(struct checker *c, const struct schema_path *at, const json_t *value, const char *detail);
void say_invalid_text(struct checker *c, const struct schema_path *at, const char *value, const char *detail);
void say_unsupported(struct checker *c, const struct schema_path *at, const json_t *value, const char *const *words);
void say_duplicate(struct checker *c, const struct schema_path *at, const json_t *value);
void say_not_found(struct checker *c, const struct schema_path *at, const json_t *value);
void say_forbidden(struct checker *c, const struct schema_path *at, const char *detail);
void say_too_long(struct checker *c, const struct schema_path *at, const char *detail);
void say_type(struct checker *c, const struct schema_path *at, const char *got, const char *want);

/** go_value() - append a value as Go's %#v would print what it is decoded into (maps of strings, lists of strings, selectors) */
void go_value(const json_t *v, struct strbuf *out);

/* Kinds of names. */
enum name_kind { NAME_SUBDOMAIN, NAME_LABEL, NAME_1035, NAME_QUALIFIED, NAME_LABEL_VALUE, NAME_ENV, NAME_CONFIG_KEY, NAME_PORT, _NAME_MAX };
/** check_name() - everything that is wrong with @text */
void check_name(struct checker *c, const struct schema_path *at, enum name_kind kind, const char *text);
/** check_name_in() - the string at @key of @o, when there is one. Return: whether there is. */
bool check_name_in(struct checker *c, const struct schema_path *at, const json_t *o, const char *key, enum name_kind kind);

/** check_size() - whether a list is not so long that comparing each item with each is a burden; said when it is */
bool check_size(struct checker *c, const struct schema_path *at, const json_t *list);
/** check_required() - a non-empty string at @key. Return: whether it is there. */
bool check_required(struct checker *c, const struct schema_path *at, const json_t *o, const char *key, const char *detail);
/** check_words() - the string at @key, when there is one, is one of @words (ends with NULL). Return: whether it is or is missing. */
bool check_words(struct checker *c, const struct schema_path *at, const json_t *o, const char *key, const char *const *words);
/** check_natural() - the number at @key, when there is one, is not negative */
void check_natural(struct checker *c, const struct schema_path *at, const json_t *o, const char *key);
void check_range(struct checker *c, const struct schema_path *at, const json_t *o, const char *key, json_int_t min, json_int_t max);
void check_port(struct checker *c, const struct schema_path *at, const json_t *o, const char *key);
/** check_port_or_name() - FIELD_INT_OR_STRING */
void check_port_or_name(struct checker *c, const struct schema_path *at, const json_t *v);
void check_labels(struct checker *c, const struct schema_path *at, const json_t *labels);
void check_ip(struct checker *c, const struct schema_path *at, const json_t *v);
/** check_selector() - a LabelSelector. */
void check_selector(struct checker *c, const struct schema_path *at, const json_t *selector);
/** check_immutable() - both are the same to Go; else `field is immutable` */
void check_immutable(struct checker *c, const struct schema_path *at, const json_t *v, const json_t *old);
/** same_to_go() - whether two values decode into the same: false, 0, "", [], {} and null are as if they were not there */
bool same_to_go(const json_t *a, const json_t *b);
/** go_copy() - a copy without what is as if it were not there; NULL: nothing is left */
json_t *go_copy(const json_t *v);

extern const char *const words_protocol[], *const words_taint_effect[];

/* schema_check_pod.c */
void check_pod_spec(struct checker *c, const struct schema_path *at, const json_t *spec);
void check_pod_template(struct checker *c, const struct schema_path *at, const json_t *template);
void check_pod_update(struct checker *c, const json_t *spec, const json_t *old);
void check_volumes(struct checker *c, const struct schema_path *at, const json_t *spec);
void check_affinity(struct checker *c, const struct schema_path *at, const json_t *affinity);
void check_tolerations(struct checker *c, const struct schema_path *at, const json_t *list);
/** quantity_number() - as a number; 0 when it is none */
double quantity_number(const json_t *v);

/* The kinds': @old NULL on create. */
typedef void (*check_kind_fn)(struct checker *c, const json_t *o, const json_t *old);
void check_deployment(struct checker *c, const json_t *o, const json_t *old);
void check_replicaset(struct checker *c, const json_t *o, const json_t *old);
void check_daemonset(struct checker *c, const json_t *o, const json_t *old);
void check_statefulset(struct checker *c, const json_t *o, const json_t *old);
void check_job(struct checker *c, const json_t *o, const json_t *old);
void check_cronjob(struct checker *c, const json_t *o, const json_t *old);
void check_service(struct checker *c, const json_t *o, const json_t *old);

#endif
