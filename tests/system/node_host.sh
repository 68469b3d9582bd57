#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# node_host - what of the host's and of the caller's does not get into a node's hands
#
#   n        one plain host
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd python3 prlimit

# A /dev/null of the test's own: the machine's must not suffer when this fails.
mknod "$test_dir/null" c 1 3
chmod 666 "$test_dir/null"
mount --bind "$test_dir/null" /dev/null

topo <<'YAML'
topology:
  nodes:
    n: {kind: linux, image: alpine, network-mode: none, env: {HOSTNAME: mine}, exec: ["chmod 0600 /proc/self/fd/0"]}
YAML

# A key in a session keyring of the caller's, as pam_keyinit(8) gives each login one.
cat >"$test_dir/keyring.py" <<'PY'
import ctypes, os, platform, sys
libc = ctypes.CDLL(None)
keyctl, add = {"x86_64": (250, 248), "aarch64": (219, 217)}[platform.machine()]
if sys.argv[1] == "show": # KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING
    print(libc.syscall(keyctl, 0, -3, 0))
else: # KEYCTL_JOIN_SESSION_KEYRING
    libc.syscall(keyctl, 1, None)
    libc.syscall(add, b"user", b"netemu-test", b"secret", 6, -3)
    print(libc.syscall(keyctl, 0, -3, 0), flush=True)
    os.execvp(sys.argv[2], sys.argv[2:])
PY
prlimit --nofile=300: python3 "$test_dir/keyring.py" new "$NETEMU" run "$topo" >"$test_dir/run" 2>&1
ours=$(head -n 1 "$test_dir/run")
x() { netemu exec n "$@"; }
theirs=$(x python3 -c "$(cat "$test_dir/keyring.py")" show)
((ours <= 0)) || assert_no_match "^($ours|-1)$" "$theirs" "the caller's session keyring"

# Descriptors of files: /dev/null is the node's own, and a named pipe goes through one without a name.
assert_eq 666 "$(stat -c %a /dev/null)" "/dev/null after an exec line"
x chmod 0600 /proc/self/fd/0 </dev/null
assert_eq 666 "$(stat -c %a /dev/null)" "/dev/null after exec"
mkfifo -m 640 "$test_dir/fifo"
x sh -c 'chmod 0666 /proc/self/fd/1; echo through' >"$test_dir/fifo" &
assert_eq "through" "$(cat "$test_dir/fifo")"
wait $!
assert_eq 640 "$(stat -c %a "$test_dir/fifo")" "a named pipe"

# Limits are the caller's, though the supervisor itself takes what it may have.
assert_eq 300 "$(x sh -c 'ulimit -Sn')"
supervisor=$(jq .supervisor "/run/netemu/$lab/state.json" 2>/dev/null || jq '.supervisor.pid' "/run/netemu/$lab/state.json")
assert_eq "$(ulimit -Hn)" "$(awk '/Max open files/ { print $4 }' "/proc/$supervisor/limits")"

# The file's HOSTNAME comes first: a program that reads the first of two gets that as well.
assert_eq "HOSTNAME=mine" "$(x python3 -c 'print(open("/proc/self/environ").read().replace("\0", "\n"))' | grep ^HOSTNAME=)"
