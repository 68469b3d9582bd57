// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * protobuf.c - the few protobuf bodies that typed clients send and that are worth reading
 */
#include "apiserver/serve.h"

json_t *protobuf_decode(const char *body _unused_, size_t len _unused_)
{
	return NULL;
}
