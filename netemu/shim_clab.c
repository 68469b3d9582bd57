// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_clab.c - containerlab: nearly all of its commands are verbs of netemu's
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "files.h"
#include "nodeexec.h"
#include "shim.h"
#include "shim_options.h"
#include "shim_clab_table.h"
#include "shim_clab_tools.h"

#define COMMON                                                                                       \
	VALUE("topo", 't', "FILE", "topology file, or the directory that has it"),                   \
		VALUE("vars", 0, "FILE", "variables of a template"),                                 \
		VALUE("name", 0, "NAME", "name of the lab, instead of the file's"),                  \
		VALUE("timeout", 0, "DURATION", IGNORED), VALUE("runtime", 'r', "RUNTIME", IGNORED), \
		VALUE("log-level", 0, "LEVEL", IGNORED), FLAG("debug", 'd', IGNORED)

#define NO_MGMT "the file says it: mgmt: {network: NAME, ipv4-subnet: CIDR, ipv6-subnet: CIDR}"

struct words {
	struct arena arena;
	struct strv v;
};

static void words_done(struct words *w)
{
	arena_done(&w->arena);
}
#define _cleanup_words_ _cleanup_(words_done)

static void add(struct words *w, const char *word)
{
	strv_add(&w->arena, &w->v, word);
}

static void add_option(struct words *w, const char *option, const char *value)
{
	if (!value)
		return;
	add(w, option);
	add(w, value);
}

/* CLAB_<COMMAND>_<FLAG> in the environment, as containerlab has it for every flag. */
static const char *option(const struct cli *cli, const char *name)
{
	char key[128];
	const char *value = cli_value(cli, name);
	size_t n;

	if (value)
		return value;
	n = (size_t)snprintf(key, sizeof(key), "CLAB_%s_%s", cli->verb->name, name);
	for (size_t i = 0; i < n && i < sizeof(key); i++)
		key[i] = (char)(key[i] == '-' || key[i] == ' '	 ? '_'
				: key[i] >= 'a' && key[i] <= 'z' ? key[i] - 32
								 : key[i]);
	value = getenv(key);
	if (!value && strcmp(name, "topo") == 0)
		value = getenv("CLAB_TOPO");
	return value && *value ? value : NULL;
}

static bool flag(const struct cli *cli, const char *name)
{
	const char *env = cli_flag(cli, name) ? "true" : option(cli, name);

	return env && strcmp(env, "false") != 0;
}

/* What is refused on the command line is not left out in silence when the environment asks for it. */
static bool can_do(const struct cli *cli)
{
	for (const struct verb_option *o = cli->verb->options; o->name; o++)
		if ((o->type == OPT_REFUSED || o->type == OPT_REFUSED_VALUE) && flag(cli, o->name)) {
			(void)fprintf(stderr, "Error: netemu cannot do --%s: %s\n", o->name, o->help);
			return false;
		}
	return true;
}

/* ---- commands ---- */

static void common(const struct cli *cli, struct words *w)
{
	add_option(w, "--topo", option(cli, "topo"));
	add_option(w, "--name", option(cli, "name"));
}

enum { WRITER_MS = 5000 };

/* Whether somebody has the file open for writing: a read lease is granted to nobody then (fcntl(2)). */
static bool has_writer(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return errno == EAGAIN;
	(void)fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

static void await_closed(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC), watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct pollfd p = { .fd = watch, .events = POLLIN };
	char buf[4096];

	if (fd < 0 || watch < 0 || inotify_add_watch(watch, path, IN_CLOSE_WRITE) < 0)
		return;
	while (has_writer(fd) && poll(&p, 1, WRITER_MS) > 0)
		while (read(watch, buf, sizeof(buf)) > 0)
			;
}

/*
 * `cat <<EOF >clab.yaml | clab deploy -t clab.yaml -`, as many labs start. The end of the pipe says that the shell has opened
 * the file for cat, and when nobody has it open for writing it is written. containerlab itself is slow enough not to look.
 */
static void await_writer(const struct cli *cli)
{
	const char *topo = option(cli, "topo");
	char buf[4096];

	if (!strv_contains(cli_args(cli), "-") || !topo || strcmp(topo, "-") == 0 || isatty(STDIN_FILENO))
		return;
	while (read(STDIN_FILENO, buf, sizeof(buf)) > 0)
		;
	await_closed(topo);
}

