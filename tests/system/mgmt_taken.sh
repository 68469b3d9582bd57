#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mgmt_taken - a management subnet that is in use: moved to the next free one, unless the file fixes it
#
#   taken0 172.20.20.7/24 (somebody else's)      lab one, lab two: two nodes each
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq

subnet_of() { netemu list -f json | jq -r --arg l "$1" '.. | objects | select(.name? == $l or .lab_name? == $l or .lab? == $l) | [.. | strings] | map(select(test("^[0-9.]+/[0-9]+$")))[0]' | head -n 1; }
body='topology: {defaults: {kind: linux, image: alpine}, nodes: {a: {}, b: {}}}'

ip link add taken0 type bridge && ip addr add 172.20.20.7/24 dev taken0 && ip link set taken0 up
topo one <<<"$body"
one=$lab
out=$(netemu run "$topo" 2>&1)
assert_match "172\.20\.20\.0/24.*172\.20\.21\.0/24" "$out" "the move is said"
assert_eq 172.20.21.0/24 "$(subnet_of "$one")"
ping -c 1 -W 2 172.20.21.2 >/dev/null

# Another lab does not meet the first, nor the bridge.
topo two <<<"$body"
two=$lab
netemu run "$topo" >/dev/null 2>&1
assert_eq 172.20.22.0/24 "$(subnet_of "$two")"
assert_eq "172.20.22.2/24" "$(netemu exec --lab "$two" a ip -4 -o addr show dev eth0 | awk '{ print $4 }')"
assert_eq "172.20.21.2/24" "$(netemu exec --lab "$one" a ip -4 -o addr show dev eth0 | awk '{ print $4 }')"
assert_status 1 netemu exec --lab "$one" a ping -c 1 -W 1 172.20.22.2

# A short name that two labs have is ambiguous; the message names both and the way out.
assert_status 125 netemu exec a true
assert_match "$one" "$output" && assert_match "$two" "$output" && assert_match "--lab" "$output"

# Fixed by the file, or by a node's address: an error that names the holder, and nothing is made.
topo fixed <<<"mgmt: {ipv4-subnet: 172.20.20.0/25}"$'\n'"$body"
assert_status 2 netemu run "$topo"
assert_match "172\.20\.20\.0/25.*taken0|taken0.*172\.20\.20\.0/25" "$output"
assert_match "clab.yml:2:" "$output"
topo node <<<'topology: {nodes: {a: {kind: linux, image: alpine, mgmt-ipv4: 172.20.20.9}}}'
assert_status 2 netemu run "$topo"
assert_match taken0 "$output"
assert_eq "$one $two" "$(netemu list -f json | jq -r '[.. | objects | (.name? // .lab? // .lab_name?) | strings] | unique | join(" ")' | tr ' ' '\n' | grep -xE "$one|$two" | tr '\n' ' ' | sed 's/ $//')"
netemu destroy "$one" "$two" >/dev/null
assert_eq "lo taken0" "$(ip -br link | awk '{ print $1 }' | sort | tr '\n' ' ' | sed 's/ $//')"
