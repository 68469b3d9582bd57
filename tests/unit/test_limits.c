// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_limits.c - sizes, lists of processors, and where the host's cgroups are
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/cgroup.h"
#include "topology/nodekeys.h"

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t want; /* UINT64_MAX: none */
	} cases[] = {
		{ "1048576", 1048576 },
		{ "64m", 64ULL << 20 },
		{ "64M", 64ULL << 20 },
		{ "1g", 1ULL << 30 },
		{ "1.5Gb", 3ULL << 29 },
		{ "1GiB", 1ULL << 30 },
		{ "2 kb", 2048 },
		{ "7b", 7 },
		{ "0", 0 },
		{ "1t", 1ULL << 40 },
		{ "", UINT64_MAX },
		{ "m", UINT64_MAX },
		{ "-1m", UINT64_MAX },
		{ "0x10", UINT64_MAX },
		{ "1e3", UINT64_MAX },
		{ "1.2.3", UINT64_MAX },
		{ "inf", UINT64_MAX },
		{ "1mm", UINT64_MAX },
		{ "1bi", UINT64_MAX },
		{ "99999999p", UINT64_MAX },
		{ ".5g", UINT64_MAX },
		{ "1m ", UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t n = 0;
		const int r = size_parse(cases[i].text, &n);

		if ((r < 0) != (cases[i].want == UINT64_MAX) || (r == 0 && n != cases[i].want))
			fail_msg("'%s': %d, %llu", cases[i].text, r, (unsigned long long)n);
	}
}

static void test_cpu_lists(void **state)
{
	static const struct {
		const char *text;
		int max; /* -1: none */
	} cases[] = {
		{ "0", 0 },   { "0-3", 3 }, { "0-3,6", 6 }, { "6,0-3", 6 }, { "2-2", 2 },
		{ "", -1 },   { "1,", -1 }, { ",1", -1 },   { "3-1", -1 },  { "a", -1 },
		{ "1-", -1 }, { "-1", -1 }, { "1--2", -1 }, { "1 2", -1 },  { "99999999", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t max = 0;
		const int r = cpu_list_parse(cases[i].text, &max);

		if ((r < 0) != (cases[i].max < 0) || (r == 0 && (int)max != cases[i].max))
			fail_msg("'%s': %d, %u", cases[i].text, r, max);
	}
}

#define V1(dir, options) "33 32 0:28 / /sys/fs/cgroup/" dir " rw,relatime shared:9 - cgroup cgroup rw," options "\n"
#define V2(dir)		 "42 32 0:37 / " dir " rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define OTHER		 "22 1 8:1 / / rw - ext4 /dev/sda1 rw,memory\n"

static void place_is(const char *mountinfo, const char *controllers, const char *cpu, const char *memory,
		     const char *cpuset)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *const want[] = { [CGROUP_CPU] = cpu, [CGROUP_MEMORY] = memory, [CGROUP_CPUSET] = cpuset };
	struct cgroup_host h;

	cgroup_host_parse(&a, mountinfo, controllers, &h);
	for (size_t i = 0; i < _CGROUP_MAX; i++) {
		const char *got = h.at[i].dir ? arena_printf(&a, "%s%s", h.at[i].v2 ? "2:" : "", h.at[i].dir) : "none";

		assert_string_equal(got, want[i]);
	}
}

static void test_places(void **state)
{
	(void)state;
	place_is(OTHER, "", "none", "none", "none");
	place_is(OTHER V2("/sys/fs/cgroup"), "cpuset cpu io memory pids\n", "2:/sys/fs/cgroup", "2:/sys/fs/cgroup",
		 "2:/sys/fs/cgroup");
	place_is(V1("cpu,cpuacct", "cpu,cpuacct") V1("memory", "memory") V1("cpuset", "cpuset"), "",
		 "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpuset");
	/* hybrid: version 2 has what it lists, whichever comes first; "cpuset" is no "cpu" */
	place_is(V1("cpuset", "cpuset") V2("/sys/fs/cgroup/unified") V1("memory", "memory"), "memory\n", "none",
		 "2:/sys/fs/cgroup/unified", "/sys/fs/cgroup/cpuset");
	place_is(V2("/sys/fs/cgroup/unified") V1("memory", "memory"), "hugetlb\n", "none", "/sys/fs/cgroup/memory",
		 "none");
}

/* A file that the state names is no group, and stays. */
static void test_remove_only_groups(void **state)
{
	char dir[] = "/tmp/netemu-limits.XXXXXX";
	struct error e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(cgroup_remove(dir, &e), 0);
	assert_int_equal(access(dir, F_OK), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(cgroup_remove("/sys/fs/cgroup/there/is/no/such", &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_cpu_lists),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_remove_only_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