static const char *format_of(const struct cli *cli)
{
	return option(cli, "format") ? option(cli, "format") : "table";
}

static bool format_is_known(const struct cli *cli)
{
	static const char *const known[] = { "table", "json", "csv" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(format_of(cli), known[i]) == 0)
			return true;
	(void)fprintf(stderr, "Error: output format \"%s\" is not supported, use 'table', 'json' or 'csv'\n",
		      format_of(cli));
	return false;
}

static int deploy(const struct cli *cli, bool reconfigure)
{
	_cleanup_words_ struct words w = { 0 };

	if (!can_do(cli) || !format_is_known(cli))
		return CLI_FAILED;
	await_writer(cli);
	inspect_style = (struct inspect_style){ .table = clab_table, .format = format_of(cli) };
	common(cli, &w);
	add_option(&w, "--vars", option(cli, "vars"));
	if (reconfigure || flag(cli, "reconfigure"))
		add(&w, "--reconfigure");
	if (flag(cli, "dry-run"))
		add(&w, "--dry-run");
	add_option(&w, "--node-filter", option(cli, "node-filter"));
	add_option(&w, "--max-workers", option(cli, "max-workers"));
	return shim_verbv("run", &w.v);
}

static int clab_deploy(const struct cli *cli)
{
	return deploy(cli, false);
}

static int clab_redeploy(const struct cli *cli)
{
	_cleanup_words_ struct words w = { 0 };
	int code;

	if (!flag(cli, "cleanup"))
		return deploy(cli, true);
	common(cli, &w);
	add(&w, "--cleanup");
	code = shim_verbv("destroy", &w.v);
	return code == CLI_OK ? deploy(cli, true) : code;
}

static int clab_destroy(const struct cli *cli)
{
	_cleanup_words_ struct words w = { 0 };

	if (!can_do(cli))
		return CLI_FAILED;
	common(cli, &w);
	if (flag(cli, "all"))
		add(&w, "--all");
	if (flag(cli, "cleanup"))
		add(&w, "--cleanup");
	return shim_verbv("destroy", &w.v);
}

static int control(const struct cli *cli, const char *verb)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct strv nodes = cli_list(cli, "node");
	struct strv words = { 0 };

	if (nodes.n == 0) {
		(void)fprintf(stderr, "Error: %s needs --node\n", verb);
		return CLI_FAILED;
	}
	if (option(cli, "name")) {
		strv_add(&a, &words, "--lab");
		strv_add(&a, &words, option(cli, "name"));
	}
	for (size_t i = 0; i < nodes.n; i++)
		strv_add(&a, &words, nodes.v[i]);
	return shim_verbv(verb, &words);
}

static int clab_start(const struct cli *cli)
{
	return control(cli, "start");
}

static int clab_stop(const struct cli *cli)
{
	return control(cli, "stop");
}

static int clab_restart(const struct cli *cli)
{
	return control(cli, "restart");
}

static int inspect(const struct cli *cli, bool interfaces)
{
	_cleanup_words_ struct words w = { 0 };

	if (!format_is_known(cli))
		return CLI_FAILED;
	inspect_style = (struct inspect_style){ .table = clab_table,
						.all = flag(cli, "all"),
						.node = interfaces ? option(cli, "node") : NULL };
	common(cli, &w);
	if (interfaces)
		add(&w, "interfaces");
	if (flag(cli, "all"))
		add(&w, "--all");
	if (flag(cli, "wide"))
		add(&w, "--wide");
	if (flag(cli, "details"))
		add(&w, "--details");
	add_option(&w, "--format", option(cli, "format"));
	return shim_verbv("inspect", &w.v);
}

static int clab_inspect(const struct cli *cli)
{
	return inspect(cli, false);
}

static int clab_interfaces(const struct cli *cli)
{
	return inspect(cli, true);
}

