// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verbs.c - the one table of what netemu understands
 *
 * Only data, and looking it up. tests/unit/test_cli.c checks that it is coherent.
 */
#include "verbs.h"

#include <string.h>

#define END_OPTION { NULL, 0, OPT_FLAG, NULL, COMPLETE_NOTHING, NULL }
#define END_EXAMPLE { NULL, NULL }
#define END_STATUS { NULL, NULL }

const struct verb_option common_options[] = {
	{ "help", 'h', OPT_FLAG, NULL, COMPLETE_NOTHING, "show the help of this verb" },
	END_OPTION,
};

const struct verb_status common_statuses[] = {
	{ "0", "done" },
	{ "1", "it failed; a line on standard error says what, where and what to do" },
	{ "2", "an input file is wrong; every mistake is shown with file, line and column" },
	{ "64", "the command line is wrong" },
	END_STATUS,
};

/* ---- options that several verbs have ---- */

#define OPTION_TOPO { "topo", 't', OPT_STRINGS, "FILE", COMPLETE_FILES, "the same as the argument FILE" }
#define OPTION_VARS                                                                                                \
	{ "vars", 0, OPT_STRING, "FILE", COMPLETE_FILES,                                                           \
	  "variables for a topology template (default: $CLAB_VARS, else NAME_vars.yaml, .yml or .json beside it)" }
#define OPTION_NAME { "name", 0, OPT_STRING, "NAME", COMPLETE_NOTHING, "name of the lab, instead of the file's" }
#define OPTION_FILTER                                                                                              \
	{ "node-filter", 0, OPT_LIST, "NODE,...", COMPLETE_NOTHING,                                                \
	  "only these nodes of a topology, and the links whose two ends are among them" }
#define OPTION_MAP_KIND                                                                                            \
	{ "map-kind", 0, OPT_LIST, "KIND=linux[:IMAGE]", COMPLETE_NOTHING,                                         \
	  "treat nodes of a kind that needs a vendor's image as linux, with IMAGE instead of theirs; KIND may be "        \
	  "'*': every such kind" }
#define OPTION_MAP_IMAGE                                                                                           \
	{ "map-image", 0, OPT_LIST, "IMAGE=OTHER", COMPLETE_NOTHING,                                               \
	  "treat an image, named with or without its tag, as another one: local/frr=frrouting/frr; '*=alpine' is for "  \
	  "all that nothing stands for" }
#define OPTION_STUB                                                                                                \
	{ "stub-missing", 0, OPT_FLAG, NULL, COMPLETE_NOTHING,                                                     \
	  "make an idle node for each container that `network-mode: container:NAME` or an ext-container node does not "  \
	  "find" }
#define OPTION_FORMAT                                                                                              \
	{ "format", 'f', OPT_CHOICE, "table|json|csv", COMPLETE_NOTHING, "how to write it (default: table)" }

#define OPTION_PIN                                                                                                 \
	{ "pin", 0, OPT_STRING, "FILE", COMPLETE_FILES,                                                            \
	  "a file of pins: pod CIDRs of nodes, nodes and addresses of pods (default: $NETEMU_PIN)" }
#define OPTION_CLUSTER                                                                                             \
	{ "lab", 0, OPT_STRING, "LAB", COMPLETE_CLUSTERS, "the cluster, when several are running" }
#define OPTION_NAMESPACE                                                                                           \
	{ "namespace", 'n', OPT_STRING, "NAMESPACE", COMPLETE_NAMESPACES, "the namespace (default: default)" }
#define OPTION_CONTAINER                                                                                           \
	{ "container", 'c', OPT_STRING, "NAME", COMPLETE_NOTHING, "of a pod: the container (default: its first)" }
#define OPTION_SELECTOR                                                                                            \
	{ "selector", 'l', OPT_STRING, "SELECTOR", COMPLETE_NOTHING, "only those with these labels: a=b,c!=d,e in (x,y)" }

static const struct verb_option no_options[] = { END_OPTION };

/* ---- run ---- */

static const struct verb_option run_options[] = {
	OPTION_TOPO,
	OPTION_VARS,
	{ "wait", 0, OPT_MAYBE_NUMBER, "SECONDS", COMPLETE_NOTHING,
	  "return when routing has settled and all pods that can run do; after SECONDS (default 60) say what is missing, and "
	  "exit with 1" },
	{ "foreground", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "stay and show the logs; Ctrl-C destroys the lab" },
	{ "reconfigure", 'c', OPT_FLAG, NULL, COMPLETE_NOTHING, "destroy the lab first when it is running" },
	OPTION_NAME,
	OPTION_FILTER,
	{ "max-workers", 0, OPT_NUMBER, "N", COMPLETE_NOTHING, "run the exec lines of N nodes at a time (default: 32)" },
	{ "dry-run", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "print the operations, do nothing (the same as netemu plan)" },
	OPTION_PIN,
	OPTION_STUB,
	OPTION_MAP_KIND,
	OPTION_MAP_IMAGE,
	END_OPTION,
};

static const struct verb_example run_examples[] = {
	{ "netemu run topo.yaml --wait", "start a lab and return when its routing has settled" },
	{ "netemu run topo.yaml cluster.yaml", "a topology together with the Kind cluster that it names" },
	{ "netemu run *.yaml --pin pins.yaml --wait", "topology, cluster, Cilium's values, policies and pods, all of it up" },
	{ "netemu run -t topo.yaml --reconfigure", "replace the running lab" },
	{ "netemu run . --foreground", "the topology of this directory, until Ctrl-C" },
	END_EXAMPLE,
};

/* ---- exec ---- */

static const struct verb_option exec_options[] = {
	{ "interactive", 'i', OPT_FLAG, NULL, COMPLETE_NOTHING, "accepted as docker's; standard input is always passed on" },
	{ "tty", 't', OPT_FLAG, NULL, COMPLETE_NOTHING, "give the command a terminal even when netemu has none" },
	{ "env", 'e', OPT_STRINGS, "NAME=VALUE", COMPLETE_NOTHING, "set an environment variable" },
	{ "workdir", 'w', OPT_STRING, "DIR", COMPLETE_NOTHING, "working directory inside the node" },
	{ "user", 'u', OPT_STRING, "USER[:GROUP]", COMPLETE_NOTHING,
	  "user, a name or number of the node's own (default: root)" },
	{ "lab", 0, OPT_STRING, "LAB", COMPLETE_LABS, "the lab of the node or pod, when several have one of that name" },
	OPTION_CONTAINER,
	OPTION_NAMESPACE,
	END_OPTION,
};

