// SPDX-License-Identifier: GPL-2.0-or-later
#include "apiserver/stream.h"

#include <string.h>

#include "apiserver/websocket.h"

/* In the order in which they are preferred. */
static const struct {
	enum api_stream what[2];
	bool websocket;
	const char *version; /* X-Stream-Protocol-Version, or Sec-WebSocket-Protocol */
	enum stream_protocol protocol;
} protocols[] = {
	{ { API_STREAM_EXEC, API_STREAM_ATTACH }, true, "v5.channel.k8s.io", STREAM_WS_V5 },
	{ { API_STREAM_EXEC, API_STREAM_ATTACH }, true, "v4.channel.k8s.io", STREAM_WS_V4 },
	{ { API_STREAM_EXEC, API_STREAM_ATTACH }, false, "v4.channel.k8s.io", STREAM_SPDY_V4 },
	{ { API_STREAM_PORTFORWARD }, true, "SPDY/3.1+portforward.k8s.io", STREAM_WS_FORWARD },
	{ { API_STREAM_PORTFORWARD }, false, "portforward.k8s.io", STREAM_SPDY_FORWARD },
};
static_assert(ARRAY_SIZE(protocols) == _STREAM_PROTOCOL_MAX, "each protocol once");

static void answer_spdy(struct strbuf *s, const char *version)
{
	strbuf_printf(s,
		      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
		      "X-Stream-Protocol-Version: %s\r\n\r\n",
		      version);
}

static int answer_websocket(const struct http_head *h, struct strbuf *s, const char *version)
{
	const char *key = http_header(h, "Sec-WebSocket-Key");
	char accept[WS_ACCEPT_LEN];

	if (!key || ws_accept(key, accept) < 0 || !http_header_has(h, "Sec-WebSocket-Version", "13"))
		return 400;
	strbuf_printf(s,
		      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		      "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
		      accept, version);
	return 101;
}

int stream_negotiate(const struct http_head *h, enum api_stream what, enum stream_protocol *ret, struct strbuf *ret_head)
{
	const bool websocket = http_header_has(h, "Upgrade", "websocket");

	if (!http_header_has(h, "Connection", "upgrade") || (!websocket && !http_header_has(h, "Upgrade", "SPDY/3.1")))
		return 400;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if ((protocols[i].what[0] != what && protocols[i].what[1] != what) || protocols[i].websocket != websocket ||
		    !http_header_has(h, websocket ? "Sec-WebSocket-Protocol" : "X-Stream-Protocol-Version", protocols[i].version))
			continue;
		*ret = protocols[i].protocol;
		if (websocket)
			return answer_websocket(h, ret_head, protocols[i].version);
		answer_spdy(ret_head, protocols[i].version);
		return ret_head->oom ? 400 : 101;
	}
	/* For WebSocket 400: then kubectl tries SPDY. */
	return websocket ? 400 : 403;
}
