// SPDX-License-Identifier: GPL-2.0-or-later
#include "apiserver/tls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/strbuf.h"
#include "cert/x509.h"

enum { CERT_DAYS = 3650, CLOCK_SKEW = 3600 };

/* A key with its certificate. */
struct identity {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
};

struct tls {
	struct identity ca, admin, server;
	gnutls_certificate_credentials_t creds;
	gnutls_priority_t priority;
};

static int tls_error(struct error *e, int r, const char *what)
{
	return error_set(e, r == GNUTLS_E_MEMORY_ERROR ? ENOMEM : EIO, "%s: %s", what, gnutls_strerror(r));
}

/* ---- files ---- */

int tls_write_file(const char *path, const void *data, size_t len, struct error *e)
{
	_cleanup_strbuf_ struct strbuf tmp = { 0 };
	_cleanup_close_ int fd = -EBADF;

	strbuf_printf(&tmp, "%s.new", path);
	if (tmp.oom)
		return error_oom(e);
	(void)unlink(tmp.buf);
	fd = open(tmp.buf, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(e, errno, "make %s", tmp.buf);
	for (size_t done = 0; done < len;) {
		const ssize_t n = write(fd, (const char *)data + done, len - done);

		if (n < 0)
			return error_errno(e, errno, "write %s", tmp.buf);
		done += (size_t)n;
	}
	if (rename(tmp.buf, path) < 0)
		return error_errno(e, errno, "rename %s", tmp.buf);
	return 0;
}

static void identity_done(struct identity *id)
{
	if (id->crt)
		gnutls_x509_crt_deinit(id->crt);
	if (id->key)
		gnutls_x509_privkey_deinit(id->key);
	*id = (struct identity){ 0 };
}

static void datum_done(gnutls_datum_t *d)
{
	gnutls_free(d->data);
}
#define _cleanup_datum_ _cleanup_(datum_done)

/* Both in one file, so that there is never one without the other. */
static int identity_save(const struct identity *id, const char *path, struct error *e)
{
	_cleanup_datum_ gnutls_datum_t key = { 0 };
	_cleanup_datum_ gnutls_datum_t crt = { 0 };
	_cleanup_strbuf_ struct strbuf s = { 0 };
	int r = gnutls_x509_privkey_export2(id->key, GNUTLS_X509_FMT_PEM, &key);

	if (r >= 0)
		r = gnutls_x509_crt_export2(id->crt, GNUTLS_X509_FMT_PEM, &crt);
	if (r < 0)
		return tls_error(e, r, "export a certificate");
	strbuf_add(&s, key.data, key.size);
	strbuf_add(&s, crt.data, crt.size);
	if (s.oom)
		return error_oom(e);
	return tls_write_file(path, s.buf, s.len, e);
}

/* Return: 1; 0 when there is no such file; -errno. */
static int identity_load(struct identity *id, const char *path, struct error *e)
{
	_cleanup_datum_ gnutls_datum_t pem = { 0 };
	int r;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = gnutls_load_file(path, &pem);
	if (r >= 0)
		r = gnutls_x509_privkey_init(&id->key);
	if (r >= 0)
		r = gnutls_x509_privkey_import(id->key, &pem, GNUTLS_X509_FMT_PEM);
	if (r >= 0)
		r = gnutls_x509_crt_init(&id->crt);
	if (r >= 0)
		r = gnutls_x509_crt_import(id->crt, &pem, GNUTLS_X509_FMT_PEM);
	return r < 0 ? tls_error(e, r, path) : 1;
}

/* ---- certificates ---- */

static int crt_set_dn(gnutls_x509_crt_t c, const char *cn, const char *organization)
{
	int r = organization ?
			gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, organization, (unsigned)strlen(organization)) :
			0;

	return r < 0 ? r : gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, cn, (unsigned)strlen(cn));
}

struct cert_spec {
	const char *cn, *organization;
	bool ca;
	unsigned usage;
	const char *purpose; /* NULL: of a CA */
	const char *const *names; /* may be NULL */
};