static const struct verb_example exec_examples[] = {
	{ "netemu exec tor0", "a login shell in node tor0" },
	{ "netemu exec -it clab-demo-router0 vtysh", "FRR's shell; what was typed for docker exec works" },
	{ "netemu exec tor0 -- vtysh -c 'show bgp summary'", "one command" },
	{ "tar c . | netemu exec -i tor0 tar x -C /tmp", "standard input is passed on" },
	{ "netemu exec nettool-1 -- traceroute -n 10.1.3.56", "in a pod" },
	END_EXAMPLE,
};

static const struct verb_status exec_statuses[] = {
	{ "0-124", "that of the command" },
	{ "125", "netemu itself failed: no such node, no such user, a wrong command line" },
	{ "126", "the command cannot be executed" },
	{ "127", "the command was not found" },
	{ "128+N", "the command was killed by signal N" },
	END_STATUS,
};

/* ---- destroy ---- */

static const struct verb_option destroy_options[] = {
	OPTION_TOPO,
	{ "all", 'a', OPT_FLAG, NULL, COMPLETE_NOTHING, "every running lab" },
	{ "wait", 0, OPT_MAYBE_NUMBER, "SECONDS", COMPLETE_NOTHING,
	  "return when every process is dead and the kernel has freed the labs' network namespaces (default: 60 seconds at most)" },
	OPTION_NAME,
	{ "yes", 'y', OPT_FLAG, NULL, COMPLETE_NOTHING, "accepted as containerlab's; nothing is ever asked" },
	{ "cleanup", 'c', OPT_FLAG, NULL, COMPLETE_NOTHING,
	  "remove the lab's directory clab-LAB with all that is in it, also what netemu save or others have put there" },
	END_OPTION,
};

static const struct verb_example destroy_examples[] = {
	{ "netemu destroy demo", "by the lab's name" },
	{ "netemu destroy -t topo.yaml", "by the file that it was made from" },
	{ "netemu destroy --all --wait", "everything, down to the kernel's memory" },
	END_EXAMPLE,
};

/* ---- list, inspect ---- */

static const struct verb_option list_options[] = {
	OPTION_FORMAT,
	END_OPTION,
};

static const struct verb_example list_examples[] = {
	{ "netemu list", "the running labs" },
	{ "netemu list -f json", "the same for programs" },
	END_EXAMPLE,
};

static const struct verb_option inspect_options[] = {
	OPTION_TOPO,
	{ "all", 'a', OPT_FLAG, NULL, COMPLETE_NOTHING, "every running lab (what happens without arguments, too)" },
	OPTION_FORMAT,
	OPTION_NAME,
	{ "wide", 'w', OPT_FLAG, NULL, COMPLETE_NOTHING, "more columns in the table: pid, daemons, network" },
	{ "details", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "JSON with labels and network settings, as containerlab's" },
	END_OPTION,
};

static const struct verb_example inspect_examples[] = {
	{ "netemu inspect", "the nodes of all labs" },
	{ "netemu inspect demo -f json", "one lab, with containerlab's field names" },
	{ "netemu inspect demo interfaces", "the interfaces of its nodes" },
	END_EXAMPLE,
};

/* ---- save ---- */

static const struct verb_option save_options[] = {
	OPTION_TOPO,
	{ "node-filter", 0, OPT_LIST, "NODE,...", COMPLETE_NOTHING, "only these nodes" },
	{ "copy", 0, OPT_STRING, "DIR", COMPLETE_FILES, "the directory instead of clab-LAB beside the topology" },
	END_OPTION,
};

static const struct verb_example save_examples[] = {
	{ "netemu save demo", "all routers of a lab" },
	{ "netemu save -t topo.yaml --node-filter r1", "one, by the lab's file" },
	END_EXAMPLE,
};

/* ---- logs ---- */

static const struct verb_option logs_options[] = {
	{ "follow", 'f', OPT_FLAG, NULL, COMPLETE_NOTHING, "go on with what is written from now on, until Ctrl-C" },
	{ "tail", 0, OPT_STRING, "N", COMPLETE_NOTHING, "only the last N lines; all: every one" },
	{ "previous", 'p', OPT_FLAG, NULL, COMPLETE_NOTHING, "of a pod: what the container before the last restart wrote" },
	{ "timestamps", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "when each line was written" },
	{ "since", 0, OPT_STRING, "TIME", COMPLETE_NOTHING, "only what was written from then on: a date, or how long ago (10m)" },
	{ "until", 0, OPT_STRING, "TIME", COMPLETE_NOTHING, "of a node: only what was written until then" },
	{ "lab", 0, OPT_STRING, "LAB", COMPLETE_LABS, "the lab of the node or pod, when several have one of that name" },
	OPTION_CONTAINER,
	OPTION_NAMESPACE,
	END_OPTION,
};

static const struct verb_example logs_examples[] = {
	{ "netemu logs tor0", "everything that node tor0 has said" },
	{ "netemu logs tor0 bgpd -f", "its bgpd, live" },
	{ "netemu logs tor0 --since 10m --timestamps", "what it has said in the last ten minutes, and when" },
	{ "netemu logs nettool-1 --tail 10", "the last lines of a pod" },
	END_EXAMPLE,
};

/* ---- link ---- */

