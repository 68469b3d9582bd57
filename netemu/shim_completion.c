// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_completion.c - `clab completion bash`, and the same of every other shim: from its table of commands
 *
 * Each shell gets the same three things: which words make up a command, the flags of each, and, where the arguments are
 * nodes, what lists them. Refuses to know what any command does.
 */
#include <string.h>

#include "base/strbuf.h"
#include "shim.h"

static const struct verb_option *options_of(const struct verb *v)
{
	const struct verb *target = v->run ? v : verb_find(v->name);

	return target ? target->options : NULL;
}

static size_t words_in(const char *name)
{
	size_t n = 1;

	for (const char *p = name; *p; p++)
		n += *p == ' ';
	return n;
}

/* What is refused is not offered. */
static bool offered(const struct verb_option *o)
{
	return o->type != OPT_REFUSED && o->type != OPT_REFUSED_VALUE;
}

static void flags(const struct verb *v)
{
	for (const struct verb_option *o = options_of(v); o && o->name; o++)
		if (offered(o))
			(void)printf("--%s ", o->name);
	(void)printf("--help");
}

enum { COMMAND_WORDS_MAX = 4 }; /* tools cert ca create */

/* Lines of a case: commands of more words stand before those of fewer, which they may begin with. */
static void cases(const struct shim *shim, const char *before, const char *between, const char *after)
{
	for (size_t words = COMMAND_WORDS_MAX; words > 0; words--)
		for (const struct verb *v = shim->commands; v->name; v++) {
			if (v->run == shim_refuse || words_in(v->name) != words)
				continue;
			(void)printf("%s'%s '*", before, v->name);
			if (v->alias && words_in(v->alias) == words)
				(void)printf("|'%s '*", v->alias);
			(void)printf("%s", between);
			flags(v);
			(void)printf("%s", after);
		}
}

static void command_list(const struct shim *shim, const char *end)
{
	for (const struct verb *v = shim->commands; v->name; v++)
		if (v->run != shim_refuse) {
			(void)printf("%s%s", v->name, end);
			if (v->alias)
				(void)printf("%s%s", v->alias, end);
		}
	(void)printf("completion%s", end);
}

/* ---- bash, zsh ---- */

/*
 * $line is what was typed so far without flags, each word with a blank behind it; $flags and $next are what may follow. The code
 * reads the same in both shells.
 */
static void next_words(const struct shim *shim)
{
	(void)printf("  case $line in\n");
	cases(shim, "  (", ") flags='", "' ;;\n");
	(void)printf("  esac\n  while IFS= read -r w; do\n    [[ \"$w \" == \"$line\"?* ]] || continue\n    w=${w#\"$line\"}\n"
		     "    next=\"$next ${w%%%% *}\"\n  done <<'EOF'\n");
	command_list(shim, "\n");
	(void)printf("EOF\n  case $line in\n  ('completion ') next='bash zsh fish' ;;\n  esac\n");
	if (shim->names)
		(void)printf("  [[ $next ]] || next=$(%s 2>/dev/null)\n", shim->names);
}

static void names(const struct shim *shim)
{
	(void)printf("%s%s%s", shim->name, shim->alias ? " " : "", shim->alias ? shim->alias : "");
}

static int bash(const struct shim *shim)
{
	(void)printf("# bash completion of %s (netemu in its place); source <(%s completion bash)\n"
		     "_netemu_%s() {\n  local cur=${COMP_WORDS[COMP_CWORD]} line= flags= next= w i\n"
		     "  for ((i = 1; i < COMP_CWORD; i++)); do\n    w=${COMP_WORDS[i]}\n    [[ $w == -* ]] || line=\"$line$w \"\n  done\n",
		     shim->name, shim->name, shim->name);
	next_words(shim);
	(void)printf("  [[ $cur == -* ]] && next=$flags\n  mapfile -t COMPREPLY < <(compgen -W \"$next\" -- \"$cur\")\n}\n"
		     "complete -o default -F _netemu_%s ", shim->name);
	names(shim);
	(void)putchar('\n');
	return CLI_OK;
}

