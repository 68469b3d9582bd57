#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# quick - a command and a lab on another kernel; machines that panic, hang and do not boot are told apart; nothing is left.
#
#   this machine ---- QEMU: its files, another kernel: h1 ---- h2
. "$(dirname "$0")/../lib.sh"
need_vm
export TMPDIR=$test_dir
vm() { netemu vm --kernel "$kernel" "$@"; }

# One boot: streams, status, environment, files; and a lab.
cat >"$test_dir/inside" <<'END'
uname -r
echo "$NETEMU_VM $A $PWD" >&2
echo written >shared/file
touch /etc/netemu-vm-test "$TMPDIR/unshared"
[ ! -e /run/netemu ] || echo "the host's /run is here"
netemu run topo.yml >&2
netemu exec h1 -- ping -c 1 -W 5 10.0.0.2 | grep -o '1 received'
modprobe -n vrf && ip link add blue type vrf table 10 && ip -br link show type vrf | cut -d ' ' -f 1
exit 42
END
cat >"$test_dir/topo.yml" <<'END'
name: vm
topology:
  nodes:
    h1: {kind: linux, image: "alpine:latest", exec: [ip addr add 10.0.0.1/24 dev eth1]}
    h2: {kind: linux, image: "alpine:latest", exec: [ip addr add 10.0.0.2/24 dev eth1]}
  links: [{endpoints: [h1:eth1, h2:eth1]}]
END
mkdir "$test_dir/shared" "$test_dir/logs"
status=0
vm -w "$test_dir" --share "$test_dir/shared" -e A=b -e TMPDIR="$TMPDIR" --artefacts "$test_dir/logs" -- sh inside \
  >"$test_dir/out" 2>"$test_dir/err" || status=$?
assert_eq 42 "$status" "$(cat "$test_dir/out" "$test_dir/err")"
assert_eq "$kernel
1 received
blue" "$(cat "$test_dir/out")" "standard output"
assert_eq "$kernel b $test_dir" "$(head -n 1 "$test_dir/err")" "standard error"
assert_eq written "$(cat "$test_dir/shared/file")" "what is shared"
[[ ! -e /etc/netemu-vm-test && ! -e $TMPDIR/unshared ]] || die "the host's files were written"
[[ -s $test_dir/logs/$kernel/console.log ]] || die "there is no console.log"

# Ends that are none: two at a time.
panics() { assert_status 1 vm -- sh -c 'echo c >/proc/sysrq-trigger'; echo "$output"; }
panics >"$test_dir/panics" 2>&1 &
panics_pid=$!
assert_status 1 vm --timeout 1 -- sleep 1000
assert_match "kernel $kernel: hung: not done within 1 s" "$output"
wait $panics_pid || die "$(cat "$test_dir/panics")"
assert_match "^netemu vm: kernel $kernel: panicked: Kernel panic - not syncing: sysrq triggered crash
netemu vm: kernel $kernel: its console is in ([^ ]*/console.log)$" "$(cat "$test_dir/panics")"
assert_match "sysrq triggered crash" "$(cat "${BASH_REMATCH[1]}")" "the console that was kept"
assert_status 125 vm --boot-timeout 1 -- true
assert_match "kernel $kernel: not booted: not booted within 1 s" "$output"
assert_status 125 netemu vm --kernel /proc/version -- true
assert_match "is no x86 kernel" "$output"
assert_status 125 vm --share /nowhere -- true
assert_match "share /nowhere: No such file" "$output"

# A command that was not waited for: QEMU does not outlive its netemu, whatever ends that.
"$NETEMU" vm --kernel "$kernel" -- sh -c 'echo up; sleep 1000' >"$test_dir/up" 2>/dev/null &
pid=$!
wait_until 60 grep -q up "$test_dir/up"
mapfile -t pids < <(pgrep -P $pid)
((${#pids[@]})) || die "there is no QEMU"
kill -KILL $pid
wait $pid 2>/dev/null || true
for qemu in "${pids[@]}"; do wait_until 5 eval "! is_alive $qemu"; done