static const struct verb_option link_options[] = {
	{ "delay", 0, OPT_STRING, "TIME", COMPLETE_NOTHING, "hold each packet back that long: 10ms" },
	{ "jitter", 0, OPT_STRING, "TIME", COMPLETE_NOTHING, "how much the delay varies: 2ms" },
	{ "loss", 0, OPT_STRING, "PERCENT", COMPLETE_NOTHING, "how many of the packets are lost: 1%" },
	{ "rate", 0, OPT_STRING, "RATE", COMPLETE_NOTHING, "as many kbit/s, or a number with its unit: 100mbit" },
	{ "corruption", 0, OPT_STRING, "PERCENT", COMPLETE_NOTHING, "in how many of the packets one bit is wrong: 0.1%" },
	OPTION_FORMAT,
	{ "lab", 0, OPT_STRING, "LAB", COMPLETE_LABS, "the lab of the node, when several have one of that name" },
	END_OPTION,
};

static const struct verb_example link_examples[] = {
	{ "netemu link tor0:net0 down", "as if the cable was pulled; both ends see it" },
	{ "netemu link tor0:net0 set --delay 10ms --jitter 2ms --loss 1%", "a bad line, in this direction" },
	{ "netemu link tor0:net0 reset", "and a good one again" },
	{ "netemu link tor0 show", "all interfaces of a node" },
	END_EXAMPLE,
};

/* ---- test ---- */

static const struct verb_option netest_options[] = {
	{ "format", 'f', OPT_CHOICE, "ktap|tap|tap13|junit|json", COMPLETE_NOTHING, "how to write the results (default: ktap)" },
	{ "junit", 0, OPT_STRING, "FILE", COMPLETE_FILES, "write them to a file as JUnit's XML, too" },
	{ "json", 0, OPT_STRING, "FILE", COMPLETE_FILES, "write them to a file as JSON, too" },
	{ "kernel", 0, OPT_LIST, "KERNEL,...", COMPLETE_FILES,
	  "on other kernels, each test on each in a virtual machine of its own; what a kernel may be: netemu help vm" },
	{ "list", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "only show which tests there are" },
	{ "filter", 0, OPT_STRING, "REGEX", COMPLETE_NOTHING, "only tests whose name matches" },
	{ "jobs", 'j', OPT_NUMBER, "N", COMPLETE_NOTHING, "so many tests at a time (default: 1)" },
	{ "repeat", 0, OPT_NUMBER, "N", COMPLETE_NOTHING, "run each test N times" },
	{ "until-fail", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "start no more tests once one has failed" },
	{ "retry", 0, OPT_NUMBER, "N", COMPLETE_NOTHING, "run a test that fails again, N times at most; passes are then reported as flaky" },
	{ "keep-going", 'k', OPT_FLAG, NULL, COMPLETE_NOTHING, "go on with a test's steps after one that failed" },
	{ "keep", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "leave the lab of a test that failed running" },
	{ "pause-on-fail", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "when a step fails, wait for Enter before the lab ends" },
	{ "shell-on-fail", 0, OPT_STRING, "NODE", COMPLETE_NOTHING, "when a step fails, open a shell in that node" },
	{ "artefacts", 0, OPT_STRING, "DIR", COMPLETE_DIRS, "where logs and states of what failed go (default: $TMPDIR, else /tmp)" },
	{ "bisect", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "exit as git bisect run wants it: 125 when nothing can be told" },
	{ "seed", 0, OPT_NUMBER, "N", COMPLETE_NOTHING, "of the ports of flows; it is shown" },
	END_OPTION,
};

static const struct verb_example netest_examples[] = {
	{ "netemu test tests/routing/ecmp.yaml", "one test; its result is the exit status" },
	{ "netemu test topologies -j 2 --junit results.xml", "all tests that are in a directory and below it" },
	{ "netemu test ecmp.yaml --repeat 50 --until-fail", "whether it ever fails" },
	{ "netemu test --kernel 6.1.0-53-cloud-amd64,6.1.0-56-cloud-amd64 ecmp.yaml", "on two of Debian's kernels (make kernels)" },
	{ "git bisect run netemu test --bisect --kernel . ecmp.yaml", "which commit of the kernel tree here has broken it" },
	END_EXAMPLE,
};

static const struct verb_status netest_statuses[] = {
	{ "0", "all tests have passed, or some have and the others were skipped" },
	{ "1", "a test has failed" },
	{ "2", "what failed was expected to fail" },
	{ "4", "all tests were skipped" },
	{ "64", "a test file or the command line is wrong" },
	{ "125", "with --bisect: nothing can be told" },
	{ "128+N", "signal N has interrupted it" },
	{ NULL, NULL },
};

/* ---- apply, get, delete, kubeconfig ---- */

static const struct verb_option apply_options[] = {
	{ "filename", 'f', OPT_STRINGS, "FILE", COMPLETE_FILES, "a file, a directory, or - for standard input" },
	OPTION_NAMESPACE,
	OPTION_CLUSTER,
	OPTION_PIN,
	{ "dry-run", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "only let the server check everything" },
	END_OPTION,
};

static const struct verb_example apply_examples[] = {
	{ "netemu apply -f values.yaml", "install Cilium, or change its values" },
	{ "netemu apply -f bgp-policies.yaml -f pods.yaml", "as kubectl apply" },
	END_EXAMPLE,
};

static const struct verb_option get_options[] = {
	{ "output", 'o', OPT_CHOICE, "wide|json|yaml|name", COMPLETE_NOTHING, "how to write it (default: a table)" },
	OPTION_NAMESPACE,
	{ "all-namespaces", 'A', OPT_FLAG, NULL, COMPLETE_NOTHING, "those of all namespaces" },
	OPTION_SELECTOR,
	{ "field-selector", 0, OPT_STRING, "SELECTOR", COMPLETE_NOTHING, "only those with these fields: spec.nodeName=x" },
	{ "show-managed-fields", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "in JSON and YAML, also who has set which field" },
	{ "watch", 'w', OPT_FLAG, NULL, COMPLETE_NOTHING, "go on with what changes, until Ctrl-C" },
	OPTION_CLUSTER,
	END_OPTION,
};

static const struct verb_example get_examples[] = {
	{ "netemu get nodes -o wide", "as kubectl get" },
	{ "netemu get pods,svc -A", "several kinds" },
	{ "netemu get bgppeers", "the BGP sessions of all nodes, as cilium bgp peers shows them" },
	{ "netemu get bgproutes advertised ipv4", "what they advertise" },
	END_EXAMPLE,
};

