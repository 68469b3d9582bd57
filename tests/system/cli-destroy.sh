#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cli-destroy - destroy is idempotent, and works on labs whose file, supervisor or state is in a bad way.
#
#   r1 eth1 ---- eth1 r2
. "$(dirname "$0")/../lib.sh"
need_root
need_netemu
need_cmd jq

sleep 1000 & # is older than any supervisor here by more than the 10 ms that start times are counted in
bystander=$!
at_exit kill "$bystander"

fresh() {
  topo "$1" <<'YAML'
topology:
  nodes:
    r1: {kind: linux, image: nicolaka/netshoot, network-mode: none}
    r2: {kind: linux, image: nicolaka/netshoot, network-mode: none}
  links:
    - endpoints: [r1:eth1, r2:eth1]
YAML
  netemu run "$topo" >/dev/null
  supervisor=$(netemu list -f json | jq --arg lab "$lab" '.[] | select(.name == $lab) | .supervisor')
  init=$(netemu inspect "$lab" -f json | jq '.[][0].pid')
}

# gone - nothing of $lab is left
gone() {
  [[ ! -e /run/netemu/$lab ]] || die "/run/netemu/$lab is there"
  assert_eq "" "$(find /run/netns -name "clab-$lab-*" 2>/dev/null)" "names in /run/netns"
  assert_no_match "^[^Z]" "$(ps -o stat= -p "$init" || true)" "the init of r1"
}

# Twice, by name and by file.
fresh twice
assert_status 0 netemu destroy "$lab"
assert_eq "destroyed $lab" "$output"
gone
assert_status 0 netemu destroy "$lab"
assert_status 0 netemu destroy "$topo"
assert_status 0 netemu destroy /no/such/file.yml

# A file that was edited, then one that was deleted: it is the running lab that counts.
fresh edited
sed -i 's/^name: .*/name: something-else/' "$topo"
assert_status 0 netemu destroy -t "$topo"
assert_eq "destroyed $lab" "$output"
gone
fresh deleted
rm "$topo"
assert_status 0 netemu destroy "$topo"
gone

# A supervisor that is stopped, and one that was killed.
fresh stopped
kill -STOP "$supervisor"
assert_status 0 netemu destroy "$lab"
gone
fresh killed
kill -KILL "$supervisor"
assert_status 0 netemu destroy "$lab"
gone
fresh swept
kill -KILL "$supervisor"
wait_until 5 bash -c "! netemu=\$($NETEMU __complete labs | grep -x $lab)"
gone

# A state that is broken, newer, or names somebody else's pid: said, and nobody is killed on its word.
fresh broken
cp "/run/netemu/$lab/state.json" "$test_dir/state.json"
at_exit bash -c "[[ ! -d /run/netemu/$lab ]] || cp '$test_dir/state.json' '/run/netemu/$lab/'"
for change in '.starttime += 1' ".supervisor = $bystander" '.version = 99' '.nodes[0].name = "../x"' 'del(.nodes)'; do
  jq "$change" "$test_dir/state.json" >"/run/netemu/$lab/state.json"
  assert_status 1 netemu destroy "$lab"
  assert_status 1 netemu inspect "$lab"
done
head -c 100 "$test_dir/state.json" >"/run/netemu/$lab/state.json"
assert_status 1 netemu destroy "$lab"
assert_status 125 netemu exec --lab "$lab" r1 true
kill -0 "$bystander" "$supervisor"
cp "$test_dir/state.json" "/run/netemu/$lab/state.json"
assert_status 0 netemu destroy "$lab"
gone

# A truncated state of a dead lab is swept with the rest.
fresh truncated
head -c 100 "/run/netemu/$lab/state.json" >"$test_dir/short"
cp "$test_dir/short" "/run/netemu/$lab/state.json"
kill -KILL "$supervisor"
wait_until 5 bash -c "[[ \$(ps -o stat= -p $init) != [^Z]* ]]"
assert_status 0 netemu destroy "$lab"
find /run/netns -name "clab-$lab-*" -delete
gone

# --wait: the namespaces are free when it returns, or it says who holds them.
fresh wait
assert_status 0 netemu destroy --wait "$lab"
gone
fresh held
exec 9<"/run/netns/clab-$lab-r2"
assert_status 1 netemu destroy --wait "$lab"
assert_match "clab-$lab-r2 is still used by process" "$output"
exec 9<&-
gone

# Neither a lab, nor a file, nor a topology here.
cd /
assert_status 1 netemu destroy
assert_match "say what to destroy" "$output"
