/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls.h - the cluster's certificates: its own CA, the server's, and the administrator's in the kubeconfig
 *
 * Owns: KUBE_DIR/pki (CA and administrator, made at the first start and kept, so that a kubeconfig stays good).
 * The server's own certificate is a new one at each start. Keys are ECDSA P-256. Refuses to know connections.
 */
#ifndef NETEMU_APISERVER_TLS_H
#define NETEMU_APISERVER_TLS_H

#include <gnutls/gnutls.h>

#include "base/error.h"

struct tls;

/**
 * tls_open() - read or make the certificates
 * @dir: KUBE_DIR
 * @names: what the server is called: host names and addresses, NULL-terminated
 */
int tls_open(const char *dir, const char *const *names, struct tls **ret, struct error *e);
struct tls *tls_free(struct tls *t);

/** tls_session() - a server's session for one connection, which asks for a client certificate. Return: NULL when out of memory. */
gnutls_session_t tls_session(struct tls *t);

/** tls_session_is_admin() - whether the client of a session, its handshake done, has a certificate of our CA */
bool tls_session_is_admin(gnutls_session_t s);

/**
 * tls_kubeconfig() - write a kubeconfig as Kind does (0600, at once or not at all)
 * @path: where
 * @cluster: Kind's name of the cluster; cluster, user and context are kind-@cluster
 * @server: "https://127.0.0.1:6443"
 */
int tls_kubeconfig(const struct tls *t, const char *path, const char *cluster, const char *server, struct error *e);

/** tls_write_file() - a private file (0600), at once or not at all */
int tls_write_file(const char *path, const void *data, size_t len, struct error *e);

#endif
