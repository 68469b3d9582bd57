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
