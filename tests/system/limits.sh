#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limits - cpu, memory and cpu-set of a node are the kernel's, for all of its processes; nothing is left of them
#
#   small (cpu 0.5, memory 64m, cpu-set 0)     free (no limits)
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq

# Where this machine has a controller, in version 2's hierarchy or version 1's.
place() {
  local dir
  while read -r dir; do
    grep -qw "$1" "$dir/cgroup.controllers" && [[ -w $dir ]] && { echo "$dir" && return; }
  done < <(awk '$3 == "cgroup2" { print $2 }' /proc/mounts)
  awk -v c="$1" '$3 == "cgroup" && (","$4",") ~ (","c",") { print $2; exit }' /proc/mounts
}
cpu=$(place cpu) memory=$(place memory) cpuset=$(place cpuset)
[[ $cpu && $memory && $cpuset ]] || skip "needs the cgroup controllers cpu, memory and cpuset"
groups() { find "$cpu" "$memory" "$cpuset" -maxdepth 1 -name "netemu-$lab-*" | sort -u; }

topo <<'YAML'
topology:
  defaults: {kind: linux, image: alpine, network-mode: none}
  nodes:
    small: {cpu: 0.5, memory: 64m, cpu-set: 0, exec: ["sh -c 'cat /proc/self/cgroup >/root/exec'"]}
    free:
YAML
netemu run "$topo" >"$test_dir/out" 2>&1 || die "$(cat "$test_dir/out")"
[[ -n $(groups) ]] || skip "the host does not let us make cgroups: $(grep -o 'runs without.*' "$test_dir/out" | head -1)"
assert_eq 0 "$(grep -c 'without its limit' "$test_dir/out" || true)" "all three limits"
assert_eq "" "$(groups | grep -v -- -small || true)" "a node without limits has no group"
on() { netemu exec --lab "$lab" "$@"; }
setting() { # setting DIR V2-FILE V1-FILE
  local g=$1/netemu-$lab-0-small
  if [[ -e $g/$2 ]]; then cat "$g/$2"; else cat "$g/$3"; fi
}
assert_match '^50000( 100000)?$' "$(setting "$cpu" cpu.max cpu.cfs_quota_us)"
assert_eq $((64 << 20)) "$(setting "$memory" memory.max memory.limit_in_bytes)"
assert_eq 0 "$(setting "$cpuset" cpuset.cpus cpuset.cpus)"

# Everything of the node is in it: its init, what `exec` starts, exec lines. And it sees its group as the top.
members() { sort -n "$memory/netemu-$lab-0-small/cgroup.procs"; }
on small sleep 1000 2>/dev/null &
sleeper=$!
started() { pgrep -P "$(netemu inspect "$lab" -f json | jq -r '.[][] | select(.name | endswith("-small")) | .pid')" sleep; }
wait_until 5 started
members | grep -qx "$(started)" || die "what exec starts is not in the group"
kill "$sleeper"
wait "$sleeper" || true
at_top() { grep -qE ':memory:/$|^0::/$' <<<"$1" || die "not at the top of its cgroups: $1"; }
at_top "$(on small cat /proc/self/cgroup)"
at_top "$(on small cat /root/exec)"
assert_eq 1 "$(on small nproc)" "cpu-set"

# Who uses too much is killed, alone, and the lab's log says so.
assert_status 137 on small sh -c 'exec tail /dev/zero'
on small true
on free true
told() { grep -q "node small: its memory (67108864 bytes) is used up" "/run/netemu/$lab/logs/_lab.log"; }
wait_until 5 told

# A node that is started again is in the same group.
netemu restart small --lab "$lab" >/dev/null
at_top "$(on small cat /proc/self/cgroup)"
assert_status 137 on small sh -c 'exec tail /dev/zero'

# Nothing is left, however it ends.
netemu destroy "$lab" >/dev/null
assert_eq "" "$(groups)" "destroy"
netemu run "$topo" >/dev/null 2>&1
kill -9 "$(jq .supervisor "/run/netemu/$lab/state.json")"
# The next command sweeps it, once the supervisor is dead.
swept() { netemu list >/dev/null && [[ -z $(groups) ]]; }
wait_until 5 swept

# A run that fails takes them away again.
topo broken <<'YAML'
topology:
  nodes:
    a: {kind: linux, image: alpine, network-mode: none, memory: 64m, sysctls: {net.ipv4.ip_forward: rubbish}}
YAML
assert_status 1 netemu run "$topo"
assert_eq "" "$(groups)" "a run that failed"

# Without controllers, the lab runs, and says what it does without.
topo again <<'YAML'
topology:
  nodes:
    a: {kind: linux, image: alpine, network-mode: none, memory: 64m}
YAML
umount -R /sys/fs/cgroup
netemu run "$topo" >"$test_dir/out" 2>&1 || die "$(cat "$test_dir/out")"
assert_match 'node a runs without its limit of memory: no cgroups are mounted' "$(cat "$test_dir/out")"
netemu destroy "$lab" >/dev/null
