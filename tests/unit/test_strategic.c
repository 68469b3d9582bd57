// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_strategic.c - strategic merge patches: what kubectl sends, and examples of apimachinery's own behaviour
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "cluster/jsonpatch.h"

static json_t *parse(const char *text)
{
	json_t *j = json_loads(text, 0, NULL);

	if (!j)
		fail_msg("bad JSON in the test: %s", text);
	return j;
}

/* Texts have ' for ". */
static char *quoted(const char *text)
{
	char *copy = strdup(text);

	for (char *p = copy; *p; p++)
		*p = *p == '\'' && strncmp(p, "'t ", 3) != 0 ? '"' : *p;
	return copy;
}

static void expect(const char *kind, const char *target_text, const char *patch_text, const char *want)
{
	char *t = quoted(target_text), *p = quoted(patch_text), *w = quoted(want);
	json_t *target = parse(t), *patch = parse(p), *ret = NULL, *target_before = parse(t), *patch_before = parse(p);
	struct error e = { 0 };
	const int r = json_strategic_patch(kind, target, patch, &ret, &e);
	char *got = r < 0 ? strdup(e.msg) : json_dumps(ret, JSON_COMPACT);

	assert_string_equal(got, w);
	assert_true(json_equal(target, target_before));
	assert_true(json_equal(patch, patch_before));
	json_decref(target);
	json_decref(patch);
	json_decref(target_before);
	json_decref(patch_before);
	json_decref(ret);
	free(got);
	free(t);
	free(p);
	free(w);
}

#define POD(containers) "{'spec':{'containers':[" containers "]}}"

static void maps_merge_and_null_deletes(void **state)
{
	(void)state;
	expect("Pod", "{'metadata':{'labels':{'a':'1','b':'2'}}}", "{'metadata':{'labels':{'b':null,'c':'3','d':null}}}",
	       "{'metadata':{'labels':{'a':'1','c':'3'}}}");
	expect("Node", "{'spec':{}}", "{'spec':{'unschedulable':true}}", "{'spec':{'unschedulable':true}}");
	expect("Node", "{'spec':{'unschedulable':true}}", "{'spec':{'unschedulable':null}}", "{'spec':{}}");
	/* nulls delete nothing in what is new */
	expect("Pod", "{}", "{'metadata':{'labels':{'a':null,'b':'1'}}}", "{'metadata':{'labels':{'b':'1'}}}");
	expect("Pod", "{'spec':{'nodeName':'a'}}", "{'spec':{'nodeName':{'x':1}}}", "{'spec':{'nodeName':{'x':1}}}");
}

static void elements_merge_by_their_key(void **state)
{
	(void)state;
	expect("Pod", POD("{'name':'a','image':'1','env':[{'name':'X','value':'1'}]},{'name':'b','image':'1'}"),
	       POD("{'name':'a','image':'2','env':[{'name':'Y','value':'2'}]}"),
	       POD("{'name':'a','image':'2','env':[{'name':'Y','value':'2'},{'name':'X','value':'1'}]},{'name':'b','image':'1'}"));
	expect("Pod", POD("{'name':'a'}"), POD("{'name':'b'}"), POD("{'name':'b'},{'name':'a'}"));
	expect("Pod", POD("{'name':'a','ports':[{'containerPort':80,'name':'x'}]}"),
	       POD("{'name':'a','ports':[{'containerPort':80,'protocol':'UDP'}]}"),
	       POD("{'name':'a','ports':[{'containerPort':80,'name':'x','protocol':'UDP'}]}"));
	expect("Deployment", "{'spec':{'template':{'spec':{'containers':[{'name':'a','image':'1'}]}}}}",
	       "{'spec':{'template':{'spec':{'$setElementOrder/containers':[{'name':'a'}],'containers':[{'name':'a','image':'2'}]}}}}",
	       "{'spec':{'template':{'spec':{'containers':[{'name':'a','image':'2'}]}}}}");
	expect("Node", "{'status':{'conditions':[{'type':'Ready','status':'False','reason':'x'}]}}",
	       "{'status':{'conditions':[{'type':'Ready','status':'True'}]}}",
	       "{'status':{'conditions':[{'type':'Ready','status':'True','reason':'x'}]}}");
	/* a list without a key is replaced */
	expect("Pod", POD("{'name':'a','args':['x','y']}"), POD("{'name':'a','args':['z']}"), POD("{'name':'a','args':['z']}"));
	expect("Node", "{'spec':{'taints':[{'key':'a'}]}}", "{'spec':{'taints':[{'key':'b'}]}}", "{'spec':{'taints':[{'key':'b'}]}}");
	/* a kind without a table: everything is replaced but maps */
	expect("Unknown", "{'spec':{'containers':[{'name':'a'}],'x':1}}", POD("{'name':'b'}"), "{'spec':{'containers':[{'name':'b'}],'x':1}}");
}

