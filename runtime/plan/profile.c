// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * profile.c - the table of images that the host itself can stand for
 *
 * Refuses to know how a node is made; it only says what to start and which files a node needs.
 */
#include "plan/profile.h"

#include <string.h>

#include "base/strbuf.h"
#include "cluster/cri.h"

/*
 * What the FRR image's docker-start does: own the configuration, source frrcommon.sh (which knows this FRR's
 * paths and which daemons /etc/frr/daemons asks for), then run watchfrr in the foreground.
 */
#define FRR_DIRS(X)	   X("/usr/lib/frr") X("/usr/libexec/frr") X("/usr/local/lib/frr") X("/usr/local/sbin")
#define FRR_DIR_WORD(d)	   d " "
#define FRR_DIR_ELEMENT(d) d,

const char *const profile_frr_dirs[] = { FRR_DIRS(FRR_DIR_ELEMENT) NULL };

static const char frr_start[] =
	"log_success_msg() { echo \"$@\"; }; log_warning_msg() { echo \"$@\" >&2; }; log_failure_msg() { echo \"$@\" "
	">&2; }\n"
	"for d in " FRR_DIRS(FRR_DIR_WORD) "; do\n"
					   "  [ -r \"$d/frrcommon.sh\" ] && break\n"
					   "done\n"
					   "[ -r \"$d/frrcommon.sh\" ] || { echo 'netemu: FRR is not installed "
					   "(frrcommon.sh not found)' >&2; exit 127; }\n"
					   "chown -R frr:frr /etc/frr 2>/dev/null\n"
					   ". \"$d/frrcommon.sh\"\n"
					   "exec \"${D_PATH:-$d}/watchfrr\" $(daemon_list)\n";

static const char *const frr_command[] = { "/bin/bash", "-c", frr_start, NULL };
static const char *const frr_daemons[] = { "watchfrr", "mgmtd",	  "zebra",  "bgpd",   "ripd", "ripngd",
					   "ospfd",    "ospf6d",  "isisd",  "babeld", "pimd", "pim6d",
					   "ldpd",     "nhrpd",	  "eigrpd", "sharpd", "pbrd", "staticd",
					   "bfdd",     "fabricd", "vrrpd",  "pathd",  NULL };

static const char *const kind_command[] = { CRI_KUBELET, NULL };
static const char *const kind_daemons[] = { "kubelet", "bgpd", "gobgpd", NULL };

static const char *const no_daemons[] = { NULL };
static const char *const no_images[] = { NULL };
/* What a daemon's image starts when a configuration is there; without one, or without the daemon, it is left idle. */
#define START(daemon, how, ...)                                                 \
	"for c in " __VA_ARGS__ "; do\n"                                        \
	"  [ -r \"$c\" ] && command -v " daemon " >/dev/null && exec " how "\n" \
	"done\n"                                                                \
	"exec sleep infinity\n"

static const char *const bird_command[] = { "/bin/sh", "-c",
					    "mkdir -p /run/bird\n" START(
						    "bird", "bird -f -c \"$c\"",
						    "/etc/bird/bird.conf /etc/bird.conf /usr/local/etc/bird.conf"),
					    NULL };
static const char *const gobgp_command[] = {
	"/bin/sh", "-c",
	START("gobgpd",
	      "gobgpd -f \"$c\" -t \"$(case $c in *.y*ml) echo yaml ;; *.json) echo json ;; *) echo toml ;; esac)\"",
	      "/etc/gobgp/gobgp.conf /etc/gobgp/gobgpd.conf /etc/gobgp/gobgp.toml /etc/gobgp/gobgp.y*ml "
	      "/etc/gobgp.conf /root/gobgp/gobgpd.conf"),
	NULL
};
static const char *const nginx_command[] = { "nginx", "-g", "daemon off;", NULL };
static const char *const dnsmasq_command[] = { "dnsmasq", "-k", NULL };

