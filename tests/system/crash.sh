#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# crash - the supervisor, run, or a node's init is killed; nothing stays, and the next command sweeps
#
#   a ---- b ---- (host)      with a daemon in a that ignores TERM, left its session and forked twice
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq nft setsid

things() {
  ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/'
  nft list tables
  awk '{ print $5 }' /proc/self/mountinfo
}
before=$(things)
topo <<'YAML'
topology:
  defaults: {kind: linux, image: alpine}
  nodes:
    a:
      exec:
        - sh -c 'trap "" TERM INT HUP; (setsid sh -c "sleep 4242 & exec sleep 4243" </dev/null >/dev/null 2>&1 &) & wait'
        - sh -c 'sleep 4244 & kill -STOP $!'
    b: {}
  links: [{endpoints: ["a:e1", "b:e1"]}, {endpoints: ["a:h", "host:to-a"]}]
YAML

# Every process whose network namespace is one of the lab's.
pids_of() {
  find /proc/[0-9]*/ns/net -printf '%l %p\n' 2>/dev/null | grep -F "$(printf '%s\n' "${namespaces[@]}")" | cut -d / -f 3
}
alive() {
  local p
  for p in "${pids[@]}"; do is_alive "$p" && return; done
  return 1
}
up() {
  netemu run "$topo" >/dev/null 2>&1
  supervisor=$(jq .supervisor "/run/netemu/$lab/state.json")
  mapfile -t namespaces < <(jq '.nodes[].pid' "/run/netemu/$lab/state.json" | xargs -I{} readlink /proc/{}/ns/net)
  mapfile -t pids < <(pids_of)
  ((${#pids[@]} >= 5)) || die "only ${#pids[@]} processes"
  wait_until 5 bash -c "pgrep -f '^sleep 4243'"
}
all_gone() { ! alive && [[ $(things) == "$before" ]]; }

# kill -9 of the supervisor: within a second processes, links, rules and mounts are gone; files go with the next command.
up
kill -9 "$supervisor"
wait_until 1 all_gone
[[ -e /run/netemu/$lab ]] || die "who has swept?"
assert_status 0 netemu list
assert_match "no lab is running" "$output"
[[ ! -e /run/netemu && ! -e /run/netns ]] || die "list has not swept: $(find /run)"

# The same, and the next command is a run of the same lab: it comes up.
up
kill -9 "$supervisor"
netemu run "$topo" >/dev/null 2>&1
netemu exec a true
netemu destroy "$lab" >/dev/null
assert_eq "$before" "$(things)"

# destroy ends what ignores signals, and what is stopped; it takes no process of others along.
sleep 4242 &
bystander=$!
at_exit kill $bystander
up
microseconds netemu destroy "$lab" >/dev/null
all_gone || die "left after destroy: $(things)"
((elapsed < 1000000)) || die "destroy took $elapsed us"
kill -0 $bystander

# destroy of a lab whose supervisor is stopped, or whose nodes are dead.
up
kill -STOP "$supervisor"
netemu destroy "$lab" >/dev/null
all_gone || die "left after destroy of a stopped lab"
up
kill -9 "$(jq '.nodes[0].pid' "/run/netemu/$lab/state.json")"
node_dead() { [[ $(netemu inspect "$lab" -f json | jq -r '[.[][].state] | join(" ")') == "dead running"* ]]; }
wait_until 5 node_dead
assert_status 125 netemu exec a true
netemu exec b true
assert_match "node a: its init has ended" "$(cat "/run/netemu/$lab/logs/_lab.log")"
netemu destroy "$lab" >/dev/null
all_gone || die "left after destroy of a lab with a dead node"

# run is killed at some moments, by KILL and by Ctrl-C: all of the lab or nothing of it.
slow=$test_dir/slow.clab.yml
sed 's/b: {}/b: {startup-delay: 20, exec: ["true"]}/' "$topo" | sed 's/^ *- sh -c.*sleep 424.*//; s/^      exec:$//' >"$slow"
for sig in KILL INT TERM HUP; do
  "$NETEMU" run "$slow" >"$test_dir/run" 2>&1 &
  run=$!
  wait_until 5 test -S "/run/netemu/$lab/nodes/b.sock"
  wait_until 5 "$NETEMU" exec --lab "$lab" a true
  mapfile -t pids < <(jq '.nodes[].pid, .supervisor' "/run/netemu/$lab/state.json")
  kill -$sig $run
  wait $run 2>/dev/null && status=0 || status=$?
  [[ $sig == KILL ]] || assert_eq 130 "$status" "status of a run that got $sig"
  wait_until 2 all_gone
  netemu list >/dev/null 2>&1
  [[ ! -e /run/netemu ]] || die "left in /run after $sig: $(find /run/netemu)"
done

# --foreground shows what the nodes say; Ctrl-C destroys.
topo fg <<'YAML'
topology: {nodes: {n: {kind: linux, image: alpine, cmd: sh -c 'seq 2000; while echo tick; do sleep 0.05; done'}}}
YAML
"$NETEMU" run "$topo" --foreground >"$test_dir/fg" 2>&1 &
fg=$!
wait_until 5 grep -q tick "$test_dir/fg"
assert_eq "$(seq 2000 | tr -d '\n' | cksum)" "$(sed -n 's/^n: \([0-9]\)/\1/p' "$test_dir/fg" | tr -d '\n' | cksum)" "lines of a burst"
kill -INT $fg
wait $fg && status=0 || status=$?
assert_eq 0 "$status" "$(cat "$test_dir/fg")"
[[ ! -e /run/netemu ]] || die "--foreground left $(find /run/netemu)"
assert_eq "$before" "$(things)"

# The caller's oddities harm nothing and are not inherited: SIGCHLD ignored, signals blocked, umask, closed stdio.
topo odd <<'YAML'
topology: {nodes: {n: {kind: linux, image: alpine, exec: [sh -c 'umask >/tmp/umask; touch /tmp/made; exit 3']}}}
YAML
python3 - "$NETEMU" "$topo" <<'PY' >"$test_dir/odd" 2>&1 || die "$(cat "$test_dir/odd")"
import os, signal, subprocess, sys
def odd():
    for s in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE, signal.SIGHUP):
        signal.signal(s, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1})
    os.umask(0o777)
    for fd in (0, 1, 2):
        os.close(fd)
sys.exit(subprocess.run([sys.argv[1], "run", sys.argv[2]], preexec_fn=odd).returncode)
PY
assert_eq "0022 644" "$(netemu exec n sh -c 'echo $(cat /tmp/umask) $(stat -c %a /tmp/made)')"
assert_match "ended with 3" "$(cat "/run/netemu/$lab/logs/_lab.log")"
status=$(netemu exec n sh -c 'grep -E "^Sig(Blk|Ign):" /proc/self/status; grep -E "^SigIgn:" /proc/1/status' | awk '{ print $2 }' | sort -u)
assert_eq 0000000000000000 "$status" "signals blocked or ignored in the node"
assert_eq "755" "$(stat -c %a /run/netns)"
assert_eq "700 700" "$(stat -c %a /run/netemu "/run/netemu/$lab" | tr '\n' ' ' | sed 's/ $//')"
netemu destroy "$lab" >/dev/null

# Many deaths that nobody asked about, while the supervisor does not listen: it still hears of an exec line's end.
topo flood <<'YAML'
topology:
  nodes: {n: {kind: linux, image: alpine, network-mode: none, exec: ["bash -c 'touch /tmp/began; sleep 0.5; for ((i = 0; i < 2000; i++)); do (false &); done'"]}}
YAML
timeout 60 "$NETEMU" run "$topo" >/dev/null 2>&1 &
run=$!
wait_until 5 netemu exec --lab "$lab" n test -e /tmp/began
supervisor=$(jq .supervisor "/run/netemu/$lab/state.json")
kill -STOP "$supervisor"
wait_until 20 netemu exec --lab "$lab" n sh -c '! pgrep bash'
kill -CONT "$supervisor"
wait $run || die "run did not end"