static int crt_set_use(gnutls_x509_crt_t c, const struct cert_spec *spec)
{
	int r = gnutls_x509_crt_set_basic_constraints(c, spec->ca, -1);

	if (r >= 0)
		r = gnutls_x509_crt_set_key_usage(c, spec->usage);
	if (r >= 0 && spec->purpose)
		r = gnutls_x509_crt_set_key_purpose_oid(c, spec->purpose, 0);
	for (const char *const *n = spec->names; r >= 0 && n && *n; n++)
		r = x509_add_name(c, *n);
	return r;
}

/* @issuer: NULL: itself */
static int identity_make(struct identity *id, const struct identity *issuer, const struct cert_spec *spec, struct error *e)
{
	int r = gnutls_x509_privkey_init(&id->key);

	if (!issuer)
		issuer = id;
	if (r >= 0)
		r = gnutls_x509_privkey_generate(id->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (r >= 0)
		r = gnutls_x509_crt_init(&id->crt);
	if (r >= 0)
		r = gnutls_x509_crt_set_version(id->crt, 3);
	if (r >= 0)
		r = crt_set_dn(id->crt, spec->cn, spec->organization);
	if (r >= 0)
		r = x509_set_life(id->crt, CLOCK_SKEW, (time_t)CERT_DAYS * 86400);
	if (r >= 0)
		r = gnutls_x509_crt_set_key(id->crt, id->key);
	if (r >= 0)
		r = crt_set_use(id->crt, spec);
	if (r >= 0)
		r = x509_set_key_ids(id->crt, issuer->crt);
	if (r >= 0)
		r = gnutls_x509_crt_sign2(id->crt, issuer->crt, issuer->key, GNUTLS_DIG_SHA256, 0);
	return r < 0 ? tls_error(e, r, "make a certificate") : 0;
}

static int identity_get(struct identity *id, const struct identity *issuer, const struct cert_spec *spec, const char *dir,
			const char *name, struct error *e)
{
	_cleanup_strbuf_ struct strbuf path = { 0 };
	int r;

	strbuf_printf(&path, "%s/pki", dir);
	if (path.oom)
		return error_oom(e);
	if (mkdir(path.buf, 0700) < 0 && errno != EEXIST)
		return error_errno(e, errno, "make %s", path.buf);
	strbuf_printf(&path, "/%s.pem", name);
	if (path.oom)
		return error_oom(e);
	r = identity_load(id, path.buf, e);
	if (r)
		return r < 0 ? r : 0;
	r = identity_make(id, issuer, spec, e);
	return r < 0 ? r : identity_save(id, path.buf, e);
}

static int identities_get(struct tls *t, const char *dir, const char *const *names, struct error *e)
{
	const struct cert_spec ca = {
		.cn = "kubernetes",
		.ca = true,
		.usage = GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_DIGITAL_SIGNATURE,
	};
	const struct cert_spec admin = {
		.cn = "kubernetes-admin",
		.organization = "system:masters",
		.usage = GNUTLS_KEY_DIGITAL_SIGNATURE,
		.purpose = GNUTLS_KP_TLS_WWW_CLIENT,
	};
	const struct cert_spec server = {
		.cn = "kube-apiserver",
		.usage = GNUTLS_KEY_DIGITAL_SIGNATURE,
		.purpose = GNUTLS_KP_TLS_WWW_SERVER,
		.names = names,
	};
	int r = identity_get(&t->ca, NULL, &ca, dir, "ca", e);

	if (r == 0)
		r = identity_get(&t->admin, &t->ca, &admin, dir, "admin", e);
	return r < 0 ? r : identity_make(&t->server, &t->ca, &server, e);
}

/* ---- sessions ---- */

static int creds_make(struct tls *t, struct error *e)
{
	int r = gnutls_certificate_allocate_credentials(&t->creds);

	if (r >= 0)
		r = gnutls_certificate_set_x509_key(t->creds, &t->server.crt, 1, t->server.key);
	if (r >= 0)
		r = gnutls_certificate_set_x509_trust(t->creds, &t->ca.crt, 1);
	if (r >= 0)
		r = gnutls_priority_init(&t->priority, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL);
	return r < 0 ? tls_error(e, r, "set up TLS") : 0;
}

int tls_open(const char *dir, const char *const *names, struct tls **ret, struct error *e)
{
	struct tls *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return error_oom(e);
	r = identities_get(t, dir, names, e);
	if (r == 0)
		r = creds_make(t, e);
	if (r < 0) {
		tls_free(t);
		return error_wrap(e, "certificates of the API server");
	}
	*ret = t;
	return 0;
}

struct tls *tls_free(struct tls *t)
{
	if (!t)
		return NULL;
	if (t->priority)
		gnutls_priority_deinit(t->priority);
	if (t->creds)
		gnutls_certificate_free_credentials(t->creds);
	identity_done(&t->server);
	identity_done(&t->admin);
	identity_done(&t->ca);
	free(t);
	return NULL;
}

gnutls_session_t tls_session(struct tls *t)
{
	/* No ALPN but this: Go's clients would talk HTTP/2 else. */
	static const gnutls_datum_t http11 = { .data = (unsigned char *)"http/1.1", .size = 8 };
	gnutls_session_t s = NULL;

	if (gnutls_init(&s, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS) < 0)
		return NULL;
	if (gnutls_priority_set(s, t->priority) < 0 || gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, t->creds) < 0 ||
	    gnutls_alpn_set_protocols(s, &http11, 1, 0) < 0) {
		gnutls_deinit(s);
		return NULL;
	}
	gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUEST);
	return s;
}