static const struct verb_option delete_options[] = {
	{ "filename", 'f', OPT_STRINGS, "FILE", COMPLETE_FILES, "what these files hold" },
	OPTION_NAMESPACE,
	OPTION_SELECTOR,
	{ "all", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "all objects of the kind in the namespace" },
	{ "force", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "at once, without a grace period" },
	{ "grace-period", 0, OPT_STRING, "SECONDS", COMPLETE_NOTHING, "how long a pod may take to end (default: what it says itself)" },
	{ "ignore-not-found", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "what is not there is no error" },
	{ "wait", 0, OPT_CHOICE, "true|false", COMPLETE_NOTHING, "whether to return only when they are gone (default: true)" },
	OPTION_CLUSTER,
	END_OPTION,
};

static const struct verb_example delete_examples[] = {
	{ "netemu delete pod nettool-1", "one object" },
	{ "netemu delete -f bgp-policies.yaml", "what a file made" },
	END_EXAMPLE,
};

static const struct verb_option kubeconfig_options[] = {
	{ "path", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "print the path of the file instead of its content" },
	END_OPTION,
};

static const struct verb_example kubeconfig_examples[] = {
	{ "export KUBECONFIG=$(netemu kubeconfig --path)", "from here on, kubectl means the cluster" },
	END_EXAMPLE,
};

/* ---- graph ---- */

static const struct verb_option graph_options[] = {
	OPTION_TOPO,
	OPTION_VARS,
	OPTION_NAME,
	{ "listen", 0, OPT_STRING, "ADDRESS:PORT", COMPLETE_NOTHING, "where the page is served (default: 127.0.0.1:50080)" },
	{ "svg", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "print a picture" },
	{ "dot", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "print it for Graphviz" },
	{ "mermaid", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "print it for Mermaid" },
	{ "mermaid-direction", 0, OPT_CHOICE, "TB|TD|BT|RL|LR", COMPLETE_NOTHING, "where Mermaid's graph grows to (default: TB)" },
	{ "json", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "print nodes and links as JSON" },
	OPTION_FILTER,
	OPTION_PIN,
	OPTION_MAP_KIND,
	OPTION_MAP_IMAGE,
	END_OPTION,
};

static const struct verb_example graph_examples[] = {
	{ "netemu graph topo.yaml", "then open the address that it prints" },
	{ "netemu graph demo --svg", "a picture of a running lab" },
	END_EXAMPLE,
};

/* ---- vm ---- */

static const struct verb_option vm_options[] = {
	{ "kernel", 0, OPT_LIST, "KERNEL,...", COMPLETE_FILES,
	  "a vmlinuz, a linux-image .deb or what is in one, a kernel's build tree, or a name that `make kernels` has fetched; several run at once" },
	{ "memory", 'm', OPT_NUMBER, "MIB", COMPLETE_NOTHING, "memory of the machine (default: 1024)" },
	{ "cpus", 0, OPT_NUMBER, "N", COMPLETE_NOTHING, "processors of the machine (default: 1)" },
	{ "timeout", 0, OPT_NUMBER, "SECONDS", COMPLETE_NOTHING, "how long the command may take (default: 600)" },
	{ "boot-timeout", 0, OPT_NUMBER, "SECONDS", COMPLETE_NOTHING, "how long the kernel may take until then (default: 120)" },
	{ "share", 0, OPT_STRINGS, "DIR", COMPLETE_DIRS, "what is written below DIR is written on the host, too; at most four" },
	{ "env", 'e', OPT_STRINGS, "NAME=VALUE", COMPLETE_NOTHING, "set an environment variable" },
	{ "workdir", 'w', OPT_STRING, "DIR", COMPLETE_DIRS, "where the command starts (default: here)" },
	{ "artefacts", 0, OPT_STRING, "DIR", COMPLETE_DIRS,
	  "keep KERNEL/console.log in DIR (default: in a temporary directory, and only of a kernel that failed)" },
	{ "jobs", 'j', OPT_NUMBER, "N", COMPLETE_NOTHING, "how many machines at a time (default: by processors)" },
	{ "verbose", 'v', OPT_FLAG, NULL, COMPLETE_NOTHING, "show the kernel's console on standard error" },
	END_OPTION,
};

static const struct verb_example vm_examples[] = {
	{ "netemu vm --kernel 6.1.0-56-amd64 -- uname -r", "this machine's files, another kernel" },
	{ "netemu vm --kernel ~/linux -- netemu run lab.yaml --wait", "a lab on the kernel that was just built" },
	{ "netemu vm --kernel old.deb,new.deb -- ./check.sh", "the same check on two kernels" },
	END_EXAMPLE,
};

static const struct verb_status vm_statuses[] = {
	{ "0-255", "that of the command; of several kernels the first that is not 0" },
	{ "1", "the kernel panicked, or the command was not done in time; a line on standard error says so" },
	{ "125", "nothing can be said about the command: the kernel did not boot, or netemu itself failed" },
	{ "126", "the command cannot be executed" },
	{ "127", "the command was not found" },
	{ "128+N", "the command was killed by signal N" },
	END_STATUS,
};

/* ---- start, stop, restart, pause, unpause, kill ---- */

#define OPTION_NODE_LAB { "lab", 0, OPT_STRING, "LAB", COMPLETE_LABS, "the lab of the nodes, when several have one of that name" }

static const struct verb_option node_options[] = { OPTION_NODE_LAB, END_OPTION };

static const struct verb_option stop_options[] = {
	{ "time", 't', OPT_STRING, "SECONDS", COMPLETE_NOTHING, "how long the command may take to end before it is killed (default: 10)" },
	{ "signal", 's', OPT_STRING, "SIGNAL", COMPLETE_NOTHING, "what the command is asked with (default: TERM)" },
	OPTION_NODE_LAB,
	END_OPTION,
};

static const struct verb_option kill_options[] = {
	{ "signal", 's', OPT_STRING, "SIGNAL", COMPLETE_NOTHING, "a name or a number (default: KILL)" },
	OPTION_NODE_LAB,
	END_OPTION,
};

