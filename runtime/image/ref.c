// SPDX-License-Identifier: GPL-2.0-or-later
#include "image/ref.h"

#include <string.h>

#include "base/strbuf.h"
#include "plan/image.h"

enum { REPOSITORY_MAX = 255, TAG_MAX = 128, ID_WORD_MIN = 4 };

static const char digits[] = "0123456789abcdef";
static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

const char *image_digest_hex(const char *digest)
{
	const char *hex = strncmp(digest, "sha256:", 7) == 0 ? digest + 7 : NULL;

	return hex && strspn(hex, digits) == IMAGE_ID_LEN && !hex[IMAGE_ID_LEN] ? hex : NULL;
}

/* "latest", "v10.2_1": a letter, digit or '_', then also '.' and '-'. */
static bool tag_is_valid(const char *tag)
{
	const size_t n = strlen(tag);

	if (n == 0 || n > TAG_MAX || !is_word_char(*tag))
		return false;
	for (const char *s = tag; *s; s++)
		if (!is_word_char(*s) && *s != '.' && *s != '-')
			return false;
	return true;
}

/* How long a separator is that may stand between letters and digits of a path's component: '.', '_', '__', or dashes. */
static size_t separator_len(const char *s)
{
	if (*s == '.')
		return 1;
	if (*s == '_')
		return s[1] == '_' ? 2 : 1;
	return strspn(s, "-");
}

static bool component_is_valid(const char *s, size_t n)
{
	const char *end = s + n;

	for (;;) {
		const size_t word = strspn(s, lower);

		if (word == 0)
			return false;
		s += word;
		if (s >= end)
			return s == end;
		s += separator_len(s);
		if (s >= end)
			return false;
	}
}

/* A first component with a dot, a colon or "localhost" is a registry. */
static bool is_registry(const char *s, size_t n)
{
	return memchr(s, '.', n) || memchr(s, ':', n) || (n == 9 && strncmp(s, "localhost", n) == 0);
}

static bool registry_is_valid(const char *s, size_t n)
{
	const char *colon = memchr(s, ':', n);
	const size_t host = colon ? (size_t)(colon - s) : n;

	if (host == 0 || *s == '.' || *s == '-')
		return false;
	for (size_t i = 0; i < host; i++)
		if (!is_word_char(s[i]) && s[i] != '.' && s[i] != '-')
			return false;
	return !colon || (n - host > 1 && strspn(colon + 1, "0123456789") == n - host - 1);
}

static bool repository_is_valid(const char *text)
{
	const char *s = text, *slash = strchr(text, '/');

	if (!*text || strlen(text) > REPOSITORY_MAX)
		return false;
	if (slash && is_registry(text, (size_t)(slash - text))) {
		if (!registry_is_valid(text, (size_t)(slash - text)))
			return false;
		s = slash + 1;
	}
	for (;;) {
		const size_t n = strcspn(s, "/");

		if (!component_is_valid(s, n))
			return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}

/* What everybody leaves out. */
static const char *repository_short(const char *repository)
{
	static const char *const hubs[] = { "docker.io/", "index.docker.io/", "registry-1.docker.io/" };
	const char *s = repository;

	for (size_t i = 0; i < ARRAY_SIZE(hubs); i++)
		if (strncmp(s, hubs[i], strlen(hubs[i])) == 0) {
			s += strlen(hubs[i]);
			break;
		}
	return strncmp(s, "library/", 8) == 0 && !strchr(s + 8, '/') ? s + 8 : s;
}

int image_ref_parse(struct arena *a, const char *text, struct image_ref *ret, struct error *e)
{
	char *copy = arena_strdup(a, text), *at = strchr(copy, '@'), *slash, *colon;
	struct image_ref ref = { 0 };

	if (at) {
		*at = '\0';
		ref.digest = at + 1;
	}
	slash = strrchr(copy, '/');
	colon = strchr(slash ? slash : copy, ':');
	if (colon) {
		*colon = '\0';
		ref.tag = colon + 1;
	}
	if (ref.digest && !image_digest_hex(ref.digest))
		return error_set(e, EINVAL, "'%s': a digest is sha256: and 64 hexadecimal digits", text);
	if (ref.tag && !tag_is_valid(ref.tag))
		return error_set(e, EINVAL, "'%s': a tag is letters, digits, '_', '.' and '-', %d at most", text, TAG_MAX);
	if (!repository_is_valid(copy))
		return error_set(e, EINVAL, "'%s' is not the name of an image ([REGISTRY/]name[:tag], in lower case)", text);
	ref.repository = repository_short(copy);
	if (!ref.tag && !ref.digest)
		ref.tag = "latest";
	*ret = ref;
	return 0;
}

const char *image_ref_name(struct arena *a, const struct image_ref *ref)
{
	return arena_printf(a, "%s:%s", ref->repository, ref->tag ? ref->tag : "latest");
}

/* '%' is in no reference: it stands for what a file's name cannot have. */
const char *image_ref_file(struct arena *a, const char *name)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	for (; *name; name++)
		strbuf_putc(&s, *name == '/' ? '%' : *name);
	return arena_strdup(a, strbuf_str(&s));
}

const char *image_ref_of_file(struct arena *a, const char *file)
{
	char *name = arena_strdup(a, file);

	for (char *s = strchr(name, '%'); s; s = strchr(s, '%'))
		*s = '/';
	return name;
}

bool image_id_matches(const char *id, const char *word)
{
	size_t n;

	if (strncmp(word, "sha256:", 7) == 0)
		word += 7;
	n = strlen(word);
	return n >= ID_WORD_MIN && n <= IMAGE_ID_LEN && strncmp(id, word, n) == 0;
}
