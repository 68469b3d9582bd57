// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * openapi.c - OpenAPI, as little of it as kubectl needs
 *
 * No types are defined: clients validate nothing, the server does. But kubectl < 1.30 asks for --dry-run=server (and so
 * for diff) only of what has a PATCH with a parameter of that name, so each resource has one in the document of v2.
 * Source: gnostic's OpenAPIv2.proto.
 */
#include <string.h>

#include "apiserver/serve.h"

/* ---- protobuf ---- */

static void put_varint(struct strbuf *out, size_t n)
{
	for (; n >= 0x80; n >>= 7)
		strbuf_putc(out, (char)(n | 0x80));
	strbuf_putc(out, (char)n);
}

static void put_bytes(struct strbuf *out, unsigned field, const char *bytes, size_t len)
{
	put_varint(out, field << 3 | 2);
	put_varint(out, len);
	strbuf_add(out, bytes, len);
}

static void put_text(struct strbuf *out, unsigned field, const char *text)
{
	put_bytes(out, field, text, strlen(text));
}

static void put_message(struct strbuf *out, unsigned field, const struct strbuf *message)
{
	put_bytes(out, field, strbuf_str(message), message->len);
}

/* ---- the document ---- */

/* ParametersItem.parameter 1, Parameter.non_body_parameter 2, NonBodyParameter.query_parameter_sub_schema 3 */
static void put_parameter(struct strbuf *operation, const char *name)
{
	static const unsigned wrappers[] = { 3, 2, 1, 8 };
	struct strbuf inner = { 0 };

	put_text(&inner, 2, "query");
	put_text(&inner, 4, name);
	for (size_t i = 0; i < ARRAY_SIZE(wrappers); i++) {
		struct strbuf outer = { 0 };

		put_message(i + 1 < ARRAY_SIZE(wrappers) ? &outer : operation, wrappers[i], &inner);
		strbuf_done(&inner);
		inner = outer;
	}
	strbuf_done(&inner);
}

/* NamedAny{name 1, value 2}, Any.yaml 2 */
static void put_extension(struct strbuf *operation, const struct resource *res, const char *version)
{
	_cleanup_strbuf_ struct strbuf named = { 0 }, any = { 0 }, yaml = { 0 };

	strbuf_printf(&yaml, "group: \"%s\"\nkind: %s\nversion: %s\n", res->group, res->kind, version);
	put_message(&any, 2, &yaml);
	put_text(&named, 1, "x-kubernetes-group-version-kind");
	put_message(&named, 2, &any);
	put_message(operation, 13, &named);
}

/* NamedPathItem{name 1, value 2}, PathItem.patch 8 */
static void put_path(struct strbuf *paths, const struct resource *res, const char *version)
{
	_cleanup_strbuf_ struct strbuf named = { 0 }, item = { 0 }, operation = { 0 }, name = { 0 };

	put_parameter(&operation, "dryRun");
	put_parameter(&operation, "fieldValidation");
	put_extension(&operation, res, version);
	put_message(&item, 8, &operation);
	strbuf_printf(&name, "%s%s/%s/%s%s/{name}", *res->group ? "/apis/" : "/api", res->group, version,
	              res->namespaced ? "namespaces/{namespace}/" : "", res->plural);
	put_message(&named, 1, &name);
	put_message(&named, 2, &item);
	put_message(paths, 2, &named);
}

/* Document{swagger 1, info 2 {title 1, version 2}, paths 8} */
void openapi_v2(struct call *c)
{
	_cleanup_strbuf_ struct strbuf info = { 0 }, paths = { 0 };
	struct strbuf *body = &c->reply->body;

	put_text(&info, 1, "netemu");
	put_text(&info, 2, "v0");
	for (const struct resource *res = resources; res < &resources[_RES_MAX]; res++)
		for (size_t i = 0; res->versions[i] && cilium_serves(c->api, res); i++)
			put_path(&paths, res, res->versions[i]);
	c->reply->code = 200;
	c->reply->content_type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
	put_text(body, 1, "2.0");
	put_message(body, 2, &info);
	put_message(body, 8, &paths);
}

void openapi_v3(struct call *c, const char *rest)
{
	if (!*rest)
		api_json(c->reply, 200,
		         json_pack("{s:{s:{s:s}}}", "paths", "api/v1", "serverRelativeURL",
		                   "/openapi/v3/api/v1?hash=1"));
	else
		api_json(c->reply, 200,
		         json_pack("{s:s, s:{s:s, s:s}, s:{}}", "openapi", "3.0.0", "info", "title", "netemu",
		                   "version", "v0", "paths"));
}
