#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# stages - nodes that wait for each other, and what runs meanwhile
#
#   job (ends with 3) <--exit-- web --healthy--> db (well when /shared/go is there)      plain (waits for nobody)
#                                |                |
#                                +------eth1------+         app: in web's network namespace     chain: web's configure
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq

shared=$test_dir/shared
mkdir "$shared"
# What each thing does is a line of /shared/log, with the time: NANOSECONDS WHAT.
cat >"$shared/say" <<'SH'
#!/bin/sh
echo "$(date +%s%N) $*" >>"$(dirname "$0")/log"
SH
chmod +x "$shared/say"
topo <<YAML
topology:
  defaults: {kind: linux, image: alpine, network-mode: none, binds: ["$shared:/shared"]}
  nodes:
    plain: {exec: [/shared/say plain exec]}
    job:
      cmd: sh -c '/shared/say job begins; until test -e /shared/end; do sleep 0.05; done; /shared/say job ends; exit 3'
      stages: {exit: {exec: [{command: "$shared/say job exit on-exit host", target: host, phase: on-exit}]}}
    db:
      healthcheck: {test: test -e /shared/go && /shared/say db is checked, interval: 1}
      exec: [/shared/say db exec]
      stages:
        healthy: {exec: [{command: /shared/say db healthy on-enter}, {command: /shared/say db healthy on-exit, phase: on-exit}]}
    web:
      cmd: sh -c '/shared/say web command; exec sleep 1000'
      startup-delay: 1
      stages:
        create:
          wait-for: [{node: db, stage: healthy}, {node: job, stage: exit}]
          exec:
            - {command: "$shared/say web create on-enter host", target: host}
            - {command: "/shared/say web create on-exit", phase: on-exit}
        create-links:
          exec:
            - {command: "sh -c '/shared/say web create-links on-enter \$(echo \$(ls /sys/class/net))'"}
            - {command: "sh -c '/shared/say web create-links on-exit \$(echo \$(ls /sys/class/net))'", phase: on-exit}
        configure:
          exec:
            - {command: "sh -c 'pwd; echo to the log; exit 7'", target: host, phase: on-enter}
            - {command: no-such-command, target: host, phase: on-exit}
            - {command: "sh -c 'echo failing; exit 8'"}
            - {command: /shared/say web configure on-exit, phase: on-exit}
      exec: [/shared/say web exec]
    app:
      network-mode: container:web
      exec: [/shared/say app exec]
    chain:
      stages:
        configure: {wait-for: [{node: web, stage: configure}]}
      exec: [/shared/say chain exec]
  links:
    - {type: veth, endpoints: [{node: db, interface: eth1, ipv4: 10.0.0.1/24}, {node: web, interface: eth1, ipv4: 10.0.0.2/24}]}
YAML
on() { netemu exec --lab "$lab" "$@"; }
state() { netemu inspect "$lab" -f json | jq -r ".[][] | select(.name | endswith(\"-$1\")) | .state"; }
said() { grep -q " $*\$" "$shared/log"; }
is() { [[ $(state "$1") == "$2" ]]; }
netemu shims "$test_dir/bin" >/dev/null

# ---- while they wait ----
netemu run "$topo" >"$test_dir/out" 2>&1 &
run=$!
wait_until 10 said job begins
wait_until 10 said db healthy on-enter
wait_until 10 said plain exec
assert_eq created "$(state web)"
assert_eq created "$(state app)"
assert_eq running "$(state plain)"
assert_status 125 netemu exec --lab "$lab" web true
assert_match "node web is not there yet" "$output"
assert_status 1 netemu stop --lab "$lab" web
assert_match 'still starting' "$output"
assert_match ' Created  ' "$("$test_dir/bin/docker" ps -a | grep -e "-web$")"
assert_no_match '-web' "$("$test_dir/bin/docker" ps)"
assert_eq created "$("$test_dir/bin/docker" inspect -f '{{.State.Status}}' "clab-$lab-web")"
assert_eq "eth1 lo" "$(on db ls /sys/class/net | paste -sd' ')" "a link whose other node is not there yet"
assert_eq NO-CARRIER "$(on db ip -o link show eth1 | grep -o NO-CARRIER)"
assert_match '10\.0\.0\.1/24' "$(on db ip -o addr show eth1)"
assert_eq lo "$(on chain ls /sys/class/net)"
touch "$shared/end"
wait_until 10 said job exit on-exit host
assert_eq created "$(state web)" "it waits for db as well"
touch "$shared/go"
status=0
wait "$run" || status=$?
assert_eq 0 "$status" "$(cat "$test_dir/out")"