static void elements_are_deleted_and_replaced(void **state)
{
	(void)state;
	expect("Pod", POD("{'name':'a'},{'name':'b'}"),
	       "{'spec':{'$setElementOrder/containers':[{'name':'b'}],'containers':[{'$patch':'delete','name':'a'}]}}",
	       POD("{'name':'b'}"));
	expect("Pod", POD("{'name':'a'},{'name':'b'}"), POD("{'$patch':'replace'},{'name':'c'}"), POD("{'name':'c'}"));
	expect("Pod", POD("{'name':'a'}"), POD("{'$patch':'delete'}"),
	       "map: {'$patch':'delete'} does not contain declared merge key: name");
	expect("Pod", POD("{'name':'a'}"), POD("{'$patch':'merge','name':'a'}"), "merging lists cannot yet be specified in the patch");
	expect("Pod", POD("{'name':'a'}"), POD("{'$patch':'foo','name':'a'}"), "unknown patch type: foo in map");
	expect("Pod", POD("{'name':'a'}"), POD("{'image':'x'}"), "map: {'image':'x'} does not contain declared merge key: name");
	/* directives do not survive where there is nothing to change */
	expect("Pod", "{}", POD("{'$patch':'delete','name':'a'},{'name':'b'}"), POD("{'name':'b'}"));
}

static void maps_are_deleted_and_replaced(void **state)
{
	(void)state;
	expect("Pod", "{'metadata':{'labels':{'a':'1'}}}", "{'metadata':{'labels':{'$patch':'replace','b':'2'}}}",
	       "{'metadata':{'labels':{'b':'2'}}}");
	expect("Pod", "{'metadata':{'labels':{'a':'1'}}}", "{'metadata':{'labels':{'$patch':'delete'}}}", "{'metadata':{'labels':{}}}");
	expect("Pod", "{'metadata':{'name':'a'}}", "{'$patch':'bar'}", "unknown patch type: bar in map");
}

static void order_is_the_patchs(void **state)
{
	(void)state;
	expect("Pod", POD("{'name':'a'},{'name':'b'},{'name':'c'}"),
	       "{'spec':{'$setElementOrder/containers':[{'name':'c'},{'name':'a'},{'name':'b'}]}}",
	       POD("{'name':'c'},{'name':'a'},{'name':'b'}"));
	/* what only the server has stays in front of what it was in front of */
	expect("Pod", POD("{'name':'s'},{'name':'a'},{'name':'b'}"),
	       "{'spec':{'$setElementOrder/containers':[{'name':'b'},{'name':'n'},{'name':'a'}],'containers':[{'name':'n'}]}}",
	       POD("{'name':'s'},{'name':'b'},{'name':'n'},{'name':'a'}"));
	expect("Pod", POD("{'name':'a'},{'name':'s'}"),
	       "{'spec':{'$setElementOrder/containers':[{'name':'a'},{'name':'n'}],'containers':[{'name':'n'}]}}",
	       POD("{'name':'a'},{'name':'n'},{'name':'s'}"));
	expect("Pod", POD("{'name':'a'},{'name':'b'}"),
	       "{'spec':{'$setElementOrder/containers':[{'name':'a'}],'containers':[{'name':'b','image':'x'}]}}",
	       "The order in patch list doesn't match $setElementOrder list");
	expect("Pod", "{'metadata':{'finalizers':['a','b','c']}}",
	       "{'metadata':{'$setElementOrder/finalizers':['c','a','d'],'finalizers':['d']}}",
	       "{'metadata':{'finalizers':['b','c','a','d']}}");
	expect("Pod", "{}", "{'spec':{'$setElementOrder/containers':[{'name':'a'}]}}", "{'spec':{}}");
	expect("Pod", POD(""), "{'spec':{'$setElementOrder/containers':{}}}", "invalid patch format of setElementOrder list");
	expect("Pod", POD(""), "{'spec':{'$setElementOrder':[]}}", "invalid patch format of setElementOrder list");
}

