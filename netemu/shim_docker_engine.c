// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim_docker_engine.c - docker version and docker info: what there is in the place of the engine
 *
 * Owns the two objects that Go templates are about; without one, a short text that says who answers.
 */
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "shim_docker.h"

static const char api_version[] = "1.47";

/* As Go calls processors. */
static const char *go_arch(const char *machine)
{
	static const struct {
		const char *kernel, *go;
	} names[] = { { "x86_64", "amd64" }, { "aarch64", "arm64" }, { "riscv64", "riscv64" } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].kernel, machine) == 0)
			return names[i].go;
	return machine;
}

static int answer(const struct cli *cli, json_t *object)
{
	json_t *list = json_pack("[o]", object);
	const int code = docker_objects(cli_value(cli, "format"), list);

	json_decref(list);
	return code;
}

/* ---- version ---- */

int docker_version(const struct cli *cli)
{
	static const char git[] = "netemu-" NETEMU_VERSION;
	struct utsname u;
	const char *arch;

	(void)uname(&u);
	arch = go_arch(u.machine);
	if (cli_flag(cli, "format"))
		return answer(cli, json_pack("{s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s}, "
					     "s:[{s:s, s:s}]}}",
					     "Client", "Version", shim_docker.version, "ApiVersion", api_version, "DefaultAPIVersion",
					     api_version, "GitCommit", git, "Os", "linux", "Arch", arch, "Context", "default", "Server",
					     "Version", shim_docker.version, "ApiVersion", api_version, "MinAPIVersion", "1.24",
					     "GitCommit", git, "Os", "linux", "Arch", arch, "KernelVersion", u.release, "BuildTime", "",
					     "Platform", "Name", "netemu " NETEMU_VERSION, "Components", "Name", "netemu", "Version",
					     NETEMU_VERSION));
	for (int server = 0; server < 2; server++)
		(void)printf("%s: netemu " NETEMU_VERSION " (in the place of Docker)\n Version:           %s\n"
			     " API version:       %s\n Git commit:        %s\n OS/Arch:           linux/%s\n%s",
			     server ? "Server" : "Client", shim_docker.version, api_version, git, arch,
			     server ? "" : " Context:           default\n\n");
	return CLI_OK;
}

/* ---- info ---- */

struct counts {
	size_t running, paused, stopped, images;
};

static void lab_count(const struct lab_state *st, struct arena *a, struct strv *images, struct counts *c)
{
	for (size_t k = 0; k < st->n_nodes; k++) {
		const struct node_state *n = &st->nodes[k];
		const char *state = docker_state(n);

		if (!docker_is_container(n))
			continue;
		c->running += strcmp(state, "running") == 0;
		c->paused += strcmp(state, "paused") == 0;
		c->stopped += strcmp(state, "exited") == 0;
		if (*n->image && !strv_contains(images, n->image))
			strv_add(a, images, arena_strdup(a, n->image));
	}
	c->images = images->n;
}

static int counts_read(struct counts *c, struct error *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strv labs = { 0 }, images = { 0 };
	int r = state_names(&a, &labs, e);

	for (size_t i = 0; r == 0 && i < labs.n; i++) {
		_cleanup_(state_freep) struct lab_state *st = NULL;

		if (state_load(labs.v[i], &st, NULL) < 0)
			continue;
		(void)state_refresh(st, NULL);
		lab_count(st, &a, &images, c);
	}
	return r;
}

static const char *cgroup_version(void)
{
	return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 ? "2" : "1";
}

static json_t *info_object(const struct counts *c, const struct utsname *u, const struct sysinfo *s)
{
	return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:s, s:s, s:[], s:[], s:{s:{}}, s:s, s:b}",
			 "ID", "netemu", "Containers", (int)(c->running + c->paused + c->stopped), "ContainersRunning",
			 (int)c->running, "ContainersPaused", (int)c->paused, "ContainersStopped", (int)c->stopped, "Images",
			 (int)c->images, "Driver", "overlay2", "CgroupDriver", "cgroupfs", "CgroupVersion", cgroup_version(),
			 "KernelVersion", u->release, "OperatingSystem", "netemu " NETEMU_VERSION, "OSType", "linux", "Architecture",
			 u->machine, "NCPU", get_nprocs(), "MemTotal", (json_int_t)((uint64_t)s->totalram * s->mem_unit), "Name",
			 u->nodename, "ServerVersion", shim_docker.version, "DockerRootDir", state_dir_root(), "Warnings",
			 "SecurityOptions", "Runtimes", "netemu", "DefaultRuntime", "netemu",
			 "LiveRestoreEnabled", 0);
}

int docker_info(const struct cli *cli)
{
	struct counts c = { 0 };
	struct sysinfo s = { 0 };
	struct utsname u;
	struct error e = { 0 };

	if (counts_read(&c, &e) < 0)
		return cli_fail(cli, &e);
	(void)uname(&u);
	(void)sysinfo(&s);
	if (cli_flag(cli, "format"))
		return answer(cli, info_object(&c, &u, &s));
	(void)printf("Client: netemu " NETEMU_VERSION " (in the place of Docker)\n Version:    %s\n Context:    default\n\n"
		     "Server:\n Containers: %zu\n  Running: %zu\n  Paused: %zu\n  Stopped: %zu\n Images: %zu\n Server Version: %s\n"
		     " Storage Driver: overlay2\n Cgroup Version: %s\n Kernel Version: %s\n OSType: linux\n Architecture: %s\n"
		     " CPUs: %d\n Total Memory: %.4gGiB\n Name: %s\n Docker Root Dir: %s\n",
		     shim_docker.version, c.running + c.paused + c.stopped, c.running, c.paused, c.stopped, c.images,
		     shim_docker.version, cgroup_version(), u.release, u.machine, get_nprocs(),
		     (double)s.totalram * s.mem_unit / (1U << 30), u.nodename, state_dir_root());
	return CLI_OK;
}
