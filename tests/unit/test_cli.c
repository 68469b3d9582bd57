// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_cli.c - the table of verbs is coherent, and command lines are taken apart as documented
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The program is no library. */
#include "../netemu/cli.c" // NOLINT(bugprone-suspicious-include)
#include "../netemu/verbs.c" // NOLINT(bugprone-suspicious-include)

/* The table names them; nothing here calls them. */
#define STUB(name)                              \
	int name(const struct cli *cli)         \
	{                                       \
		(void)cli;                      \
		return 0;                       \
}
STUB(cmd_run)
STUB(cmd_exec)
STUB(cmd_destroy)
STUB(cmd_list)
STUB(cmd_inspect)
STUB(cmd_logs)
STUB(cmd_link)
STUB(cmd_image)
STUB(cmd_test)
STUB(cmd_save)
STUB(cmd_generate)
STUB(cmd_graph)
STUB(cmd_vm)
STUB(cmd_start)
STUB(cmd_stop)
STUB(cmd_restart)
STUB(cmd_pause)
STUB(cmd_unpause)
STUB(cmd_kill)
STUB(cmd_plan)
STUB(cmd_validate)
STUB(cmd_probe)
STUB(cmd_apply)
STUB(cmd_get)
STUB(cmd_delete)
STUB(cmd_kubeconfig)
STUB(cmd_shims)
STUB(cmd_version)
STUB(cmd_help)
STUB(cmd_complete)

/* ---- the table ---- */

static void option_is_coherent(const struct verb *v, const struct verb_option *o)
{
	const char *help = o->help ? o->help : "";

	if (!*help || help[strlen(help) - 1] == '.')
		fail_msg("%s --%s: help is one sentence without a full stop", v->name, o->name);
	if ((o->type == OPT_FLAG) != (o->metavar == NULL))
		fail_msg("%s --%s: a value has a name, a flag has none", v->name, o->name);
	if (o->type == OPT_CHOICE && !strchr(o->metavar, '|'))
		fail_msg("%s --%s: a choice has several words", v->name, o->name);
	for (const struct verb_option *q = o + 1; q->name; q++)
		if (strcmp(q->name, o->name) == 0 || (o->letter && q->letter == o->letter))
			fail_msg("%s: --%s and --%s are the same", v->name, o->name, q->name);
	for (const struct verb_option *q = common_options; q->name; q++)
		if (strcmp(q->name, o->name) == 0 || (o->letter && q->letter == o->letter))
			fail_msg("%s: --%s hides the common --%s", v->name, o->name, q->name);
}

static void examples_are_coherent(const struct verb *v)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (const struct verb_example *x = v->examples; x && x->command; x++) {
		struct error e = { 0 };
		const char *start = strstr(x->command, "netemu ");
		_cleanup_cli_ struct cli cli = { 0 };
		struct strv words = { 0 };
		char *line;

		if (!start) {
			fail_msg("%s: example '%s' does not call netemu", v->name, x->command);
			return;
		}
		line = arena_strndup(&a, start, strcspn(start, "|<)"));
		assert_int_equal(shlex_split(&a, line, &words, &e), 0);
		assert_ptr_equal(verb_find(words.v[1]), v);
		if (cli_parse(v, (int)words.n - 2, words.v + 2, &cli, &e) < 0)
			fail_msg("example '%s': %s", x->command, e.msg);
}
}

static void test_table(void **state)
{
	(void)state;
	for (const struct verb *v = verbs; v->name; v++) {
		assert_non_null(v->synopsis);
		assert_non_null(v->summary);
		assert_non_null(v->description);
		assert_non_null(v->run);
		assert_true(v->min_args <= v->max_args);
		assert_true(v->hidden || v->examples);
		assert_ptr_equal(verb_find(v->name), v);
		if (v->alias)
			assert_ptr_equal(verb_find(v->alias), v);
		for (const struct verb_option *o = v->options; o->name; o++)
			option_is_coherent(v, o);
		examples_are_coherent(v);
}
}

/* ---- parsing ---- */

static struct cli cli;
static struct error err;

static int parse(const char *line)
{
	static struct arena a;
	struct strv words = { 0 };

	cli_done(&cli);
	arena_done(&a);
	err = (struct error){ 0 };
	assert_int_equal(shlex_split(&a, line, &words, &err), 0);
	assert_non_null(verb_find(words.v[0]));
	return cli_parse(verb_find(words.v[0]), (int)words.n - 1, words.v + 1, &cli, &err);
}

static void parses(const char *line)
{
	if (parse(line) < 0)
		fail_msg("%s: %s", line, err.msg);
}

static void refuses(const char *line, const char *why)
{
	assert_int_equal(parse(line), -EINVAL);
	if (!strstr(err.msg, why))
		fail_msg("%s: \"%s\" is not in: %s", line, why, err.msg);
}

