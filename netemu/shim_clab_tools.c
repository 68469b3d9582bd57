// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_clab_tools.c - containerlab's tools: links, as linkctl.h does them; certificates, as netemu-cert does them
 *
 * Owns their flags and what they print.
 */
#include "shim_clab_tools.h"

#include <inttypes.h>
#include <string.h>

#include "kernel/ethtool.h"
#include "launch.h"
#include "linkctl.h"
#include "output.h"
#include "shim.h"

#define FLAG_VALUE(long_name, short_name, meta, text)                           \
	{                                                                       \
		long_name, short_name, OPT_STRING, meta, COMPLETE_NOTHING, text \
	}
/* What every command of containerlab's knows. */
#define FLAGS_COMMON                                                                                            \
	FLAG_VALUE("topo", 't', "FILE", IGNORED_HERE), FLAG_VALUE("name", 0, "NAME", IGNORED_HERE),             \
		FLAG_VALUE("vars", 0, "FILE", IGNORED_HERE), FLAG_VALUE("runtime", 'r', "RUNTIME", IGNORED_HERE), \
		FLAG_VALUE("timeout", 0, "DURATION", IGNORED_HERE), FLAG_VALUE("log-level", 0, "LEVEL", IGNORED_HERE), \
		{ "debug", 'd', OPT_FLAG, NULL, COMPLETE_NOTHING, IGNORED_HERE }
#define IGNORED_HERE "accepted, without effect"
#define FLAGS_END                                               \
	{                                                       \
		NULL, 0, OPT_FLAG, NULL, COMPLETE_NOTHING, NULL \
	}

const struct verb_option tools_netem_options[] = {
	FLAG_VALUE("node", 'n', "NODE", "the node"),
	FLAG_VALUE("interface", 'i', "INTERFACE", "its interface (set, reset)"),
	FLAG_VALUE("delay", 0, "DURATION", "10ms"),
	FLAG_VALUE("jitter", 0, "DURATION", "2ms"),
	FLAG_VALUE("loss", 0, "PERCENT", "packets that are lost"),
	FLAG_VALUE("rate", 0, "KBIT", "kbit/s"),
	FLAG_VALUE("corruption", 0, "PERCENT", "packets with a wrong bit"),
	FLAG_VALUE("format", 'f', "table|json", "how to write it (show)"),
	FLAGS_COMMON,
	FLAGS_END,
};

const struct verb_option tools_veth_options[] = {
	FLAG_VALUE("a-endpoint", 'a', "NODE:INTERFACE", "one end: also host:INTERFACE, bridge:BRIDGE:INTERFACE"),
	FLAG_VALUE("b-endpoint", 'b', "NODE:INTERFACE", "the other end"),
	{ "mtu", 'm', OPT_NUMBER, "MTU", COMPLETE_NOTHING, "default: 9500" },
	FLAGS_COMMON,
	FLAGS_END,
};

const struct verb_option tools_offload_options[] = {
	FLAG_VALUE("container", 'c', "NODE", "the node"),
	FLAGS_COMMON,
	FLAGS_END,
};

/* -n is the file's name here, and the lab's has no letter. */
#define CERT_OPTIONS                                                                                                    \
	FLAG_VALUE("name", 'n', "NAME", "files are NAME.pem and NAME.key"),                                             \
		FLAG_VALUE("path", 'p', "DIR", "where they go (default: here)"),                                        \
		FLAG_VALUE("expiry", 'e', "DURATION", "how long it is valid (default: 87600h)"),                        \
		FLAG_VALUE("cn", 0, "NAME", "common name (default: containerlab.dev)"),                                 \
		FLAG_VALUE("country", 'c', "COUNTRY", "C of the subject"),                                              \
		FLAG_VALUE("locality", 'l', "LOCALITY", "L of the subject"),                                            \
		FLAG_VALUE("organization", 'o', "ORGANIZATION", "O of the subject"),                                    \
		FLAG_VALUE("ou", 0, "UNIT", "OU of the subject"),                                                       \
		{ "key-size", 0, OPT_NUMBER, "BITS", COMPLETE_NOTHING, "of the key (default: 2048)" },                  \
		FLAG_VALUE("log-level", 0, "LEVEL", IGNORED_HERE), { "debug", 'd', OPT_FLAG, NULL, COMPLETE_NOTHING, IGNORED_HERE }

