// SPDX-License-Identifier: GPL-2.0-or-later
#include "cert/x509.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <string.h>

enum { SERIAL_LEN = 16 };

int x509_set_life(gnutls_x509_crt_t c, time_t skew, time_t validity)
{
	const time_t now = time(NULL);
	unsigned char serial[SERIAL_LEN];
	int r = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	serial[0] = (serial[0] & 0x3f) | 0x40; /* positive and of full length */
	if (r >= 0)
		r = gnutls_x509_crt_set_serial(c, serial, sizeof(serial));
	if (r >= 0)
		r = gnutls_x509_crt_set_activation_time(c, now - skew);
	return r < 0 ? r : gnutls_x509_crt_set_expiration_time(c, now + validity);
}

int x509_set_key_ids(gnutls_x509_crt_t c, gnutls_x509_crt_t issuer)
{
	unsigned char id[X509_KEY_ID_MAX];
	size_t len = sizeof(id);
	int r = gnutls_x509_crt_get_key_id(c, 0, id, &len);

	if (r >= 0)
		r = gnutls_x509_crt_set_subject_key_id(c, id, len);
	len = sizeof(id);
	if (r >= 0 && gnutls_x509_crt_get_subject_key_id(issuer, id, &len, NULL) < 0) {
		len = sizeof(id);
		r = gnutls_x509_crt_get_key_id(issuer, 0, id, &len);
	}
	return r < 0 ? r : gnutls_x509_crt_set_authority_key_id(c, id, len);
}

int x509_add_name(gnutls_x509_crt_t c, const char *name)
{
	unsigned char addr[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, name, addr) == 1)
		return gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_IPADDRESS, addr, 4, GNUTLS_FSAN_APPEND);
	if (inet_pton(AF_INET6, name, addr) == 1)
		return gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_IPADDRESS, addr, 16, GNUTLS_FSAN_APPEND);
	return gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name), GNUTLS_FSAN_APPEND);
}
