/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal.h - the tree between the parser and the interpreter, and what values can do; private to template/
 */
#ifndef NETEMU_TEMPLATE_INTERNAL_H
#define NETEMU_TEMPLATE_INTERNAL_H

#include "base/arena.h"
#include "template/template.h"

enum { TEMPLATE_DEPTH = 64, TEMPLATE_ARGS = 32 };

/* ---- tokens ---- */

enum token_type {
	TOKEN_END,	/* of the source */
	TOKEN_TEXT,	/* between actions */
	TOKEN_CLOSE,	/* }} */
	TOKEN_NAME,	/* function, keyword, true, nil */
	TOKEN_FIELD,	/* .Name */
	TOKEN_DOT,	/* . alone */
	TOKEN_VARIABLE, /* $name, $ */
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_PIPE,
	TOKEN_OPEN_PAREN,
	TOKEN_CLOSE_PAREN,
	TOKEN_COMMA,
	TOKEN_DECLARE, /* := */
	TOKEN_ASSIGN,  /* = */
	_TOKEN_MAX,
};

struct token {
	enum token_type type;
	const char *text; /* NUL-terminated: the name, the string's content, ... */
	size_t len;	  /* of a text or string */
	json_t *number;
	bool space; /* blanks before it */
	struct template_place place;
};

struct lexer {
	struct arena *arena;
	const char *p, *end, *line_start;
	struct template_place place; /* of p's line */
	bool inside;		     /* of an action */
	bool trim;		     /* what follows, after -}} */
};

/** lexer_next() - Return: 0, or -EINVAL */
int lexer_next(struct lexer *l, struct token *ret, struct error *e);

/* ---- the tree ---- */

enum operand_type {
	OPERAND_DOT,
	OPERAND_VARIABLE,
	OPERAND_FUNCTION,
	OPERAND_LITERAL,
	OPERAND_NIL,
	OPERAND_PIPELINE,
	_OPERAND_MAX
};

struct operand {
	enum operand_type type;
	const char *name; /* variable, function */
	json_t *literal;
	struct pipeline *pipeline; /* in parentheses */
	const char **fields;	   /* .A.B after it */
	size_t n_fields;
	struct template_place place;
};

struct command {
	struct operand *args; /* the first one is called, if it is a function */
	size_t n_args;
};

struct pipeline {
	const char *vars[2]; /* declared or assigned */
	size_t n_vars;
	bool assigns; /* =, not := */
	struct command *commands;
	size_t n_commands;
	struct template_place place;
};

enum node_type {
	NODE_TEXT,
	NODE_ACTION,
	NODE_IF,
	NODE_WITH,
	NODE_RANGE,
	NODE_TEMPLATE,
	NODE_BREAK,
	NODE_CONTINUE,
	_NODE_MAX
};

struct tnode {
	struct tnode *next;
	enum node_type type;
	const char *text; /* NODE_TEXT; the name of NODE_TEMPLATE */
	size_t len;
	struct pipeline *pipeline; /* NULL: a template without an argument */
	struct tnode *body, *otherwise;
	struct template_place place;
};

struct definition {
	const char *name;
	struct tnode *body;
};

struct program {
	struct arena *arena;
	json_t *literals; /* an array that holds them */
	struct definition *defs;
	size_t n_defs;
	struct template_place place; /* of the mistake that was found last */
};

/** program_parse() - add a source, and what it defines, to @p. Return: 0, or -EINVAL with p->place set. */
int program_parse(struct program *p, const struct template_source *src, size_t index, struct error *e);
/** program_find() - the last definition of a name, or NULL */
const struct definition *program_find(const struct program *p, const char *name);

/* ---- values ---- */

/* Values that a run has made: they live until it is over. */
struct pool {
	json_t *values; /* an array that holds them */
	size_t bytes;	/* of strings and lists made so far */
};

/** pool_keep() - take a new reference into the pool. Return: it, borrowed; NULL for NULL. */
json_t *pool_keep(struct pool *p, json_t *value);

bool value_is_true(const json_t *v);
/** value_print() - as Go's fmt prints it with %v; NULL is "<no value>" */
void value_print(const json_t *v, struct strbuf *out);
/** value_printf() - fmt.Sprintf() */
int value_printf(json_t *const *args, size_t n, struct strbuf *out, struct error *e);

/** function_exists() - whether a function has this name */
bool function_exists(const char *name);
/**
 * function_call() - call one
 * @args: NULL among them is a value that is not there
 * @ret: borrowed from the pool or from @args
 */
int function_call(struct pool *pool, const char *name, json_t *const *args, size_t n, json_t **ret, struct error *e);

#endif