const struct verb_option tools_ca_options[] = { CERT_OPTIONS, FLAGS_END };
const struct verb_option tools_sign_options[] = {
	CERT_OPTIONS,
	FLAG_VALUE("hosts", 0, "NAME,ADDRESS,...", "whom it is for"),
	FLAG_VALUE("ca-cert", 0, "FILE", "the authority's certificate"),
	FLAG_VALUE("ca-key", 0, "FILE", "and its key"),
	FLAGS_END,
};

const struct verb_option tools_vxlan_options[] = {
	FLAG_VALUE("remote", 0, "ADDRESS", "where the tunnel ends"),
	{ "id", 'i', OPT_NUMBER, "VNI", COMPLETE_NOTHING, "default: 10" },
	FLAG_VALUE("link", 'l', "INTERFACE", "of the host, that is tied to the tunnel"),
	FLAG_VALUE("dev", 0, "INTERFACE", "of the host, that the tunnel leaves by"),
	{ "port", 0, OPT_NUMBER, "PORT", COMPLETE_NOTHING, "default: 14789" },
	{ "src-port", 0, OPT_NUMBER, "PORT", COMPLETE_NOTHING, "default: any" },
	{ "mtu", 'm', OPT_NUMBER, "MTU", COMPLETE_NOTHING, "default: what fits" },
	FLAG_VALUE("prefix", 'p', "PREFIX", "of the interfaces to delete, default: vx-"),
	FLAGS_COMMON,
	FLAGS_END,
};

static int fail(const char *text)
{
	(void)fprintf(stderr, "Error: %s\n", text);
	return CLI_FAILED;
}

/* The word behind `tools netem`, or NULL when it is none of @words. */
static const char *action_of(const struct cli *cli, const char *const *words)
{
	const char *word = cli_args(cli)->n == 1 ? cli_args(cli)->v[0] : "";

	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return *words;
	return NULL;
}

/* ---- netem ---- */

enum { COL_NODE, COL_INTERFACE, COL_DELAY, COL_JITTER, COL_LOSS, COL_RATE, COL_CORRUPTION, _COL_MAX };

static const struct column columns[] = {
	[COL_NODE] = { "node", "NODE", COLUMN_NO_JSON | COLUMN_NO_TABLE },
	[COL_INTERFACE] = { "interface", "Interface", 0 },
	[COL_DELAY] = { "delay", "Delay", 0 },
	[COL_JITTER] = { "jitter", "Jitter", 0 },
	[COL_LOSS] = { "packet_loss", "Packet Loss", COLUMN_RAW },
	[COL_RATE] = { "rate", "Rate (Kbit)", COLUMN_RAW },
	[COL_CORRUPTION] = { "corruption", "Corruption", COLUMN_RAW },
};
static_assert(ARRAY_SIZE(columns) == _COL_MAX, "one column each");

/* An interface without impairments: N/A in the table, zeros in JSON. */
static void netem_row(struct table *t, const struct linkctl *lc, const struct link_info *l, bool json)
{
	const struct impair none = { 0 }, *set = linkctl_impaired(lc, l), *im = set ? set : &none;
	struct cell *row = table_add_row(t);
	char buf[IMPAIR_STRLEN];

	row[COL_NODE].text = lc->node;
	row[COL_INTERFACE].text = arena_strdup(&t->arena, linkctl_name(l));
	for (int k = COL_DELAY; k <= COL_CORRUPTION && !json; k++)
		row[k].text = "N/A";
	if (!json && !set)
		return;
	row[COL_DELAY].text = json && !set ? "" : arena_strdup(&t->arena, impair_duration(im->delay_us, buf));
	row[COL_JITTER].text = json && !set ? "" : arena_strdup(&t->arena, impair_duration(im->jitter_us, buf));
	row[COL_LOSS].text = arena_printf(&t->arena, json ? "%.6g" : "%.2f%%", im->loss);
	row[COL_RATE].text = arena_printf(&t->arena, "%" PRIu64, im->rate_kbit);
	row[COL_CORRUPTION].text = arena_printf(&t->arena, json ? "%.6g" : "%.2f%%", im->corruption);
}

