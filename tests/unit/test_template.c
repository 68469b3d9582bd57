// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_template.c - Go's text/template: what each row gives, as the real one prints it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <string.h>

#include <cmocka.h>

#include "template/template.h"

static const char data[] = "{\"name\": \"lab\", \"n\": 3, \"f\": 1.5, \"yes\": true, \"no\": false, \"nil\": null, "
			   "\"list\": [\"a\", \"b\", \"c\"], \"empty\": [],"
			   " \"map\": {\"z\": 1, \"a\": {\"b\": \"deep\"}}, \"nodes\": [{\"name\": \"r1\", \"as\": "
			   "65001}, {\"name\": \"r2\", \"as\": 65002}]}";

struct row {
	const char *text, *want;
};

static const struct row rows[] = {
	/* text and trimming */
	{ "plain", "plain" },
	{ "", "" },
	{ "a {{/* comment */}} b", "a  b" },
	{ "a {{- /* comment */ -}} b", "ab" },
	{ "x {{- .name -}} y", "xlaby" },
	{ "x\n  {{- .name }}\n", "xlab\n" },
	{ "{{.name}}{{\"\\n\"}}", "lab\n" },
	{ "{{`raw \\n`}}", "raw \\n" },
	{ "{{3 -}} x", "3x" },
	{ "{{-3}}", "-3" },
	/* fields and values */
	{ "{{.}}", "map[empty:[] f:1.5 list:[a b c] map:map[a:map[b:deep] z:1] n:3 name:lab nil:<nil> no:false "
		   "nodes:[map[as:65001 name:r1] "
		   "map[as:65002 name:r2]] yes:true]" },
	{ "{{.map.a.b}}", "deep" },
	{ "{{(index .nodes 1).name}}", "r2" },
	{ "{{.none}}", "<no value>" },
	{ "{{.nil}}", "<nil>" },
	{ "{{1}} {{1.50}} {{0x1f}} {{'a'}} {{1_000}}", NULL },
	{ "{{1}} {{1.50}} {{0x1f}} {{'a'}} {{1e3}}", "1 1.5 31 97 1000" },
	{ "{{true}} {{false}}", "true false" },
	{ "{{$x := 5}}{{$x}}{{$x = 6}}{{$x}}", "56" },
	{ "{{$.name}}", "lab" },
	/* if, with */
	{ "{{if .yes}}A{{else}}B{{end}}", "A" },
	{ "{{if .no}}A{{else if .empty}}B{{else if .list}}C{{else}}D{{end}}", "C" },
	{ "{{if .none}}A{{end}}", "" },
	{ "{{with .map.a}}{{.b}}{{end}}", "deep" },
	{ "{{with .none}}A{{else}}{{.name}}{{end}}", "lab" },
	{ "{{with $x := .map.a}}{{$x.b}}{{end}}", "deep" },
	{ "{{with .none}}A{{else with .name}}{{.}}{{end}}", "lab" },
	{ "{{if $x := .n}}{{$x}}{{end}}", "3" },
	{ "{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}", "1" },
	{ "{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2" },
	/* range */
	{ "{{range .list}}[{{.}}]{{end}}", "[a][b][c]" },
	{ "{{range $i, $v := .list}}{{$i}}{{$v}} {{end}}", "0a 1b 2c " },
	{ "{{range $v := .list}}{{$v}}{{end}}", "abc" },
	{ "{{range $k, $v := .map}}{{$k}};{{end}}", "a;z;" },
	{ "{{range .empty}}A{{else}}none{{end}}", "none" },
	{ "{{range 3}}{{.}}{{end}}", "012" },
	{ "{{range $i := seq 2 4}}{{$i}}{{end}}", "234" },
	{ "{{range .list}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}{{end}}", "ac" },
	{ "{{range .list}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}}", "a" },
	{ "{{range .nodes}}{{.name}}={{.as}} {{$.name}} {{end}}", "r1=65001 lab r2=65002 lab " },
	{ "{{range .nodes}}{{range $.list}}{{.}}{{end}}{{end}}", "abcabc" },
	/* templates */
	{ "{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .name}}{{template \"t\"}}", "<lab><<no value>>" },
	{ "{{block \"b\" .n}}[{{.}}]{{end}}", "[3]" },
	{ "{{template \"helper\" .}}", "helper of lab" },
	/* pipelines and functions */
	{ "{{.name | printf \"%s-%d\" \"x\" | len}}", "17" },
	{ "{{.list | len}}", "3" },
	{ "{{printf \"%03d|%-5s|%5s|%x|%q|%v|%t|%.2f|%%\" 7 \"ab\" \"cd\" 255 \"q\" .list true 1.5}}",
	  "007|ab   |   cd|ff|\"q\"|[a b c]|true|1.50|%" },
	{ "{{printf \"%d\" \"x\"}} {{printf \"%s\" 5}} {{printf \"%d\"}}", "%!d(string=x) %!s(int=5) %!d(MISSING)" },
	{ "{{print 1 2 \"a\" \"b\" 3}}", "1 2ab3" },
	{ "{{println \"a\" 1}}", "a 1\n" },
	{ "{{and .yes .name}} {{and .no .name}} {{or .no .name}} {{or .no .empty}}", "lab false lab []" },
	{ "{{or true (fail \"not reached\")}}", "true" },
	{ "{{not .no}} {{eq .n 3}} {{eq .n 1 2 3}} {{ne .name \"x\"}} {{lt 1 2}} {{ge 2.5 2.5}} {{gt \"b\" \"a\"}}",
	  "true true true true true true true" },
	{ "{{index .map \"a\" \"b\"}} {{index .list 2}}", "deep c" },
	{ "{{slice .list 1}} {{slice .name 1 2}} {{slice 1 2 3}}", "[b c] a [1 2 3]" },
	{ "{{len .name}} {{len .map}}", "3 2" },
	{ "{{add 1 2 3}} {{subtract 5 2}} {{mul 2 3}} {{div 7 2}} {{idiv 7 2}} {{rem 7 4}}", "6 3 6 3.5 3 3" },
	{ "{{seq 3}} {{seq 5 1 2}}", "[1 2 3] [5 3 1]" },
	{ "{{seq \"2\" 4}} {{seq 1 3 0}} {{until 3}} {{add1 4}}", "[2 3 4] [] [0 1 2] 5" },
	{ "{{ToJSON .map}} {{json .list}}", "{\"a\":{\"b\":\"deep\"},\"z\":1} [\"a\",\"b\",\"c\"]" },
	{ "{{ToJSONPretty \" \" .map.a}}", "{\n \"b\": \"deep\"\n}" },
	{ "{{ToJSONPretty .map.a \"\" \" \"}}", "{\n \"b\": \"deep\"\n}" },
	{ "{{strings.ToUpper .name}} {{toUpper \"x\"}} {{title \"ab cd\"}} {{trimSpace \" a \"}}", "LAB X Ab Cd a" },
	{ "{{join .list \"-\"}} {{split \",\" \"a,b\"}} {{replaceAll \"a\" \"b\" \"aXa\"}} {{hasPrefix \"la\" .name}}",
	  "a-b-c [a b] bXb true" },
	{ "{{default \"d\" .none}} {{default \"d\" .name}} {{quote .name}} {{squote \"it's\"}}",
	  "d lab \"lab\" 'it''s'" },
	{ "{{dict \"a\" 1 \"b\" .list}}", "map[a:1 b:[a b c]]" },
	{ "{{html \"<a&b>\"}}", "&lt;a&amp;b&gt;" },
	{ "{{conv.ToInt \"12\"}} {{add \"1\" 2}} {{conv.ToString 5}}", "12 3 5" },
	{ "{{strings.Repeat 3 \"ab\"}} {{indent 2 \"a\\nb\"}}", "ababab   a\n  b" },
	/* mistakes */
	{ "{{.name", NULL },
	{ "{{if .yes}}", NULL },
	{ "{{end}}", NULL },
	{ "{{else}}", NULL },
	{ "{{nosuch .name}}", NULL },
	{ "{{$x}}", NULL },
	{ "{{.name.x}}", NULL },
	{ "{{.none.x}}", NULL },
	{ "{{template \"none\"}}", NULL },
	{ "{{break}}", NULL },
	{ "{{index .list 9}}", NULL },
	{ "{{lt 1 \"a\"}}", NULL },
	{ "{{eq 1 \"a\"}}", NULL },
	{ "{{1 2}}", NULL },
	{ "{{.name | .n}}", NULL },
	{ "{{len 3}}", NULL },
	{ "{{div 1 0}}", NULL },
	{ "{{fail \"stop\"}}", NULL },
	{ "{{\"open}}", NULL },
	{ "{{/* open}}", NULL },
	{ "{{range .name}}{{end}}", NULL },
	{ "{{not}}", NULL },
	{ "{{}}", NULL },
	{ "{{.x | }}", NULL },
	{ "{{(.name}}", NULL },
	/* limits */
	{ "{{range 100000}}{{range 100000}}{{end}}{{end}}", NULL },
	{ "{{define \"r\"}}{{template \"r\"}}{{end}}{{template \"r\"}}", NULL },
	{ "{{seq 10000000}}", NULL },
	{ "{{seq 1 1e300}}", NULL },
	{ "{{seq -9000000000000000000 9000000000000000000}}", NULL },
	{ "{{seq 1.5}}", NULL },
	{ "{{until 10000000}}", NULL },
};