/* The labs of --topo or --name, else of this directory; with --all, or labels and neither, all that run. */
static int labs_find(const struct cli *cli, struct arena *a, struct strv *labs, struct error *e)
{
	const char *topo = option(cli, "topo"), *name = option(cli, "name"), *here;

	if (name)
		return strv_add(a, labs, name), 0;
	if (!topo && files_lookup(a, ".", &here, NULL) == 0)
		topo = here;
	return topo ? files_find_labs(a, topo, labs, e) : state_names(a, labs, e);
}

static int clab_exec(const struct cli *cli)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct strv commands = cli_list(cli, "cmd"), labels = cli_list(cli, "label");
	const char *format = option(cli, "format");
	struct lab_state **st = NULL;
	struct exec_target *targets = NULL;
	struct strv labs = { 0 };
	struct error e = { 0 };
	size_t n = 0;
	int r;

	if (commands.n == 0)
		return cli_error(NULL, "provide command to execute (--cmd)");
	r = labs_find(cli, &a, &labs, &e);
	st = arena_alloc(&a, (labs.n + 1) * sizeof(*st));
	for (size_t i = 0; r == 0 && i < labs.n; i++) {
		r = state_load(labs.v[i], &st[i], &e);
		if (r == 0)
			nodeexec_select(st[i], &labels, &a, &targets, &n);
	}
	if (r == 0 && n == 0)
		r = error_set(&e, ENOENT, "no node is running that matches");
	if (r == 0)
		r = nodeexec_clab(targets, n, &commands, format && strcmp(format, "json") == 0, stdout, &e);
	for (size_t i = 0; i < labs.n; i++)
		state_free(st[i]);
	if (r == -ENOENT && !e.code)
		(void)error_set(&e, ENOENT, "no such file, and no lab that was made from it");
	return r < 0 ? cli_fail(NULL, &e) : CLI_OK;
}

static int clab_save(const struct cli *cli)
{
	_cleanup_words_ struct words w = { 0 };

	add_option(&w, "--topo", option(cli, "topo"));
	add_option(&w, "--node-filter", option(cli, "node-filter"));
	add_option(&w, "--copy", option(cli, "copy"));
	if (option(cli, "name"))
		add(&w, option(cli, "name"));
	return shim_verbv("save", &w.v);
}

static int clab_validate(const struct cli *cli)
{
	_cleanup_words_ struct words w = { 0 };

	common(cli, &w);
	add_option(&w, "--vars", option(cli, "vars"));
	return shim_verbv("validate", &w.v);
}

/* ---- graph ---- */

/* containerlab keeps drawings in the lab's directory. Return: a file there that is empty now, or -errno. */
static int drawing_open(const struct cli *cli, const char *ending, struct arena *a, const char **ret_path,
			struct error *e)
{
	_cleanup_files_ struct files files = { 0 };
	const struct load_options opt = { .name = option(cli, "name"), .environ_ = environ };
	struct strv paths = { 0 };
	const char *dir;
	int fd, r;

	if (option(cli, "topo"))
		strv_add(a, &paths, option(cli, "topo"));
	r = files_load(&paths, &opt, option(cli, "vars"), &files, e);
	if (r < 0 && e->code)
		return r;
	if (r < 0 || files.n == 0 || !files.labs[0]->lab_dir)
		return error_set(e, EINVAL, "this is no topology that can be drawn (clab validate says why)");
	dir = arena_printf(a, "%s/graph", files.labs[0]->lab_dir);
	*ret_path = arena_printf(a, "%s/%s.%s", dir, files.labs[0]->name, ending);
	(void)mkdir(files.labs[0]->lab_dir, 0755);
	(void)mkdir(dir, 0755);
	fd = open(*ret_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 ? error_set(e, errno, "%s: %s", *ret_path, strerror(errno)) : fd;
}

static int draw(const struct cli *cli, const char *ending, const struct strv *words)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = NULL;
	struct error e = { 0 };
	const int fd = drawing_open(cli, ending, &a, &path, &e);
	int saved, code;

	if (fd < 0)
		return cli_fail(NULL, &e);
	saved = shim_quiet();
	(void)dup2(fd, STDOUT_FILENO);
	(void)fd_close(fd);
	code = shim_verbv("graph", words);
	shim_loud(saved);
	if (code == CLI_OK)
		(void)fprintf(stderr, "INFO Created %s graph file: %s\n", ending, path);
	else if (path)
		(void)unlink(path);
	return code;
}

