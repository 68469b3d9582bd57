# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# lib.sh - what the shell tests share: names of their own, assertions, deadlines, clean-up.
#
# Source it first: `. "$(dirname "$0")/../lib.sh"`. A test is a script that exits 0, or 77 when it had to be skipped
# (skip REASON); tests/run runs it, or it runs alone. It never waits by sleeping for a fixed time (wait_until), and
# never touches a lab that it did not name with lab_name.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
NETEMU=${NETEMU:-$top/build/netemu}
# All labs of one run of the suite share a prefix: the leak check at its end looks for it.
NETEMU_TEST_RUN=${NETEMU_TEST_RUN:-t$$}
test_name=$(basename "$0" .sh)
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/$NETEMU_TEST_RUN-$test_name.XXXXXX")
test_labs=()
test_cleanups=()
# What the machine's user has imported is none of a test's business.
export NETEMU_IMAGES=$test_dir/images
export NETEMU NETEMU_TEST_RUN top test_dir

netemu() { "$NETEMU" "$@"; }

skip() {
  echo "SKIP: $*"
  exit 77
}

die() {
  echo "FAILED: $*" >&2
  exit 1
}

need_root() { ((EUID == 0)) || skip "needs root"; }

need_cmd() {
  local cmd
  for cmd; do
    command -v "$cmd" >/dev/null || skip "needs the command $cmd"
  done
}

need_netemu() { [[ -x $NETEMU ]] || skip "needs $NETEMU (make)"; }