bool tls_session_is_admin(gnutls_session_t s)
{
	gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT };
	unsigned status = 0;

	return gnutls_certificate_verify_peers(s, &purpose, 1, &status) >= 0 && status == 0;
}

/* ---- the kubeconfig ---- */

static int add_base64(struct strbuf *s, const char *key, const gnutls_datum_t *data)
{
	_cleanup_datum_ gnutls_datum_t b64 = { 0 };
	const int r = gnutls_base64_encode2(data, &b64);

	if (r < 0)
		return r;
	strbuf_printf(s, "    %s: ", key);
	strbuf_add(s, b64.data, b64.size);
	strbuf_putc(s, '\n');
	return 0;
}

static int add_crt(struct strbuf *s, const char *key, gnutls_x509_crt_t crt)
{
	_cleanup_datum_ gnutls_datum_t pem = { 0 };
	const int r = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);

	return r < 0 ? r : add_base64(s, key, &pem);
}

static int add_key(struct strbuf *s, const char *key, gnutls_x509_privkey_t k)
{
	_cleanup_datum_ gnutls_datum_t pem = { 0 };
	const int r = gnutls_x509_privkey_export2(k, GNUTLS_X509_FMT_PEM, &pem);

	return r < 0 ? r : add_base64(s, key, &pem);
}

int tls_kubeconfig(const struct tls *t, const char *path, const char *cluster, const char *server, struct error *e)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };
	int r;

	strbuf_puts(&s, "apiVersion: v1\nclusters:\n- cluster:\n");
	r = add_crt(&s, "certificate-authority-data", t->ca.crt);
	strbuf_printf(&s,
		      "    server: %s\n"
		      "  name: kind-%s\n"
		      "contexts:\n"
		      "- context:\n"
		      "    cluster: kind-%s\n"
		      "    user: kind-%s\n"
		      "  name: kind-%s\n"
		      "current-context: kind-%s\n"
		      "kind: Config\n"
		      "preferences: {}\n"
		      "users:\n"
		      "- name: kind-%s\n"
		      "  user:\n",
		      server, cluster, cluster, cluster, cluster, cluster, cluster);
	if (r >= 0)
		r = add_crt(&s, "client-certificate-data", t->admin.crt);
	if (r >= 0)
		r = add_key(&s, "client-key-data", t->admin.key);
	if (r < 0)
		return tls_error(e, r, "kubeconfig");
	return s.oom ? error_oom(e) : tls_write_file(path, s.buf, s.len, e);
}
