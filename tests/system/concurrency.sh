#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# concurrency - many runs and destroys at once: of one name exactly one wins, different names do not meet
#
#   20 x (a ---- b) of one name, then 10 x (a ---- b) of ten names, all on management networks
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq

topo <<'YAML'
topology:
  defaults: {kind: linux, image: alpine}
  nodes: {a: {exec: [sh -c 'echo $(hostname)']}, b: {}}
  links: [{endpoints: ["a:e1", "b:e1"]}]
YAML
same=$lab

# Twenty of the same name.
for i in {1..20}; do
  ("$NETEMU" run "$topo" >"$test_dir/same.$i" 2>&1 && echo 0 || echo $?) >"$test_dir/status.$i" &
done
wait
assert_eq 1 "$(cat "$test_dir"/status.* | grep -cx 0)" "how many won"
assert_eq 19 "$(grep -l "lab '$same' is \(already\|being made\)" "$test_dir"/same.* | wc -l)" "$(cat "$test_dir"/same.* | sort | uniq -c)"
assert_eq 19 "$(cat "$test_dir"/status.* | grep -cx 1)"
netemu exec a ping -c 1 -W 2 b >/dev/null
assert_eq 2 "$(ip netns list | wc -l)"
assert_eq 1 "$(ip -br link | grep -c '^ne-')"

# Ten of different names beside it.
for i in {1..10}; do
  lab_name "$i"
  sed "s/^name: .*/name: $lab/" "$topo" >"$test_dir/$i.clab.yml"
  "$NETEMU" run "$test_dir/$i.clab.yml" >"$test_dir/other.$i" 2>&1 &
done
for job in $(jobs -p); do wait "$job" || die "a run failed: $(cat "$test_dir"/other.*)"; done
assert_eq 11 "$(netemu inspect -f json | jq length)"
assert_eq 22 "$(netemu inspect -f json | jq -r '[.[][].ipv4_address] | unique | length')" "addresses that differ"
assert_eq 11 "$(nft list tables | grep -c netemu)"
for l in "${test_labs[@]}"; do
  addr=$(netemu exec --lab "$l" a ip -4 -o addr show dev eth0 | awk '{ sub("/.*", "", $4); print $4 }')
  ping -c 1 -W 2 "$addr" >/dev/null
  assert_eq 1 "$(netemu exec --lab "$l" a grep -c "^$addr" /etc/hosts)"
done

# exec while it is being destroyed ends, well or with a clear word; nothing hangs.
for i in {1..20}; do timeout 10 "$NETEMU" exec --lab "$same" a true >"$test_dir/exec.$i" 2>&1 & done
timeout 10 "$NETEMU" exec --lab "$same" a sleep 600 >"$test_dir/long" 2>&1 &
long=$!
netemu destroy "$same" >/dev/null
for job in $(jobs -p); do wait "$job" && status=0 || status=$?; [[ $status != 124 ]] || die "an exec hung: $job of $long"; done
for f in "$test_dir"/exec.* "$test_dir/long"; do [[ ! -s $f ]] || assert_match "^netemu exec: " "$(cat "$f")"; done

# Destroys of all the rest at once, each one twice.
for l in "${test_labs[@]}"; do
  "$NETEMU" destroy "$l" >"$test_dir/destroy" 2>&1 &
  "$NETEMU" destroy "$l" >"$test_dir/destroy" 2>&1 &
done
for job in $(jobs -p); do wait "$job" || die "a destroy failed: $(cat "$test_dir/destroy")"; done

# run against destroy, over and over: each ends, and in the end there is nothing.
for _ in {1..8}; do
  timeout 20 "$NETEMU" run "$topo" >"$test_dir/race-run" 2>&1 &
  a=$!
  timeout 20 "$NETEMU" destroy "$same" >"$test_dir/race-destroy" 2>&1 &
  b=$!
  wait $a || { [[ $? != 124 ]] || die "run hung"; assert_match "^netemu run: " "$(cat "$test_dir/race-run")"; }
  wait $b || die "destroy failed: $(cat "$test_dir/race-destroy")"
done
netemu destroy "$same" >/dev/null

# Nobody but root can make a run wait for its turn, and a run that waits for another's plan can be interrupted.
setpriv --reuid 65534 --clear-groups flock -o "$(dirname "$NETEMU")/netemu-init" sleep 30 &
holder=$!
assert_status 0 timeout 10 "$NETEMU" run "$topo"
kill $holder
flock -o /run/netemu/.planning sleep 30 &
holder=$!
wait_until 5 bash -c '! flock -n /run/netemu/.planning true'
topo waits <<'YAML'
topology: {nodes: {a: {kind: linux, image: alpine}}}
YAML
"$NETEMU" run "$topo" >/dev/null 2>&1 &
waiting=$!
wait_until 5 test -e "/run/netemu/$lab"
kill $waiting
wait $waiting && status=0 || status=$?
assert_eq 143 "$status"
kill $holder
wait $holder || true
netemu destroy --all >/dev/null
assert_eq "lo" "$(ip -br link | awk '{ print $1 }')"
assert_eq "" "$(nft list tables)"
[[ ! -e /run/netemu && ! -e /run/netns ]] || die "left in /run: $(find /run)"
