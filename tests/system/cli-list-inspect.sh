#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cli-list-inspect - list and inspect as tables, JSON and CSV, with containerlab's field names.
#
#   r1 eth1 ---- eth1 r2        lan (bridge, no port)
. "$(dirname "$0")/../lib.sh"
need_root
need_netemu
need_cmd jq

topo <<'YAML'
topology:
  nodes:
    r1:
      kind: linux
      image: nicolaka/netshoot
      network-mode: none
      group: core
    r2:
      kind: linux
      image: nicolaka/netshoot
    lan:
      kind: bridge
  links:
    - type: veth
      mtu: 1400
      endpoints:
        - node: r1
          interface: eth1
          mac: 02:00:00:00:00:01
          ipv4: 10.1.0.1/24
        - node: r2
          interface: eth1
YAML
netemu run "$topo" >/dev/null

# list
row=$(netemu list -f json | jq -c --arg lab "$lab" '.[] | select(.name == $lab) | [.type, .status, .nodes, .links, .path]')
assert_eq "[\"topology\",\"running\",3,1,\"$topo\"]" "$row" "list -f json"
assert_match "(^|"$'\n'")$lab +topology +running +3 +1 " "$(netemu list)" "list"
assert_match "^name,type,status,nodes,links,created,owner," "$(netemu list -f csv)" "list -f csv"

# inspect: containerlab's fields, in its order, then ours
json=$(netemu inspect "$lab" -f json)
assert_eq "lab_name,labPath,absLabPath,name,container_id,image,kind,state,status,ipv4_address,ipv6_address,owner" \
  "$(jq -r --arg lab "$lab" '.[$lab][0] | keys_unsorted[:12] | join(",")' <<<"$json")" "fields"
assert_eq "lab_name,labPath,absLabPath,name,container_id,image,kind,state,status,ipv4_address,ipv6_address,owner" \
  "$(netemu inspect "$lab" -f csv | head -n 1)" "fields of the CSV"
assert_eq "clab-$lab-r1 linux running core" \
  "$(jq -r --arg lab "$lab" '.[$lab][] | select(.name | endswith("r1")) | "\(.name) \(.kind) \(.state) \(.group)"' <<<"$json")"
address=$(jq -r --arg lab "$lab" '.[$lab][] | select(.name | endswith("r2")) | .ipv4_address' <<<"$json")
assert_match '^[0-9.]+/[0-9]+$' "$address" "address of r2"
assert_match "inet $address " "$(netemu exec "clab-$lab-r2" ip -4 addr show eth0)" "eth0 of r2"
pid=$(jq -r --arg lab "$lab" '.[$lab][] | select(.name | endswith("r1")) | .pid' <<<"$json")
assert_eq "$(readlink "/proc/$pid/ns/net")" "net:[$(stat -Lc %i "/run/netns/clab-$lab-r1")]" "pid and netns"
# How long it has been up is another thing a second later.
ageless() { sed 's/"Up [^"]*"/"Up"/g'; }
assert_eq "$(netemu inspect -t "$topo" -f json | ageless)" "$(ageless <<<"$json")" "by the file"
assert_match "^NODE +IMAGE +KIND +IPV4 +IPV6 +STATUS" "$(netemu inspect "$lab")" "inspect"

# interfaces: those that `ip` shows inside
json=$(netemu inspect "$lab" interfaces -f json)
assert_eq '{"name":"eth1","alias":"","mac":"02:00:00:00:00:01","mtu":1400,"type":"veth","state":"up"}' \
  "$(jq -c --arg n "clab-$lab-r1" '.[] | select(.name == $n) | .interfaces[] | select(.name == "eth1") | del(.ifindex, .addresses)' <<<"$json")"
assert_eq "$(ip -n "clab-$lab-r1" -j link | jq -c '[.[] | {name: .ifname, ifindex: .ifindex, mtu: .mtu, mac: .address}] | sort_by(.ifindex)')" \
  "$(jq -c --arg n "clab-$lab-r1" '[.[] | select(.name == $n) | .interfaces[] | {name, ifindex, mtu, mac}] | sort_by(.ifindex)' <<<"$json")" \
  "interfaces of r1"
assert_match "10\.1\.0\.1/24" "$(netemu inspect interfaces "$lab")" "addresses in the table"

# what is not there, and what is not understood
assert_status 1 netemu inspect no-such-lab
assert_match "not running" "$output"
assert_status 64 netemu inspect "$lab" frobnicate
assert_status 64 netemu list -f yaml
assert_match "table\|json\|csv" "$output"

# Names for the shell.
assert_match "(^|"$'\n'")$lab($|"$'\n'")" "$(netemu __complete labs)"
assert_match "clab-$lab-r1" "$(netemu __complete nodes)"
