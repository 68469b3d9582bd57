// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cert.c - `certificate` of a node, `settings.certificate-authority`, and what of their files binds may name
 *
 * Owns the keys, and where the files will be: LAB_DIR/.tls/NODE/NODE.pem and NODE.key, those of the lab's authority as if
 * that were a node called "ca". Refuses to know how they are made (engine/labtls.c).
 */
#include <string.h>
#include <sys/stat.h>

#include "base/duration.h"
#include "topology/topology.h"
#include "topology/nodekeys.h"

enum { KEY_SIZE_MIN = 1024, KEY_SIZE_MAX = 16384, VALIDITY_MAX_S = 100 * 365 * 86400LL };

/* ---- the keys ---- */

static void check_key_size(struct loader *l, const struct value *v)
{
	const int64_t n = value_int(v, 0);

	if (n && (n < KEY_SIZE_MIN || n > KEY_SIZE_MAX))
		diag_error(l->d, v->pos, NULL, "a key has %d to %d bits, not %lld", KEY_SIZE_MIN, KEY_SIZE_MAX, (long long)n);
}

/* Seconds; 0: not a time that a certificate can be valid for. */
static int64_t validity_of(const struct value *v)
{
	double us;

	if (!value_is_set(v) || duration_parse(v->text, &us) < 0 || us < 1e6 || us > VALIDITY_MAX_S * 1e6)
		return 0;
	return (int64_t)(us / 1e6);
}

static void check_validity(struct loader *l, const struct value *v)
{
	if (value_is_set(v) && !validity_of(v))
		diag_error(l->d, v->pos, "write it as 24h or 90m; the least is a second, the most 100 years", "'%s' is no time to be valid for",
			   v->text);
}

/* One name or address each: they are handed on separated by commas. */
static void check_sans(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const char *s = value_string(v->items[i]);

		if (!*s || strpbrk(s, ", \t\n"))
			diag_error(l->d, v->items[i]->pos, NULL, "'%s' is neither a name nor an address", s);
	}
}

enum cert_key { CK_ISSUE, CK_KEY_SIZE, CK_SANS, CK_VALIDITY, _CK_MAX };

static const struct schema_key cert_keys[] = {
	[CK_ISSUE] = { "issue", SHAPE_BOOL, 0, NULL, "whether there is one" },
	[CK_KEY_SIZE] = { "key-size", SHAPE_UINT, 0, check_key_size, "bits, default 2048" },
	[CK_SANS] = { "sans", SHAPE_STRINGS, 0, check_sans, "names and addresses besides the node's own" },
	[CK_VALIDITY] = { "validity-duration", SHAPE_STRING, 0, check_validity, "as 24h, default 8760h" },
};
static_assert(ARRAY_SIZE(cert_keys) == _CK_MAX, "one a key");
const struct schema cert_schema = { cert_keys, ARRAY_SIZE(cert_keys) };

enum ca_key { AK_CERT, AK_KEY, AK_KEY_SIZE, AK_VALIDITY, _AK_MAX };

static const struct schema_key ca_keys[] = {
	[AK_CERT] = { "cert", SHAPE_STRING, 0, NULL, "file of an authority that there is already; or `CLAB_CA_CERT_FILE`" },
	[AK_KEY] = { "key", SHAPE_STRING, 0, NULL, "file of its key; or `CLAB_CA_KEY_FILE`" },
	[AK_KEY_SIZE] = { "key-size", SHAPE_UINT, 0, check_key_size, "bits, default 2048" },
	[AK_VALIDITY] = { "validity-duration", SHAPE_STRING, 0, check_validity, "as 24h, default 8760h" },
};
static_assert(ARRAY_SIZE(ca_keys) == _AK_MAX, "one a key");
const struct schema ca_schema = { ca_keys, ARRAY_SIZE(ca_keys) };

enum settings_key { SK_CA, _SK_MAX };

static const struct schema_key settings_keys[] = {
	[SK_CA] = { "certificate-authority", SHAPE_MAP, 0, NULL, "who signs the certificates of nodes" },
};
const struct schema settings_schema = { settings_keys, ARRAY_SIZE(settings_keys) };

void certificate_check(struct loader *l, const struct value *v)
{
	const struct value *keys[_CK_MAX];

	schema_read(l, v, SCHEMA(cert_keys), "'certificate'", keys);
}

/* ---- a node's ---- */

static void add_san(struct node_ctx *c, const struct value *v)
{
	if (value_is_set(v) && !strv_contains(&c->node->cert.sans, v->text))
		strv_add(c->l->a, &c->node->cert.sans, v->text);
}

static void add_sans(struct node_ctx *c, const struct value *list)
{
	for (size_t i = 0; list && list->type == VALUE_SEQ && i < list->n; i++)
		add_san(c, list->items[i]);
}