static const struct verb_example start_examples[] = { { "netemu start tor0", "its links are as they were" }, END_EXAMPLE };
static const struct verb_example stop_examples[] = { { "netemu stop tor0 tor1", "two routers at once" }, END_EXAMPLE };
static const struct verb_example restart_examples[] = {
	{ "netemu restart -t 0 router0", "as after a power cut" },
	END_EXAMPLE,
};
static const struct verb_example pause_examples[] = { { "netemu pause router0", "its BGP sessions time out" }, END_EXAMPLE };
static const struct verb_example unpause_examples[] = { { "netemu unpause router0", "it goes on" }, END_EXAMPLE };
static const struct verb_example kill_examples[] = { { "netemu kill -s HUP web", "its command reads its files again" }, END_EXAMPLE };

/* ---- plan, validate ---- */

static const struct verb_option plan_options[] = {
	OPTION_TOPO, OPTION_VARS, OPTION_NAME, OPTION_FILTER, OPTION_PIN, OPTION_MAP_KIND, OPTION_MAP_IMAGE, OPTION_STUB, END_OPTION,
};

static const struct verb_example plan_examples[] = {
	{ "netemu plan topo.yaml", "what netemu run would do, in order" },
	END_EXAMPLE,
};

static const struct verb_option validate_options[] = {
	OPTION_TOPO, OPTION_VARS, OPTION_NAME, OPTION_FILTER, OPTION_PIN, OPTION_MAP_KIND, OPTION_MAP_IMAGE, END_OPTION,
};

static const struct verb_example validate_examples[] = {
	{ "netemu validate topo.yaml", "all mistakes at once" },
	{ "netemu validate - <topo.yaml", "from standard input" },
	END_EXAMPLE,
};

/* ---- generate ---- */

static const struct verb_option generate_options[] = {
	{ "name", 'n', OPT_STRING, "NAME", COMPLETE_NOTHING, "name of the lab" },
	{ "nodes", 0, OPT_LIST, "N[:KIND[:TYPE]],...", COMPLETE_NOTHING, "how many nodes each tier has, from the leaves up" },
	{ "kind", 0, OPT_STRING, "KIND", COMPLETE_NOTHING, "kind of tiers that say none (default: linux)" },
	{ "image", 0, OPT_LIST, "[KIND=]IMAGE,...", COMPLETE_NOTHING, "image of a kind (default for linux: frrouting/frr)" },
	{ "license", 0, OPT_LIST, "[KIND=]FILE,...", COMPLETE_NOTHING, "license of a kind, which is written into the file" },
	{ "node-prefix", 0, OPT_STRING, "PREFIX", COMPLETE_NOTHING, "what stands before TIER-N (default: node)" },
	{ "group-prefix", 0, OPT_STRING, "PREFIX", COMPLETE_NOTHING, "what stands before -TIER (default: tier)" },
	{ "file", 0, OPT_STRING, "FILE", COMPLETE_FILES, "write it there instead of on standard output" },
	END_OPTION,
};

static const struct verb_example generate_examples[] = {
	{ "netemu generate --name fabric --nodes 4,2 --file fabric.clab.yml", "four leaves and two spines of FRR" },
	{ "netemu generate --name fabric --nodes 8:linux,4,2 | netemu run -", "three tiers, at once" },
	END_EXAMPLE,
};

/* ---- probe, version, help ---- */

static const struct verb_option probe_options[] = {
	OPTION_FORMAT,
	END_OPTION,
};

static const struct verb_example probe_examples[] = {
	{ "netemu probe", "before the first lab on a machine" },
	END_EXAMPLE,
};

static const struct verb_option image_options[] = { OPTION_FORMAT, END_OPTION };

static const struct verb_example image_examples[] = {
	{ "netemu image import frr-10.3.tar", "what docker save wrote, under the names that it has in there" },
	{ "netemu image import rootfs.tar.xz acme/tools:1.0", "a root file system; from then on for `image: acme/tools:1.0`" },
	{ "netemu image import layout/ frr:test", "an OCI image layout" },
	{ "docker export x | netemu image import - frr:mine", "from standard input" },
	{ "netemu image list --format json", "what there is, for programs" },
	{ "netemu image rm frr:test", "remove one" },
	END_EXAMPLE,
};

static const struct verb_option shims_options[] = { END_OPTION };

static const struct verb_example shims_examples[] = {
	{ "netemu shims ~/shims", "then export PATH=~/shims:$PATH, and docker and kind are netemu" },
	END_EXAMPLE,
};

static const struct verb_option version_options[] = {
	{ "format", 'f', OPT_CHOICE, "table|json", COMPLETE_NOTHING, "how to write it (default: table)" },
	END_OPTION,
};

static const struct verb_example version_examples[] = {
	{ "netemu version", "what to put into a report" },
	END_EXAMPLE,
};

static const struct verb_option help_options[] = {
	{ "man", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "the manual page, for man -l -" },
	{ "completion", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "the completion for bash, to be sourced" },
	{ "schema", 0, OPT_FLAG, NULL, COMPLETE_NOTHING, "the keys of a topology file and what becomes of each, in Markdown" },
	END_OPTION,
};

static const struct verb_example help_examples[] = {
	{ "netemu help run", "everything about one verb" },
	{ "netemu help --man | man -l -", "the manual page of this very netemu" },
	{ "netemu help --schema", "which of containerlab's keys do something" },
	{ "source <(netemu help --completion)", "completion in this shell" },
	END_EXAMPLE,
};

/* ---- the table ---- */

