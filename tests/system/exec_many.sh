#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# exec_many - containerlab's exec of many nodes and its JSON, inspect --details, save
#
#   r1 ---- r2        FRR; h1 beside them, without
. "$(dirname "$0")/../lib.sh"
need_root
need_netemu
need_cmd jq vtysh
ln -s "$NETEMU" "$test_dir/containerlab"
clab() { "$test_dir/containerlab" "$@"; }
topo <<'YAML'
topology:
  defaults: {kind: linux}
  nodes:
    r1: {image: frrouting/frr, labels: {role: edge}}
    r2: {image: frrouting/frr, labels: {role: core}}
    h1: {image: alpine, labels: {role: edge}, group: hosts}
  links: [{endpoints: ["r1:eth1", "r2:eth1"]}]
YAML
netemu run "$topo" --wait >/dev/null 2>&1
r1=clab-$lab-r1 h1=clab-$lab-h1

# exec: what a shell would not see is not seen either; what a command says goes where it said it.
json=$(clab exec -t "$topo" --label role=edge --cmd "echo 'a  b' \$HOME" --cmd "sh -c 'echo out; echo err >&2; exit 3'" -f json)
assert_eq "[\"$r1\",\"$h1\"]" "$(jq -c 'keys_unsorted' <<<"$json")" "nodes with the label"
assert_eq '[{"cmd":["echo","a  b","$HOME"],"return-code":0,"stdout":"a  b $HOME\n","stderr":""},{"cmd":["sh","-c","echo out; echo err >&2; exit 3"],"return-code":3,"stdout":"out\n","stderr":"err\n"}]' \
  "$(jq -c --arg n "$r1" '.[$n]' <<<"$json")" "containerlab's fields"
assert_eq "[\"$h1\"]" "$(clab exec --name "$lab" --label "clab-node-group=hosts" --cmd true -f json | jq -c keys)" "its own labels"
assert_eq "127" "$(clab exec --name "$lab" --label clab-node-name=h1 --cmd no-such-command -f json | jq '.[][]."return-code"')"
assert_match "$h1: hostname"$'\n'h1 "$(clab exec --name "$lab" --cmd hostname)" "for people"
assert_status 1 clab exec --name "$lab" --label role=none --cmd true
assert_match "no node is running that matches" "$output"
assert_status 1 clab exec --name "$lab" --cmd "echo 'a"
assert_match "command 'echo 'a'" "$output"
# What a command leaves behind, with its output in hand, is not waited for; all nodes at once.
microseconds clab exec --name "$lab" --cmd "sh -c 'sleep 30 & sleep 0.3'" >/dev/null
((elapsed < 900000)) || die "three nodes, 0.3 s each: $elapsed us"

# inspect --details
json=$(clab inspect --name "$lab" --details)
assert_eq "Names ID ShortID Image State Status Labels Pid NetworkSettings Mounts Ports" \
  "$(jq -r --arg lab "$lab" '.[$lab][0] | keys_unsorted | join(" ")' <<<"$json")"
assert_eq "$(netemu inspect "$lab" -f json | jq -c --arg lab "$lab" '[.[$lab][] | [.name, .container_id, .state, .image, .pid, .ipv4_address]]')" \
  "$(jq -c --arg lab "$lab" '[.[$lab][] | [.Names[0], .ShortID, .State, .Image, .Pid, "\(.NetworkSettings.IPv4addr)/\(.NetworkSettings.IPv4pLen)"]]' <<<"$json")"
assert_eq "[\"edge\",\"$lab\",\"r1\",\"$topo\"]" "$(jq -c --arg lab "$lab" '.[$lab][0].Labels | [.role, .containerlab, ."clab-node-name", ."clab-topo-file"]' <<<"$json")"