/* Each of its keys is inherited by itself. */
void node_apply_certificate(struct node_ctx *c)
{
	struct node_cert *cert = &c->node->cert;

	*cert = (struct node_cert){ .key_size = CERT_KEY_SIZE, .validity = CERT_VALIDITY };
	for (int i = 0; i < _LEVEL_MAX; i++) {
		const struct value *v = c->levels->p[i] ? c->levels->p[i]->v[NK_CERTIFICATE] : NULL, *k;

		if (!v)
			continue;
		k = value_get(v, "issue");
		if (k && k->type == VALUE_SCALAR)
			cert->issue = value_bool(k, false);
		k = value_get(v, "key-size");
		if (k && k->type == VALUE_SCALAR && value_int(k, 0) > 0)
			cert->key_size = (uint32_t)value_int(k, 0);
		if (validity_of(value_get(v, "validity-duration")))
			cert->validity = validity_of(value_get(v, "validity-duration"));
		if (value_get(v, "sans")) {
			cert->sans = (struct strv){ 0 };
			add_sans(c, value_get(v, "sans"));
		}
		cert->pos = v->pos;
	}
	add_sans(c, levels_value(c->levels, NK_SANS));
	if (c->node->kind != NODE_LINUX)
		cert->issue = false;
}

/* ---- the authority ---- */

static const char *file_of(struct loader *l, const struct value *v, const char *variable)
{
	const char *path = value_is_set(v) ? v->text : loader_env(l, variable);

	return path && *path ? path_clean(l->a, l->lab->dir, path) : NULL;
}

static void check_file(struct loader *l, const char *path, struct pos pos)
{
	struct stat st;

	if (path && l->opt->check_files && stat(path, &st) < 0)
		diag_error(l->d, pos, NULL, "the certificate authority's file %s: %s", path, strerror(errno));
}

void settings_read(struct loader *l, const struct value *v)
{
	const struct value *settings[_SK_MAX], *keys[_AK_MAX];
	struct lab_ca *ca = &l->lab->ca;

	schema_read(l, v, SCHEMA(settings_keys), "'settings'", settings);
	schema_read(l, settings[SK_CA], SCHEMA(ca_keys), "'certificate-authority'", keys);
	*ca = (struct lab_ca){ .key_size = CERT_KEY_SIZE, .validity = CERT_VALIDITY };
	ca->pos = settings[SK_CA] ? settings[SK_CA]->pos : (struct pos){ .file = l->lab->file };
	ca->cert = file_of(l, keys[AK_CERT], "CLAB_CA_CERT_FILE");
	ca->key = file_of(l, keys[AK_KEY], "CLAB_CA_KEY_FILE");
	if (value_int(keys[AK_KEY_SIZE], 0) > 0)
		ca->key_size = (uint32_t)value_int(keys[AK_KEY_SIZE], 0);
	if (validity_of(keys[AK_VALIDITY]))
		ca->validity = validity_of(keys[AK_VALIDITY]);
	if (!ca->cert != !ca->key)
		diag_error(l->d, ca->pos, NULL, "a certificate authority of your own needs both 'cert' and 'key'");
	if (keys[AK_CERT])
		check_file(l, ca->cert, keys[AK_CERT]->pos);
	if (keys[AK_KEY])
		check_file(l, ca->key, keys[AK_KEY]->pos);
}

/* ---- binds of what will be made ---- */

bool cert_path_is(const struct lab *lab, const char *path)
{
	const size_t n = strlen(lab->lab_dir);

	return strncmp(path, lab->lab_dir, n) == 0 && strncmp(path + n, "/.tls", 5) == 0 && (!path[n + 5] || path[n + 5] == '/');
}

/* Whether @path, "", "/NAME", "/NAME/NAME.pem" or "/NAME/NAME.key" below .tls, is @name's. */
static bool path_is_of(const char *path, const char *name)
{
	const size_t n = strlen(name);

	if (!*path)
		return true;
	if (*path != '/' || strncmp(path + 1, name, n) != 0)
		return false;
	path += 1 + n;
	if (!*path)
		return true;
	return *path == '/' && strncmp(path + 1, name, n) == 0 && (strcmp(path + 1 + n, ".pem") == 0 || strcmp(path + 1 + n, ".key") == 0);
}

static bool path_will_be(const struct lab *lab, const char *path)
{
	bool any = false;

	for (size_t i = 0; i < lab->n_nodes; i++) {
		any |= lab->nodes[i].cert.issue;
		if (lab->nodes[i].cert.issue && path_is_of(path, lab->nodes[i].name))
			return true;
	}
	return any && !lab->ca.cert && path_is_of(path, "ca");
}

void certificates_resolve(struct loader *l)
{
	const struct lab *lab = l->lab;
	struct stat st;

	for (size_t i = 0; i < lab->n_nodes; i++) {
		const struct node *n = &lab->nodes[i];

		if (n->cert.issue && !lab->ca.cert && strcmp(n->name, "ca") == 0)
			diag_error(l->d, n->cert.pos, NULL, "node 'ca' cannot have a certificate: its files would be the authority's");
		for (size_t k = 0; l->opt->check_files && k < n->n_binds; k++) {
			const char *src = n->binds[k].src;

			if (src && cert_path_is(lab, src) && stat(src, &st) < 0 &&
			    !path_will_be(lab, src + strlen(lab->lab_dir) + strlen("/.tls")))
				diag_error(l->d, n->binds[k].pos, "certificate: {issue: true} makes .tls/NODE/NODE.pem and NODE.key",
					   "the source of a bind, %s: no node has that certificate", src);
		}
	}
}