static int clab_graph(const struct cli *cli)
{
	_cleanup_words_ struct words w = { 0 };

	if (!can_do(cli))
		return CLI_FAILED;
	common(cli, &w);
	add_option(&w, "--vars", option(cli, "vars"));
	add_option(&w, "--node-filter", option(cli, "node-filter"));
	add_option(&w, "--listen", option(cli, "srv"));
	if (flag(cli, "dot")) {
		add(&w, "--dot");
		return draw(cli, "dot", &w.v);
	}
	if (!flag(cli, "mermaid"))
		return shim_verbv("graph", &w.v);
	add(&w, "--mermaid");
	add_option(&w, "--mermaid-direction", option(cli, "mermaid-direction"));
	return draw(cli, "mermaid", &w.v);
}

static int clab_version(const struct cli *cli)
{
	(void)cli;
	(void)printf("    version: %s\n     engine: netemu " NETEMU_VERSION "\n", shim_clab.version);
	return CLI_OK;
}

#define DEPLOY_OPTIONS \
LIST("node-filter", 0, "NODE,...", "only these nodes, and the links between them"), \
	VALUE("max-workers", 0, "N", "how many nodes' commands run at a time"), \
	FLAG("dry-run", 0, "print what would be done"), \
	VALUE("format", 'f', "table|json|csv", "how to write the table"), \
	FLAG("graph", 'g', IGNORED), \
	REFUSE_VALUE("network", 0, "NAME", NO_MGMT), \
	REFUSE_VALUE("ipv4-subnet", '4', "CIDR", NO_MGMT), \
	REFUSE_VALUE("ipv6-subnet", '6', "CIDR", NO_MGMT), \
	FLAG("skip-post-deploy", 0, IGNORED), \
	FLAG("skip-labdir-acl", 0, IGNORED), \
	REFUSE_VALUE("export-template", 0, "FILE", "topology-data.json has containerlab's own shape: clab inspect -f json has the rest"), \
	REFUSE_VALUE("export-rendered", 0, "FILE", "netemu plan FILE prints what a template becomes"), \
	REFUSE("restore-all", 0, "there are no snapshots of nodes"), \
	REFUSE_VALUE("restore", 0, "DIR", "there are no snapshots of nodes"), \
	VALUE("owner", 0, "USER", IGNORED)

static const struct verb_option deploy_options[] = {
	COMMON,
	FLAG("reconfigure", 'c', "destroy the lab first when it is running"),
	DEPLOY_OPTIONS,
	END,
};
static const struct verb_option redeploy_options[] = {
	COMMON,
	FLAG("cleanup", 'c', "remove the lab directory first, too"),
	FLAG("graceful", 0, IGNORED),
	FLAG("keep-mgmt-net", 0, IGNORED),
	DEPLOY_OPTIONS,
	END,
};
static const struct verb_option destroy_options[] = {
	COMMON,
	FLAG("all", 'a', "every lab"),
	FLAG("cleanup", 'c', "remove the lab directory, too"),
	FLAG("yes", 'y', "nothing is ever asked"),
	FLAG("graceful", 0, IGNORED),
	FLAG("keep-mgmt-net", 0, IGNORED),
	REFUSE_VALUE("node-filter", 0, "NODE,...", "a lab goes as a whole: clab stop --node stops single nodes"),
	VALUE("max-workers", 0, "N", IGNORED),
	END,
};
static const struct verb_option inspect_options[] = {
	COMMON,
	FLAG("all", 'a', "every lab"),
	VALUE("format", 'f', "table|json|csv", "how to write it"),
	FLAG("details", 0, "everything, as JSON"),
	FLAG("wide", 'w', "more columns"),
	VALUE("node", 'n', "NODE", "only this node (interfaces)"),
	END,
};
static const struct verb_option exec_options[] = {
	COMMON,
	VALUES("cmd", 0, "COMMAND", "command to run in each node; may be given several times"),
	VALUES("label", 0, "KEY=VALUE", "only nodes with this label"),
	VALUE("format", 'f', "plain|json", "how to write it"),
	END,
};
static const struct verb_option save_options[] = {
	COMMON,
	LIST("node-filter", 0, "NODE,...", "only these nodes"),
	VALUE("copy", 0, "DIR", "the directory that gets the files"),
	END,
};
static const struct verb_option graph_options[] = {
	COMMON,
	VALUE("srv", 's', "ADDRESS:PORT", "where the page is served (default: 127.0.0.1:50080)"),
	FLAG("dot", 0, "write a file for Graphviz into the lab's directory"),
	FLAG("mermaid", 0, "write a file for Mermaid into the lab's directory"),
	VALUE("mermaid-direction", 0, "TB|TD|BT|RL|LR", "where Mermaid's graph grows to"),
	LIST("node-filter", 0, "NODE,...", "only these nodes, and the links between them"),
	FLAG("offline", 'o', IGNORED),
	REFUSE("drawio", 0, "it is another program's, run from an image: --dot, --mermaid and netemu graph --svg draw the same"),
	REFUSE_VALUE("drawio-version", 0, "VERSION", "--dot, --mermaid and netemu graph --svg draw the same"),
	REFUSE_VALUE("drawio-args", 0, "ARGS", "--dot, --mermaid and netemu graph --svg draw the same"),
	REFUSE_VALUE("template", 0, "FILE", "the page is netemu's own: netemu graph --json has the data for another"),
	REFUSE_VALUE("static-dir", 0, "DIR", "the page is netemu's own: netemu graph --json has the data for another"),
	END,
};
static const struct verb_option node_options[] = { COMMON, LIST("node", 0, "NODE,...", "which nodes"), END };
static const struct verb_option common_only[] = { COMMON, END };
static const struct verb globals = {
	.name = "clab", .options = common_only, .max_args = ARGS_ANY, .stop_after = STOP_AT_ONCE
};

