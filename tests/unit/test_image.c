// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_image.c - names and JSON of images; what layers leave in a tree, whiteouts and hostile names above all
 */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "image/config.h"
#include "image/ref.h"
#include "imager/layer.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* ---- names ---- */

static const char *short_name(struct arena *a, const char *text)
{
	struct image_ref ref;

	return image_ref_parse(a, text, &ref, NULL) == 0 ? image_ref_name(a, &ref) : NULL;
}

static void test_ref_short(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };

	(void)state;
	assert_string_equal(short_name(&a, "alpine"), "alpine:latest");
	assert_string_equal(short_name(&a, "docker.io/library/alpine:3.19"), "alpine:3.19");
	assert_string_equal(short_name(&a, "library/alpine"), "alpine:latest");
	assert_string_equal(short_name(&a, "docker.io/frrouting/frr:v8"), "frrouting/frr:v8");
	assert_string_equal(short_name(&a, "index.docker.io/library/busybox"), "busybox:latest");
	assert_string_equal(short_name(&a, "quay.io/frrouting/frr:10.2.1"), "quay.io/frrouting/frr:10.2.1");
	assert_string_equal(short_name(&a, "localhost:5000/a/b"), "localhost:5000/a/b:latest");
}

static void test_ref_bad(void **state)
{
	static const char *const bad[] = { "",	    "Alpine",  "a:",	 "a:.x",  "../x",   "a//b", "/a",    "a/",
					   "a b",   "a@sha256:12", "a:b:c", "-a", "a..b",   "a/../b", "a%b" };
	_cleanup_arena_ struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_null(short_name(&a, bad[i]));
}

static void test_ref_digest(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct image_ref ref;

	(void)state;
	assert_int_equal(image_ref_parse(&a, "alpine@sha256:" HEX, &ref, NULL), 0);
	assert_null(ref.tag);
	assert_string_equal(ref.digest, "sha256:" HEX);
	assert_int_equal(image_ref_parse(&a, "docker.io/library/alpine:3@sha256:" HEX, &ref, NULL), 0);
	assert_string_equal(ref.tag, "3");
	assert_true(image_id_matches(HEX, "0123"));
	assert_true(image_id_matches(HEX, "sha256:" HEX));
	assert_false(image_id_matches(HEX, "012"));
	assert_false(image_id_matches(HEX, "1234"));
}

static void test_ref_file(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };

	(void)state;
	assert_string_equal(image_ref_file(&a, "quay.io/a/b:1"), "quay.io%a%b:1");
	assert_string_equal(image_ref_of_file(&a, "quay.io%a%b:1"), "quay.io/a/b:1");
}

/* ---- JSON ---- */

static json_t *json_of(const char *text)
{
	json_t *j = json_loads(text, 0, NULL);

	assert_non_null(j);
	return j;
}

static int config_of(struct arena *a, const char *text, struct image *im)
{
	json_t *j = json_of(text);
	const int r = image_config_read(a, j, im, NULL);

	json_decref(j);
	return r;
}

static void test_config(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct image im = { 0 };

	(void)state;
	assert_int_equal(config_of(&a,
				   "{\"os\": \"linux\", \"architecture\": \"amd64\", \"config\": {\"Entrypoint\": [\"/sbin/tini\", \"--\"],"
				   "\"Cmd\": \"/start\", \"Env\": [\"A=b\", \"junk\", \"=x\", \"C=\"], \"WorkingDir\": \"srv\", \"User\": "
				   "\"frr:frr\", \"ExposedPorts\": {\"80/tcp\": {}}}}",
				   &im),
			 0);
	assert_int_equal(im.entrypoint.n, 2);
	assert_string_equal(im.cmd.v[0], "/start");
	assert_int_equal(im.env.n, 2);
	assert_string_equal(im.env.v[1], "C=");
	assert_string_equal(im.workdir, "/srv");
	assert_string_equal(im.user, "frr:frr");
	assert_string_equal(im.exposed_ports.v[0], "80/tcp");
	assert_int_equal(config_of(&a, "{}", &im), 0);
	assert_int_equal(config_of(&a, "[]", &im), -EINVAL);
	assert_int_equal(config_of(&a, "{\"os\": \"windows\"}", &im), -EINVAL);
	assert_int_equal(config_of(&a, "{\"config\": {\"Cmd\": [1]}}", &im), -EINVAL);
	assert_int_equal(config_of(&a, "{\"config\": {\"Env\": {}}}", &im), -EINVAL);
}

