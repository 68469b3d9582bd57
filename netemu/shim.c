// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim.c - what the shims share: which tool, which command, and the way to netemu's own verbs
 */
#include "shim.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include "base/strbuf.h"

const struct shim *const shims[] = { &shim_cilium, &shim_clab, &shim_ctr, &shim_docker, &shim_helm, &shim_kind, &shim_kubectl, NULL };

const struct shim *shim_find(const char *argv0)
{
	const char *base = argv0 && strrchr(argv0, '/') ? strrchr(argv0, '/') + 1 : argv0;

	for (const struct shim *const *s = shims; base && *s; s++)
		if (strcmp(base, (*s)->name) == 0 || ((*s)->alias && strcmp(base, (*s)->alias) == 0))
			return *s;
	return NULL;
}

/* ---- which command ---- */

/* How many of @words a command's name takes; 0: it is not meant. */
static size_t name_matches(const char *name, const struct strv *words)
{
	size_t n = 0;

	while (*name) {
		const size_t len = strcspn(name, " ");

		if (n >= words->n || strncmp(words->v[n], name, len) != 0 || words->v[n][len])
			return 0;
		n++;
		name += len + (name[len] == ' ');
	}
	return n;
}

static const struct verb *command_find(const struct shim *shim, const struct strv *words, size_t *ret_n)
{
	const struct verb *found = NULL;

	*ret_n = 0;
	for (const struct verb *v = shim->commands; v->name; v++) {
		const size_t n = MAX_OF(name_matches(v->name, words), v->alias ? name_matches(v->alias, words) : 0);

		if (n > *ret_n) {
			found = v;
			*ret_n = n;
		}
	}
	return found;
}

/* ---- help ---- */

static void help_options(const struct verb_option *options)
{
	for (const struct verb_option *o = options; o->name; o++) {
		char names[64];

		(void)snprintf(names, sizeof(names), "%s%c%s--%s%s%s", o->letter ? "-" : " ",
			       o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name, o->metavar ? " " : "",
			       o->metavar ? o->metavar : "");
		(void)printf("  %-32s %s%s\n", names,
			     o->type == OPT_REFUSED || o->type == OPT_REFUSED_VALUE ? "refused: " : "", o->help);
	}
}

static int command_help(const struct shim *shim, const struct verb *v)
{
	(void)printf("%s\n\nUsage:  %s %s %s\n", v->summary, shim->name, v->name, v->synopsis);
	if (v->options->name) {
		(void)printf("\nOptions:\n");
		help_options(v->options);
	}
	return CLI_OK;
}

static int shim_help(const struct shim *shim)
{
	bool first = true;

	(void)printf("netemu in the place of %s: no containers, the same words.\n\nUsage:  %s COMMAND\n\nCommands:\n",
		     shim->name, shim->name);
	for (const struct verb *v = shim->commands; v->name; v++)
		if (!v->hidden && v->run != shim_refuse)
			(void)printf("  %-24s %s\n", v->name, v->summary);
	(void)printf("  %-24s %s\n", "completion", "Print a completion script: bash, zsh or fish");
	for (const struct verb *v = shim->commands; v->name; v++)
		if (v->run == shim_refuse) {
			(void)printf("%s  %-24s %s\n", first ? "\nRefused, since:\n" : "", v->name, v->summary);
			first = false;
		}
	return CLI_OK;
}

int shim_refuse(const struct cli *cli)
{
	(void)fprintf(stderr, "%s %s: netemu cannot do that: %s\n", cli_program, cli->verb->name, cli->verb->summary);
	return CLI_FAILED;
}

/* ---- the run ---- */

/* What stands before a command (clab -t FILE inspect, kubectl -n NS get) is meant for it, as far as it has that option. */
static void globals_hand_on(struct arena *a, const struct cli *globals, const struct verb *verb, struct strv *words)
{
	const struct verb *target = verb->run ? verb : verb_find(verb->name);

	for (size_t i = 0; i < globals->n_given; i++) {
		const struct cli_given *g = &globals->given[i];

		if (!verb_option_find(target, g->option->name))
			continue;
		strv_add(a, words, arena_printf(a, "--%s", g->option->name));
		if (g->value)
			strv_add(a, words, g->value);
	}
}

static int command_run(const struct shim *shim, const struct verb *verb, const struct cli *globals, size_t skip)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_cli_ struct cli cli = { 0 };
	struct strv rest = { 0 };
	struct error e = { 0 };
	int r;

	if (verb->run == shim_refuse)
		return shim_refuse(&(struct cli){ .verb = verb });
	globals_hand_on(&a, globals, verb, &rest);
	for (size_t i = skip; i < globals->args.n; i++)
		strv_add(&a, &rest, globals->args.v[i]);

	if (!verb->run)
		return shim_verbv(verb->name, &rest);
	r = cli_parse(verb, (int)rest.n, rest.v, &cli, &e);
	if (r < 0) {
		(void)fprintf(stderr, "%s: %s\nSee '%s %s --help'.\n", shim->name, e.msg, shim->name, verb->name);
		return shim->usage_status;
	}
	if (cli_flag(&cli, "help"))
		return command_help(shim, verb);
	r = verb->run(&cli);
	return r == CLI_OK && (fflush(stdout) != 0 || ferror(stdout)) ? CLI_FAILED : r;
}