/* As containerlab's: what stands there besides flags is no mistake. */
#define COMMAND(words, other, text, opts, function)                                                     \
	{                                                                                               \
		.name = words, .alias = other, .synopsis = "[flags]", .summary = text, .options = opts, \
		.max_args = ARGS_ANY, .run = function                                                   \
	}

/* ---- generate ---- */

static const struct verb_option generate_options[] = {
	COMMON,
	LIST("nodes", 0, "N[:KIND[:TYPE]],...", "how many nodes each tier has"),
	VALUE("kind", 0, "KIND", "kind of tiers that say none (containerlab's default is srl; here it is linux)"),
	LIST("image", 0, "[KIND=]IMAGE", "image of a kind"),
	LIST("license", 0, "[KIND=]FILE", "license of a kind"),
	VALUE("node-prefix", 0, "PREFIX", "what stands before TIER-N"),
	VALUE("group-prefix", 0, "PREFIX", "what stands before -TIER"),
	VALUE("file", 0, "FILE", "where to write it"),
	REFUSE_VALUE("network", 0, "NAME", NO_MGMT),
	REFUSE_VALUE("ipv4-subnet", '4', "CIDR", NO_MGMT),
	REFUSE_VALUE("ipv6-subnet", '6', "CIDR", NO_MGMT),
	VALUE("max-workers", 0, "N", IGNORED),
	VALUE("owner", 0, "USER", IGNORED),
	FLAG("deploy", 0, "deploy it, too"),
	END,
};

static void add_all(struct words *w, const struct cli *cli, const char *name)
{
	const struct strv values = cli_list(cli, name);

	for (size_t i = 0; i < values.n; i++) {
		add(w, arena_printf(&w->arena, "--%s", name));
		add(w, values.v[i]);
	}
}

/* --deploy: the file has a name then, containerlab's. */
static int clab_generate(const struct cli *cli)
{
	static const char *const plain[] = { "name", "kind", "node-prefix", "group-prefix" };
	_cleanup_words_ struct words w = { 0 };
	const char *file = option(cli, "file");
	int code;

	if (!can_do(cli))
		return CLI_FAILED;
	if (flag(cli, "deploy") && !file && option(cli, "name"))
		file = arena_printf(&w.arena, "%s.clab.yml", option(cli, "name"));
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		add_option(&w, arena_printf(&w.arena, "--%s", plain[i]), option(cli, plain[i]));
	add_all(&w, cli, "nodes");
	add_all(&w, cli, "image");
	add_all(&w, cli, "license");
	add_option(&w, "--file", file);
	code = shim_verbv("generate", &w.v);
	if (code != CLI_OK || !flag(cli, "deploy") || !file)
		return code;
	inspect_style = (struct inspect_style){ .table = clab_table };
	return shim_verb("run", file, SHIM_END);
}