static int zsh(const struct shim *shim)
{
	(void)printf("#compdef ");
	names(shim);
	(void)printf("\n# zsh completion of %s (netemu in its place); source <(%s completion zsh)\n"
		     "_netemu_%s() {\n  local line= flags= next= w\n  integer i\n"
		     "  for ((i = 2; i < CURRENT; i++)); do\n    w=$words[i]\n    [[ $w == -* ]] || line=\"$line$w \"\n  done\n",
		     shim->name, shim->name, shim->name);
	next_words(shim);
	(void)printf("  [[ $words[CURRENT] == -* ]] && next=$flags\n  if [[ -n $next ]]; then\n    compadd -- ${=next}\n  else\n    _files\n  fi\n}\n"
		     "if [[ $funcstack[1] == _%s ]]; then\n  _netemu_%s \"$@\"\nelse\n  compdef _netemu_%s ", shim->name, shim->name,
		     shim->name);
	names(shim);
	(void)printf("\nfi\n");
	return CLI_OK;
}

/* ---- fish ---- */

/* For a word between single quotes. */
static void quoted(const char *text)
{
	for (; *text; text++)
		(void)printf(*text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void fish_flags(const char *tool, const char *name, const struct verb *v)
{
	for (const struct verb_option *o = options_of(v); o && o->name; o++) {
		if (!offered(o))
			continue;
		(void)printf("complete -c %s -n '__netemu_%s_begins \"%s\"' -l %s", tool, tool, name, o->name);
		if (o->letter)
			(void)printf(" -s %c", o->letter);
		(void)printf("%s -d '", o->type == OPT_FLAG ? "" : " -r");
		quoted(o->help);
		(void)printf("'\n");
	}
}

static void fish_command(const char *tool, const struct verb *v, const char *name)
{
	const char *space = strchr(name, ' ');

	(void)printf("complete -c %s -f -n '__netemu_%s_is \"%.*s\"' -a '%s' -d '", tool, tool, space ? (int)(space - name) : 0, name,
		     space ? space + 1 : name);
	quoted(v->summary);
	(void)printf("'\n");
	fish_flags(tool, name, v);
}

static void fish_tool(const struct shim *shim, const char *tool)
{
	(void)printf("function __netemu_%s_line\n    string match -v -- '-*' (commandline -opc)[2..-1]\nend\n"
		     "function __netemu_%s_is\n    test (string join ' ' (__netemu_%s_line)) = \"$argv[1]\"\nend\n"
		     "function __netemu_%s_begins\n    string match -q -- \"$argv[1] *\" (string join ' ' (__netemu_%s_line))' '\nend\n", tool, tool,
		     tool, tool, tool);
	for (const struct verb *v = shim->commands; v->name; v++) {
		if (v->run == shim_refuse)
			continue;
		fish_command(tool, v, v->name);
		if (v->alias)
			fish_command(tool, v, v->alias);
	}
	(void)printf("complete -c %s -f -n '__netemu_%s_is completion' -a 'bash zsh fish'\n", tool, tool);
}

static int fish(const struct shim *shim)
{
	(void)printf("# fish completion of %s (netemu in its place); %s completion fish | source\n", shim->name, shim->name);
	fish_tool(shim, shim->name);
	if (shim->alias)
		fish_tool(shim, shim->alias);
	return CLI_OK;
}

int shim_completion(const struct shim *shim, const struct strv *args)
{
	static const struct {
		const char *name;
		int (*print)(const struct shim *shim);
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

	for (size_t i = 0; args->n >= 2 && i < ARRAY_SIZE(shells); i++)
		if (strcmp(args->v[1], shells[i].name) == 0)
			return shells[i].print(shim);
	(void)fprintf(stderr, "%s completion: the shell is one of bash, zsh, fish%s%s\n", shim->name, args->n >= 2 ? ", not " : "",
		      args->n >= 2 ? args->v[1] : "");
	return shim->usage_status;
}
