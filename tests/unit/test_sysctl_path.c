// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_sysctl_path.c - keys of settings: what path they mean, and whether a lab may write them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/sysctl.h"

static void test_paths(void **state)
{
	static const struct {
		const char *key, *path; /* NULL: refused */
	} cases[] = {
		{ "net.ipv4.ip_forward", "net/ipv4/ip_forward" },
		{ "net/ipv4/ip_forward", "net/ipv4/ip_forward" },
		{ "net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding" },
		{ "net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding" },
		{ "net/ipv4/conf/..x/forwarding", "net/ipv4/conf/..x/forwarding" },
		{ "hostname", "hostname" },
		{ "", NULL },
		{ ".", NULL },
		{ "..", NULL },
		{ "/net/ipv4", NULL },
		{ "net//ipv4", NULL },
		{ "net..ipv4", NULL },
		{ "net/../kernel/core_pattern", NULL },
		{ "net/./ipv4", NULL },
		{ "net/ipv4/", NULL },
		{ "net.ipv4.", NULL },
		{ "net.//.kernel", NULL },
		{ "net/ipv4/\n", NULL },
	};
	char buf[SYSCTL_PATH_MAX], longest[SYSCTL_PATH_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int r = sysctl_path(cases[i].key, buf);

		assert_int_equal(r, cases[i].path ? 0 : -EINVAL);
		if (cases[i].path)
			assert_string_equal(buf, cases[i].path);
	}
	memset(longest, 'a', SYSCTL_PATH_MAX);
	longest[SYSCTL_PATH_MAX] = '\0';
	assert_int_equal(sysctl_path(longest, buf), -EINVAL);
	longest[SYSCTL_PATH_MAX - 1] = '\0';
	assert_int_equal(sysctl_path(longest, buf), 0);
}

static void test_namespaced(void **state)
{
	static const char *const own[] = { "net/ipv4/ip_forward", "kernel/shmmax", "kernel/shm_rmid_forced",
					   "kernel/msgmni", "kernel/sem", "kernel/hostname", "fs/mqueue/msg_max" };
	static const char *const others[] = { "kernel/core_pattern", "kernel/semx", "kernel/shm/x", "vm/swappiness",
					      "net", "net/", "network/x", "fs/file-max", "kernel", "kernel/sysrq" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		assert_true(sysctl_is_namespaced(own[i]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(sysctl_is_namespaced(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_namespaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
