// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - netemu-cert: makes an authority, and certificates that it signs
 *
 *   netemu-cert ca create [OPTIONS]
 *   netemu-cert sign --ca-cert FILE --ca-key FILE [--hosts NAME,ADDRESS,...] [OPTIONS]
 *
 * The options are those of `containerlab tools cert`, which a front end hands on as they are; --quiet says nothing when
 * all is well, --keep leaves a pair of files alone that is good. Exit status: 0; 1 when it could not; 2 for bad usage.
 */
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/duration.h"
#include "cert/cert.h"

enum { OPT_CN = 256, OPT_OU, OPT_HOSTS, OPT_CA_CERT, OPT_CA_KEY, OPT_KEY_SIZE, OPT_KEEP };

static const double USEC = 1e6, VALIDITY_MAX = 100.0 * 365 * 86400; /* seconds */

static const struct option options[] = {
	{ "cn", required_argument, NULL, OPT_CN },	     { "country", required_argument, NULL, 'c' },
	{ "locality", required_argument, NULL, 'l' },	     { "organization", required_argument, NULL, 'o' },
	{ "ou", required_argument, NULL, OPT_OU },	     { "expiry", required_argument, NULL, 'e' },
	{ "path", required_argument, NULL, 'p' },	     { "name", required_argument, NULL, 'n' },
	{ "hosts", required_argument, NULL, OPT_HOSTS },     { "ca-cert", required_argument, NULL, OPT_CA_CERT },
	{ "ca-key", required_argument, NULL, OPT_CA_KEY },   { "key-size", required_argument, NULL, OPT_KEY_SIZE },
	{ "keep", no_argument, NULL, OPT_KEEP },	     { "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },		     { NULL, 0, NULL, 0 },
};

static const char usage[] =
	"Usage: netemu-cert ca create [OPTIONS]\n"
	"       netemu-cert sign --ca-cert FILE --ca-key FILE [OPTIONS]\n"
	"  -n, --name NAME          files are NAME.pem and NAME.key (default: ca, cert)\n"
	"  -p, --path DIR           where they go, made when it is not there (default: .)\n"
	"      --cn NAME            common name (default: containerlab.dev)\n"
	"  -c, --country, -l, --locality, -o, --organization, --ou TEXT\n"
	"  -e, --expiry DURATION    how long it is valid (default: 87600h)\n"
	"      --key-size BITS      (default: 2048)\n"
	"      --hosts LIST         sign: names and addresses, separated by commas\n"
	"      --keep               leave what is there alone when it is good\n"
	"  -q, --quiet              say nothing\n";

struct args {
	struct cert_spec spec;
	const char *path, *name, *expiry, *ca_cert, *ca_key;
	bool quiet, help;
	struct arena arena;
};

static void hosts_add(struct args *a, const char *list)
{
	char *rest = arena_strdup(&a->arena, list), *one;

	while ((one = strsep(&rest, ",")))
		if (*one)
			strv_add(&a->arena, &a->spec.hosts, one);
}

static int key_size_set(struct args *a, const char *text, struct error *e)
{
	char *end;
	const unsigned long n = strtoul(text, &end, 10);

	if (*end || end == text || n < CERT_KEY_MIN || n > CERT_KEY_MAX)
		return error_set(e, EINVAL, "--key-size is a number from %d to %d, not '%s'", CERT_KEY_MIN, CERT_KEY_MAX, text);
	a->spec.key_size = (unsigned)n;
	return 0;
}

static int option_set(struct args *a, int option, struct error *e)
{
	const struct {
		int option;
		const char **text;
	} texts[] = {
		{ OPT_CN, &a->spec.cn },      { 'c', &a->spec.country },    { 'l', &a->spec.locality }, { 'o', &a->spec.organization },
		{ OPT_OU, &a->spec.unit },    { 'e', &a->expiry },	    { 'p', &a->path },		{ 'n', &a->name },
		{ OPT_CA_CERT, &a->ca_cert }, { OPT_CA_KEY, &a->ca_key },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].option == option) {
			*texts[i].text = optarg;
			return 0;
		}
	switch (option) {
	case OPT_HOSTS:
		hosts_add(a, optarg);
		return 0;
	case OPT_KEY_SIZE:
		return key_size_set(a, optarg, e);
	case OPT_KEEP:
		a->spec.keep = true;
		return 0;
	case 'q':
		a->quiet = true;
		return 0;
	case 'h':
		a->help = true;
		return 0;
	default: /* getopt has said it */
		return error_set(e, EINVAL, "see --help");
	}
}

