// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - netemu-image: the part of `netemu image import` that reads archives
 *
 *   netemu-image SOURCE [NAME]
 *
 * What it says on standard output is for netemu: lines of words that tabs separate,
 *   image  ID SIZE FILES NOTE NAME...    of each image that is there now
 *   error  TEXT
 *
 * It keeps no more capabilities than it takes to make files. It ends with whoever started it, and when it is interrupted, and
 * leaves nothing then.
 */
#include <locale.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "imager/import.h"
#include "imager/tree.h"
#include "kernel/caps.h"

static void on_signal(int sig)
{
	(void)sig;
	tree_interrupted = 1;
}

static void signals_catch(void)
{
	static const int all[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction sa = { .sa_handler = on_signal }; /* without SA_RESTART: what waits is woken */

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		(void)sigaction(all[i], &sa, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static void image_say(const struct imported *im)
{
	(void)printf("image\t%s\t%lld\t%lld\t%s", im->id, (long long)im->size, (long long)im->n_files, im->note ? im->note : "");
	for (size_t i = 0; i < im->names.n; i++)
		(void)printf("\t%s", im->names.v[i]);
	(void)putchar('\n');
}

/* A line is a line. */
static void error_say(struct error *e)
{
	for (char *s = e->msg; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			*s = '?';
	(void)printf("error\t%s\n", e->msg);
}

int main(int argc, char **argv)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct imported *v = NULL;
	struct error e = { 0 };
	size_t n = 0;
	int r;

	if (argc < 2 || argc > 3) {
		(void)fprintf(stderr, "usage: netemu-image SOURCE [NAME] (netemu image import does it)\n");
		return 64;
	}
	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* names in archives are UTF-8 */
	signals_catch();
	r = caps_drop_to_files(&e);
	if (r == 0)
		r = import(&a, argv[1], argc > 2 ? argv[2] : NULL, &v, &n, &e);
	for (size_t i = 0; i < n; i++)
		image_say(&v[i]);
	if (r < 0)
		error_say(&e);
	return r < 0;
}
