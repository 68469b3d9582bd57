#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# link_types - each type of link carries packets, and all of it goes with the lab, also when that is killed
#
#   a, b, c ... on the host's up0 (198.51.100.1) ------ far0 (198.51.100.2) in the namespace "far", another machine
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd ping jq bridge

ip netns add far
ip link add up0 type veth peer name far0 netns far
ip addr add 198.51.100.1/24 dev up0
ip link set up0 up
ip -n far addr add 198.51.100.2/24 dev far0
ip -n far link set far0 up
# What the two kinds of tunnels end in, over there.
for vni in 66 88; do
  ip -n far link add "vx$vni" type vxlan id $vni remote 198.51.100.1 dstport 14789
  ip -n far addr add "10.$vni.0.2/24" dev "vx$vni"
  ip -n far link set "vx$vni" up
done
before=$(ip -o -brief link | sed 's/[ @].*//' | sort)

topo <<'YAML'
topology:
  defaults: {kind: linux, image: alpine, network-mode: none}
  nodes:
    a: {}
    b: {}
    c: {}
    m: {network-mode: default}
    "br01|c": {kind: bridge, network-mode: "container:c"}
    lan: {kind: bridge}
  links:
    - {type: macvlan, endpoint: {node: a, interface: up0, ipv4: 198.51.100.11/24}, host-interface: up0, mode: bridge}
    - {endpoints: ["macvlan:up0", "b:mv1"], ipv4: ["", 198.51.100.12/24]}
    - {type: macvlan, endpoint: {node: c, interface: mv1, ipv4: 198.51.100.13/24}, host-interface: up0, mode: private, mtu: 1400}
    - {type: vxlan, endpoint: {node: a, interface: vx66, ipv4: 10.66.0.1/24, mac: "02:00:00:00:00:66"}, remote: 198.51.100.2, vni: 66, parent-interface: up0}
    - {type: vxlan-stitch, endpoint: {node: a, interface: e88, ipv4: 10.88.0.1/24}, remote: 198.51.100.2, vni: 88, udp-port: 14789}
    - {type: veth-stitch, endpoints: [{node: a, interface: st, ipv4: 10.9.0.1/24}, {node: b, interface: st, ipv4: 10.9.0.2/24}]}
    - {type: dummy, endpoint: {node: a, interface: stub, ipv4: 10.5.0.1/24}}
    - {type: mgmt-net, endpoint: {node: a, interface: mg, ipv4: 172.20.20.99/24}, host-interface: a-mg}
    - {type: host, endpoint: {node: a, interface: h, ipv4: 10.4.0.1/24}, host-interface: to-a}
    - {endpoints: ["br01|c:p1", "a:br"], ipv4: ["", 10.3.0.1/24]}
    - {endpoints: ["br01|c:p2", "b:br"], ipv4: ["", 10.3.0.2/24]}
    - {type: vxlan-stitch, endpoint: {node: lan, interface: p1}, remote: 198.51.100.2, vni: 99}
    - {endpoints: ["a:ge-0/0/0", "b:a-name-of-sixteen"], ipv4: [10.2.0.1/24, 10.2.0.2/24]}
YAML
netemu run "$topo" >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
inside() { local node=$1; shift; netemu exec "$node" -- "$@"; }
pings() { inside "$1" ping -c1 -W2 "$2" >/dev/null || die "$1 does not reach $2"; }
link_of() { inside "$1" ip -d -j link show dev "$2" | jq -c "$3"; }

# Nothing is on the host but the end that the file asks for, and that of the management network.
ip addr add 10.4.0.2/24 dev to-a
assert_eq "ne-* to-a" "$(comm -13 <(echo "$before") <(ip -o -brief link | sed 's/[ @].*//' | sort) | sed 's/^ne-.*/ne-*/' | xargs)"

