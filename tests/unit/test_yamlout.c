// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_yamlout.c - YAML as kubectl writes it, and that it is read back as what it was
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/jsonutil.h"
#include "cluster/manifest.h"
#include "cluster/yamlout.h"

static void writes(const char *json, const char *want)
{
	json_error_t je;
	_cleanup_json_ json_t *j = json_loads(json, JSON_DECODE_ANY, &je), *back = NULL;
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct error e = { 0 };

	if (!j)
		fail_msg("%s: %s", json, je.text);
	assert_int_equal(json_to_yaml(j, &out, &e), 0);
	if (want)
		assert_string_equal(strbuf_str(&out), want);
	back = yaml_to_json(strbuf_str(&out), out.len, &e);
	if (!back || !json_equal(back, j))
		fail_msg("%s is read back as something else: %s", strbuf_str(&out), e.msg);
}

static void test_documents(void **state)
{
	(void)state;
	writes("{\"b\":1,\"a\":{\"z\":[1,\"x\",{\"k\":\"v\",\"a\":[]}],\"y\":{}}}",
	       "a:\n  \"y\": {}\n  z:\n  - 1\n  - x\n  - a: []\n    k: v\nb: 1\n");
	writes("{\"t\":true,\"n\":null,\"r\":1.5}", "\"n\": null\nr: 1.5\nt: true\n");
	writes("[]", "[]\n");
}

static void test_strings(void **state)
{
	static const char *const quoted[] = { "",	"true", "no",	     "null", "~",     "12",	    "1e3",  "0x1f",
					      "010",	"1.5",	"2026-11-25", "y",    "2026-11-25T02:43:51Z", "10:20", "=" };
	static const char *const plain[] = { "a b", "v1.27.3", "10.1.2.0/24", "a=b", "x:y", "1.2.3", "--flag", "fe80::1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(quoted); i++) {
		char json[64], want[64];

		(void)snprintf(json, sizeof(json), "{\"k\":\"%s\"}", quoted[i]);
		(void)snprintf(want, sizeof(want), "k: \"%s\"\n", quoted[i]);
		writes(json, want);
	}
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		char json[64], want[64];

		(void)snprintf(json, sizeof(json), "{\"k\":\"%s\"}", plain[i]);
		(void)snprintf(want, sizeof(want), "k: %s\n", plain[i]);
		writes(json, want);
	}
	writes("{\"k\":\"two\\nlines\\n\"}", "k: |\n  two\n  lines\n");
	writes("{\"k\":\"no end\\nof line\"}", "k: |-\n  no end\n  of line\n");
	writes("{\"k\":\": # - 'x' \\\"y\\\" \\u00e9\\t\"}", NULL);
	writes("{\"k\":\" lead\\n trail \\n\\n\"}", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
