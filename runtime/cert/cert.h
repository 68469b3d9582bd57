/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cert.h - X.509 certificates in PEM files: an authority of one's own, and what it signs
 */
#ifndef NETEMU_CERT_CERT_H
#define NETEMU_CERT_CERT_H

#include "base/error.h"
#include "base/strv.h"

enum { CERT_KEY_MIN = 1024, CERT_KEY_MAX = 16384, CERT_KEY_DEFAULT = 2048 };

struct cert_spec {
	const char *cn, *country, *locality, *organization, *unit; /* "": none */
	unsigned key_size; /* bits, of RSA */
	int64_t validity; /* seconds from now */
	struct strv hosts; /* DNS names and addresses that it is for; none for an authority */
	const char *cert, *key; /* where they go */
	bool keep; /* what is there already is left alone, when it is good */
};

/** cert_make_ca() - an authority that signs itself. Return: 1, 0 when what is there was kept, or -errno. */
int cert_make_ca(const struct cert_spec *spec, struct error *e);

/**
 * cert_make_signed() - a certificate for servers and clients, signed by an authority
 * @ca_cert, @ca_key: its files; they must belong together
 *
 * Return: 1, 0 when what is there was kept, or -errno.
 */
int cert_make_signed(const struct cert_spec *spec, const char *ca_cert, const char *ca_key, struct error *e);

#endif
