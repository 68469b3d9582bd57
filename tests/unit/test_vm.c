// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_vm.c - what needs no QEMU: the console's words, modules in order, the initramfs, kernels that are none
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "vm/console.h"
#include "vm/initrd.h"
#include "vm/vmkernel.h"

static enum vm_fault fault_of(const char *text, struct console *c)
{
	*c = (struct console){ 0 };
	for (const char *p = text; *p; p++) /* in the smallest pieces */
		console_feed(c, p, 1);
	return console_fault(c);
}

static void test_console_faults(void **state _unused_)
{
	static const struct {
		const char *text;
		enum vm_fault fault;
		const char *said;
	} rows[] = {
		{ "[    0.1] Linux version 6.1\r\n[    2.0] all is well\r\n", VM_FAULT_NONE, "" },
		{ "[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n", VM_FAULT_PANIC,
		  "Kernel panic - not syncing: VFS: Unable to mount root fs" },
		{ "[ 1.0][    T1] BUG: kernel NULL pointer dereference, address: 08\n[ 1.0] Oops: 0002 [#1]\n"
		  "[ 1.1] Kernel panic - not syncing: Fatal exception in interrupt\n",
		  VM_FAULT_OOPS, "BUG: kernel NULL pointer dereference, address: 08" },
		{ "[ 1.0] Kernel panic - not syncing: Fatal exception\n", VM_FAULT_OOPS, "Kernel panic - not syncing: Fatal exception" },
		{ "[ 9.0] Out of memory: Killed process 80 (tail)\n", VM_FAULT_OOM, "Out of memory: Killed process 80 (tail)" },
		{ "[ 9.0] Memory cgroup out of memory: Killed process 80 (tail)\n", VM_FAULT_NONE, "" },
		{ "[ 9.0] Kernel panic - not syncing: System is deadlocked on memory\n", VM_FAULT_OOM,
		  "Kernel panic - not syncing: System is deadlocked on memory" },
		{ "[ 9.0] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [x:1]\n", VM_FAULT_LOCKUP,
		  "watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [x:1]" },
		{ "[ 9.0] rcu: INFO: rcu_preempt self-detected stall on CPU\n", VM_FAULT_LOCKUP,
		  "rcu: INFO: rcu_preempt self-detected stall on CPU" },
		{ "[ 9.0] INFO: task ip:12 blocked for more than 60 seconds.\n", VM_FAULT_LOCKUP,
		  "INFO: task ip:12 blocked for more than 60 seconds." },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct console c;

		assert_int_equal(fault_of(rows[i].text, &c), rows[i].fault);
		assert_string_equal(rows[i].fault ? c.said[rows[i].fault] : "", rows[i].said);
	}
}

static void test_console_line(void **state _unused_)
{
	static char longest[1000];
	struct console c;

	memset(longest, 'x', sizeof(longest) - 2);
	longest[sizeof(longest) - 2] = '\n';
	assert_int_equal(fault_of(longest, &c), VM_FAULT_NONE);
	assert_int_equal(strlen(c.last), CONSOLE_LINE - 1);
	assert_int_equal(fault_of("[ 1.0] \n[ 2.0] last\r\nnot ended", &c), VM_FAULT_NONE);
	assert_string_equal(c.last, "last");
}