# ---- in which order that was ----
order=$(sort -n "$shared/log" | cut -d' ' -f2- | grep -v 'is checked')
before() { # A B: the line A is there once, before B
  local a b
  a=$(grep -nxF "$1" <<<"$order" | cut -d: -f1) b=$(grep -nxF "$2" <<<"$order" | cut -d: -f1)
  [[ $a =~ ^[0-9]+$ && $b =~ ^[0-9]+$ ]] || die "'$1' and '$2' are not there once each: $order"
  ((a < b)) || die "'$1' comes after '$2': $order"
}
before "db exec" "db healthy on-enter"
before "db healthy on-enter" "db healthy on-exit"
before "job ends" "job exit on-exit host"
for last in "job exit on-exit host" "db healthy on-exit"; do before "$last" "web create on-enter host"; done
before "web create on-enter host" "web create on-exit"
before "web create on-enter host" "web command"
before "web create on-exit" "web create-links on-enter lo"
before "web create-links on-enter lo" "web create-links on-exit eth1 lo"
before "web create-links on-exit eth1 lo" "web configure on-exit"
before "web configure on-exit" "web exec"
before "web create on-exit" "app exec"
before "web configure on-exit" "chain exec"
time_of() { grep " $*\$" "$shared/log" | cut -d' ' -f1; }
(($(time_of web create on-exit) - $(time_of web create on-enter host) >= 1000000000)) || die "startup-delay is part of stage create"

# ---- what that left ----
assert_match "node web: stage configure: exec on the host 'sh -c 'pwd; echo to the log; exit 7'' ended with 7: $test_dir to the log" "$(cat "$test_dir/out")"
assert_match "exec on the host 'no-such-command' ended with 127: no-such-command: No such file" "$(cat "$test_dir/out")"
assert_match "stage configure: exec 'sh -c 'echo failing; exit 8'' ended with 8: failing" "$(cat "$test_dir/out")"
assert_match 'to the log' "$(netemu logs --lab "$lab" web)"
on web ping -c 1 -W 2 10.0.0.1 >/dev/null
assert_eq 'exited 3' "$(netemu inspect "$lab" -f json | jq -r '.[][] | select(.name | endswith("-job")) | "\(.state) \(.exit_status // 3)"')"
assert_match 'running \(healthy\)' "$(netemu inspect "$lab")"

# ---- a node that starts again does not wait, but is configured again ----
: >"$shared/log"
netemu restart web --lab "$lab" >/dev/null
assert_eq "web command|web configure on-exit|web exec" "$(cut -d' ' -f2- "$shared/log" | grep '^web' | sort | paste -sd'|')"
on web ping -c 1 -W 2 10.0.0.1 >/dev/null
netemu destroy "$lab" >/dev/null

# ---- who ends meanwhile leaves nothing ----
gone() { [[ ! -e /run/netemu/$1 ]]; }
waiting() { # sets $run: a lab that waits forever, with a line on the host that does not end
  "$NETEMU" run "$topo" >"$test_dir/out" 2>&1 & # not the function: that would be a shell's, which a signal does not reach
  run=$!
  wait_until 10 test -e "$test_dir/host-$1"
}
forever() {
  topo "$1" <<YAML
topology:
  defaults: {kind: linux, image: alpine, network-mode: none}
  nodes:
    db: {healthcheck: {test: "false", interval: 1, retries: 1}}
    web: {stages: {create: {wait-for: [{node: db, stage: healthy}]}}}
    hook: {stages: {create: {exec: [{command: "sh -c 'echo \$\$ >$test_dir/host-$1; exec sleep 1000'", target: host}]}}}
  links: [{endpoints: [web:eth1, "host:h$$"]}]
YAML
}
forever taken
ip link add "h$$" type veth peer name "p$$" # somebody else's
assert_status 1 netemu run "$topo"
assert_match "h$$.*File exists" "$output"
ip link del "h$$" || die "a lab took away what it had not made"
forever destroyed
waiting destroyed
ip link show "h$$" >/dev/null
wait_until 10 grep -q 'node db is unhealthy' "$test_dir/out"
netemu destroy "$lab" >/dev/null
status=0
wait "$run" || status=$?
assert_eq 1 "$status"
wait_until 10 gone "$lab"
wait_until 10 eval '! ip link show "h$$" 2>/dev/null'
forever interrupted
waiting interrupted
kill -INT "$run"
status=0
wait "$run" || status=$?
assert_eq 130 "$status"
gone "$lab" || die "an interrupted run left its directory"
left=$(pgrep -f "host-(destroyed|interrupted)" || true)
assert_eq '' "$left" "lines that ran on the host"

# ---- what cannot come any more is an error, and the lab does not stay ----
topo never <<'YAML'
topology:
  defaults: {kind: linux, image: alpine, network-mode: none}
  nodes:
    db: {cmd: sh -c 'exit 5', healthcheck: {test: "false", interval: 1}}
    web: {stages: {configure: {wait-for: [{node: db, stage: healthy}]}}}
YAML
assert_status 1 netemu run "$topo"
assert_match 'node db: its command ended \(exit code 5\) before it was healthy' "$output"
gone "$lab" || die "a failed run left its directory"

# ---- a job that is tried again until it succeeds ----
topo again <<'YAML'
topology:
  defaults: {kind: linux, image: alpine, network-mode: none}
  nodes:
    job: {restart-policy: on-failure, cmd: sh -c 'echo x >>/count; test $(wc -l </count) = 3'}
    web: {stages: {create: {wait-for: [{node: job, stage: exit}]}}}
YAML
netemu run "$topo" >"$test_dir/out" 2>&1 || die "$(cat "$test_dir/out")"
assert_eq 3 "$(netemu exec --lab "$lab" job wc -l /count | cut -d' ' -f1)"
