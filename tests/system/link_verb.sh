#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# link_verb - netemu link: down and up with addresses kept, rates, impairments, and what it says when it cannot
#
#   a:eth1 (10.0.0.1, 2001:db8::1) ---- b:eth1 (10.0.0.2, 2001:db8::2)
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd ping jq

topo <<'YAML'
topology:
  defaults: {kind: linux, image: alpine, network-mode: none}
  nodes: {a: {}, b: {}}
  links:
    - type: veth
      endpoints:
        - {node: a, interface: eth1, ipv4: 10.0.0.1/24, ipv6: 2001:db8::1/64}
        - {node: b, interface: eth1, ipv4: 10.0.0.2/24, ipv6: 2001:db8::2/64}
YAML
netemu run "$topo" >/dev/null
pings() { netemu exec a -- ping -c1 -W2 "$@" >/dev/null; }
shown() { netemu link "$1" show -f json | jq -c ".\"clab-$lab-${1%%:*}\"[0] | del(.interface)"; }
pings 10.0.0.2
pings 2001:db8::2

# Down: both ends see it; up again: the same addresses.
netemu link a:eth1 down
assert_eq '{"state":"down","delay":"","jitter":"","packet_loss":0,"rate":0,"corruption":0}' "$(shown a:eth1)"
assert_eq no-carrier "$(shown b | jq -r .state)"
! pings 10.0.0.2 2>/dev/null || die "a ping went through a link that is down"
netemu link a:eth1 up
wait_until 5 pings 10.0.0.2
wait_until 5 pings 2001:db8::2

# A rate: one packet in fragments, of which the bucket holds 16 KiB.
netemu link a:eth1 set --rate 100mbit
assert_eq '{"state":"up","delay":"","jitter":"","packet_loss":0,"rate":100000,"corruption":0}' "$(shown a:eth1)"
netemu link "clab-$lab-a:eth1" set --rate 64
assert_eq 64 "$(shown a:eth1 | jq .rate)" "set replaces"
microseconds netemu exec a -- ping -q -c1 -W5 -s 28000 10.0.0.2 >/dev/null
((elapsed > 1000000)) || die "28000 bytes at 64 kbit/s, 16 KiB of them at once, took only $elapsed us"
netemu link a:eth1 reset
assert_eq 0 "$(shown a:eth1 | jq .rate)"
assert_match "^NODE +INTERFACE +STATE .*clab-$lab-a +eth1 +up +- +- +- +- +-" "$(netemu link a)"

# Mistakes.
assert_status 64 netemu link a:eth1 set
assert_status 64 netemu link a:eth1 set --jitter 1ms
assert_match "jitter cannot be set without a delay" "$output"
assert_status 64 netemu link a:eth1 set --loss 101
assert_match "loss is a percentage from 0 to 100, not '101'" "$output"
assert_status 64 netemu link a:eth1 uo
assert_match "did you mean 'up'" "$output"
assert_status 64 netemu link a down
assert_status 64 netemu link a:eth1 up --delay 1ms
assert_status 1 netemu link a:eth7 up
assert_match "has no interface 'eth7', but eth1" "$output"
assert_status 1 netemu link c:eth1 up
assert_match "has a node 'c'" "$output"

# Delay and loss need netem; without it nothing that was set is lost.
netemu link a:eth1 set --rate 5mbit
if netemu probe -f json | jq -e '.[] | select(.name == "netem" and .state == "yes")' >/dev/null; then
  netemu link a:eth1 set --delay 100ms --jitter 1ms --loss 0
  assert_eq '{"state":"up","delay":"100ms","jitter":"1ms","packet_loss":0,"rate":0,"corruption":0}' "$(shown a:eth1)"
  microseconds pings 10.0.0.2
  ((elapsed > 95000)) || die "a delay of 100 ms, and the ping took $elapsed us"
  netemu link a:eth1 set --loss 100
  ! pings 10.0.0.2 || die "a ping came through although all is lost"
else
  assert_status 1 netemu link a:eth1 set --delay 10ms
  assert_match "a:eth1: this kernel has no netem" "$output"
  assert_eq 5000 "$(shown a:eth1 | jq .rate)"
  echo "not tried here: delay and loss, for the kernel has no netem"
fi

# The same from the file. What needs netem is refused before anything is made where there is none.
netemu destroy "$lab" >/dev/null
topo file <<'YAML'
topology:
  defaults: {kind: linux, image: alpine, network-mode: none}
  nodes: {a: {}, b: {}}
  links:
    - {endpoints: ["a:eth1", "b:eth1"], impairments: {rate: 2mbit}}
    - type: veth
      endpoints: [{node: a, interface: eth2, impairments: {rate: 512}}, {node: b, interface: eth2}]
