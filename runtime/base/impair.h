/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * impair.h - what may be wrong with a link, on purpose: the values that containerlab's `tools netem set` takes
 *
 * Owns: their units, limits and text. Refuses to know how the kernel does it (kernel/qdisc.h).
 */
#ifndef NETEMU_BASE_IMPAIR_H
#define NETEMU_BASE_IMPAIR_H

#include "base/error.h"

enum impair_key { IMPAIR_DELAY, IMPAIR_JITTER, IMPAIR_LOSS, IMPAIR_RATE, IMPAIR_CORRUPTION, _IMPAIR_KEY_MAX };

/* As the options are spelled, in containerlab, in netemu and in topology files. */
extern const char *const impair_key_names[_IMPAIR_KEY_MAX];

/* Of what leaves an interface. All zero: nothing is wrong with it. */
struct impair {
	uint64_t delay_us, jitter_us;
	double loss, corruption; /* percent of the packets, 0..100 */
	uint64_t rate_kbit;	 /* 0: as fast as it goes */
};

enum { IMPAIR_STRLEN = 32 };

/**
 * impair_parse() - one value
 * @text: delay and jitter: Go's durations of at most an hour ("10ms", "1.5s"); loss and corruption: "1" or "1%";
 *        rate: kbit/s, or with a unit as tc(8) has it ("100mbit")
 *
 * Return: 0, or -EINVAL with an error that says what is wanted.
 */
int impair_parse(struct impair *im, enum impair_key key, const char *text, struct error *e);

/** impair_check() - whether the values go together (jitter needs a delay). Return: 0 or -EINVAL. */
int impair_check(const struct impair *im, struct error *e);

/** impair_is_none() - whether there is nothing to be done */
bool impair_is_none(const struct impair *im);

/** impair_format() - one value, as impair_parse() reads it: "10ms", "0.5%", "100mbit". Return: @buf, "" for none. */
const char *impair_format(const struct impair *im, enum impair_key key, char buf[IMPAIR_STRLEN]);

/** impair_duration() - as Go writes a duration, "0s", "10ms", "1.5ms". Return: @buf. */
const char *impair_duration(uint64_t us, char buf[IMPAIR_STRLEN]);

#endif