# lab_name [SUFFIX] - sets $lab to a name that nobody else uses, and has the lab destroyed at the end.
lab_name() {
  lab=$NETEMU_TEST_RUN-${test_name//[^a-z0-9]/}-$$${1:+-$1}
  test_labs+=("$lab")
}

# topo [SUFFIX] <<YAML - a topology file of a new unique lab, from stdin without its `name:`; sets $lab and $topo.
topo() {
  lab_name "$@"
  topo=$test_dir/$lab.clab.yml
  { echo "name: $lab"; cat; } >"$topo"
}

# own_machine "$@" - goes on in a network and a mount namespace of the test's own, with an empty /run: labs, links,
# subnets and firewall rules of others do not exist there, and theirs do not see ours. First line of a test.
own_machine() {
  need_root
  need_cmd unshare ip
  need_netemu
  if [[ ${NETEMU_OWN_MACHINE:-} != "$$" ]]; then
    rm -rf "$test_dir"
    NETEMU_OWN_MACHINE=$$ exec unshare --mount --net --propagation private "$BASH" "$0" "$@"
  fi
  unset NETEMU_OWN_MACHINE
  mount -t tmpfs -o mode=0755 netemu-test /run
  ip link set lo up
}

# need_kubectl - $kubectls becomes lines of `VERSION PATH`, the real ones, oldest first (scripts/kubectl). Before own_machine,
# which is without a network. kubectl's cache is the test's own.
need_kubectl() {
  [[ -n ${kubectls+x} ]] || { kubectls=$("$top/scripts/kubectl") && export kubectls; }
  [[ -n $kubectls ]] || skip "needs a kubectl (scripts/kubectl finds none, and can fetch none)"
  export HOME=$test_dir
}

# need_vm - sets $kernel to the name of the kernel that tests boot: $NETEMU_TEST_KERNEL, else what scripts/kernels has fetched.
need_vm() {
  need_root
  need_netemu
  need_cmd qemu-system-x86_64
  export NETEMU_KERNELS=${NETEMU_KERNELS:-$top/build/kernels}
  kernel=${NETEMU_TEST_KERNEL:-$(find "$NETEMU_KERNELS" -maxdepth 1 -name '6.1.*-cloud-amd64' -printf '%f\n' 2>/dev/null | sort -V | tail -n 1)}
  [[ -n $kernel ]] || skip "needs a kernel in $NETEMU_KERNELS (make kernels)"
}

# in_vm [OPTION...] - goes on inside of a virtual machine, as root of a machine that is this test's own: on the host
# the test ends there, with the status that it has inside. First line of a test.
in_vm() {
  [[ -z ${NETEMU_VM:-} ]] || return 0
  need_vm
  local status=0
  netemu vm --kernel "$kernel" --timeout 240 -e NETEMU_TEST_RUN="$NETEMU_TEST_RUN" -e NETEMU="$NETEMU" "$@" \
    -- "$BASH" "$(realpath "$0")" || status=$?
  exit $status
}

# at_exit COMMAND... - runs at the end, last one first.
at_exit() { test_cleanups+=("$(printf '%q ' "$@")"); }

cleanup() {
  local status=$? i lab
  set +e
  trap - EXIT
  for ((i = ${#test_cleanups[@]} - 1; i >= 0; i--)); do eval "${test_cleanups[i]}"; done
  for lab in "${test_labs[@]}"; do
    # `destroy` of what is not there is no error: a failure here is the test's own.
    netemu destroy "$lab" >"$test_dir/destroy.log" 2>&1 || { cat "$test_dir/destroy.log"; status=$((status ? status : 1)); }
  done
  rm -rf "$test_dir"
  exit "$status"
}
trap cleanup EXIT
# What `set -e` ends a test for is said.
set -E
trap 'echo "${BASH_SOURCE[0]##*/}:$LINENO: exit status $?: $BASH_COMMAND" >&2' ERR
# timeout(1) sends TERM first, so that a test that hangs still cleans up.
trap 'exit 143' TERM
trap 'exit 130' INT

where() { printf '%s:%s' "${BASH_SOURCE[2]##*/}" "${BASH_LINENO[1]}"; }

# assert_eq WANT GOT [WHAT]
assert_eq() {
  [[ $1 == "$2" ]] && return
  echo "$(where): ${3:-not equal}" >&2
  diff -u --label want --label got <(printf '%s\n' "$1") <(printf '%s\n' "$2") >&2 || true
  exit 1
}

# assert_match REGEX GOT [WHAT] - an extended regular expression
assert_match() {
  [[ $2 =~ $1 ]] && return
  printf '%s: %s\nwant a match of: %s\ngot: %s\n' "$(where)" "${3:-no match}" "$1" "$2" >&2
  exit 1
}

# assert_no_match REGEX GOT [WHAT]
assert_no_match() {
  [[ ! $2 =~ $1 ]] && return
  printf '%s: %s\nwant no match of: %s\ngot: %s\n' "$(where)" "${3:-match}" "$1" "$2" >&2
  exit 1
}

# assert_status WANT COMMAND... - its output goes to $output (stdout and stderr)
assert_status() {
  local want=$1 got=0
  shift
  output=$("$@" 2>&1) || got=$?
  ((got == want)) && return
  printf '%s: exit status %s, want %s: %s\n%s\n' "$(where)" "$got" "$want" "$*" "$output" >&2
  exit 1
}

# wait_until SECONDS COMMAND... - polls every 20 ms; fails when time is up
wait_until() {
  local seconds=$1 start=${EPOCHREALTIME/./} limit
  printf -v limit '%.0f' "${seconds}e6"
  shift
  until "$@" >/dev/null 2>&1; do
    if ((${EPOCHREALTIME/./} - start > limit)); then
      printf '%s: not so after %s s: %s\n' "$(where)" "$seconds" "$*" >&2
      exit 1
    fi
    sleep 0.02
  done
}

# is_alive PID - and not a zombie, which a PID 1 that does not reap leaves behind
is_alive() { [[ -r /proc/$1/stat && $(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null || echo Z) != Z ]]; }

# microseconds COMMAND... - how long it took, in $elapsed
# shellcheck disable=SC2034 # for the caller
microseconds() {
  local start=${EPOCHREALTIME/./} status=0
  "$@" || status=$?
  elapsed=$((${EPOCHREALTIME/./} - start))
  return $status
}