const struct verb verbs[] = {
	{
		.name = "run",
		.alias = "deploy",
		.synopsis = "[FILE|DIR]...",
		.summary = "make topologies and clusters real and start them",
		.description =
			"Makes everything in the files real: network namespaces for the nodes, veth links, addresses, and the "
			"processes that the nodes' images stand for. What a file is, its content tells: a containerlab "
			"topology or a Kind cluster config, each of which is a lab of its own; Cilium's values.yaml or "
			"Kubernetes manifests, which go to the cluster among the files, else to the one that is running. "
			"Their order does not matter. Everything is checked before anything is made.\n\n"
			"A directory means its one *.clab.yml or *.clab.yaml, else its *.clab.gotmpl, else its topo.yaml; no "
			"argument means what $CLAB_TOPO names, else the current directory; - means standard input. A *.gotmpl is "
			"rendered first, with the variables of --vars and the templates of clab_templates/ beside it; mistakes in "
			"what comes out are shown with the rendered line.\n\n"
			"Either all of it comes up, or nothing is left of it. It returns when the nodes run and all of their "
			"exec lines have been done, a cluster's nodes have registered, and objects have been accepted; the lab then "
			"lives until it is destroyed.\n\n"
			"Beside the file, in the directory clab-LAB, it leaves what containerlab does: ansible-inventory.yml, "
			"nornir-simple-inventory.yml, topology-data.json and authorized_keys. /etc/hosts of the host gets a block with the "
			"nodes' addresses, and SSH a configuration for nodes in which an SSH server runs. Where that cannot be written, "
			"there is one warning, and the lab runs.",
		.options = run_options,
		.examples = run_examples,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_FILES,
		.run = cmd_run,
	},
	{
		.name = "exec",
		.synopsis = "NODE|POD [--] [COMMAND [ARG]...]",
		.summary = "run a command in a node or pod",
		.description =
			"Replaces docker exec and kubectl exec. NODE is a node's name where only one running lab has it, or its "
			"long name (clab-LAB-NODE). What is no node may be a POD of a running cluster, also as NAMESPACE/POD or "
			"pod/POD: where both have the name, it is the node. Without a command it is an interactive login shell.\n\n"
			"A terminal is passed through, with its size, when standard input and output are one. What follows "
			"NODE and its options belongs to the command, dashes and all.",
		.options = exec_options,
		.examples = exec_examples,
		.statuses = exec_statuses,
		.min_args = 1,
		.max_args = ARGS_ANY,
		.stop_after = 1,
		.complete = COMPLETE_NODES_PODS,
		.usage_status = CLI_EXEC_FAILED,
		.run = cmd_exec,
	},
	{
		.name = "destroy",
		.synopsis = "[FILE|DIR|LAB]...",
		.summary = "end labs and remove everything of them",
		.description =
			"Ends labs, by name or by the file that they were made from. When it returns, their processes, names, "
			"host links, firewall rules and files are gone; the kernel frees the memory of the namespaces shortly "
			"after. (Of a lab of more than 256 nodes, processes may still be dying then; --wait waits for them.) A lab that is not there, or only half, is no error. Of the directory clab-LAB beside the topology, what "
			"run has written there goes, and the directory itself when it is empty then.\n\n"
			"No argument means the topology of the current directory.",
		.options = destroy_options,
		.examples = destroy_examples,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_FILES_LABS,
		.run = cmd_destroy,
	},
	{
		.name = "list",
		.synopsis = "",
		.summary = "list the running labs",
		.description = "One line for each running lab. What a lab that died has left is removed on the way.",
		.options = list_options,
		.examples = list_examples,
		.run = cmd_list,
	},
	{
		.name = "inspect",
		.synopsis = "[LAB] [interfaces]",
		.summary = "show the nodes of labs, or their interfaces",
		.description =
			"Shows the nodes of a lab, or of all labs: kind, image, addresses, and whether their daemons are well. "
			"JSON and CSV have containerlab's field names; JSON also has pid, netns and daemons.\n\n"
			"With the word interfaces it shows what network interfaces each node has now.",
		.options = inspect_options,
		.examples = inspect_examples,
		.max_args = 2,
		.complete = COMPLETE_LABS,
		.run = cmd_inspect,
	},
	{
		.name = "save",
		.synopsis = "[FILE|DIR|LAB]...",
		.summary = "keep the configuration of FRR nodes",
		.description =
			"In each node that runs FRR, vtysh writes the running configuration to /etc/frr, and all of it goes to "
			"clab-LAB/NODE/frr.conf beside the topology, where it stays when the lab is destroyed. No argument means the topology "
			"of the current directory.",
		.options = save_options,
		.examples = save_examples,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_FILES_LABS,
		.run = cmd_save,
	},
	{
		.name = "logs",
		.synopsis = "NODE [DAEMON] | POD [CONTAINER]",
		.summary = "show what the processes of a node or pod wrote",
		.description = "Shows the log of a node, or of one of its daemons, the oldest line first. Logs are bounded: "
			       "the oldest lines go first. They go with the lab.\n\n"
			       "What is no node may be a POD of a running cluster, also as NAMESPACE/POD or pod/POD.",
		.options = logs_options,
		.examples = logs_examples,
		.min_args = 1,
		.max_args = 2,
		.complete = COMPLETE_NODES_PODS,
		.run = cmd_logs,
	},
	{
		.name = "link",
		.synopsis = "NODE:INTERFACE [up|down|set|reset|show] | NODE show",
		.summary = "take links of a running lab down, impair them, show them",
		.description =
			"up and down set an interface up or down; the other end of the link loses its carrier with it. Addresses stay, "
			"routes that the kernel drops are for the node's own daemons to bring back.\n\n"
			"set impairs what leaves the interface from now on (the other direction is the other end's). It replaces all "
			"that was set before, as containerlab's tools netem set does; reset takes everything away. A link may have "
			"impairments from its file, too: `impairments: {delay: 10ms, loss: 1}`. A rate alone is done by tbf, anything "
			"else needs the kernel's netem (see netemu probe).\n\n"
			"show is what happens without a word. In JSON, rate is in kbit/s and loss in percent. INTERFACE may be the "
			"name in the file where the kernel's is another one (ge-0/0/0), and NODE may be host.",
		.options = link_options,
		.examples = link_examples,
		.min_args = 1,
		.max_args = 2,
		.complete = COMPLETE_NODES,
		.run = cmd_link,
	},
	{
		.name = "test",
		.synopsis = "FILE|DIR...",
		.summary = "whether routing does what it should",
		.description =
			"A test is a file with a topology (its own, or the path of one) and steps: what is done to the lab, and what must then be "
			"so in the kernel's tables, in FRR's answers, and for packets. Each test gets a lab of its own, which is gone "
			"afterwards. Nothing is waited for by sleeping: a condition is looked at again when the kernel tells of a change.\n\n"
			"After the steps netemu looks for what nobody asked about: warnings of the kernel, daemons that died, reports of "
			"sanitizers, processes, mounts and namespaces that are left. What fails leaves a directory with the logs and the "
			"state of all nodes, and is told on standard output without a word of the kernel's log. In a directory, and in those "
			"below it, tests are found by their content. What a test needs and this machine lacks makes it skipped.\n\n"
			"KSFT_MACHINE_SLOW=yes gives conditions three times as long.",
		.options = netest_options,
		.examples = netest_examples,
		.statuses = netest_statuses,
		.min_args = 1,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_FILES,
		.usage_status = CLI_USAGE,
		.run = cmd_test,
	},
	{
		.name = "apply",
		.synopsis = "-f FILE...",
		.summary = "give objects and Cilium values to a running cluster",
		.description =
			"Creates or changes what the files say: Kubernetes objects, as kubectl apply does, and Cilium's values.yaml, "
			"which installs Cilium as helm would. All of it is checked first, by netemu and then by the API server, and "
			"when something is wrong nothing is changed. Values come first, then namespaces, then the rest in the "
			"order of the files.",
		.options = apply_options,
		.examples = apply_examples,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_FILES,
		.run = cmd_apply,
	},
	{
		.name = "get",
		.synopsis = "KIND[,KIND]... [NAME]... | KIND/NAME... | all | bgppeers | bgproutes",
		.summary = "show objects of a cluster",
		.description =
			"Shows objects as kubectl get does. bgppeers [NODE] shows the BGP sessions of the nodes and bgproutes "
			"[available|advertised] [ipv4|ipv6] [NODE] their routes, as the command cilium bgp does.",
		.options = get_options,
		.examples = get_examples,
		.min_args = 1,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_KINDS,
		.run = cmd_get,
	},
	{
		.name = "delete",
		.synopsis = "KIND NAME... | KIND/NAME... | -f FILE",
		.summary = "remove objects from a cluster",
		.description =
			"Deletes objects as kubectl delete does, and returns when they are gone. A file of Cilium values means Cilium "
			"itself.",
		.options = delete_options,
		.examples = delete_examples,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_KINDS,
		.run = cmd_delete,
	},
	{
		.name = "kubeconfig",
		.synopsis = "[CLUSTER]",
		.summary = "show what kubectl needs to reach a cluster",
		.description = "Prints the kubeconfig of a running cluster, or where it is. Only root may read it.",
		.options = kubeconfig_options,
		.examples = kubeconfig_examples,
		.max_args = 1,
		.complete = COMPLETE_CLUSTERS,
		.run = cmd_kubeconfig,
	},
	{
		.name = "graph",
		.synopsis = "[FILE|DIR|LAB]",
		.summary = "look at a lab: a live page, or a picture",
		.description =
			"Serves a page that shows the lab in a browser, until Ctrl-C: nodes by role, links with their interfaces, and live what "
			"is up and down, which sessions are established, how much traffic there is; a click shows a node's interfaces, routes, "
			"sessions and log, and opens a terminal in it. For routes, logs and the terminal the page needs the token in the address that is printed. "
			"It listens on 127.0.0.1:50080, and on another address only when told. A lab that does not run yet is shown as its file "
			"says, and comes to life when it is started.\n\n"
			"With --svg, --dot, --mermaid or --json it prints that instead and returns.",
		.options = graph_options,
		.examples = graph_examples,
		.max_args = 1,
		.complete = COMPLETE_FILES_LABS,
		.run = cmd_graph,
	},
	{
		.name = "start",
		.synopsis = "NODE...",
		.summary = "start nodes that were stopped",
		.description = "Starts stopped nodes again: a new init over the node's own files, in its old network namespace, whose links and "
			"addresses were there all the time; then the node's command and its exec lines, as when the lab started. Returns "
			"when these are done. A node that runs is left alone.",
		.options = node_options,
		.examples = start_examples,
		.min_args = 1,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_NODES,
		.run = cmd_start,
	},
	{
		.name = "stop",
		.synopsis = "NODE...",
		.summary = "end the processes of nodes",
		.description = "Asks a node's command to end (SIGTERM), and kills what is left of its processes; a node that only idles is killed at "
			"once. What it wrote to its files stays, and so do its network namespace, links and addresses: to its neighbors "
			"it looks like a router whose control plane is dead.",
		.options = stop_options,
		.examples = stop_examples,
		.min_args = 1,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_NODES,
		.run = cmd_stop,
	},
	{
		.name = "restart",
		.synopsis = "NODE...",
		.summary = "stop and start nodes",
		.description = "The two after each other. A node that is stopped is started.",
		.options = stop_options,
		.examples = restart_examples,
		.min_args = 1,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_NODES,
		.run = cmd_restart,
	},
	{
		.name = "pause",
		.synopsis = "NODE...",
		.summary = "freeze the processes of nodes",
		.description = "Stops every process of a node where it is (SIGSTOP), and starts no new ones: netemu exec is refused meanwhile. The "
			"kernel's part of the node, forwarding and ARP, goes on.",
		.options = node_options,
		.examples = pause_examples,
		.min_args = 1,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_NODES,
		.run = cmd_pause,
	},
	{
		.name = "unpause",
		.synopsis = "NODE...",
		.summary = "let frozen nodes go on",
		.description = "Undoes netemu pause.",
		.options = node_options,
		.examples = unpause_examples,
		.min_args = 1,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_NODES,
		.run = cmd_unpause,
	},
	{
		.name = "kill",
		.synopsis = "NODE...",
		.summary = "send a signal to nodes",
		.description = "Sends a signal to a node's command, or to all of its processes if it has none. SIGKILL, which is the default, ends "
			"the node as netemu stop does.",
		.options = kill_options,
		.examples = kill_examples,
		.min_args = 1,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_NODES,
		.run = cmd_kill,
	},
	{
		.name = "plan",
		.synopsis = "[FILE|DIR]...",
		.summary = "print the operations of a run, do nothing",
		.description = "Prints exactly what netemu run would do with these files, in order. Needs no privileges.",
		.options = plan_options,
		.examples = plan_examples,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_FILES,
		.run = cmd_plan,
	},
	{
		.name = "validate",
		.synopsis = "[FILE|DIR]...",
		.summary = "check files",
		.description = "Shows all mistakes in the files, each with file, line, column and what to do about it. "
			       "Needs no privileges.",
		.options = validate_options,
		.examples = validate_examples,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_FILES,
		.run = cmd_validate,
	},
	{
		.name = "generate",
		.synopsis = "--name NAME --nodes N[:KIND[:TYPE]],...",
		.summary = "write a topology file of a Clos fabric",
		.description = "Writes a topology in which each node of a tier has a link to each node of the next, as containerlab "
			       "generate does: node N of tier T is nodeT-N in group tier-T. What routes in it is for you to add.",
		.options = generate_options,
		.examples = generate_examples,
		.run = cmd_generate,
	},
	{
		.name = "vm",
		.synopsis = "--kernel KERNEL[,KERNEL...] [--] COMMAND...",
		.summary = "run a command on another kernel",
		.description = "Boots a kernel in a virtual machine (QEMU) that sees this machine's files, runs one command there as root, "
			       "shows what it writes, and exits as it did. What the command writes to files is gone with the machine, but "
			       "below what --share names. The machine has no network but its own loopback; $NETEMU_VM says which "
			       "kernel runs.\n\n"
			       "The kernel panics at its first oops. A panic, a machine that hangs or has no memory left, and a kernel that does "
			       "not boot are told apart in the one line about it; its console is kept then.\n\n"
			       "The kernel needs a serial port's driver, virtio, overlayfs and 9p, built in or as modules (in place of 9p "
			       "virtiofs will do, which needs root). Where the processor has no virtualisation, it is emulated.",
		.options = vm_options,
		.examples = vm_examples,
		.statuses = vm_statuses,
		.min_args = 1,
		.max_args = ARGS_ANY,
		.stop_after = STOP_AT_ONCE,
		.complete = COMPLETE_COMMANDS,
		.usage_status = CLI_EXEC_FAILED,
		.run = cmd_vm,
	},
	{
		.name = "probe",
		.synopsis = "",
		.summary = "show what this machine can do",
		.description = "Looks at the kernel, its limits and the installed programs, and says what a lab would miss "
			       "and what to do about it. Exits with 1 when no lab can run here.",
		.options = probe_options,
		.examples = probe_examples,
		.run = cmd_probe,
	},
	{
		.name = "image",
		.synopsis = "import FILE|DIR|- [NAME[:TAG]] | list | rm NAME...",
		.summary = "import root file systems for `image:`, list and remove them",
		.description =
			"Nodes whose `image:` is an imported image have its files instead of the host's, and start what it starts; no file is "
			"copied, however many nodes it has. It wins over what netemu has in place of images. docker.io/ and library/ need not "
			"be written, and NAME@sha256:... finds it by its digest.\n\n"
			"import takes what docker save writes, an OCI image layout (a directory or an archive), and the tar archive or "
			"the directory of a root file system; compressed by gzip, bzip2, xz, zstd, lz4, lzip or not at all. What it is, its "
			"content tells. Without NAME all images of it are imported under the names that they have in there; a root file system "
			"has none. Digests are checked. Device nodes are left out, except for those that every container has.\n\n"
			"They are kept in /var/lib/netemu/images, or in $NETEMU_IMAGES. Only what no running lab uses can be removed; rm also "
			"takes digits of an id.",
		.options = image_options,
		.examples = image_examples,
		.min_args = 1,
		.max_args = ARGS_ANY,
		.complete = COMPLETE_FILES,
		.run = cmd_image,
	},
	{
		.name = "shims",
		.synopsis = "DIR",
		.summary = "stand in for docker, kind, containerlab, helm and ctr",
		.description =
			"Puts links to netemu into DIR that are called as these tools are (and kubectl, if there is none). Called by such a "
			"name, netemu takes the tool's own words and prints what it prints, as far as a node is a container and a cluster "
			"is Kind's; what it cannot do is an error. With DIR first in PATH, the commands of a tutorial can be typed as they are.",
		.options = shims_options,
		.examples = shims_examples,
		.min_args = 1,
		.max_args = 1,
		.complete = COMPLETE_DIRS,
		.run = cmd_shims,
	},
	{
		.name = "version",
		.synopsis = "",
		.summary = "show the version",
		.description = "Shows the version of netemu and of the kernel it runs on.",
		.options = version_options,
		.examples = version_examples,
		.run = cmd_version,
	},
	{
		.name = "help",
		.synopsis = "[VERB]",
		.summary = "show help",
		.description = "Shows the list of verbs, or everything about one.",
		.options = help_options,
		.examples = help_examples,
		.max_args = 1,
		.complete = COMPLETE_VERBS,
		.run = cmd_help,
	},
	{
		.name = "__complete",
		.hidden = true,
		.synopsis = "nodes|labs|clusters|kinds|names KIND",
		.summary = "names for the shell's completion, one a line",
		.description = "Never fails.",
		.options = no_options,
		.min_args = 1,
		.max_args = 2,
		.run = cmd_complete,
	},
	{ 0 },
};

const struct verb *verb_find(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, name) == 0 || (v->alias && strcmp(v->alias, name) == 0))
			return v;
	return NULL;
}

const char *verb_suggest(const char *typed)
{
	const char *names[2 * ARRAY_SIZE(verbs)];
	size_t n = 0;

	for (const struct verb *v = verbs; v->name; v++) {
		if (v->hidden)
			continue;
		names[n++] = v->name;
		if (v->alias)
			names[n++] = v->alias;
	}
	names[n] = NULL;
	return cli_suggest(typed, names);
}

static const struct verb_option *option_in(const struct verb_option *options, const char *name)
{
	for (const struct verb_option *o = options; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

const struct verb_option *verb_option_find(const struct verb *verb, const char *name)
{
	const struct verb_option *o = option_in(verb->options, name);

	return o ? o : option_in(common_options, name);
}
