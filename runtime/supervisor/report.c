// SPDX-License-Identifier: GPL-2.0-or-later
#include "supervisor/report.h"

#include <sys/socket.h>

#include "kernel/fault.h"

int report_send(int fd, enum report_type type, int code, const char *text)
{
	struct report r = { .type = type };

	if (fd < 0)
		return -EBADF;
	(void)error_set(&r.error, code, "%s", text);
	if (fault_fails("send report") || send(fd, &r, sizeof(r), MSG_NOSIGNAL | (type == REPORT_LOG ? MSG_DONTWAIT : 0)) < 0)
		return -errno;
	return 0;
}

int report_recv(int fd, struct report *ret)
{
	const ssize_t n = recv(fd, ret, sizeof(*ret), 0);

	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (n == 0)
		return 0;
	if (n != sizeof(*ret) || ret->type >= _REPORT_TYPE_MAX)
		return -EPROTO;
	ret->error.msg[sizeof(ret->error.msg) - 1] = '\0';
	return 1;
}