static int render(const char *text, bool strict, struct strbuf *out, struct template_place *place, struct error *e)
{
	const char helper[] = "helper of {{.name}}";
	const struct template_source sources[] = { { "main", text, strlen(text) },
						   { "helper", helper, strlen(helper) } };
	const struct template_options opt = { .sources = sources, .n_sources = 2, .missing_is_error = strict };
	json_t *root = json_loads(data, 0, NULL);
	int r;

	assert_non_null(root);
	r = template_render(&opt, root, out, place, e);
	json_decref(root);
	return r;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf out = { 0 };
		struct error e = { 0 };
		const int r = render(rows[i].text, false, &out, NULL, &e);

		if (!rows[i].want && r == 0)
			fail_msg("%s: gave %s", rows[i].text, strbuf_str(&out));
		if (rows[i].want && r < 0)
			fail_msg("%s: %s", rows[i].text, e.msg);
		if (rows[i].want)
			assert_string_equal(strbuf_str(&out), rows[i].want);
		else
			assert_true(e.code != 0 && *e.msg);
	}
}

static void test_place(void **state)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct template_place place = { 0 };
	struct error e = { 0 };

	(void)state;
	assert_int_equal(render("one\ntwo {{ .name }}\n  {{ .list.x }}\n", false, &out, &place, &e), -EINVAL);
	assert_int_equal(place.line, 3);
	assert_int_equal(place.col, 6);
	assert_int_equal(render("a\n{{ .b | nosuch }}", false, &out, &place, &e), -EINVAL);
	assert_string_equal(e.msg, "function \"nosuch\" not defined");
	assert_int_equal(place.line, 2);
	assert_int_equal(place.col, 9);
}

static void test_strict(void **state)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct error e = { 0 };

	(void)state;
	assert_int_equal(render("{{.none}}", true, &out, NULL, &e), -EINVAL);
	assert_string_equal(e.msg, "map has no entry for key \"none\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_strict),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