static void netem_show(const struct linkctl *lc, const struct link_info *only, const char *format)
{
	_cleanup_table_ struct table t;
	struct output o;

	table_init(&t, columns, _COL_MAX);
	output_init(&o, format);
	for (size_t i = 0; i < lc->n_links; i++)
		if (!only || only == &lc->links[i])
			netem_row(&t, lc, &lc->links[i], o.format == OUTPUT_JSON);
	if (o.format == OUTPUT_JSON)
		output_json_grouped(&o, &t, COL_NODE);
	else
		output_write(&o, &t);
}

static int impair_read(const struct cli *cli, struct impair *im, struct error *e)
{
	int r = 0;

	for (int k = 0; r == 0 && k < _IMPAIR_KEY_MAX; k++) {
		const char *v = cli_value(cli, impair_key_names[k]);

		r = v ? impair_parse(im, (enum impair_key)k, v, e) : 0;
	}
	return r < 0 ? r : impair_check(im, e);
}

/* As containerlab's, it shows what is there afterwards. */
static int netem_change(const struct cli *cli, bool set, struct error *e)
{
	_cleanup_linkctl_ struct linkctl lc = { .self = -EBADF, .netns = -EBADF },
					 after = { .self = -EBADF, .netns = -EBADF };
	const char *node = cli_value(cli, "node"), *ifname = cli_value(cli, "interface");
	const struct link_info *link = NULL;
	struct impair im = { 0 };
	int r = set ? impair_read(cli, &im, e) : 0;

	if (r == 0)
		r = linkctl_open(NULL, node, &lc, e);
	if (r == 0)
		r = linkctl_find(&lc, ifname, &link, e);
	if (r == 0)
		r = linkctl_impair(&lc, link, &im, e);
	if (r < 0)
		return r;
	if (!set) {
		(void)printf("Reset impairments on node \"%s\", interface \"%s\"\n", node, ifname);
		return 0;
	}
	r = linkctl_open(NULL, node, &after, e);
	if (r == 0)
		r = linkctl_find(&after, ifname, &link, e);
	if (r == 0)
		netem_show(&after, link, NULL);
	return r;
}

int tools_netem(const struct cli *cli)
{
	static const char *const words[] = { "set", "show", "reset", NULL };
	const char *action = action_of(cli, words), *format = cli_value(cli, "format");
	struct error e = { 0 };
	int r;

	if (!action)
		return fail("tools netem is followed by one of: set, show, reset");
	if (!cli_value(cli, "node"))
		return fail("required flag(s) \"node\" not set");
	if (format && strcmp(format, "table") != 0 && strcmp(format, "json") != 0)
		return fail("the format is table or json");
	if (strcmp(action, "show") == 0) {
		_cleanup_linkctl_ struct linkctl lc = { .self = -EBADF, .netns = -EBADF };

		r = linkctl_open(NULL, cli_value(cli, "node"), &lc, &e);
		if (r == 0)
			netem_show(&lc, NULL, format);
		return r < 0 ? fail(e.msg) : CLI_OK;
	}
	if (!cli_value(cli, "interface"))
		return fail("required flag(s) \"interface\" not set");
	r = netem_change(cli, strcmp(action, "set") == 0, &e);
	return r < 0 ? fail(e.msg) : CLI_OK;
}

/* ---- veth, vxlan ---- */

int tools_veth(const struct cli *cli)
{
	static const char *const words[] = { "create", NULL };
	const char *a = cli_value(cli, "a-endpoint"), *b = cli_value(cli, "b-endpoint");
	struct error e = { 0 };

	if (!action_of(cli, words))
		return fail("tools veth is followed by: create");
	if (!a || !b)
		return fail("two endpoints must be specified");
	if (linkctl_veth_create(NULL, a, b, cli_number(cli, "mtu", 0), &e) < 0)
		return fail(e.msg);
	(void)printf("veth interface successfully created!\n");
	return CLI_OK;
}

