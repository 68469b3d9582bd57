/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest.h - SHA-256 of what is read
 */
#ifndef NETEMU_IMAGER_DIGEST_H
#define NETEMU_IMAGER_DIGEST_H

#include "base/error.h"
#include "plan/image.h"

struct digest {
	void *handle;
};

int digest_begin(struct digest *d, struct error *e);
void digest_add(struct digest *d, const void *data, size_t n);
/** digest_end() - the hexadecimal digits; @d is empty afterwards */
void digest_end(struct digest *d, char hex[IMAGE_ID_LEN + 1]);
void digest_done(struct digest *d);
#define _cleanup_digest_ _cleanup_(digest_done)

#endif