static void file_put(const char *dir, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void file_remove(const char *dir, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

static const char dep[] = "kernel/net/9p/9pnet.ko:\n"
			  "kernel/fs/9p/9p.ko: kernel/fs/fscache.ko kernel/fs/netfs.ko kernel/net/9p/9pnet.ko\n"
			  "kernel/fs/fscache.ko: kernel/fs/netfs.ko\n"
			  "kernel/fs/netfs.ko:\n"
			  "kernel/net/9p/9pnet-virtio.ko.xz: kernel/net/9p/9pnet.ko\n";

static void test_modules_order(void **state _unused_)
{
	static const char *const names[] = { "virtio_pci", "9p", "9pnet_virtio", NULL };
	static const char *const lacking[] = { "9p", "net", "overlay", NULL };
	static const char *const expected[] = { "/kernel/net/9p/9pnet.ko", "/kernel/fs/netfs.ko", "/kernel/fs/fscache.ko",
						"/kernel/fs/9p/9p.ko", "/kernel/net/9p/9pnet-virtio.ko.xz" };
	char dir[] = "/tmp/test_vm.XXXXXX";
	struct vm_kernel k = { .modules = mkdtemp(dir) };
	struct error e = { 0 };
	const char *missing;
	char **paths = NULL;
	size_t n = 0;

	assert_non_null(k.modules);
	file_put(dir, "modules.dep", dep);
	file_put(dir, "modules.builtin", "kernel/drivers/virtio/virtio_pci.ko\n");
	assert_int_equal(vm_kernel_modules(&k, names, &paths, &missing, &e), 0);
	assert_null(missing);
	for (; paths[n]; n++)
		assert_string_equal(paths[n] + strlen(dir), expected[n]);
	assert_int_equal(n, ARRAY_SIZE(expected));
	paths = vm_paths_free(paths);
	assert_int_equal(vm_kernel_modules(&k, lacking, &paths, &missing, &e), 0);
	assert_string_equal(missing, "net");
	vm_paths_free(paths);
	file_remove(dir, "modules.dep");
	assert_int_equal(vm_kernel_modules(&k, names, &paths, &missing, &e), -ENOENT);
	assert_non_null(strstr(e.msg, "modules.dep"));
	file_remove(dir, "modules.builtin");
	assert_int_equal(rmdir(dir), 0);
}

static void test_modules_none(void **state _unused_)
{
	static const char *const names[] = { "9p", NULL };
	struct vm_kernel k = { 0 };
	struct error e = { 0 };
	const char *missing;
	char **paths = NULL;

	assert_int_equal(vm_kernel_modules(&k, names, &paths, &missing, &e), 0);
	assert_null(missing);
	assert_null(paths[0]);
	vm_paths_free(paths);
}

/* A header of 110 bytes, the name and its NUL, then the content, each filled up to a multiple of four. */
static void test_initrd(void **state _unused_)
{
	struct strbuf s = { 0 };

	initrd_add(&s, "/init", S_IFREG | 0755, "#!/x", 4);
	assert_int_equal(s.len, 116 + 4);
	assert_memory_equal(s.buf, "07070100000000000081ED", 22);
	assert_memory_equal(s.buf + 54, "00000004", 8);
	assert_memory_equal(s.buf + 94, "00000005", 8);
	assert_memory_equal(s.buf + 110, "init\0\0#!/x", 10);
	initrd_end(&s);
	assert_memory_equal(s.buf + 120 + 110, "TRAILER!!!", 11);
	assert_int_equal(s.len % 4, 0);
	strbuf_done(&s);
}

static void test_kernel_refused(void **state _unused_)
{
	static const struct {
		const char *what, *words;
	} rows[] = {
		{ "/proc/version", "/proc/version is no x86 kernel (bzImage)" },
		{ "/nowhere/vmlinuz", "the kernel /nowhere/vmlinuz: No such file or directory" },
		{ "/proc/self/fd", "it has no boot/vmlinuz-* and no arch/x86/boot/bzImage" },
		{ "6.99.0-nowhere", "there is no kernel 6.99.0-nowhere" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vm_kernel k;
		struct error e = { 0 };

		assert_true(vm_kernel_open(rows[i].what, &k, &e) < 0);
		if (!strstr(e.msg, rows[i].words))
			fail_msg("%s: %s", rows[i].what, e.msg);
		vm_kernel_done(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_console_faults), cmocka_unit_test(test_console_line), cmocka_unit_test(test_modules_order),
		cmocka_unit_test(test_modules_none),   cmocka_unit_test(test_initrd),	    cmocka_unit_test(test_kernel_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