static const char *const bird_daemons[] = { "bird", "bird6", NULL };
static const char *const gobgp_daemons[] = { "gobgpd", NULL };
static const char *const nginx_daemons[] = { "nginx", NULL };
static const char *const dnsmasq_daemons[] = { "dnsmasq", NULL };

static const char *const frr_images[] = {
	"frrouting/frr", "frrouting/frr-debian", "frr", "sflow/clab-frr", "clab-frr", "frr-debian",
	"frr-alpine",	 "alpine-frr",		 NULL
};
static const char *const bird_images[] = { "pierky/bird", "bird", "bird2", NULL };
static const char *const gobgp_images[] = { "osrg/gobgp", "pierky/gobgp", "gobgp", NULL };
static const char *const nginx_images[] = { "nginx", NULL };
static const char *const dnsmasq_images[] = { "dnsmasq", NULL };
static const char *const alpine_images[] = { "nicolaka/netshoot",
					     "netshoot",
					     "wbitt/network-multitool",
					     "network-multitool",
					     "praqma/network-multitool",
					     "multitool",
					     "alpine",
					     "busybox",
					     "alpine-host",
					     "hellt/network-multitool",
					     "srl-labs/network-multitool",
					     "srl-labs/alpine",
					     "curl",
					     NULL };
static const char *const host_images[] = { "debian",
					   "ubuntu",
					   "fedora",
					   "centos",
					   "rockylinux",
					   "almalinux",
					   "nettool",
					   "nettools",
					   "nettoolbox",
					   "xcni",
					   "clab-iperf3",
					   "linux-host",
					   "kindest/node",
					   "cilium/cilium",
					   "cilium/operator-generic",
					   "python",
					   "iperf3",
					   "networkstatic/iperf3",
					   "iperf",
					   "ostinato",
					   "exabgp",
					   "clab-host",
					   NULL };

const struct profile profiles[] = {
	{ "frr", frr_images, LAYER_FRR, frr_command, frr_daemons, "vtysh", "frr",
	  "the FRR of the host, from the package's defaults", true },
	{ "kind", no_images, LAYER_KIND, kind_command, kind_daemons, NULL, NULL,
	  "a node of a cluster: netemu's kubelet on the host's own programs", false },
	{ "bird", bird_images, LAYER_PLAIN, bird_command, bird_daemons, "bird", "bird2",
	  "the BIRD of the host, if there is a bird.conf", false },
	{ "gobgp", gobgp_images, LAYER_PLAIN, gobgp_command, gobgp_daemons, "gobgpd", "gobgpd",
	  "the GoBGP of the host, if there is a gobgp.conf", false },
	{ "nginx", nginx_images, LAYER_PLAIN, nginx_command, nginx_daemons, "nginx", "nginx-light",
	  "the nginx of the host", false },
	{ "dnsmasq", dnsmasq_images, LAYER_PLAIN, dnsmasq_command, dnsmasq_daemons, "dnsmasq", "dnsmasq-base",
	  "the dnsmasq of the host", false },
	{ "host", alpine_images, LAYER_PLAIN, NULL, no_daemons, NULL, NULL, "an idle host with the host's own programs", true },
	{ "host", host_images, LAYER_PLAIN, NULL, no_daemons, NULL, NULL, "an idle host with the host's own programs", false },
};
const size_t n_profiles = ARRAY_SIZE(profiles);

/*
 * The repository of an image reference, without registry, tag and digest. A first component with a dot, a colon
 * or "localhost" is a registry (distribution reference grammar).
 */
static void image_repository(const char *image, char *buf, size_t size)
{
	const char *slash = strchr(image, '/');
	size_t n;

	if (slash) {
		const size_t first = (size_t)(slash - image);

		if (memchr(image, '.', first) || memchr(image, ':', first) || strncmp(image, "localhost/", 10) == 0)
			image = slash + 1;
	}
	n = strcspn(image, ":@");
	if (n >= size)
		n = size - 1;
	memcpy(buf, image, n);
	buf[n] = '\0';
	if (strncmp(buf, "library/", 8) == 0)
		memmove(buf, buf + 8, strlen(buf + 8) + 1);
}

