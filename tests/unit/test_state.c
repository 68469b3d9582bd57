// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_state.c - labs on disk: locks, sweeping, finding, broken states, ending a supervisor
 *
 * Everything happens below a temporary directory; processes stand in for supervisors.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "engine/ctl.h"
#include "engine/state_internal.h"

static char tmp[64], run[96], netns[96];

static const char *path_of(const char *lab)
{
	static char buf[512];

	(void)snprintf(buf, sizeof(buf), "%s/%s", run, lab);
	return buf;
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(tmp, sizeof(tmp), "/tmp/test_state.XXXXXX");
	if (!mkdtemp(tmp))
		return -1;
	(void)snprintf(run, sizeof(run), "%s/netemu", tmp);
	(void)snprintf(netns, sizeof(netns), "%s/netns", tmp);
	(void)mkdir(netns, 0755);
	(void)setenv("NETEMU_RUNDIR", run, 1);
	(void)setenv("NETEMU_NETNSDIR", netns, 1);
	return 0;
}

/* Every test has to leave the directories empty. */
static int teardown(void **state)
{
	(void)state;
	if (rmdir(run) < 0 && errno != ENOENT)
		return -1;
	if (rmdir(netns) < 0 && errno != ENOENT)
		return -1;
	return rmdir(tmp);
}

/* A state with two nodes; @pid stands in for the supervisor. */
static struct node_state *two_nodes(struct lab_state *st, const char *lab, pid_t pid)
{
	static struct node_state nodes[2];
	static char longname[2][64];
	static const char *const names[2] = { "r1", "r2" };

	*st = (struct lab_state){ .version = STATE_VERSION, .name = lab, .type = "topology", .status = "running",
				  .prefix = "clab-", .supervisor = pid, .nodes = nodes, .n_nodes = 2,
				  .created = 1700000000 };
	(void)state_pid_starttime(pid, &st->starttime);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(longname[i], sizeof(longname[i]), "clab-%s-%s", lab, names[i]);
		nodes[i] = (struct node_state){ .name = names[i], .longname = longname[i], .pid = pid, .netns_fd = 7 + i,
						.starttime = 5, .ipv4 = "172.20.20.2/24", .command = "bash \"-c\"\n" };
	}
	return nodes;
}

static void netns_link(const char *name, pid_t pid)
{
	char target[64], p[256];

	(void)snprintf(target, sizeof(target), "/proc/%d/fd/7", pid);
	(void)snprintf(p, sizeof(p), "%s/%s", netns, name);
	assert_int_equal(symlink(target, p), 0);
}

static bool netns_has(const char *name)
{
	char p[256];
	struct stat sb;

	(void)snprintf(p, sizeof(p), "%s/%s", netns, name);
	return lstat(p, &sb) == 0;
}

static void netns_unlink(const char *name)
{
	char p[256];

	(void)snprintf(p, sizeof(p), "%s/%s", netns, name);
	assert_int_equal(unlink(p), 0);
}

