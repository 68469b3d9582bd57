/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parsed.h - JSON in the text of a test
 */
#ifndef NETEMU_TESTS_PARSED_H
#define NETEMU_TESTS_PARSED_H

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* JSON with ' for " */
static json_t *parsed(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *j;

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	j = json_loads(copy, 0, &error);
	if (!j)
		fail_msg("%s: %s", copy, error.text);
	free(copy);
	return j;
}

#endif