int shim_main(const struct shim *shim, int argc, char **argv)
{
	_cleanup_cli_ struct cli globals = { 0 };
	const struct verb *verb;
	struct error e = { 0 };
	size_t skip;

	cli_program = shim->name;
	if (cli_parse(shim->globals, argc - 1, argv + 1, &globals, &e) < 0) {
		(void)fprintf(stderr, "%s: %s\nSee '%s --help'.\n", shim->name, e.msg, shim->name);
		return shim->usage_status;
	}
	if (shim->version_line && cli_flag(&globals, "version"))
		return puts(shim->version_line) < 0 ? CLI_FAILED : CLI_OK;
	if (cli_flag(&globals, "help") || globals.args.n == 0 || strcmp(globals.args.v[0], "help") == 0)
		return shim_help(shim);
	verb = command_find(shim, &globals.args, &skip);
	if (verb)
		return command_run(shim, verb, &globals, skip);
	if (strcmp(globals.args.v[0], "completion") == 0)
		return shim_completion(shim, &globals.args);
	(void)fprintf(stderr, "%s'%s'%s\n", shim->unknown, globals.args.v[0], shim->known ? shim->known : "");
	return shim->usage_status;
}

/* ---- netemu's own verbs ---- */

int shim_verbv(const char *verb, const struct strv *words)
{
	_cleanup_cli_ struct cli cli = { 0 };
	const struct verb *found = verb_find(verb);
	struct error e = { 0 };

	if (cli_parse(found, (int)words->n, words->v, &cli, &e) < 0)
		return cli_usage(&cli, "%s", e.msg);
	return found->run(&cli);
}

int shim_verb(const char *verb, ...)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv words = { 0 };
	va_list ap;

	va_start(ap, verb);
	for (const char *w = va_arg(ap, const char *); w != SHIM_END; w = va_arg(ap, const char *))
		if (w)
			strv_add(&a, &words, w);
	va_end(ap);
	return shim_verbv(verb, &words);
}

int shim_program(char *const argv[])
{
	int status = 0;
	const pid_t pid = fork();

	if (pid == 0) {
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

int shim_quiet(void)
{
	const int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)fflush(stdout);
	if (saved >= 0 && null >= 0)
		(void)dup2(null, STDOUT_FILENO);
	(void)fd_close(null);
	return saved;
}

void shim_loud(int saved)
{
	(void)fflush(stdout);
	if (saved >= 0)
		(void)dup2(saved, STDOUT_FILENO);
	(void)fd_close(saved);
}

/* ---- nodes ---- */

/* FNV-1a over what tells this node's life from every other, drawn out to 256 bits. */
const char *shim_node_id(struct arena *a, const struct node_state *n)
{
	uint64_t part[4], h = 1469598103934665603ULL ^ n->starttime;

	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		for (const char *p = n->longname; *p; p++)
			h = (h ^ (unsigned char)*p) * 1099511628211ULL;
		part[i] = h;
	}
	/* The first twelve digits are those of `netemu inspect`. */
	return arena_printf(a, "%012" PRIx64 "%04x%016" PRIx64 "%016" PRIx64 "%016" PRIx64,
			    (uint64_t)(part[0] & 0xffffffffffffULL), (unsigned)(part[0] >> 48), part[1], part[2],
			    part[3]);
}

static bool id_begins(const struct node_state *n, const char *word)
{
	_cleanup_arena_ struct arena a = { 0 };
	const size_t len = strlen(word);

	return len >= 4 && strspn(word, "0123456789abcdef") == len && strncmp(shim_node_id(&a, n), word, len) == 0;
}

static int lab_open(const char *name, struct lab_state **ret, struct error *e)
{
	int r = state_load(name, ret, e);

	if (r == 0)
		(void)state_refresh(*ret, NULL);
	return r;
}

static int node_find_by_id(const char *word, struct shim_node *ret, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv labs = { 0 };
	int r = state_names(&a, &labs, e);

	for (size_t i = 0; r == 0 && i < labs.n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (lab_open(labs.v[i], &st, NULL) < 0)
			continue;
		for (size_t k = 0; k < st->n_nodes; k++)
			if (id_begins(&st->nodes[k], word)) {
				*ret = (struct shim_node){ .lab = st, .node = &st->nodes[k] };
				st = NULL;
				return 0;
			}
	}
	return r < 0 ? r : -ENOENT;
}

int shim_node_find(const char *name, struct shim_node *ret, struct error *e)
{
	_cleanup_(state_freep) struct lab_state *found = NULL;
	struct error why = { 0 };
	size_t index;
	int r = state_find_node(NULL, name, &found, &index, &why);

	if (r == -ENOENT)
		return node_find_by_id(name, ret, e);
	if (r < 0)
		return error_set(e, -r, "%s", why.msg);
	/* What was found may hold this node only: the whole lab is needed. */
	r = lab_open(found->name, &ret->lab, e);
	for (size_t i = 0; r == 0 && i < ret->lab->n_nodes; i++)
		if (strcmp(ret->lab->nodes[i].name, found->nodes[index].name) == 0)
			ret->node = &ret->lab->nodes[i];
	return r;
}

void shim_node_done(struct shim_node *n)
{
	if (n->lab)
		state_free(n->lab);
	*n = (struct shim_node){ 0 };
}
