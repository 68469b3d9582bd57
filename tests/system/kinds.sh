#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kinds - network modes none, host and container:X, and the kinds bridge, host and ext-container
#
#   none ---- lan ---- side (container:owner) .. owner ---- (host)
#                       \ ext (of another lab)
. "$(dirname "$0")/../lib.sh"
own_machine "$@"

lab_name other
other=$lab
cat >"$test_dir/other.clab.yml" <<YAML
name: $other
prefix: ""
topology:
  nodes:
    outsider: {kind: linux, image: alpine, network-mode: none}
YAML
netemu run "$test_dir/other.clab.yml" >/dev/null 2>&1

ip link add hostbr type bridge && ip link set hostbr up
links_before=$(ip -br link | awk '{ print $1 }' | sort)
topo <<'YAML'
topology:
  defaults: {image: nicolaka/netshoot}
  nodes:
    sidecar: {kind: linux, network-mode: "container:owner", exec: [ip addr add 10.78.0.2/24 dev e1]}
    none: {kind: linux, network-mode: none, exec: [ip addr add 10.78.0.1/24 dev e1]}
    owner: {kind: linux, network-mode: none}
    hosty: {kind: linux, network-mode: host, exec: [sh -c 'echo node-file >/tmp/of-hosty']}
    lan: {kind: bridge}
    hostbr: {kind: bridge}
    host0: {kind: host, exec: [sh -c 'ip -br link show dev hv1 >/dev/null']}
    outsider: {kind: ext-container, exec: [ip addr add 10.78.0.3/24 dev e1]}
    bound: {kind: linux, network-mode: "container:outsider"}
  links:
    - endpoints: ["none:e1", "lan:p1"]
    - endpoints: ["sidecar:e1", "lan:p2"]
    - endpoints: ["outsider:e1", "lan:p3"]
    - endpoints: ["owner:up", "host:hv1"]
    - endpoints: ["owner:br", "hostbr:hv2"]
YAML
out=$(netemu run "$topo" 2>&1) || die "$out"
assert_no_match warning: "$out"

# none: loopback and its links only. container:X shares the network and nothing else.
assert_eq "e1 lo" "$(netemu exec none ls /sys/class/net | sort | tr '\n' ' ' | sed 's/ $//')"
assert_eq "br e1 lo up" "$(netemu exec owner ls /sys/class/net | sort | tr '\n' ' ' | sed 's/ $//')"
same() { [[ $(netemu exec "$1" readlink "/proc/self/ns/$3") == "$(netemu exec "$2" readlink "/proc/self/ns/$3")" ]]; }
same sidecar owner net || die "the sidecar has another network"
for ns in mnt pid uts; do same sidecar owner $ns && die "the sidecar shares $ns"; done
same bound outsider net || die "container:outsider is not outsider's network"
netemu exec sidecar touch /tmp/mine
assert_status 1 netemu exec owner test -e /tmp/mine

# The bridge carries all three, and exists neither on the host nor in a node.
netemu exec none ping -c 1 -W 2 10.78.0.2 >/dev/null
netemu exec none ping -c 1 -W 2 10.78.0.3 >/dev/null
assert_status 1 ip link show dev lan

# network-mode: host is the host's network with a root of its own; kind host runs on the host itself.
assert_eq "$(readlink /proc/self/ns/net)" "$(netemu exec hosty readlink /proc/self/ns/net)"
[[ ! -e /tmp/of-hosty ]] || die "a node with the host's network wrote to the host's files"
assert_match hv1 "$(ip -br link show dev hv1)"
assert_match "master hostbr" "$(ip link show dev hv2)"

# Destroyed: the host's own links are as before, and the other lab has lost the link only.
netemu destroy "$lab" >/dev/null
assert_eq "$links_before" "$(ip -br link | awk '{ print $1 }' | sort)"
assert_eq "lo" "$(netemu exec outsider ls /sys/class/net)"