/* Whether @repo is @name, or ends in "/NAME" (a mirror's prefix). */
static bool repository_matches(const char *repo, const char *name)
{
	const size_t nr = strlen(repo), nn = strlen(name);

	if (nr < nn || strcmp(repo + nr - nn, name) != 0)
		return false;
	return nr == nn || repo[nr - nn - 1] == '/';
}

const struct profile *profile_find(const char *image)
{
	char repo[256];

	if (!image || !*image)
		return &profiles[n_profiles - 1];
	image_repository(image, repo, sizeof(repo));
	for (size_t i = 0; i < n_profiles; i++)
		for (const char *const *name = profiles[i].images; *name; name++)
			if (repository_matches(repo, *name))
				return &profiles[i];
	return NULL;
}

const struct profile *profile_kind(void)
{
	for (size_t i = 0; i < n_profiles; i++)
		if (profiles[i].layer == LAYER_KIND)
			return &profiles[i];
	return NULL;
}

/* What is known of a name is still of use: which daemons are worth telling, and what starts them where no configuration does. */
const struct profile *profile_image(struct arena *a, const char *image)
{
	const struct profile *like = profile_find(image);
	struct profile *own = arena_alloc(a, sizeof(*own));

	*own = (struct profile){ .name = "image", .images = no_images, .layer = LAYER_IMAGE, .command = like ? like->command : NULL,
				 .daemons = like ? like->daemons : no_daemons, .about = "an imported image" };
	return own;
}

const char *profile_layer_dir(enum profile_layer layer)
{
	static const char *const dirs[] = {
		[LAYER_PLAIN] = NULL, [LAYER_FRR] = "layer/frr", [LAYER_KIND] = "layer/kind",
		[LAYER_IMAGE] = "layer/image"
	};

	static_assert(ARRAY_SIZE(dirs) == _LAYER_MAX, "a directory for each layer");
	return dirs[layer];
}

/* watchfrr makes the file when all daemons have answered it and the configuration is read. */
static const char frr_ready[] = "n=0\nuntil [ -e /var/run/frr/watchfrr.started ]; do\n"
				"  [ $((n += 1)) -le 500 ] || exit 1\n  sleep 0.02\ndone\n";

const char *const *profile_ready(const struct profile *p)
{
	static const char *const frr[] = { "/bin/sh", "-c", frr_ready, NULL };

	return p && p->layer == LAYER_FRR ? frr : NULL;
}

bool profile_has_daemon(const struct profile *p, const char *comm)
{
	for (const char *const *d = p ? p->daemons : NULL; d && *d; d++)
		if (strcmp(*d, comm) == 0)
			return true;
	return false;
}

char *profile_names(struct arena *a)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	for (size_t i = 0; i < n_profiles; i++)
		for (const char *const *name = profiles[i].images; *name; name++)
			strbuf_printf(&s, "%s%s", s.len ? ", " : "", *name);
	return arena_strdup(a, strbuf_str(&s));
}

bool command_is_idle(const struct strv *argv)
{
	static const char *const shells[] = { "bash", "sh", "ash", "dash", "zsh" };
	const char *base;

	if (argv->n == 0)
		return true;
	base = strrchr(argv->v[0], '/');
	base = base ? base + 1 : argv->v[0];
	if (argv->n == 1)
		for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
			if (strcmp(base, shells[i]) == 0)
				return true;
	if (argv->n == 2 && strcmp(base, "sleep") == 0)
		return strcmp(argv->v[1], "infinity") == 0;
	return argv->n == 3 && strcmp(base, "tail") == 0 && strcmp(argv->v[1], "-f") == 0 &&
	       strcmp(argv->v[2], "/dev/null") == 0;
}