static void put_file(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

static int lab_up(const char *lab, pid_t pid)
{
	struct error e = { 0 };
	struct lab_state st;
	int fd = state_lock(lab, &e);

	if (fd < 0)
		fail_msg("%s", e.msg);
	(void)two_nodes(&st, lab, pid);
	assert_int_equal(state_save(&st, fd, &e), 0);
	assert_int_equal(mkdirat(fd, "nodes", 0700), 0);
	put_file(fd, "nodes/r1.sock", "");
	put_file(fd, "nodes/r2.sock", "");
	return fd;
}

static void lab_down(const char *lab, int fd)
{
	struct error e = { 0 };

	if (state_remove(lab, fd, &e) < 0)
		fail_msg("%s", e.msg);
	(void)close(fd);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(state_name_valid("bgp-cplane-demo"));
	assert_true(state_name_valid("_a.b"));
	assert_false(state_name_valid(""));
	assert_false(state_name_valid("."));
	assert_false(state_name_valid(".."));
	assert_false(state_name_valid("a/b"));
	assert_false(state_name_valid("-a"));
	assert_false(state_name_valid("a b"));
	assert_false(state_name_valid("a\n"));
	assert_int_equal(state_lock("../x", NULL), -EINVAL);
	assert_int_equal(state_destroy("../x", 0, true, NULL), -EINVAL);
}

static void test_starttime(void **state)
{
	uint64_t a = 0, b = 0;

	(void)state;
	assert_int_equal(state_pid_starttime(getpid(), &a), 0);
	assert_int_equal(state_pid_starttime(getpid(), &b), 0);
	assert_true(a == b && a > 0);
	assert_int_equal(state_pid_starttime(0, &a), -ESRCH);
	assert_int_equal(state_pid_starttime(INT32_MAX, &a), -ESRCH);
}

static void test_save_load(void **state)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	struct error e = { 0 };
	int fd = lab_up("one", getpid());

	(void)state;
	if (state_load("one", &st, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(st->name, "one");
	assert_int_equal(st->n_nodes, 2);
	assert_string_equal(st->nodes[1].longname, "clab-one-r2");
	assert_string_equal(st->nodes[0].command, "bash \"-c\"\n");
	assert_string_equal(st->nodes[0].image, "");
	assert_int_equal(st->nodes[1].netns_fd, 8);
	assert_int_equal(st->created, 1700000000);
	lab_down("one", fd);
	assert_int_equal(access(run, F_OK), -1);
}

static void test_lock_excludes(void **state)
{
	struct error e = { 0 };
	int fd = lab_up("one", getpid());

	(void)state;
	assert_int_equal(state_lock("one", &e), -EBUSY);
	assert_non_null(strstr(e.msg, "already running"));
	assert_int_equal(state_sweep(&e), 0);
	lab_down("one", fd);
}

static void test_dead_lab_is_swept(void **state)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	struct error e = { 0 };
	int fd = lab_up("dead", 1234567);

	(void)state;
	netns_link("clab-dead-r1", 1234567);
	netns_link("clab-dead-r2", 7654321); /* was given to somebody else */
	netns_link("clab-dead-r3", 1234567); /* is not in the state */
	(void)close(fd);
	assert_int_equal(state_load("dead", &st, &e), -ENOENT);
	assert_false(netns_has("clab-dead-r1"));
	netns_unlink("clab-dead-r2");
	netns_unlink("clab-dead-r3");
	assert_int_equal(access(run, F_OK), -1);
}

static void test_lock_sweeps(void **state)
{
	struct error e = { 0 };
	int fd = lab_up("again", 1234567);

	(void)state;
	netns_link("clab-again-r1", 1234567);
	(void)close(fd);
	fd = state_lock("again", &e);
	assert_true(fd >= 0);
	assert_false(netns_has("clab-again-r1"));
	assert_int_equal(faccessat(fd, "nodes", F_OK, 0), -1);
	lab_down("again", fd);
}

static void test_symlink_is_refused(void **state)
{
	struct error e = { 0 };

	(void)state;
	assert_int_equal(mkdir(run, 0700), 0);
	assert_int_equal(symlink("/etc", path_of("evil")), 0);
	assert_true(state_lock("evil", &e) < 0);
	assert_int_equal(unlink(path_of("evil")), 0);
	assert_int_equal(rmdir(run), 0);
	assert_int_equal(symlink("/etc", run), 0);
	assert_true(state_lock("evil", &e) < 0);
	assert_int_equal(unlink(run), 0);
}

static void test_root_must_be_private(void **state)
{
	struct error e = { 0 };

	(void)state;
	assert_int_equal(mkdir(run, 0700), 0);
	assert_int_equal(chmod(run, 0777), 0);
	assert_int_equal(state_lock("x", &e), -EPERM);
}

/* Sweeping follows no symlink out of the lab's directory. */
static void test_sweep_stays_inside(void **state)
{
	char outside[128];
	int fd = lab_up("esc", 1234567), out;

	(void)state;
	(void)snprintf(outside, sizeof(outside), "%s/outside", tmp);
	assert_int_equal(mkdir(outside, 0700), 0);
	out = open(outside, O_RDONLY | O_DIRECTORY);
	put_file(out, "precious", "x");
	assert_int_equal(symlinkat(outside, fd, "logs"), 0);
	(void)close(fd);
	assert_int_equal(state_sweep(NULL), 1);
	assert_int_equal(unlinkat(out, "precious", 0), 0);
	(void)close(out);
	assert_int_equal(rmdir(outside), 0);
}

static void load_fails(const char *text, const char *word)
{
	struct lab_state *st = NULL;
	struct error e = { 0 };
	int fd = lab_up("bad", getpid());

	put_file(fd, "state.json", text);
	assert_int_equal(state_load("bad", &st, &e), -EPROTO);
	if (!strstr(e.msg, word))
		fail_msg("\"%s\" is not in: %s", word, e.msg);
	assert_int_equal(state_destroy("bad", 0, true, &e), -EPROTO); /* alive: nothing is killed on its word */
	lab_down("bad", fd);
}

#define HEAD "{\"version\":1,\"name\":\"bad\",\"status\":\"running\",\"supervisor\":1,\"starttime\":1,"

static void test_broken_states(void **state)
{
	(void)state;
	load_fails("", "broken");
	load_fails("{\"version\":1,\"name\":\"bad\",", "broken");
	load_fails("[]", "version");
	load_fails("{\"version\":1}", "name");
	load_fails(HEAD "\"links\":[]}", "nodes");
	load_fails(HEAD "\"nodes\":[{\"name\":\"../x\",\"longname\":\"x\",\"pid\":1,\"starttime\":1,\"netns_fd\":1}],"
			"\"links\":[]}", "name");
	load_fails(HEAD "\"nodes\":[{\"name\":\"x\",\"longname\":\"x\",\"pid\":-1,\"starttime\":1,\"netns_fd\":1}],"
			"\"links\":[]}", "pid");
	load_fails(HEAD "\"nodes\":[],\"links\":[[0,\"a\",0,\"b\"]]}", "links");
	load_fails(HEAD "\"nodes\":[],\"links\":[],\"links\":[]}", "broken");
	load_fails("{\"version\":1,\"name\":\"other\",\"status\":\"running\",\"supervisor\":1,\"starttime\":1,"
		   "\"nodes\":[],\"links\":[]}", "other");
}

static void test_newer_state(void **state)
{
	static const char newer[] = "{\"version\":2,\"name\":[\"new\"]}";
	struct lab_state *st = NULL;
	struct error e = { 0 };
	int fd = lab_up("newer", getpid());

	(void)state;
	put_file(fd, "state.json", newer);
	assert_int_equal(state_load("newer", &st, &e), -EPROTO);
	assert_non_null(strstr(e.msg, "newer netemu"));
	assert_int_equal(state_destroy("newer", 0, true, &e), -EPROTO);
	(void)close(fd);
	assert_int_equal(state_lock("newer", &e), -EPROTO); /* dead, but not ours to understand */
	assert_int_equal(state_destroy("newer", 0, true, &e), -EPROTO);
	fd = open(path_of("newer"), O_RDONLY | O_DIRECTORY);
	put_file(fd, "state.json", "");
	lab_down("newer", fd);
}

static void test_reused_pid(void **state)
{
	struct lab_state st, *loaded = NULL;
	struct error e = { 0 };
	int fd = lab_up("pid", getpid());

	(void)state;
	(void)two_nodes(&st, "pid", getpid());
	st.starttime++;
	assert_int_equal(state_save(&st, fd, &e), 0);
	assert_int_equal(state_load("pid", &loaded, &e), -EPROTO);
	assert_int_equal(state_destroy("pid", 0, true, &e), -EBUSY); /* and this process is still there to say so */
	lab_down("pid", fd);
}

static void find(const char *lab, const char *name, int want, const char *longname)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	struct error e = { 0 };
	size_t i = 99;
	int r = state_find_node(lab, name, &st, &i, &e);

	if (r != want)
		fail_msg("%s: %d (%s)", name, r, e.msg);
	if (r == 0)
		assert_string_equal(st->nodes[i].longname, longname);
	else if (longname && !strstr(e.msg, longname))
		fail_msg("\"%s\" is not in: %s", longname, e.msg);
}

