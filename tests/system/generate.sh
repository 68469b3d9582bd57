#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# generate - a Clos fabric as a file: names and interfaces as containerlab gives them, and netemu runs it
. "$(dirname "$0")/../lib.sh"
need_netemu
cd "$test_dir"

cat >want <<'YAML'
name: fabric
topology:
  kinds:
    linux:
      image: alpine:3.19
    srl:
      image: ghcr.io/nokia/srlinux
      license: "my key.txt"
  nodes:
    leaf1-1:
      kind: linux
      group: pod-1
    leaf1-2:
      kind: linux
      group: pod-1
    leaf2-1:
      kind: srl
      group: pod-2
      type: ixrd3
    leaf3-1:
      kind: linux
      group: pod-3
  links:
    - endpoints: ["leaf1-1:eth1", "leaf2-1:e1-1"]
    - endpoints: ["leaf1-2:eth1", "leaf2-1:e1-2"]
    - endpoints: ["leaf2-1:e1-3", "leaf3-1:eth1"]
YAML
netemu generate --name fabric --nodes 2,1:srl:ixrd3 --nodes 1 --image alpine:3.19 --image srl=ghcr.io/nokia/srlinux \
  --license 'srl=my key.txt' --node-prefix leaf --group-prefix pod --file got
assert_eq "$(cat want)" "$(cat got)" "generate"
assert_status 0 netemu validate got --map-kind srl=linux

for wrong in "--nodes 0" "--nodes 2,x" "--nodes 1:no/kind" "--nodes 1000,1000" "--nodes 1 --node-prefix a:b"; do
  # shellcheck disable=SC2086 # several words
  assert_status 64 netemu generate --name fabric $wrong
done
assert_status 64 netemu generate --name fabric
assert_match -- "--nodes is missing" "$output"
assert_status 64 netemu generate --nodes 1
assert_match -- "--name is missing" "$output"

((EUID == 0)) || exit 0
lab_name
netemu generate --name "$lab" --nodes 3,2 --kind linux --image alpine | netemu run - >run.log 2>&1 || die "$(cat run.log)"
assert_eq "eth1 eth2 eth3" "$(netemu exec node2-1 --lab "$lab" -- ls /sys/class/net | grep -v -e lo -e eth0 | xargs)" "a spine's ports"
assert_eq "eth1 eth2" "$(netemu exec node1-3 --lab "$lab" -- ls /sys/class/net | grep -v -e lo -e eth0 | xargs)" "a leaf's ports"
