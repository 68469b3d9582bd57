// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * caps.c - the capability list of a node
 *
 * Theory of Operation
 *
 * A node gets what Docker gives a container (without MKNOD and AUDIT_WRITE, which reach beyond the node), plus
 * what a router needs: NET_ADMIN for the kernel's tables, SYS_ADMIN because FRR's zebra refuses to start without
 * it and `ip netns` inside a node mounts, SYS_NICE and IPC_LOCK for real-time daemons. Not kept, among others:
 * SYS_PTRACE (would look into PID 1 and other users), DAC_READ_SEARCH (open_by_handle_at leaves the root),
 * SYS_MODULE, SYS_RAWIO, SYS_BOOT, SYS_TIME, MKNOD, BPF, PERFMON, SYSLOG, AUDIT_*, MAC_*.
 */
#include "kernel/caps.h"

#include <linux/capability.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "kernel/fault.h"

static const cap_value_t node_caps[] = {
	CAP_CHOWN,	CAP_DAC_OVERRIDE, CAP_FOWNER,	  CAP_FSETID,	 CAP_KILL,	CAP_SETGID,
	CAP_SETUID,	CAP_SETPCAP,	  CAP_SETFCAP,	  CAP_NET_RAW,	 CAP_NET_ADMIN, CAP_NET_BIND_SERVICE,
	CAP_NET_BROADCAST, CAP_SYS_CHROOT, CAP_SYS_ADMIN, CAP_SYS_NICE, CAP_IPC_LOCK,	CAP_SYS_RESOURCE,
};

/* What files of any owner and mode are made with. */
static const cap_value_t files_caps[] = {
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_MKNOD, CAP_SETFCAP,
};

struct cap_list {
	const cap_value_t *v;
	size_t n;
};

static bool cap_is_kept(const struct cap_list *keep, int cap)
{
	for (size_t i = 0; i < keep->n; i++)
		if (keep->v[i] == cap)
			return true;
	return false;
}

static int bounding_drop(const struct cap_list *keep, struct error *e)
{
	for (int cap = 0; cap <= CAP_LAST_CAP || prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		if (cap_is_kept(keep, cap) || prctl(PR_CAPBSET_READ, cap) <= 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap) < 0)
			return error_errno(e, errno, "drop capability %d", cap);
	}
	return 0;
}

/* Of the list, what the process has now. */
static int caps_set(const struct cap_list *keep, struct error *e)
{
	cap_t have = cap_get_proc(), want = cap_init();
	int r = have && want ? 0 : error_oom(e);

	for (size_t i = 0; r == 0 && i < keep->n; i++) {
		cap_flag_value_t v = CAP_CLEAR;

		if (cap_get_flag(have, keep->v[i], CAP_PERMITTED, &v) < 0 || v == CAP_CLEAR)
			continue;
		if (cap_set_flag(want, CAP_PERMITTED, 1, &keep->v[i], CAP_SET) < 0 ||
		    cap_set_flag(want, CAP_EFFECTIVE, 1, &keep->v[i], CAP_SET) < 0)
			r = error_errno(e, errno, "choose capabilities");
	}
	if (r == 0 && (fault_fails("capset") || cap_set_proc(want) < 0))
		r = error_errno(e, errno, "set capabilities");
	(void)cap_free(have);
	(void)cap_free(want);
	return r;
}

static int caps_drop(const struct cap_list *keep, struct error *e)
{
	int r = fault_point("drop capabilities");

	if (r < 0)
		return error_errno(e, -r, "drop capabilities");
	r = bounding_drop(keep, e);
	if (r < 0)
		return r;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return caps_set(keep, e);
}

int caps_drop_to_node(struct error *e)
{
	return caps_drop(&(struct cap_list){ node_caps, ARRAY_SIZE(node_caps) }, e);
}

int caps_drop_to_files(struct error *e)
{
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return caps_drop(&(struct cap_list){ files_caps, ARRAY_SIZE(files_caps) }, e);
}

bool caps_have(int cap)
{
	cap_flag_value_t v = CAP_CLEAR;
	cap_t have = cap_get_proc();

	if (!have)
		return false;
	(void)cap_get_flag(have, cap, CAP_EFFECTIVE, &v);
	(void)cap_free(have);
	return v == CAP_SET;
}