static void test_find(void **state)
{
	int a, b;

	(void)state;
	find(NULL, "r1", -ENOENT, "no lab is running");
	a = lab_up("a", getpid());
	find(NULL, "r1", 0, "clab-a-r1");
	find(NULL, "clab-a-r2", 0, "clab-a-r2");
	find(NULL, "r9", -ENOENT, "r1, r2");
	find(NULL, "../a", -ENOENT, "r1, r2");
	b = lab_up("b", getpid());
	find(NULL, "r1", -EEXIST, "a, b");
	find("b", "r1", 0, "clab-b-r1");
	find("c", "r1", -ENOENT, "'c' is not running");
	find(NULL, "clab-b-r1", 0, "clab-b-r1");
	(void)unlinkat(b, "nodes/r1.sock", 0); /* a node without an init */
	(void)unlinkat(a, "nodes/r1.sock", 0);
	find("b", "r1", 0, "clab-b-r1");
	find(NULL, "r1", -EEXIST, "--lab");
	lab_down("a", a);
	lab_down("b", b);
}

/* The excerpt that find makes of a state is the same node as the whole state has. */
static void test_excerpt(void **state)
{
	_cleanup_strbuf_ struct strbuf text = { 0 }, one = { 0 };
	struct lab_state st, *back = NULL;
	struct node_state *nodes = two_nodes(&st, "a", 1);

	(void)state;
	nodes[0].command = "x\n{\"name\": \"r2\", \"longname\": \"r2\", ";
	nodes[1].hostname = "h2";
	state_json_format(&st, &text);
	assert_true(state_json_excerpt(text.buf, text.len, "r2", &one));
	assert_int_equal(state_json_parse(one.buf, one.len, &back, NULL), 0);
	assert_int_equal(back->n_nodes, 1);
	assert_string_equal(back->nodes[0].longname, "clab-a-r2");
	assert_string_equal(back->nodes[0].hostname, "h2");
	assert_int_equal(back->created, st.created);
	state_free(TAKE_PTR(back));
	strbuf_reset(&one);
	assert_true(state_json_excerpt(text.buf, text.len, "clab-a-r1", &one));
	assert_int_equal(state_json_parse(one.buf, one.len, &back, NULL), 0);
	assert_string_equal(back->nodes[0].command, nodes[0].command);
	state_free(back);
	strbuf_reset(&one);
	assert_false(state_json_excerpt(text.buf, text.len, "r", &one));
	assert_false(state_json_excerpt(text.buf, text.len, "clab-a-r3", &one));
	text.buf[text.len - 1] = '\0'; /* cut short */
	assert_false(state_json_excerpt(text.buf, text.len - 1, "r1", &one));
	assert_false(state_json_excerpt("", 0, "r1", &one));
}

