// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_selector.c - label and field selectors: the grammar, its errors in Kubernetes' words, what matches
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/jsonutil.h"
#include "cluster/selector.h"

static json_t *parsed(const char *text)
{
	json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(j);
	return j;
}

static const char labels_text[] =
	"{\"app\": \"web\", \"tier\": \"front\", \"n\": \"5\", \"empty\": \"\", \"example.com/x\": \"in\"}";

static const struct {
	const char *selector;
	bool matches;
} label_cases[] = {
	{ "", true },
	{ "app=web", true },
	{ "app==web", true },
	{ "app = web , tier=front", true },
	{ "app=db", false },
	{ "app!=db", true },
	{ "app!=web", false },
	{ "missing!=x", true },
	{ "missing=x", false },
	{ "app", true },
	{ "!app", false },
	{ "!missing", true },
	{ "missing", false },
	{ "app in (web,db)", true },
	{ "app in (db)", false },
	{ "app notin (db, cache)", true },
	{ "app notin (web)", false },
	{ "missing notin (web)", true },
	{ "missing in (web)", false },
	{ "n>4", true },
	{ "n>5", false },
	{ "n<6,n>4", true },
	{ "app>4", false },
	{ "empty=", true },
	{ "empty", true },
	{ "empty in ()", true },
	{ "empty in (,x)", true },
	{ "app in (x,,y)", false },
	{ "example.com/x=in", true },
	{ "example.com/x in (in,notin)", true },
	{ "in=x", false },
	{ "\tapp=web\n", true },
	{ ",", false }, /* an error, see below */
};

static void labels_match(void **state)
{
	json_t *labels = parsed(labels_text);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(label_cases) - 1; i++) {
		struct selector *s = NULL;
		struct error e = { 0 };

		if (selector_parse_labels(label_cases[i].selector, &s, &e) != 0)
			fail_msg("%s: %s", label_cases[i].selector, e.msg);
		if (selector_matches(s, labels) != label_cases[i].matches)
			fail_msg("%s: want %s", label_cases[i].selector,
				 label_cases[i].matches ? "a match" : "no match");
		(void)selector_free(s);
	}
	assert_true(selector_matches(NULL, labels));
	json_decref(labels);
}

static void no_labels_match_nothing_but_absence(void **state)
{
	struct selector *s = NULL;

	(void)state;
	assert_int_equal(selector_parse_labels("!a,b!=c", &s, NULL), 0);
	assert_true(selector_matches(s, NULL));
	(void)selector_free(s);
	assert_int_equal(selector_parse_labels("a", &s, NULL), 0);
	assert_false(selector_matches(s, NULL));
	(void)selector_free(s);
}

static const struct {
	const char *selector, *error;
} label_errors[] = {
	{ ",", "found ',', expected: !, identifier, or 'end of string'" },
	{ "a,", "found '', expected: identifier after ','" },
	{ "a,=b", "found '=', expected: identifier after ','" },
	{ "a=b=c", "found '=', expected: ',' or 'end of string'" },
	{ "a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt" },
	{ "a in b", "unable to parse requirement: found 'b' expected: '('" },
	{ "a in (b", "unable to parse requirement: found '', expected: ',' or ')'" },
	{ "a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'" },
	{ "a in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier" },
	{ "a==", NULL },
	{ "a=(", "unable to parse requirement: found '(', expected: identifier" },
	{ "a>x",
	  "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer" },
	{ "!=a", "found '!=', expected: !, identifier, or 'end of string'" },
	{ "!", "unable to parse requirement: found '', expected: identifier" },
	{ "a!b", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt" },
	{ "/x=a", "unable to parse requirement: <nil>: Invalid value: \"/x\": prefix part must be non-empty" },
	{ "a/=a",
	  "unable to parse requirement: <nil>: Invalid value: \"a/\": name part must be non-empty; name part must consist of "
	  "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or "
	  "'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')" },
	{ "a=b$",
	  "unable to parse requirement: values[0][a]: Invalid value: \"b$\": a valid label must be an empty string or consist of "
	  "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
	  "'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')" },
	{ "A_B/x",
	  "unable to parse requirement: <nil>: Invalid value: \"A_B/x\": prefix part a lowercase RFC 1123 subdomain must consist "
	  "of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
	  "'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')" },
};

static void label_mistakes_are_worded_as_kubernetes_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(label_errors); i++) {
		struct selector *s = NULL;
		struct error e = { 0 };
		const int r = selector_parse_labels(label_errors[i].selector, &s, &e);

		if (r != (label_errors[i].error ? -EINVAL : 0))
			fail_msg("%s: %d %s", label_errors[i].selector, r, e.msg);
		if (label_errors[i].error)
			assert_string_equal(e.msg, label_errors[i].error);
		(void)selector_free(s);
	}
}