# A link's name that is taken on the host: an error, and the other's link stays.
ip link add hv1 type bridge
assert_status 1 netemu run "$topo"
assert_match "hv1" "$output"
assert_match "hv1" "$(ip -br link show dev hv1)"
as_before() { [[ $(ip -br link | awk '$1 !~ /^hv1/ { print $1 }' | sort) == "$links_before" && $(netemu exec outsider ls /sys/class/net) == lo ]]; }
wait_until 2 as_before
ip link del hv1

# What is not there is said, with what to do; --stub-missing makes it.
topo missing <<'YAML'
topology:
  nodes:
    s: {kind: linux, image: alpine, network-mode: "container:absent"}
YAML
assert_status 2 netemu run "$topo"
assert_match "container 'absent' of node 's' is not there" "$output"
assert_match "--stub-missing" "$output"
netemu run "$topo" --stub-missing >/dev/null 2>&1
same s absent net || die "the stub is not s's network"
netemu destroy "$lab" >/dev/null

# Unknown kinds name the ones that exist.
sed 's/kind: linux/kind: router/' "$topo" >"$test_dir/router.clab.yml"
assert_status 2 netemu validate "$test_dir/router.clab.yml"
for kind in linux bridge host ext-container; do assert_match "$kind" "$output"; done
# Products are refused in a line, or run as what --map-kind says, with the image that it says.
sed 's/kind: linux, image: alpine/kind: srl, image: ghcr.io\/nokia\/srlinux/' "$topo" >"$test_dir/srl.clab.yml"
assert_status 2 netemu run "$test_dir/srl.clab.yml"
assert_match "node 's': kind 'srl' is a product \\(Nokia SR Linux\\)" "$output"
netemu run "$test_dir/srl.clab.yml" --stub-missing --map-kind srl=linux:alpine:3.19 >"$test_dir/out" 2>&1
grep -q 's *alpine:3.19 *linux' "$test_dir/out" || die "--map-kind with an image: $(cat "$test_dir/out")"
netemu destroy "$lab" >/dev/null
assert_status 0 netemu plan "$test_dir/srl.clab.yml" --stub-missing --map-kind srl=linux
assert_match "no profile stands for image 'ghcr.io/nokia/srlinux': node 's' is an idle host" "$output"
assert_status 64 netemu plan "$topo" --map-kind srl

# With --stub-missing an ext-container is the idle node itself, with its links and exec lines.
topo stubs <<'YAML'
topology:
  nodes:
    before: {kind: linux, image: alpine, network-mode: "container:x"}
    x: {kind: ext-container, exec: [ip addr add 10.78.1.1/24 dev e1]}
    y: {kind: ext-container, exec: [ip addr add 10.78.1.2/24 dev e1]}
    after: {kind: linux, image: alpine, network-mode: "container:y"}
  links:
    - endpoints: ["x:e1", "y:e1"]
YAML
assert_status 2 netemu run "$topo"
assert_match "container 'x' of node 'x' is not there" "$output"
netemu run "$topo" --stub-missing >/dev/null 2>&1
netemu exec x ping -c 1 -W 2 10.78.1.2 >/dev/null
same before x net || die "the stub is not the network of a node before it"
same after y net || die "the stub is not the network of a node behind it"
assert_eq 4 "$(netemu inspect "$lab" -f csv | grep -c running)"
netemu destroy "$lab" >/dev/null
# What nothing stands for may be one for all of them.
topo rest <<'YAML'
topology:
  nodes:
    s: {kind: linux, image: "example.org/own:1"}
    t: {kind: linux, image: debian}
    u: {kind: openwrt, image: "openwrt:23"}
YAML
assert_status 2 netemu validate "$topo" --map-kind '*=linux'
assert_match "no profile stands for image 'example.org/own:1' of node 's'"$'\n'".*"$'\n'".*"$'\n'".*--map-image '\*=alpine'" "$output"
netemu run "$topo" --map-kind '*=linux' --map-image '*=alpine:3' >"$test_dir/out" 2>&1
assert_eq "alpine:3,debian,alpine:3" "$(netemu inspect "$lab" -f csv | cut -d, -f6 | sed 1d | paste -sd,)"
assert_no_match warning: "$(cat "$test_dir/out")"
netemu destroy "$lab" >/dev/null