static void test_list(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct strv names = { 0 };
	struct error e = { 0 };
	int a, b, c;

	(void)state;
	assert_int_equal(state_names(&arena, &names, &e), 0);
	assert_int_equal(names.n, 0);
	b = lab_up("b", getpid());
	a = lab_up("a", getpid());
	c = lab_up("c", getpid());
	(void)close(c);
	assert_int_equal(state_names(&arena, &names, &e), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.v[0], "a");
	assert_string_equal(names.v[1], "b");
	assert_int_equal(access(path_of("c"), F_OK), -1);
	lab_down("a", a);
	lab_down("b", b);
}

/* ---- a supervisor ---- */

enum behaviour { OBEDIENT, DEAF, LEAVES_FILES };

static volatile sig_atomic_t got_term;

static void on_term(int sig)
{
	(void)sig;
	got_term = 1;
}

static void supervisor_main(const char *lab, enum behaviour how, int ready)
{
	sigset_t none, term;
	int fd;

	(void)sigemptyset(&none);
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	(void)signal(SIGTERM, how == DEAF ? SIG_IGN : on_term);
	fd = lab_up(lab, getpid());
	netns_link("clab-s-r1", getpid());
	(void)!write(ready, "x", 1);
	while (!got_term)
		(void)sigsuspend(&none);
	if (how == OBEDIENT)
		(void)state_remove(lab, fd, NULL);
	_exit(0);
}