static const struct {
	const char *selector;
	bool matches;
} object_cases[] = {
	{ "{}", true },
	{ "null", true },
	{ "{\"matchLabels\": {\"app\": \"web\"}}", true },
	{ "{\"matchLabels\": {\"app\": \"web\", \"tier\": \"back\"}}", false },
	{ "{\"matchExpressions\": [{\"key\": \"app\", \"operator\": \"In\", \"values\": [\"a\", \"web\"]}]}", true },
	{ "{\"matchExpressions\": [{\"key\": \"app\", \"operator\": \"NotIn\", \"values\": [\"a\", \"web\"]}]}",
	  false },
	{ "{\"matchExpressions\": [{\"key\": \"zone\", \"operator\": \"NotIn\", \"values\": [\"a\"]}]}", true },
	{ "{\"matchExpressions\": [{\"key\": \"app\", \"operator\": \"Exists\"}]}", true },
	{ "{\"matchExpressions\": [{\"key\": \"app\", \"operator\": \"DoesNotExist\"}]}", false },
	{ "{\"matchExpressions\": [{\"key\": \"n\", \"operator\": \"Gt\", \"values\": [\"4\"]}]}", true },
	{ "{\"matchExpressions\": [{\"key\": \"n\", \"operator\": \"Lt\", \"values\": [\"4\"]}]}", false },
	{ "{\"matchExpressions\": [{\"key\": \"n\", \"operator\": \"Foo\"}]}", false },
	{ "{\"matchLabels\": {\"app\": \"web\"}, \"matchExpressions\": [{\"key\": \"x\", \"operator\": \"Exists\"}]}",
	  false },
};

static void objects_match(void **state)
{
	json_t *labels = parsed(labels_text);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(object_cases); i++) {
		json_t *s = parsed(object_cases[i].selector);

		if (selector_match_object(s, labels) != object_cases[i].matches)
			fail_msg("%s: want %s", object_cases[i].selector,
				 object_cases[i].matches ? "a match" : "no match");
		json_decref(s);
	}
	json_decref(labels);
}

static const char pod_text[] =
	"{\"metadata\": {\"name\": \"a\", \"namespace\": \"default\"}, \"spec\": {\"nodeName\": \"n1\", "
	"\"restartPolicy\": \"Always\"}, \"status\": {\"phase\": \"Running\"}}";

static const struct {
	const char *selector, *kind;
	int result;
	const char *error;
} field_cases[] = {
	{ "", "Pod", 1, NULL },
	{ "metadata.name=a", "Pod", 1, NULL },
	{ "metadata.name==a,metadata.namespace=default", "Pod", 1, NULL },
	{ "metadata.name=b", "Pod", 0, NULL },
	{ "metadata.name=a", "Deployment", 1, NULL },
	{ "spec.nodeName=n1,status.phase!=Failed,status.phase!=Succeeded", "Pod", 1, NULL },
	{ "status.phase!=Running", "Pod", 0, NULL },
	{ "status.podIP=", "Pod", 1, NULL },
	{ "spec.hostNetwork=false", "Pod", 1, NULL },
	{ "spec.unschedulable=false", "Node", 1, NULL },
	{ "spec.unschedulable=true", "Node", 0, NULL },
	{ "status.successful=0", "Job", 1, NULL },
	{ "spec.foo=1", "Pod", -EINVAL, "field label not supported: spec.foo" },
	{ "status.phase=Running", "Deployment", -EINVAL,
	  "\"status.phase\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"" },
	{ "status.foo=1", "Job", -EINVAL, "field label \"status.foo\" not supported for Job" },
	{ "metadata.name", "Pod", -EINVAL, "invalid selector: 'metadata.name'; can't understand 'metadata.name'" },
	{ "a=b=c", "Pod", -EINVAL, "invalid selector: 'a=b=c'; can't understand 'a=b=c'" },
};

static void fields_match(void **state)
{
	json_t *pod = parsed(pod_text);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(field_cases); i++) {
		struct error e = { 0 };
		const int r = selector_match_fields(field_cases[i].selector, field_cases[i].kind, pod, &e);

		if (r != field_cases[i].result)
			fail_msg("%s: %d %s", field_cases[i].selector, r, e.msg);
		if (field_cases[i].error)
			assert_string_equal(e.msg, field_cases[i].error);
	}
	json_decref(pod);
}

static void events_are_found_by_what_they_are_about(void **state)
{
	static const char text[] =
		"{\"metadata\": {\"name\": \"a.1\", \"namespace\": \"default\"}, \"reason\": \"Started\", "
		"\"involvedObject\": {\"kind\": \"Pod\", \"name\": \"a\", \"uid\": \"u\"}, \"source\": {\"component\": \"kubelet\"}}";
	json_t *event = parsed(text);

	(void)state;
	assert_int_equal(selector_match_fields("involvedObject.name=a,involvedObject.uid=u,involvedObject.kind=Pod",
					       "Event", event, NULL),
			 1);
	assert_int_equal(selector_match_fields("reason=Started,source=kubelet", "Event", event, NULL), 1);
	assert_int_equal(selector_match_fields("involvedObject.name=b", "Event", event, NULL), 0);
	json_decref(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_match),
		cmocka_unit_test(no_labels_match_nothing_but_absence),
		cmocka_unit_test(label_mistakes_are_worded_as_kubernetes_does),
		cmocka_unit_test(objects_match),
		cmocka_unit_test(fields_match),
		cmocka_unit_test(events_are_found_by_what_they_are_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
