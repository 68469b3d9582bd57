// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cilium.c - "installing Cilium": values.yaml becomes the network of the pods and the objects that helm would show
 */
#include "apiserver/api.h"

int cilium_install(struct api *api _unused_, const json_t *values _unused_, const char *version _unused_, json_t **ret_notes,
		   struct error *e _unused_)
{
	*ret_notes = json_array();
	return 0;
}

void cilium_uninstall(struct api *api _unused_)
{
}

void cilium_restore(struct api *api _unused_)
{
}

bool cilium_serves(const struct api *api, const struct resource *res)
{
	return !res->custom || api->cilium;
}
