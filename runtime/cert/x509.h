/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x509.h - what every certificate of netemu's has, whoever makes it: the API server's and those of nodes
 *
 * Returns are GnuTLS's: 0 or more, or a negative error. Refuses to know files.
 */
#ifndef NETEMU_CERT_X509_H
#define NETEMU_CERT_X509_H

#include <gnutls/x509.h>
#include <time.h>

enum { X509_KEY_ID_MAX = 64 };

/**
 * x509_set_life() - a random serial number, and when it is valid
 * @skew: seconds before now: a clock that is set back a little does no harm
 * @validity: seconds from now
 */
int x509_set_life(gnutls_x509_crt_t c, time_t skew, time_t validity);

/** x509_set_key_ids() - the subject's and the authority's (RFC 5280 4.2.1.1, 4.2.1.2); @c may be its own @issuer */
int x509_set_key_ids(gnutls_x509_crt_t c, gnutls_x509_crt_t issuer);

/** x509_add_name() - a subject alternative name: an address where it is one, else of the DNS */
int x509_add_name(gnutls_x509_crt_t c, const char *name);

#endif
