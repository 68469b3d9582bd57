// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * todo_speaker.c - stands in for speaker.c until that is there: a speaker without sessions
 */
#include "kubelet/speaker.h"

struct speaker {
	json_t *notes;
};

struct speaker *speaker_new(struct loop *loop _unused_, struct error *e)
{
	struct speaker *sp = calloc(1, sizeof(*sp));

	if (!sp)
		(void)error_oom(e);
	else
		sp->notes = json_array();
	return sp;
}

struct speaker *speaker_free(struct speaker *sp)
{
	if (sp)
		json_decref(sp->notes);
	free(sp);
	return NULL;
}

void speaker_on_change(struct speaker *sp _unused_, speaker_changed_fn fn _unused_, void *arg _unused_)
{
}

void speaker_set(struct speaker *sp _unused_, const json_t *config _unused_)
{
}

json_t *speaker_peers(struct speaker *sp _unused_)
{
	return json_array();
}

json_t *speaker_routes(struct speaker *sp _unused_, const char *table _unused_, const char *afi _unused_)
{
	return json_array();
}

const json_t *speaker_notes(const struct speaker *sp)
{
	return sp->notes;
}

int speaker_main(const char *path _unused_)
{
	return 1;
}