static pid_t supervisor_start(const char *lab, enum behaviour how)
{
	int p[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		supervisor_main(lab, how, p[1]);
	assert_int_equal(read(p[0], &c, 1), 1);
	(void)close(p[0]);
	(void)close(p[1]);
	return pid;
}

/* The supervisor stays a zombie until the end: its death has to be seen all the same. */
static void destroy_case(enum behaviour how, int want_signal)
{
	struct error e = { 0 };
	pid_t pid = supervisor_start("s", how);
	int status;

	if (state_destroy("s", how == DEAF ? 50 : 5000, true, &e) < 0)
		fail_msg("%s", e.msg);
	assert_false(netns_has("clab-s-r1"));
	assert_int_equal(access(run, F_OK), -1);
	assert_int_equal(state_destroy("s", 0, true, &e), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, want_signal);
}

static void test_destroy(void **state)
{
	(void)state;
	destroy_case(OBEDIENT, 0);
	destroy_case(LEAVES_FILES, 0);
	destroy_case(DEAF, SIGKILL);
}

static void test_zombie_is_dead(void **state)
{
	_cleanup_(state_freep) struct lab_state *st = NULL;
	struct error e = { 0 };
	pid_t pid = supervisor_start("z", DEAF);
	siginfo_t si;

	(void)state;
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(state_load("z", &st, &e), -ENOENT);
	assert_int_equal(access(run, F_OK), -1);
	(void)waitpid(pid, NULL, 0);
	netns_unlink("clab-s-r1"); /* of lab "s" by name: not in z's list */
}

/* ---- status ---- */

static void serve_status(int listener, const char *text, int result)
{
	int s = accept(listener, NULL, NULL), fd = memfd_create("status", MFD_CLOEXEC);
	struct ctl_request req = { 0 };
	struct ctl_reply reply = { CTL_MAGIC, CTL_VERSION, result };
	struct iovec iov = { &reply, sizeof(reply) };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} c = { 0 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.buf, .msg_controllen = sizeof(c.buf) };

	(void)!recv(s, &req, sizeof(req), 0);
	if (strcmp(req.verb, CTL_VERB_STATUS) != 0 || req.magic != CTL_MAGIC)
		_exit(1);
	(void)!write(fd, text, strlen(text));
	CMSG_FIRSTHDR(&mh)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&mh)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&mh)->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), &fd, sizeof(fd));
	if (result < 0)
		mh.msg_controllen = 0;
	(void)sendmsg(s, &mh, 0);
	_exit(0);
}

static int refresh(const char *text, int result, struct lab_state **st, struct error *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), r;
	pid_t pid;

	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/st/" CTL_SOCKET, run);
	assert_int_equal(bind(listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(listener, 1), 0);
	pid = fork();
	if (pid == 0)
		serve_status(listener, text, result);
	assert_int_equal(state_load("st", st, e), 0);
	r = state_refresh(*st, e);
	assert_int_equal(unlink(sa.sun_path), 0);
	(void)close(listener);
	(void)waitpid(pid, NULL, 0);
	return r;
}

static void test_refresh(void **state)
{
	static struct daemon_state daemon = { .name = "bgpd", .deaths = 1, .last_status = 9 };
	struct lab_state shape, *st = NULL;
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct error e = { 0 };
	int fd = lab_up("st", getpid());
	struct node_state *nodes = two_nodes(&shape, "st", getpid());

	(void)state;
	nodes[0].state = nodes[1].state = "running";
	nodes[1].daemons = &daemon;
	nodes[1].n_daemons = 1;
	state_status_format(&shape, &text);
	if (refresh(text.buf, 0, &st, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(st->nodes[0].state, "running");
	assert_int_equal(st->nodes[1].n_daemons, 1);
	assert_string_equal(st->nodes[1].daemons[0].name, "bgpd");
	assert_int_equal(st->nodes[1].daemons[0].last_status, 9);
	state_free(TAKE_PTR(st));
	assert_int_equal(refresh("{}", 0, &st, &e), -EPROTO);
	state_free(TAKE_PTR(st));
	assert_int_equal(refresh("", -EOPNOTSUPP, &st, &e), -EOPNOTSUPP);
	state_free(TAKE_PTR(st));
	lab_down("st", fd);
}

/* /run/netns goes when the lab that made it, or a later one, finds it empty. */
static void test_netns_dir(void **state)
{
	struct lab_state st;
	struct error e = { 0 };
	int a = lab_up("a", getpid()), b = lab_up("b", getpid());

	(void)state;
	(void)two_nodes(&st, "a", getpid());
	st.made_netns_dir = true;
	assert_int_equal(state_save(&st, a, &e), 0);
	netns_link("clab-b-r1", getpid());
	lab_down("a", a);
	assert_int_equal(access(netns, F_OK), 0);
	lab_down("b", b);
	assert_int_equal(access(netns, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_starttime),
		cmocka_unit_test_setup_teardown(test_save_load, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lock_excludes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dead_lab_is_swept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lock_sweeps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_symlink_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_root_must_be_private, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sweep_stays_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newer_state, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reused_pid, setup, teardown),
		cmocka_unit_test_setup_teardown(test_find, setup, teardown),
		cmocka_unit_test(test_excerpt),
		cmocka_unit_test_setup_teardown(test_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_destroy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zombie_is_dead, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refresh, setup, teardown),
		cmocka_unit_test_setup_teardown(test_netns_dir, setup, teardown),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