static void test_manifest_docker(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct image_manifest *v;
	json_t *j = json_of("[{\"Config\": \"" HEX ".json\", \"RepoTags\": [\"a:1\", \"b:2\"], \"Layers\": [\"x/layer.tar\"]}]");
	size_t n;

	(void)state;
	assert_int_equal(manifest_docker(&a, j, &v, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_string_equal(v->config.digest, HEX);
	assert_null(v->layers[0].digest);
	assert_string_equal(v->names.v[1], "b:2");
	json_decref(j);
	j = json_of("[{\"Config\": \"../../etc/passwd\", \"Layers\": []}]");
	assert_int_equal(manifest_docker(&a, j, &v, &n, NULL), -EINVAL);
	json_decref(j);
}

#define ENTRY(digit, name, arch) \
	"{\"digest\": \"sha256:" digit "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\", \"annotations\": " \
	"{\"org.opencontainers.image.ref.name\": \"" name "\"}, \"platform\": {\"os\": \"linux\", \"architecture\": \"" arch "\"}}"

static void test_index_choose(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct index_entry *v;
	struct error e = { 0 };
	json_t *j = json_of("{\"manifests\": [" ENTRY("0", "a:1", "arm64") "," ENTRY("1", "a:1", "amd64") "," ENTRY("2", "b:1", "amd64") "]}");
	size_t n;

	(void)state;
	assert_int_equal(manifest_index(&a, j, &v, &n, NULL), 0);
	assert_int_equal(index_choose(v, n, "docker.io/library/a:1", "amd64", NULL), 1);
	assert_int_equal(index_choose(v, n, "b:1", "amd64", NULL), 2);
	assert_int_equal(index_choose(v, n, "b:1", "riscv64", &e), -ENOENT);
	assert_string_equal(e.msg, "it is not for this machine (riscv64), but for amd64");
	json_decref(j);
}

/* ---- layers ---- */

struct place {
	char path[64];
	int fd;
	struct tree tree;
};

static int place_make(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	(void)snprintf(p->path, sizeof(p->path), "/tmp/netemu-image-XXXXXX");
	assert_non_null(mkdtemp(p->path));
	p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_open(&p->tree, p->fd, "root", NULL), 0);
	*state = p;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static int place_remove(void **state)
{
	struct place *p = *state;

	tree_done(&p->tree);
	(void)close(p->fd);
	(void)nftw(p->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(p);
	return 0;
}

/* "dir/" a directory, "a=>b" a symbolic link, "a=b" a hard link, else a file that holds its name. */
static void entry_write(struct archive *out, const char *word)
{
	struct archive_entry *ent = archive_entry_new();
	_cleanup_free_ char *name = strdup(word);
	char *eq = strchr(name, '='), *target = eq ? eq + 1 + (eq[1] == '>') : NULL;
	const bool symbolic = eq && eq[1] == '>', dir = name[strlen(name) - 1] == '/';

	if (eq)
		*eq = '\0';
	archive_entry_set_pathname(ent, name);
	archive_entry_set_uid(ent, getuid());
	archive_entry_set_gid(ent, getgid());
	archive_entry_set_mtime(ent, 1000, 0);
	archive_entry_set_mode(ent, dir ? S_IFDIR | 0755 : symbolic ? S_IFLNK | 0777 : S_IFREG | 0640);
	if (symbolic)
		archive_entry_set_symlink(ent, target);
	else if (target)
		archive_entry_set_hardlink(ent, target);
	else if (!dir)
		archive_entry_set_size(ent, (la_int64_t)strlen(name));
	assert_int_equal(archive_write_header(out, ent), ARCHIVE_OK);
	if (!dir && !target)
		assert_int_equal(archive_write_data(out, name, strlen(name)), strlen(name));
	archive_entry_free(ent);
}

static int layer(struct place *p, const char *const *words, struct error *e)
{
	const int fd = memfd_create("layer", MFD_CLOEXEC);
	struct archive *out = archive_write_new();
	char hex[IMAGE_ID_LEN + 1];
	int r;

	assert_int_equal(archive_write_set_format_pax_restricted(out), ARCHIVE_OK);
	assert_int_equal(archive_write_open_fd(out, fd), ARCHIVE_OK);
	for (; *words; words++)
		entry_write(out, *words);
	assert_int_equal(archive_write_free(out), ARCHIVE_OK);
	(void)lseek(fd, 0, SEEK_SET);
	r = layer_unpack(&p->tree, fd, hex, e);
	(void)close(fd);
	return r;
}

#define LAYER(p, ...) assert_int_equal(layer(p, (const char *const[]){ __VA_ARGS__, NULL }, NULL), 0)
#define LAYER_FAILS(p, code, ...) \
	assert_int_equal(layer(p, (const char *const[]){ __VA_ARGS__, NULL }, &(struct error){ 0 }), -(code))

static bool has(const struct place *p, const char *name)
{
	return faccessat(p->tree.root, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_layer_times(void **state)
{
	struct place *p = *state;
	struct stat st;

	LAYER(p, "d/", "d/a", "d/b=d/a", "l=>d/a");
	assert_int_equal(fstatat(p->tree.root, "d/b", &st, 0), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(fstatat(p->tree.root, "d", &st, 0), 0);
	assert_int_equal(st.st_mtime, 1000);
}

static void test_whiteout(void **state)
{
	struct place *p = *state;

	LAYER(p, "a", "b", "d/", "d/x", "d/y", "d/s/", "d/s/z");
	LAYER(p, ".wh.a", "d/.wh.s");
	assert_false(has(p, "a"));
	assert_true(has(p, "b"));
	assert_true(has(p, "d/x"));
	assert_false(has(p, "d/s"));
	assert_false(has(p, ".wh.a"));
	LAYER(p, ".wh.nothing", ".wh..wh.plnk");
}

/* What the layer itself brings stays, in whatever order; what its directories had below does not. */
static void test_whiteout_opaque(void **state)
{
	struct place *p = *state;

	LAYER(p, "d/", "d/x", "d/s/", "d/s/old", "e");
	LAYER(p, "d/", "d/new", "d/s/", "d/s/new", "d/.wh..wh..opq");
	assert_true(has(p, "d/new"));
	assert_true(has(p, "d/s/new"));
	assert_false(has(p, "d/x"));
	assert_false(has(p, "d/s/old"));
	assert_true(has(p, "e"));
	LAYER(p, "d/again", "d/.wh.s", "d/s/third");
	assert_true(has(p, "d/s/third"));
	assert_false(has(p, "d/s/new"));
	LAYER(p, ".wh..wh..opq");
	assert_false(has(p, "d"));
	assert_false(has(p, "e"));
}

static void test_replaced(void **state)
{
	struct place *p = *state;
	struct stat st;

	LAYER(p, "d/", "d/x", "f", "h=f", "l=>f", "k=>d");
	LAYER(p, "d", "l", "k/");
	assert_int_equal(fstatat(p->tree.root, "d", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(fstatat(p->tree.root, "k", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISDIR(st.st_mode));
	/* Not through the link, and not into its other name. */
	LAYER(p, "f");
	assert_int_equal(fstatat(p->tree.root, "f", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_nlink, 1);
}

/* A link means what it means inside. */
static void test_links_inside(void **state)
{
	struct place *p = *state;

	LAYER(p, "usr/lib/", "lib=>usr/lib", "abs=>/usr/lib", "up=>../../../usr/lib", "late=>/not/yet/there");
	LAYER(p, "lib/a", "abs/b", "up/c", "late/d", "./e", "/f");
	assert_true(has(p, "usr/lib/a") && has(p, "usr/lib/b") && has(p, "usr/lib/c"));
	assert_true(has(p, "not/yet/there/d"));
	assert_true(has(p, "e") && has(p, "f"));
	LAYER(p, "lib/.wh.a");
	assert_false(has(p, "usr/lib/a"));
}

static void test_hostile(void **state)
{
	struct place *p = *state;

	LAYER_FAILS(p, EINVAL, "../x");
	LAYER_FAILS(p, EINVAL, "a/../../x");
	LAYER_FAILS(p, EINVAL, "x=../../../etc/passwd");
	LAYER_FAILS(p, ENOENT, "x=etc/passwd");
	LAYER_FAILS(p, EINVAL, "x", "x=x");
	LAYER_FAILS(p, ELOOP, "m=>n", "n=>m", "m/x");
	LAYER_FAILS(p, ENOTDIR, "f", "f/x");
	LAYER_FAILS(p, EINVAL, ".wh...");
	assert_int_equal(access("/tmp/x", F_OK), -1);
}

static void test_truncated(void **state)
{
	struct place *p = *state;
	const int fd = memfd_create("layer", MFD_CLOEXEC);
	char hex[IMAGE_ID_LEN + 1];
	struct error e = { 0 };

	assert_int_equal(write(fd, "no tar archive at all", 21), 21);
	(void)lseek(fd, 0, SEEK_SET);
	assert_int_equal(layer_unpack(&p->tree, fd, hex, &e), -EBADMSG);
	(void)close(fd);
}

static void test_no_room(void **state)
{
	struct place *p = *state;

	p->tree.room = 3;
	LAYER_FAILS(p, EFBIG, "long-name");
}

static void test_path_clean(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };

	(void)state;
	assert_string_equal(image_path_clean(&a, "/./a//b/."), "a/b");
	assert_string_equal(image_path_clean(&a, "./"), "");
	assert_string_equal(image_path_clean(&a, "..a/b.."), "..a/b..");
	assert_null(image_path_clean(&a, "a/.."));
	assert_null(image_path_clean(&a, "../a"));
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ref_short),   cmocka_unit_test(test_ref_bad),	    cmocka_unit_test(test_ref_digest),
		cmocka_unit_test(test_ref_file),    cmocka_unit_test(test_config),	    cmocka_unit_test(test_manifest_docker),
		cmocka_unit_test(test_index_choose), cmocka_unit_test(test_path_clean),	    IN_PLACE(test_layer_times),
		IN_PLACE(test_whiteout),	    IN_PLACE(test_whiteout_opaque),	    IN_PLACE(test_replaced),
		IN_PLACE(test_links_inside),	    IN_PLACE(test_hostile),		    IN_PLACE(test_truncated),
		IN_PLACE(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
