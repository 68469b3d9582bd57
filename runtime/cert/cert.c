// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cert.c - see cert.h
 *
 * Owns files and certificates. A file is made beside its name and moved there, never written through, since the directory
 * may be a stranger's; keys are for their owner only. Refuses to know labs.
 */
#include "cert/cert.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cert/x509.h"

enum { CLOCK_SKEW = 60 };

struct identity {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
};

static void identity_done(struct identity *id)
{
	if (id->crt)
		gnutls_x509_crt_deinit(id->crt);
	if (id->key)
		gnutls_x509_privkey_deinit(id->key);
}
#define _cleanup_identity_ _cleanup_(identity_done)

static void datum_done(gnutls_datum_t *d)
{
	gnutls_free(d->data);
}
#define _cleanup_datum_ _cleanup_(datum_done)

static int tls_error(struct error *e, int r, const char *what)
{
	return error_set(e, r == GNUTLS_E_MEMORY_ERROR ? ENOMEM : EINVAL, "%s: %s", what, gnutls_strerror(r));
}

/* ---- files ---- */

/* Who typed sudo owns what is new. */
static void give(int fd)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");

	if (uid && gid && *uid && *gid)
		(void)!fchown(fd, (uid_t)strtoul(uid, NULL, 10), (gid_t)strtoul(gid, NULL, 10));
}

static int file_write(const char *path, const gnutls_datum_t *d, mode_t mode, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *tmp = arena_printf(&a, "%s.new", path);
	_cleanup_close_ int fd = -EBADF;

	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return error_errno(e, errno, "create %s", path);
	give(fd);
	for (size_t done = 0; done < d->size;) {
		const ssize_t n = write(fd, d->data + done, d->size - done);

		if (n < 0) {
			const int r = error_errno(e, errno, "write %s", path);

			(void)unlink(tmp);
			return r;
		}
		done += (size_t)n;
	}
	return rename(tmp, path) < 0 ? error_errno(e, errno, "create %s", path) : 0;
}

static int identity_save(const struct identity *id, const struct cert_spec *spec, struct error *e)
{
	_cleanup_datum_ gnutls_datum_t key = { 0 };
	_cleanup_datum_ gnutls_datum_t crt = { 0 };
	int r = gnutls_x509_privkey_export2(id->key, GNUTLS_X509_FMT_PEM, &key);

	if (r >= 0)
		r = gnutls_x509_crt_export2(id->crt, GNUTLS_X509_FMT_PEM, &crt);
	if (r < 0)
		return tls_error(e, r, "export a certificate");
	r = file_write(spec->key, &key, 0600, e);
	return r < 0 ? r : file_write(spec->cert, &crt, 0644, e);
}

static int crt_load(gnutls_x509_crt_t *ret, const char *path, struct error *e)
{
	_cleanup_datum_ gnutls_datum_t pem = { 0 };
	int r = gnutls_load_file(path, &pem);

	if (r < 0)
		return error_errno(e, errno ? errno : EIO, "read %s", path);
	r = gnutls_x509_crt_init(ret);
	if (r >= 0)
		r = gnutls_x509_crt_import(*ret, &pem, GNUTLS_X509_FMT_PEM);
	return r < 0 ? tls_error(e, r, path) : 0;
}

