// SPDX-License-Identifier: GPL-2.0-or-later
#include "imager/digest.h"

#include <gnutls/crypto.h>

enum { SHA256_LEN = 32 };

int digest_begin(struct digest *d, struct error *e)
{
	gnutls_hash_hd_t h;

	if (gnutls_hash_init(&h, GNUTLS_DIG_SHA256) < 0)
		return error_set(e, ENOSYS, "GnuTLS has no SHA-256");
	d->handle = h;
	return 0;
}

void digest_add(struct digest *d, const void *data, size_t n)
{
	if (d->handle)
		(void)gnutls_hash(d->handle, data, n);
}

void digest_end(struct digest *d, char hex[IMAGE_ID_LEN + 1])
{
	unsigned char sum[SHA256_LEN];

	gnutls_hash_deinit(d->handle, sum);
	d->handle = NULL;
	for (size_t i = 0; i < SHA256_LEN; i++)
		(void)snprintf(&hex[2 * i], 3, "%02x", sum[i]);
}

void digest_done(struct digest *d)
{
	if (d->handle)
		gnutls_hash_deinit(d->handle, NULL);
	d->handle = NULL;
}