#define NO_TERMINAL "no terminal is shared with the outside: netemu graph has one for the browser on this host"

#define TOOL(words, what, text, opts, function)                                                              \
	{                                                                                                    \
		.name = words, .synopsis = what " [flags]", .summary = text, .options = opts, .max_args = 1, \
		.run = function                                                                              \
	}

static const struct verb commands[] = {
	COMMAND("deploy", "dep", "Deploy a lab", deploy_options, clab_deploy),
	COMMAND("apply", NULL, "Deploy a lab", deploy_options, clab_deploy),
	COMMAND("destroy", "des", "Destroy a lab", destroy_options, clab_destroy),
	COMMAND("redeploy", "rdep", "Destroy and deploy a lab", redeploy_options, clab_redeploy),
	COMMAND("inspect", "ins", "Show the nodes of labs", inspect_options, clab_inspect),
	COMMAND("inspect interfaces", "inspect int", "Show the interfaces of nodes", inspect_options, clab_interfaces),
	COMMAND("exec", NULL, "Run commands in the nodes of a lab", exec_options, clab_exec),
	COMMAND("save", NULL, "Save the configuration of routers", save_options, clab_save),
	COMMAND("start", NULL, "Start nodes that were stopped", node_options, clab_start),
	COMMAND("stop", NULL, "Stop nodes; their links stay", node_options, clab_stop),
	COMMAND("restart", NULL, "Stop and start nodes", node_options, clab_restart),
	TOOL("tools netem", "set|show|reset", "Impair links", tools_netem_options, tools_netem),
	TOOL("tools veth", "create", "Connect two nodes", tools_veth_options, tools_veth),
	TOOL("tools vxlan", "create|delete", "Tie an interface of the host to a tunnel", tools_vxlan_options,
	     tools_vxlan),
	COMMAND("tools cert ca create", NULL, "Make a certificate authority", tools_ca_options, tools_ca),
	COMMAND("tools cert sign", NULL, "Make a certificate that an authority has signed", tools_sign_options, tools_sign),
	COMMAND("tools disable-tx-offload", NULL, "Have a node compute the checksums of what leaves eth0", tools_offload_options,
		tools_offload),
	REFUSE_COMMAND("tools gotty", NO_TERMINAL),
	REFUSE_COMMAND("tools sshx", NO_TERMINAL),
	REFUSE_COMMAND("tools code-server", NO_TERMINAL),
	REFUSE_COMMAND("tools api-server", "labs are asked by netemu inspect -f json, netemu exec and netemu graph --json"),
	REFUSE_COMMAND("tools snapshot", "nodes are processes and files of the host: there is no disk of a machine to keep"),
	REFUSE_COMMAND("config", "it writes to vendors' routers by SSH: binds and exec lines configure nodes, netemu save keeps it"),
	REFUSE_COMMAND("events", "netemu inspect shows what is, netemu logs --lab LAB _lab what was"),
	REFUSE_COMMAND("version check", "nothing is asked of the network"),
	REFUSE_COMMAND("version upgrade", "nothing is fetched: netemu is upgraded with make install"),
	COMMAND("validate", "val", "Check a topology file", common_only, clab_validate),
	COMMAND("generate", "gen", "Write a topology file of a Clos fabric", generate_options, clab_generate),
	COMMAND("graph", NULL, "Show a topology in a browser, or draw it", graph_options, clab_graph),
	COMMAND("version", "ver", "Show the version", common_only, clab_version),
	{ .name = NULL },
};

const struct shim shim_clab = {
	.name = "clab",
	.alias = "containerlab",
	.version = "0.79.0",
	.globals = &globals,
	.commands = commands,
	.usage_status = CLI_FAILED,
	.unknown = "Error: unknown command ",
	.known = " for \"containerlab\"",
};