static int key_load(gnutls_x509_privkey_t *ret, const char *path, struct error *e)
{
	_cleanup_datum_ gnutls_datum_t pem = { 0 };
	int r = gnutls_load_file(path, &pem);

	if (r < 0)
		return error_errno(e, errno ? errno : EIO, "read %s", path);
	r = gnutls_x509_privkey_init(ret);
	if (r >= 0)
		r = gnutls_x509_privkey_import2(*ret, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	return r < 0 ? tls_error(e, r, path) : 0;
}

/* Whether a key is that of a certificate. */
static bool belong_together(const struct identity *id)
{
	unsigned char a[X509_KEY_ID_MAX], b[X509_KEY_ID_MAX];
	size_t na = sizeof(a), nb = sizeof(b);

	return gnutls_x509_crt_get_key_id(id->crt, 0, a, &na) >= 0 && gnutls_x509_privkey_get_key_id(id->key, 0, b, &nb) >= 0 &&
	       na == nb && memcmp(a, b, na) == 0;
}

static int identity_load(struct identity *id, const char *cert, const char *key, struct error *e)
{
	int r = crt_load(&id->crt, cert, e);

	if (r == 0)
		r = key_load(&id->key, key, e);
	if (r == 0 && !belong_together(id))
		r = error_set(e, EINVAL, "%s is not the key of %s", key, cert);
	return r;
}

/* Whether what is there will do: it is signed by that authority, and still valid. */
static bool is_kept(const struct cert_spec *spec, const struct identity *issuer)
{
	_cleanup_identity_ struct identity id = { 0 };
	const time_t now = time(NULL);
	unsigned status = 0;

	if (!spec->keep || identity_load(&id, spec->cert, spec->key, NULL) < 0)
		return false;
	return gnutls_x509_crt_get_expiration_time(id.crt) > now &&
	       gnutls_x509_crt_verify(id.crt, issuer ? &issuer->crt : &id.crt, 1, 0, &status) >= 0 && status == 0;
}

/* ---- certificates ---- */

static int crt_set_dn(gnutls_x509_crt_t c, const struct cert_spec *spec)
{
	const struct {
		const char *oid, *text;
	} parts[] = {
		{ GNUTLS_OID_X520_COUNTRY_NAME, spec->country },
		{ GNUTLS_OID_X520_LOCALITY_NAME, spec->locality },
		{ GNUTLS_OID_X520_ORGANIZATION_NAME, spec->organization },
		{ GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME, spec->unit },
		{ GNUTLS_OID_X520_COMMON_NAME, spec->cn },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(parts); i++)
		if (parts[i].text && *parts[i].text)
			r = gnutls_x509_crt_set_dn_by_oid(c, parts[i].oid, 0, parts[i].text, (unsigned)strlen(parts[i].text));
	return r;
}

static int crt_set_use(gnutls_x509_crt_t c, const struct cert_spec *spec, bool ca)
{
	int r = gnutls_x509_crt_set_basic_constraints(c, ca, -1);

	if (r >= 0)
		r = gnutls_x509_crt_set_key_usage(c, GNUTLS_KEY_DIGITAL_SIGNATURE |
							     (ca ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_KEY_ENCIPHERMENT));
	if (r >= 0)
		r = gnutls_x509_crt_set_key_purpose_oid(c, GNUTLS_KP_TLS_WWW_CLIENT, 0);
	if (r >= 0)
		r = gnutls_x509_crt_set_key_purpose_oid(c, GNUTLS_KP_TLS_WWW_SERVER, 0);
	for (size_t i = 0; r >= 0 && i < spec->hosts.n; i++)
		r = x509_add_name(c, spec->hosts.v[i]);
	return r;
}

/* @issuer: NULL: itself */
static int identity_make(struct identity *id, const struct cert_spec *spec, const struct identity *issuer)
{
	int r = gnutls_x509_privkey_init(&id->key);

	if (r >= 0)
		r = gnutls_x509_privkey_generate(id->key, GNUTLS_PK_RSA, spec->key_size, 0);
	if (r >= 0)
		r = gnutls_x509_crt_init(&id->crt);
	if (r >= 0)
		r = gnutls_x509_crt_set_version(id->crt, 3);
	if (r >= 0)
		r = crt_set_dn(id->crt, spec);
	if (r >= 0)
		r = x509_set_life(id->crt, CLOCK_SKEW, (time_t)spec->validity);
	if (r >= 0)
		r = gnutls_x509_crt_set_key(id->crt, id->key);
	if (r >= 0)
		r = crt_set_use(id->crt, spec, !issuer);
	if (r >= 0)
		r = x509_set_key_ids(id->crt, issuer ? issuer->crt : id->crt);
	if (r >= 0)
		r = gnutls_x509_crt_sign2(id->crt, issuer ? issuer->crt : id->crt, issuer ? issuer->key : id->key, GNUTLS_DIG_SHA256, 0);
	return r;
}

static int make(const struct cert_spec *spec, const struct identity *issuer, struct error *e)
{
	_cleanup_identity_ struct identity id = { 0 };
	int r;

	if (is_kept(spec, issuer))
		return 0;
	r = identity_make(&id, spec, issuer);
	if (r < 0)
		return tls_error(e, r, "make a certificate");
	r = identity_save(&id, spec, e);
	return r < 0 ? r : 1;
}

int cert_make_ca(const struct cert_spec *spec, struct error *e)
{
	return make(spec, NULL, e);
}

int cert_make_signed(const struct cert_spec *spec, const char *ca_cert, const char *ca_key, struct error *e)
{
	_cleanup_identity_ struct identity ca = { 0 };
	int r = identity_load(&ca, ca_cert, ca_key, e);

	if (r < 0)
		return r;
	if (gnutls_x509_crt_get_ca_status(ca.crt, NULL) != 1)
		return error_set(e, EINVAL, "%s is no authority's certificate: it may not sign others", ca_cert);
	return make(spec, &ca, e);
}
