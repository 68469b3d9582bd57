#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# state_files - what is in /run/netemu is looked at with suspicion: planted links, truncated, newer or stale states
#
#   a        one plain host
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq

topo <<'YAML'
topology: {nodes: {a: {kind: linux, image: alpine, network-mode: none}}}
YAML
state=/run/netemu/$lab/state.json

# A lab directory, or /run/netemu itself, that is a symlink of somebody is refused (CVE-2015-1331).
mkdir -p /run/netemu "$test_dir/victim"
chmod 700 /run/netemu
ln -s "$test_dir/victim" "/run/netemu/$lab"
netemu run "$topo" >"$test_dir/out" 2>&1 && die "a planted symlink was followed"
assert_eq "" "$(ls -A "$test_dir/victim")"
netemu list >/dev/null 2>&1 || true
netemu destroy --all >/dev/null 2>&1 || true
[[ -d $test_dir/victim ]] || die "the target of the symlink was removed"
rm -rf /run/netemu
ln -s "$test_dir/victim" /run/netemu
netemu run "$topo" >"$test_dir/out" 2>&1 && die "/run/netemu as a symlink was followed"
assert_eq "" "$(ls -A "$test_dir/victim")"
rm /run/netemu

# A stranger's /run/netemu, or one that others may write to, is refused or made tight.
install -d -m 777 /run/netemu
netemu run "$topo" >"$test_dir/out" 2>&1 && assert_eq 700 "$(stat -c %a /run/netemu)"
netemu destroy "$lab" >/dev/null 2>&1 || true
rm -rf /run/netemu

netemu run "$topo" >/dev/null 2>&1
cp "$state" "$test_dir/good"
supervisor=$(jq .supervisor "$state")

# Truncated, not JSON, of a newer version: said, not acted on, and destroy still does not hit anybody else.
sleep 300 &
stranger=$!
at_exit kill $stranger
for bad in truncated garbage newer pid starttime; do
  case $bad in
    truncated) head -c 100 "$test_dir/good" >"$state" ;;
    garbage) head -c 300 /dev/urandom >"$state" ;;
    newer) jq '.version = 99' "$test_dir/good" >"$state" ;;
    pid) jq --argjson p $stranger '.supervisor = $p' "$test_dir/good" >"$state" ;;
    starttime) jq '.starttime += 1' "$test_dir/good" >"$state" ;;
  esac
  timeout 10 "$NETEMU" exec a true >"$test_dir/out" 2>&1 && die "exec acted on a $bad state"
  assert_match "^netemu exec: " "$(cat "$test_dir/out")"
  timeout 20 "$NETEMU" destroy "$lab" >"$test_dir/out" 2>&1 && die "destroy says it is done with a $bad state"
  assert_match "$lab" "$(cat "$test_dir/out")"
  kill -0 $stranger || die "a $bad state had a stranger killed"
  is_alive "$supervisor" || die "a $bad state had the lab killed"
done
cp "$test_dir/good" "$state"
netemu exec a true

# The lab is dead, and its state names a pid that somebody else has now: swept, the stranger lives.
jq --argjson p $stranger '.supervisor = $p | .nodes[0].pid = $p' "$test_dir/good" >"$state"
kill -9 "$supervisor"
gone() { ! is_alive "$supervisor"; }
wait_until 2 gone
assert_status 0 netemu destroy "$lab"
kill -0 $stranger
[[ ! -e /run/netemu ]] || die "not swept: $(find /run/netemu)"

# Its name in /run/netns could not be told from a stranger's; the next run of the lab knows that it is nobody's.
[[ -L /run/netns/clab-$lab-a && ! -e /run/netns/clab-$lab-a ]] || die "expected a dangling name"
netemu run "$topo" >/dev/null 2>&1
netemu destroy "$lab" >/dev/null
[[ ! -L /run/netns/clab-$lab-a ]] || die "the name is still there"

# A file in /run/netns that is not ours stays.
ip netns add stranger
netemu run "$topo" >/dev/null 2>&1
netemu destroy "$lab" >/dev/null
assert_match "^stranger" "$(ip netns list)"
ip netns del stranger

# A name in /run/netns that is taken by somebody else is an error, and theirs stays.
ip netns add "clab-$lab-a"
assert_status 1 netemu run "$topo"
assert_match "clab-$lab-a" "$output"
assert_match "clab-$lab-a" "$(ip netns list)"
ip netns del "clab-$lab-a"
[[ ! -e /run/netemu ]] || die "left: $(find /run/netemu)"
