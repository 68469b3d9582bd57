// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_api.c - any bytes as requests to an API server with a few objects in it
 *
 * Lines: "METHOD /path?query content-type", then the body in one line ("\n" ends it; a body is JSON, or protobuf without
 * that byte). Whatever is asked, the answer is a whole reply, what is in the store says its own name, and nothing leaks.
 */
#include <string.h>

#include "apiserver/api.h"
#include "cluster/jsonutil.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char cluster[] = "{\"name\":\"t\",\"version\":\"v1.27.3\",\"podSubnets\":[\"10.244.0.0/16\"],"
			      "\"serviceSubnets\":[\"10.96.0.0/16\"],\"defaultCNI\":true,\"nodes\":[]}";

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void drop_line(void *arg, const char *text _unused_, size_t len)
{
	*(size_t *)arg += len;
}

static void serve(struct api *api, char *line, const char *body)
{
	char *save = NULL, *method = strtok_r(line, " ", &save), *path = strtok_r(NULL, " ", &save);
	const char *type = strtok_r(NULL, "", &save);
	char *query = path ? strchr(path, '?') : NULL;
	struct api_reply reply = { 0 };
	size_t told = 0;

	if (!path)
		return;
	if (query)
		*query++ = '\0';
	{
		struct api_request rq = { .method = method,
			                  .path = path,
			                  .accept = "",
			                  .content_type = type ? type : "",
			                  .user_agent = "fuzz",
			                  .body = body,
			                  .body_len = strlen(body) };

		rq.query = api_query_parse(query ? query : "");
		api_serve(api, &rq, &reply);
		json_decref(rq.query);
	}
	check(reply.code >= 200 && reply.code < 600 && reply.content_type);
	if (reply.stream == API_STREAM_WATCH) {
		api_watch_start(reply.watch, drop_line, &told);
		api_watch_free(reply.watch);
	}
	api_reply_done(&reply);
}

static void check_object(json_t *object, void *arg)
{
	const struct resource *res = arg;

	check(*kube_name(object) && *kube_uid(object) && !*kube_namespace(object) == !res->namespaced);
	check(strcmp(json_text(object, "kind", NULL), res->kind) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api api = {
		.cluster = json_loads(cluster, 0, NULL), .pins = json_object(), .cilium = true, .cilium_bgp = true
	};
	char *text = malloc(size + 1), *save = NULL;

	memcpy(text, data, size);
	text[size] = '\0';
	check(loop_new(&api.loop, NULL) == 0 && store_open(NULL, &api.store, NULL) == 0 &&
	      watches_start(&api, NULL) == 0 && events_start(&api, NULL) == 0 && bootstrap(&api, NULL) == 0);
	for (char *line = strtok_r(text, "\n", &save), *body; line; line = strtok_r(NULL, "\n", &save)) {
		body = strtok_r(NULL, "\n", &save);
		serve(&api, line, body ? body : "");
		if (!body)
			break;
	}
	for (size_t i = 0; i < _RES_MAX; i++)
		store_each(api.store, resources[i].id, NULL, check_object, (void *)(uintptr_t)&resources[i]);
	events_free(&api);
	watches_free(&api);
	store_close(api.store);
	json_decref(api.cluster);
	json_decref(api.pins);
	loop_free(api.loop);
	free(text);
	return 0;
}
