/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * protobuf.h - how the tables of protobuf_kinds.c describe a message
 */
#ifndef NETEMU_APISERVER_PROTOBUF_H
#define NETEMU_APISERVER_PROTOBUF_H

#include <stdbool.h>
#include <stdint.h>

enum pb_type {
	PB_STRING,
	PB_INT,
	PB_INT_PTR, /* 0 is not missing */
	PB_BOOL,
	PB_BOOL_PTR, /* false is not missing */
	PB_MESSAGE,
	PB_INLINE, /* a message whose fields are the object's own */
	PB_QUANTITY,
	PB_STRING_MAP,
	PB_BYTES_MAP,
	PB_QUANTITY_MAP,
	PB_INT_OR_STRING,
	PB_SKIP
};

struct pb_field {
	uint32_t number;
	const char *name;
	enum pb_type type;
	bool repeated;
	const struct pb_field *fields; /* PB_MESSAGE, PB_INLINE; ends with number 0 */
};

struct pb_kind {
	const char *kind;
	const struct pb_field *fields;
};
/** protobuf_kinds - ends with a NULL kind */
extern const struct pb_kind protobuf_kinds[];

#endif