# save: what runs, where it outlives the lab
netemu exec "$r1" vtysh -c 'configure terminal' -c 'ip route 203.0.113.0/24 blackhole' >/dev/null 2>&1
assert_status 0 netemu save -t "$topo"
assert_match "saved $test_dir/clab-$lab/r1/frr.conf" "$output"
[[ ! -e $test_dir/clab-$lab/h1 ]] || die "a host has been saved"
assert_match $'\n'"ip route 203.0.113.0/24 blackhole"$'\n' "$(cat "$test_dir/clab-$lab/r1/frr.conf")"
assert_match "ip route 203.0.113.0/24 blackhole" "$(netemu exec "$r1" sh -c 'cat /etc/frr/*.conf')" "in the node itself"
assert_status 0 clab save -t "$topo" --node-filter r2 --copy "$test_dir/saved"
assert_eq "r2/frr.conf" "$(cd "$test_dir/saved" && find . -type f -printf '%P')"
netemu destroy "$lab" >/dev/null
assert_eq "r1 r1/frr.conf r2 r2/frr.conf" "$(cd "$test_dir/clab-$lab" && find . -mindepth 1 -printf '%P\n' | sort | xargs)"
# A configuration that was saved is what the next run starts with, when it is bound.
sed -i 's|r1: {image|r1: {binds: [__clabNodeDir__/frr.conf:/etc/frr/frr.conf], image|' "$topo"
netemu run "$topo" --wait >/dev/null 2>&1
assert_match "blackhole" "$(netemu exec "$r1" ip route show 203.0.113.0/24)"
# What is bound read-only stays, and what runs is saved nevertheless.
sed -i 's|:/etc/frr/frr.conf\]|:/etc/frr/frr.conf:ro]|' "$topo"
netemu run -c "$topo" --wait >/dev/null 2>&1
netemu exec "$r1" vtysh -c 'configure terminal' -c 'ip route 198.51.100.0/24 blackhole' >/dev/null 2>&1
assert_status 0 netemu save "$lab" --node-filter r1 --copy "$test_dir/saved"
assert_match "node r1: its /etc/frr stays as it was: " "$output"
assert_match "198.51.100.0/24" "$(cat "$test_dir/saved/r1/frr.conf")"
netemu destroy -c "$lab" >/dev/null
[[ ! -e $test_dir/clab-$lab ]] || die "--cleanup leaves the directory"

# A node of kind frr goes on with what was saved; until its own configuration is enforced.
topo <<'YAML'
topology:
  nodes:
    r1: {kind: frr, startup-config: "ip route 198.51.100.0/24 blackhole\nip route 192.0.2.0/24 blackhole\n", extras: {frr: {daemons: [staticd]}}}
YAML
assert_status 0 netemu run "$topo" --wait
netemu exec "$r1" vtysh -c 'configure terminal' -c 'no ip route 192.0.2.0/24 blackhole' -c 'ip route 203.0.113.0/24 blackhole' >/dev/null 2>&1
assert_status 0 netemu save "$lab"
assert_match "saved $test_dir/clab-$lab/r1/config/frr.conf" "$output"
netemu destroy "$lab" >/dev/null
assert_status 0 netemu run "$topo"
assert_eq $'ip route 198.51.100.0/24 blackhole\nip route 203.0.113.0/24 blackhole' "$(netemu exec "$r1" grep '^ip route' /etc/frr/frr.conf)"
sed -i 's/kind: frr,/kind: frr, enforce-startup-config: true,/' "$topo"
assert_status 0 netemu run -c "$topo"
assert_eq $'ip route 198.51.100.0/24 blackhole\nip route 192.0.2.0/24 blackhole' "$(netemu exec "$r1" cat /etc/frr/frr.conf)"
sed -i 's/enforce-startup-config/suppress-startup-config/' "$topo"
rm -r "$test_dir/clab-$lab/r1/config"
assert_status 0 netemu run -c "$topo"
assert_eq "frr defaults traditional" "$(netemu exec "$r1" head -1 /etc/frr/frr.conf)"
assert_eq frr "$(netemu inspect "$lab" -f json | jq -r '.[][].kind')"