static void scalars_are_added_and_taken_out(void **state)
{
	(void)state;
	expect("Pod", "{'metadata':{'finalizers':['a','b','c']}}",
	       "{'metadata':{'$deleteFromPrimitiveList/finalizers':['b'],'$setElementOrder/finalizers':['a','c']}}",
	       "{'metadata':{'finalizers':['a','c']}}");
	expect("Pod", "{'metadata':{'finalizers':['a','b']}}", "{'metadata':{'finalizers':['b','c']}}",
	       "{'metadata':{'finalizers':['a','b','c']}}");
	expect("Pod", "{'metadata':{}}", "{'metadata':{'$deleteFromPrimitiveList/finalizers':['b']}}", "{'metadata':{}}");
	expect("Pod", "{'metadata':{'finalizers':['a']}}", "{'metadata':{'$deleteFromPrimitiveList':['b']}}",
	       "invalid patch format of primitive list");
}

static void only_retained_keys_stay(void **state)
{
	(void)state;
	expect("Deployment", "{'spec':{'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':'25%'}}}}",
	       "{'spec':{'strategy':{'$retainKeys':['type'],'type':'Recreate'}}}", "{'spec':{'strategy':{'type':'Recreate'}}}");
	expect("Pod", "{'spec':{'volumes':[{'name':'v','emptyDir':{}}]}}",
	       "{'spec':{'$setElementOrder/volumes':[{'name':'v'}],'volumes':[{'$retainKeys':['name','hostPath'],'name':'v','hostPath':{'path':"
	       "'/x'},'emptyDir':null}]}}",
	       "{'spec':{'volumes':[{'name':'v','hostPath':{'path':'/x'}}]}}");
	expect("Deployment", "{'spec':{'strategy':{'type':'a'}}}", "{'spec':{'strategy':{'$retainKeys':['type'],'other':'b'}}}",
	       "patch content doesn't match retainKeys list");
	expect("Deployment", "{'spec':{'strategy':{'type':'a'}}}", "{'spec':{'strategy':{'$retainKeys':'type'}}}",
	       "invalid patch format of retainKeys");
}

static void malformed_lists(void **state)
{
	(void)state;
	expect("Pod", POD("{'name':'a'}"), POD("'x'"), "list element types are not identical");
	expect("Pod", POD("{'name':'a'}"), POD("[]"), "lists of lists are not supported");
	expect("Pod", POD("{'name':'a','env':[{'name':'x','value':'1'},{'name':'x','value':'2'}]}"),
	       POD("{'name':'a','image':'y'}"),
	       POD("{'name':'a','env':[{'name':'x','value':'1'},{'name':'x','value':'2'}],'image':'y'}"));
	expect("Pod", "{'metadata':{'finalizers':['a']}}", "{'metadata':{'finalizers':[{'a':1}]}}", "list element types are not identical");
	expect("Pod", "{'metadata':{'finalizers':[{'a':1}]}}", "{'metadata':{'finalizers':[{'a':1}]}}",
	       "cannot merge lists without merge key for finalizers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_merge_and_null_deletes),	     cmocka_unit_test(elements_merge_by_their_key),
		cmocka_unit_test(elements_are_deleted_and_replaced), cmocka_unit_test(maps_are_deleted_and_replaced),
		cmocka_unit_test(order_is_the_patchs),		     cmocka_unit_test(scalars_are_added_and_taken_out),
		cmocka_unit_test(only_retained_keys_stay),	     cmocka_unit_test(malformed_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