static int vxlan_create(const struct cli *cli, struct error *e)
{
	const char *remote = cli_value(cli, "remote");
	struct linkctl_vxlan spec = {
		.vni = cli_number(cli, "id", 10),
		.link = cli_value(cli, "link"),
		.parent = cli_value(cli, "dev"),
		.mtu = cli_number(cli, "mtu", 0),
	};
	const unsigned port = cli_number(cli, "port", LINKCTL_VXLAN_PORT), src_port = cli_number(cli, "src-port", 0);

	if (!remote || !spec.link)
		return error_set(e, EINVAL, "required flag(s) \"%s\" not set", remote ? "link" : "remote");
	if (inprefix_parse(remote, &spec.remote) < 0 || spec.remote.len != inprefix_bits(&spec.remote))
		return error_set(e, EINVAL, "'%s' is not an IP address", remote);
	if (port > UINT16_MAX || src_port > UINT16_MAX)
		return error_set(e, EINVAL, "a port is a number up to 65535");
	spec.port = (uint16_t)port;
	spec.src_port = (uint16_t)src_port;
	return linkctl_vxlan_create(&spec, e);
}

int tools_vxlan(const struct cli *cli)
{
	static const char *const words[] = { "create", "delete", NULL };
	const char *action = action_of(cli, words), *prefix = cli_value(cli, "prefix");
	_cleanup_arena_ struct arena a = { 0 };
	struct strv deleted = { 0 };
	struct error e = { 0 };

	if (!action)
		return fail("tools vxlan is followed by one of: create, delete");
	if (strcmp(action, "create") == 0)
		return vxlan_create(cli, &e) < 0 ? fail(e.msg) : CLI_OK;
	if (linkctl_vxlan_delete(prefix ? prefix : "vx-", &a, &deleted, &e) < 0)
		return fail(e.msg);
	for (size_t i = 0; i < deleted.n; i++)
		(void)printf("Deleted VxLAN link %s\n", deleted.v[i]);
	return CLI_OK;
}

/* ---- disable-tx-offload ---- */

int tools_offload(const struct cli *cli)
{
	_cleanup_linkctl_ struct linkctl lc = { .self = -EBADF, .netns = -EBADF };
	const char *node = cli_value(cli, "container");
	const struct link_info *link = NULL;
	struct error e = { 0 };
	int r;

	if (!node)
		return fail("required flag(s) \"container\" not set");
	r = linkctl_open(NULL, node, &lc, &e);
	if (r == 0)
		r = linkctl_find(&lc, "eth0", &link, &e);
	if (r == 0)
		r = ethtool_tx_checksum(lc.netns, link->ifname, false, &e);
	if (r < 0)
		return fail(e.msg);
	(void)printf("Tx checksum offload disabled for eth0 interface of %s container\n", lc.node);
	return CLI_OK;
}

/* ---- cert ---- */

/* The options of the command are netemu-cert's, and are handed on as they are. */
static int cert(const struct cli *cli, const char *const *verb)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv words = { 0 };
	char program[4096];
	struct error e = { 0 };

	if (launch_program_path("netemu-cert", program, sizeof(program), &e) < 0)
		return fail(e.msg);
	strv_add(&a, &words, program);
	for (; *verb; verb++)
		strv_add(&a, &words, *verb);
	for (size_t i = 0; i < cli->n_given; i++) {
		const struct cli_given *g = &cli->given[i];

		if (strcmp(g->option->help, IGNORED_HERE) != 0)
			strv_add(&a, &words, arena_printf(&a, "--%s=%s", g->option->name, g->value));
	}
	return shim_program(words.v) == 0 ? CLI_OK : CLI_FAILED;
}

int tools_ca(const struct cli *cli)
{
	return cert(cli, (const char *const[]){ "ca", "create", NULL });
}

int tools_sign(const struct cli *cli)
{
	if (!cli_value(cli, "ca-cert") || !cli_value(cli, "ca-key"))
		return fail(cli_value(cli, "ca-cert") ? "CA key file path not set" : "CA cert file path not set");
	return cert(cli, (const char *const[]){ "sign", NULL });
}