YAML
netemu run "$topo" >/dev/null
assert_eq "2000 512 2000 0" "$(for n in a b; do netemu link $n show -f json | jq '.[][].rate'; done | xargs)"
netemu destroy "$lab" >/dev/null
if ! tc qdisc add dev lo root netem 2>/dev/null; then
  sed -i 's/rate: 2mbit/delay: 10ms/' "$topo"
  assert_status 2 netemu run "$topo"
  assert_match ":[0-9]+:[0-9]+: error: this kernel has no netem, which the link's impairments need" "$output"
  [[ ! -e /run/netemu/$lab ]] || die "something was made of a lab that cannot be"
fi

# The ports of bridges: in the lab's own namespace, inside of a node, on the host.
ip link add hostbr type bridge
ip link set hostbr up
topo bridges <<'YAML'
topology:
  defaults: {kind: linux, image: alpine, network-mode: none}
  nodes: {a: {}, b: {}, lan: {kind: bridge}, "in|b": {kind: bridge}, hostbr: {kind: bridge}}
  links:
    - endpoints: ["a:eth1", "lan:p1"]
    - endpoints: ["a:eth2", "in|b:p2"]
    - endpoints: ["a:eth3", "hostbr:p3"]
YAML
netemu run "$topo" >/dev/null
i=0
for end in lan:p1 "in|b:p2" hostbr:p3; do
  i=$((i + 1))
  assert_eq up "$(netemu link "a:eth$i" show -f json | jq -r '.[][].state')"
  netemu link "$end" down
  assert_eq no-carrier "$(netemu link "a:eth$i" show -f json | jq -r '.[][].state')" "a:eth$i, with $end down"
done
netemu link lan:p1 up

# containerlab's tools.
bin=$test_dir/bin
netemu shims "$bin" >/dev/null 2>&1
clab() { "$bin/clab" "$@"; }
assert_eq "N/A" "$(clab tools netem show -n a | awk '$1 == "eth1" {print $2}')"
assert_match 'eth1 +0s +0s +0.00% +2000 +0.00%' "$(clab tools netem set -n a -i eth1 --rate 2000)"
assert_eq '{"interface":"eth1","delay":"0s","jitter":"0s","packet_loss":0,"rate":2000,"corruption":0}' \
  "$(clab tools netem show --node a --format json | jq -c '.[][] | select(.interface == "eth1")')"
clab tools netem reset -n a -i eth1 >/dev/null
assert_eq 0 "$(netemu link a:eth1 show -f json | jq '.[][].rate')"
assert_status 1 clab tools netem set -n a
assert_match 'Error: required flag\(s\) "interface" not set' "$output"
assert_status 1 clab tools netem

clab tools veth create -a "clab-$lab-a:hand" -b "bridge:lan:hand" -m 1400
clab tools veth create -a a:hand2 --b-endpoint host:hand2
ip addr add 10.7.0.1/24 dev hand2
netemu exec a ip addr add 10.7.0.2/24 dev hand2
pings 10.7.0.1
assert_eq 1400 "$(netemu exec a ip -j link show dev hand | jq '.[0].mtu')"
assert_eq up "$(netemu link lan:hand show -f json | jq -r '.[][].state')"
assert_status 1 clab tools veth create -a a:hand -b b:x
assert_match "has an interface 'hand' already" "$output"
assert_status 1 clab tools veth create -a nowhere:x -b b:x

# A tunnel from a node's end on the host to another machine.
ip netns add far
ip link add up0 type veth peer name far0 netns far
ip addr add 198.51.100.1/24 dev up0 && ip link set up0 up
ip -n far addr add 198.51.100.2/24 dev far0 && ip -n far link set far0 up
ip -n far link add vx type vxlan id 20 remote 198.51.100.1 dstport 14789
ip -n far addr add 10.7.0.9/24 dev vx && ip -n far link set vx up
ip addr del 10.7.0.1/24 dev hand2
clab tools vxlan create --remote 198.51.100.2 --id 20 --link hand2 --dev up0
pings 10.7.0.9
assert_eq "Deleted VxLAN link vx-hand2" "$(clab tools vxlan delete)"
! ip link show dev vx-hand2 2>/dev/null || die "the tunnel is still there"
assert_no_match "ingress" "$(tc qdisc show dev hand2)"
clab tools vxlan create --remote 198.51.100.2 --id 20 --link hand2
pings 10.7.0.9
clab tools vxlan delete --prefix vx-ha >/dev/null
assert_status 1 clab tools vxlan create --remote there --link hand2
assert_status 1 clab tools vxlan create --remote 198.51.100.2 --link nothing