/* All arguments, joined by one blank. */
static void args_are(const char *want)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	for (size_t i = 0; i < cli_args(&cli)->n; i++)
		strbuf_printf(&s, "%s%s", i ? " " : "", cli_args(&cli)->v[i]);
	assert_string_equal(strbuf_str(&s), want);
	assert_null(cli_args(&cli)->v[cli_args(&cli)->n]);
}

static void test_options(void **state)
{
	(void)state;
	parses("run a.yml --wait b.yml");
	assert_true(cli_flag(&cli, "wait"));
	assert_null(cli_value(&cli, "wait"));
	assert_int_equal(cli_number(&cli, "wait", 60), 60);
	args_are("a.yml b.yml");
	parses("run --wait=5 --wait=7 a.yml");
	assert_int_equal(cli_number(&cli, "wait", 60), 7);
	parses("run -c --name x --node-filter a,b, --node-filter=c");
	assert_true(cli_flag(&cli, "reconfigure"));
	assert_string_equal(cli_value(&cli, "name"), "x");
	assert_int_equal(cli_list(&cli, "node-filter").n, 3);
	assert_string_equal(cli_list(&cli, "node-filter").v[2], "c");
	assert_false(cli_flag(&cli, "wait"));
	args_are("");
	parses("run -tx.yml -t y.yml --topo=z.yml -- -t");
	assert_int_equal(cli_list(&cli, "topo").n, 3);
	assert_int_equal(cli_list(&cli, "map-kind").n, 0);
	assert_null(cli_list(&cli, "map-kind").v[0]);
	args_are("-t");
	parses("run -");
	args_are("-");
	parses("run --reconf --dry");
	assert_true(cli_flag(&cli, "reconfigure") && cli_flag(&cli, "dry-run"));
	parses("inspect -fjson");
	assert_string_equal(cli_value(&cli, "format"), "json");
	refuses("run --nonsense --help", "unknown");
}

static void test_exec(void **state)
{
	(void)state;
	parses("exec -it tor0 vtysh -c 'show ip' --help -- -x");
	assert_true(cli_flag(&cli, "interactive") && cli_flag(&cli, "tty"));
	args_are("tor0 vtysh -c show ip --help -- -x");
	parses("exec tor0 -t -e A=1 -e B=2,3 -- ls -l");
	args_are("tor0 ls -l");
	assert_int_equal(cli_list(&cli, "env").n, 2);
	assert_string_equal(cli_list(&cli, "env").v[1], "B=2,3");
	parses("exec -- tor0 -- x");
	args_are("tor0 -- x");
	parses("exec -itu root tor0");
	assert_string_equal(cli_value(&cli, "user"), "root");
	args_are("tor0");
	parses("exec tor0 '' -i");
	assert_false(cli_flag(&cli, "interactive"));
	refuses("exec", "NODE");
	refuses("exec -i", "NODE");
}

static void test_refusals(void **state)
{
	(void)state;
	refuses("run --wiat", "did you mean '--wait'");
	refuses("run --frobnicate", "netemu help run");
	refuses("run -Z", "'-Z'");
	refuses("run -cZ", "'-cZ'");
	refuses("run --reconfigure=yes", "no value");
	refuses("run --name", "--name=NAME");
	refuses("run --wait=soon", "number");
	refuses("run --wait=0", "number");
	refuses("run --wait=99999999999", "number");
	refuses("run --max-workers -1", "number");
	refuses("run --m", "--max-workers or --map-kind");
	refuses("list x", "'x' is too much");
	refuses("inspect a interfaces c", "'c' is too much");
	refuses("list -f yaml", "table|json|csv");
	refuses("run --=x", "unknown option");
}

static void test_help_is_always_there(void **state)
{
	(void)state;
	parses("exec --help");
	assert_true(cli_flag(&cli, "help"));
	parses("run a -ch --nonsense");
	assert_true(cli_flag(&cli, "help"));
}

static void test_suggest(void **state)
{
	(void)state;
	assert_string_equal(verb_suggest("rnu"), "run");
	assert_string_equal(verb_suggest("inspct"), "inspect");
	assert_string_equal(verb_suggest("depoly"), "deploy");
	assert_string_equal(verb_suggest("destr"), "destroy");
	assert_null(verb_suggest("frobnicate"));
	assert_null(verb_suggest(""));
	assert_null(verb_suggest("__complet"));
	assert_null(verb_suggest("a-word-that-is-much-longer-than-any-verb-can-be"));
}

static int done(void **state)
{
	(void)state;
	cli_done(&cli);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_help_is_always_there),
		cmocka_unit_test(test_suggest),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, done);
}
