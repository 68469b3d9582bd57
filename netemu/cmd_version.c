// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_version.c - netemu version
 */
#include <string.h>
#include <sys/utsname.h>

#include "base/strbuf.h"
#include "verbs.h"

int cmd_version(const struct cli *cli)
{
	const char *format = cli_value(cli, "format");
	_cleanup_strbuf_ struct strbuf s = { 0 };
	struct utsname u = { 0 };

	(void)uname(&u);
	if (format && strcmp(format, "json") == 0) {
		strbuf_puts(&s, "{\"version\": ");
		strbuf_json_string(&s, NETEMU_VERSION);
		strbuf_puts(&s, ", \"kernel\": ");
		strbuf_json_string(&s, u.release);
		strbuf_puts(&s, ", \"machine\": ");
		strbuf_json_string(&s, u.machine);
		strbuf_puts(&s, "}\n");
	} else {
		strbuf_printf(&s, "netemu %s (%s %s %s)\n", NETEMU_VERSION, u.sysname, u.release, u.machine);
	}
	(void)fputs(strbuf_str(&s), stdout);
	return CLI_OK;
}