pings a 198.51.100.12 # macvlans of mode bridge reach each other,
pings b 198.51.100.2  # and all of them what is behind their parent
pings c 198.51.100.2
! inside c ping -c1 -W1 198.51.100.11 >/dev/null || die "a macvlan of mode private was reached by another one"
assert_eq '["macvlan","bridge"]' "$(link_of a up0 '.[0] | [.linkinfo.info_kind, .linkinfo.info_data.mode]')"
assert_eq '["private",1400]' "$(link_of c mv1 '.[0] | [.linkinfo.info_data.mode, .mtu]')"
assert_match '^"aa:c1:ab:' "$(link_of b mv1 '.[0].address')"

pings a 10.66.0.2
assert_eq '["vxlan",66,14789,1450,"02:00:00:00:00:66"]' \
  "$(link_of a vx66 '.[0] | [.linkinfo.info_kind, .linkinfo.info_data.id, .linkinfo.info_data.port, .mtu, .address]')"
pings a 10.88.0.2
inside a ping -c1 -W2 -s 1400 -M "do" 10.88.0.2 >/dev/null || die "1428 bytes do not fit the tunnel"
assert_eq '["veth",1450]' "$(link_of a e88 '.[0] | [.linkinfo.info_kind, .mtu]')"
pings b 10.9.0.1
pings a 10.3.0.2 # over the bridge inside of c
assert_eq "p1 p2" "$(inside c bridge link | sed -n 's/^[0-9]*: \([^@:]*\).* master br01 .*/\1/p' | sort | xargs)"

# A dummy is up, has no neighbors to ask for, and swallows what it is given.
pings a 10.5.0.1
assert_match 'NOARP.*LOWER_UP' "$(inside a ip link show dev stub)"
! inside a ping -c1 -W1 10.5.0.2 >/dev/null || die "an answer from behind a dummy"
if [[ $(link_of a stub '.[0].linkinfo.info_kind') != '"dummy"' ]]; then
  assert_match "this kernel has no dummy interfaces: links of type dummy are of kind ifb" "$(cat "$test_dir/run")"
fi

pings a 172.20.20.1
pings a "$(netemu inspect "$lab" -f json | jq -r '.[][] | select(.name | endswith("-m")) | .ipv4_address | split("/")[0]')"
assert_eq 1500 "$(link_of a mg '.[0].mtu')"
pings a 10.4.0.2

# A name that the kernel cannot have.
pings b 10.2.0.1
assert_match '^"clab-[0-9a-f]{8}"$' "$(link_of a ge-0-0-0 '.[0].ifname')"
assert_eq '["ge-0/0/0"]' "$(netemu inspect "$lab" interfaces -f json | jq -c '[.[] | .interfaces[] | .alias | select(startswith("ge"))]')"
assert_match 'ge-0/0/0 \(clab-[0-9a-f]{8}\)' "$(netemu inspect "$lab" interfaces)"
assert_eq ge-0/0/0 "$(netemu link a:ge-0/0/0 show -f json | jq -r '.[][0].interface')"
netemu link a:ge-0-0-0 down
assert_eq no-carrier "$(netemu link b:a-name-of-sixteen show -f json | jq -r '.[][0].state')"

# Killed: nothing stays, neither on the host nor of the tunnels that were its.
kill -9 "$(jq .supervisor "/run/netemu/$lab/state.json")"
as_before() { [[ $(ip -o -brief link | sed 's/[ @].*//' | sort) == "$before" ]]; }
wait_until 10 as_before
netemu list >/dev/null
[[ ! -e /run/netemu/$lab ]] || die "the dead lab's state is still there"
free() { ip link add vxt type vxlan id "$1" remote 198.51.100.2 dstport 14789 && ip link set vxt up && ip link del vxt; }
wait_until 10 free 66
wait_until 10 free 88

# What is not there is said before anything is made.
sed 's/host-interface: up0/host-interface: up7/' "$topo" >"$test_dir/bad.clab.yml"
assert_status 2 netemu run "$test_dir/bad.clab.yml"
assert_match "the host has no interface 'up7'" "$output"
[[ ! -e /run/netemu/$lab ]] || die "something was made of a lab that cannot be"
