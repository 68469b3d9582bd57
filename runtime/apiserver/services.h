/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * services.h - addresses and ports that services are given
 */
#ifndef NETEMU_APISERVER_SERVICES_H
#define NETEMU_APISERVER_SERVICES_H

#include "apiserver/serve.h"

/** service_admit() - cluster addresses, families, node ports. Return: 0, or -errno: the reply says why. */
int service_admit(struct call *c, json_t *service, const json_t *old);
/** service_first_address() - what service `kubernetes` has: the first host of a service subnet; "" without one; in @buf */
const char *service_first_address(const struct api *api, size_t i, char buf[64]);

#endif