static int args_read(struct args *a, int argc, char **argv, struct error *e)
{
	double us = 0;
	int option, r = 0;

	*a = (struct args){ .path = ".", .expiry = "87600h",
			    .spec = { .cn = "containerlab.dev", .country = "Internet", .locality = "Server",
				      .organization = "Containerlab", .unit = "Containerlab Tools", .key_size = CERT_KEY_DEFAULT } };
	while (r == 0 && (option = getopt_long(argc, argv, "c:l:o:e:p:n:qh", options, NULL)) >= 0)
		r = option_set(a, option, e);
	if (r == 0 && (duration_parse(a->expiry, &us) < 0 || us < USEC || us > VALIDITY_MAX * USEC))
		r = error_set(e, EINVAL, "--expiry is a time of at least a second, as 24h or 90m, not '%s'", a->expiry);
	a->spec.validity = (int64_t)(us / USEC);
	return r;
}

/* Where the files go; the directory is made. */
static int files_name(struct args *a, const char *name, struct error *e)
{
	if (!a->name)
		a->name = name;
	if (!*a->name || strchr(a->name, '/'))
		return error_set(e, EINVAL, "--name is the beginning of a file's name, not '%s'", a->name);
	for (char *p = arena_strdup(&a->arena, a->path), *s = strchr(p + (*p == '/'), '/');; s = strchr(s + 1, '/')) {
		if (s)
			*s = '\0';
		if (mkdir(p, 0755) < 0 && errno != EEXIST)
			return error_errno(e, errno, "mkdir %s", p);
		if (!s)
			break;
		*s = '/';
	}
	a->spec.cert = arena_printf(&a->arena, "%s/%s.pem", a->path, a->name);
	a->spec.key = arena_printf(&a->arena, "%s/%s.key", a->path, a->name);
	return 0;
}

static void attributes_print(const struct args *a)
{
	if (a->quiet)
		return;
	(void)fprintf(stderr, "Certificate attributes: CN=%s, C=%s, L=%s, O=%s, OU=%s, Validity period=%s\n", a->spec.cn, a->spec.country,
		      a->spec.locality, a->spec.organization, a->spec.unit, a->expiry);
}

static int ca_create(struct args *a, struct error *e)
{
	int r = files_name(a, "ca", e);

	attributes_print(a);
	return r < 0 ? r : cert_make_ca(&a->spec, e);
}

static int sign(struct args *a, struct error *e)
{
	int r;

	if (!a->ca_cert || !a->ca_key)
		return error_set(e, EINVAL, "sign needs --ca-cert and --ca-key");
	r = files_name(a, "cert", e);
	attributes_print(a);
	return r < 0 ? r : cert_make_signed(&a->spec, a->ca_cert, a->ca_key, e);
}

/* What to do, by the words that are no options. */
static int (*verb_find(int argc, char **argv))(struct args *, struct error *)
{
	if (argc == 2 && strcmp(argv[0], "ca") == 0 && strcmp(argv[1], "create") == 0)
		return ca_create;
	return argc == 1 && strcmp(argv[0], "sign") == 0 ? sign : NULL;
}

int main(int argc, char **argv)
{
	int (*verb)(struct args *, struct error *);
	struct error e = { 0 };
	struct args a;
	int r = args_read(&a, argc, argv, &e);

	if (r == 0 && a.help) {
		(void)fputs(usage, stdout);
		return 0;
	}
	verb = r == 0 ? verb_find(argc - optind, argv + optind) : NULL;
	if (r == 0 && !verb) {
		(void)fputs(usage, stderr);
		return 2;
	}
	if (r == 0)
		r = verb(&a, &e);
	if (r < 0)
		(void)fprintf(stderr, "netemu-cert: %s\n", e.msg);
	arena_done(&a.arena);
	return r < 0 ? 1 : 0;
}
