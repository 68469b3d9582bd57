// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * console.c - what a kernel's console says of its health
 */
#include "vm/console.h"

#include <string.h>

/*
 * Source: kernel kernel/panic.c, arch/x86/kernel/dumpstack.c, arch/x86/mm/fault.c, lib/bug.c, mm/oom_kill.c,
 * kernel/watchdog.c, kernel/rcu/tree_stall.h, kernel/hung_task.c. The first row that fits counts.
 */
static const struct {
	const char *words;
	enum vm_fault fault;
} signs[] = {
	{ "Memory cgroup out of memory", VM_FAULT_NONE },
	{ "Out of memory", VM_FAULT_OOM },
	{ "System is deadlocked on memory", VM_FAULT_OOM },
	{ "system is deadlocked on memory", VM_FAULT_OOM },
	{ "BUG: soft lockup", VM_FAULT_LOCKUP },
	{ "hard LOCKUP", VM_FAULT_LOCKUP },
	{ "detected stall", VM_FAULT_LOCKUP },
	{ "self-detected stall", VM_FAULT_LOCKUP },
	{ "blocked for more than", VM_FAULT_LOCKUP },
	{ "Kernel panic - not syncing: Fatal exception", VM_FAULT_OOPS },
	{ "Kernel panic - not syncing", VM_FAULT_PANIC },
	{ "BUG: ", VM_FAULT_OOPS },
	{ "kernel BUG at ", VM_FAULT_OOPS },
	{ "general protection fault", VM_FAULT_OOPS },
	{ "Oops: ", VM_FAULT_OOPS },
	{ "divide error: ", VM_FAULT_OOPS },
	{ "invalid opcode: ", VM_FAULT_OOPS },
	{ "stack guard page was hit", VM_FAULT_OOPS },
};

static void line_judge(struct console *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (!strstr(c->line, signs[i].words))
			continue;
		if (!*c->said[signs[i].fault])
			(void)memcpy(c->said[signs[i].fault], c->line, sizeof(c->line));
		return;
	}
}

/* "[    1.234567] " and, with CONFIG_PRINTK_CALLER, "[    T1] " say nothing to people. */
static void line_strip(struct console *c)
{
	const char *p = c->line;

	for (int i = 0; i < 2 && *p == '['; i++) {
		const char *end = strchr(p, ']');

		if (!end)
			break;
		p = end + 1 + strspn(end + 1, " ");
	}
	(void)memmove(c->line, p, strlen(p) + 1);
}

static void line_end(struct console *c)
{
	c->line[c->n] = '\0';
	line_strip(c);
	if (*c->line) {
		line_judge(c);
		(void)memcpy(c->last, c->line, sizeof(c->line));
	}
	c->n = 0;
}

void console_feed(struct console *c, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n')
			line_end(c);
		else if (data[i] != '\r' && data[i] != '\0' && c->n < sizeof(c->line) - 1)
			c->line[c->n++] = data[i];
	}
}

enum vm_fault console_fault(const struct console *c)
{
	static const enum vm_fault order[] = { VM_FAULT_OOPS, VM_FAULT_OOM, VM_FAULT_PANIC, VM_FAULT_LOCKUP };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (*c->said[order[i]])
			return order[i];
	return VM_FAULT_NONE;
}

const char *vm_fault_name(enum vm_fault fault)
{
	static const char *const names[] = { "", "lock-up", "out of memory", "oops", "panic" };

	static_assert(ARRAY_SIZE(names) == _VM_FAULT_MAX, "a name each");
	return names[fault];
}
