// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * resources.c - keys that Docker has for a container's process and files: restart-policy, user, tmpfs, shm-size
 *
 * Owns Docker's syntax for them. What they cost is the kernel's to refuse.
 */
#include <ctype.h>
#include <string.h>

#include "topology/nodekeys.h"

/* ---- restart-policy: Docker's --restart ---- */

static const char *const policies[] = {
	[RESTART_NO] = "no",
	[RESTART_ON_FAILURE] = "on-failure",
	[RESTART_ALWAYS] = "always",
	[RESTART_UNLESS_STOPPED] = "unless-stopped",
};
static_assert(ARRAY_SIZE(policies) == _RESTART_MAX, "one each");

/* "on-failure:3" is three tries. */
static int restart_parse(const char *text, enum restart_policy *ret, uint32_t *ret_tries)
{
	const size_t n = strcspn(text, ":");

	*ret_tries = 0;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		int64_t tries;

		if (strlen(policies[i]) != n || strncmp(policies[i], text, n) != 0)
			continue;
		*ret = (enum restart_policy)i;
		if (!text[n])
			return 0;
		if (i != RESTART_ON_FAILURE || value_parse_int(text + n + 1, &tries) < 0 || tries < 0 ||
		    tries > UINT32_MAX)
			return -EINVAL;
		*ret_tries = (uint32_t)tries;
		return 0;
	}
	return -EINVAL;
}

void restart_check(struct loader *l, const struct value *v)
{
	enum restart_policy policy;
	uint32_t tries;

	if (*v->text && restart_parse(v->text, &policy, &tries) < 0)
		diag_error(l->d, v->pos, suggest_of(l, v->text, policies, ARRAY_SIZE(policies)),
			   "restart-policy is no, on-failure[:TRIES], always or unless-stopped, not '%s'", v->text);
}

/* Without the key what ends stays ended: a lab whose router has died shall not look as if it had not. */
void node_apply_restart(struct node_ctx *c)
{
	const struct value *v = levels_value(c->levels, NK_RESTART_POLICY);

	if (v && *v->text)
		(void)restart_parse(v->text, &c->node->restart, &c->node->restart_tries);
}

void node_apply_user(struct node_ctx *c)
{
	const struct value *v = levels_value(c->levels, NK_USER);

	c->node->user = v && *v->text ? arena_strdup(c->l->a, v->text) : NULL;
}

/* ---- sizes: Docker's 64m, 1g, 1048576 ---- */

int size_parse(const char *text, uint64_t *ret)
{
	static const char units[] = "bkmgtp";
	const char *unit = units;
	double n, bytes;
	const char *end = number_parse(text, &n);

	if (!end)
		return -EINVAL;
	end += *end == ' ';
	if (*end) {
		unit = strchr(units, tolower((unsigned char)*end++));
		if (!unit)
			return -EINVAL;
		if (unit != units && tolower((unsigned char)*end) == 'i')
			end++;
		if (unit != units && tolower((unsigned char)*end) == 'b')
			end++;
	}
	bytes = n * (double)(1ULL << (10 * (unit - units)));
	if (*end || bytes >= (double)(1ULL << 62))
		return -EINVAL;
	*ret = (uint64_t)bytes;
	return 0;
}

void size_check(struct loader *l, const struct value *v)
{
	uint64_t n;

	if (*v->text && size_parse(v->text, &n) < 0)
		diag_error(l->d, v->pos, "write it as Docker does: 512m, 1g, 1048576", "'%s' is no size", v->text);
}

/* ---- tmpfs: path -> options ---- */

/* What mount(8) would not take for itself: the kernel's own options for tmpfs, and flags. */
static const char *const tmpfs_options[] = { "size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "huge" };
static const char *const tmpfs_flags[] = { "rw", "ro", "noexec", "exec", "nosuid", "suid", "nodev", "dev", "noatime" };

static bool is_word(const char *p, size_t n, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == n && strncmp(words[i], p, n) == 0)
			return true;
	return false;
}

static bool tmpfs_option_is_good(const char *p, size_t n)
{
	const char *eq = memchr(p, '=', n);

	return eq ? is_word(p, (size_t)(eq - p), tmpfs_options, ARRAY_SIZE(tmpfs_options))
		  : is_word(p, n, tmpfs_flags, ARRAY_SIZE(tmpfs_flags));
}

void tmpfs_check(struct loader *l, const struct value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct pair *p = &v->pairs[i];
		const char *opts = value_string(p->value);

		if (p->key[0] != '/' || !p->key[1])
			diag_error(l->d, p->key_pos, NULL, "'%s' is no absolute path inside the node", p->key);
		for (size_t n; *opts; opts += n + (opts[n] == ',')) {
			n = strcspn(opts, ",");
			if (n && !tmpfs_option_is_good(opts, n))
				diag_error(l->d, p->value->pos, "size=64m, mode=1777, uid, gid, ro, noexec, ...",
					   "'%.*s' is no option of a tmpfs", (int)n, opts);
		}
	}
}

/* Flags and the kernel's options apart. */
static void tmpfs_add(struct node_ctx *c, const char *dst, const char *opts)
{
	struct tmpfs *t = ARENA_PUSH(c->l->a, c->node->tmpfs, c->node->n_tmpfs);

	*t = (struct tmpfs){ .dst = arena_strdup(c->l->a, dst), .options = "" };
	for (size_t n; *opts; opts += n + (opts[n] == ',')) {
		n = strcspn(opts, ",");
		if (memchr(opts, '=', n))
			t->options =
				arena_printf(c->l->a, "%s%s%.*s", t->options, *t->options ? "," : "", (int)n, opts);
		t->ro |= n == 2 && strncmp(opts, "ro", n) == 0;
		t->noexec |= n == 6 && strncmp(opts, "noexec", n) == 0;
	}
}

void node_apply_tmpfs(struct node_ctx *c)
{
	const struct value *shm = levels_value(c->levels, NK_SHM_SIZE);
	struct kv *kv = NULL;
	size_t n = 0;
	uint64_t size;

	levels_merge_kv(c, NK_TMPFS, &kv, &n);
	for (size_t i = 0; i < n; i++)
		tmpfs_add(c, path_clean(c->l->a, "/", kv[i].key), kv[i].value);
	if (shm && *shm->text && size_parse(shm->text, &size) == 0)
		tmpfs_add(c, "/dev/shm", arena_printf(c->l->a, "mode=1777,size=%llu", (unsigned long long)size));
}
