/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http.h - the API over HTTP/1.1: requests in, replies, watches and followed logs out
 *
 * Written here and not libmicrohttpd's, which does not watch the socket of a suspended connection: a watch or a
 * followed log whose client has gone would stay until something is to be sent, and an upgraded TLS connection would
 * take two more descriptors and another copy.
 */
#ifndef NETEMU_APISERVER_HTTP_H
#define NETEMU_APISERVER_HTTP_H

#include "apiserver/api.h"
#include "apiserver/conn.h"

enum { HTTP_BODY_MAX = 3 * 1024 * 1024 }; /* as kube-apiserver */

/**
 * http_conn_new() - serve one accepted socket
 * @tls: NULL: none, and the peer is trusted (tests)
 */
int http_conn_new(struct api *api, int fd, struct tls *tls, struct conn_list *list, struct error *e);

#endif
