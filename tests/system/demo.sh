#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# demo - topologies/bgp-cplane-demo comes up and routes, as its head says
#
#   server0,1 ---- tor0 ---- router0 ---- tor1 ---- server2,3
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
export CLAB_LABDIR_BASE=$test_dir/labs
need_cmd vtysh traceroute ping
test_labs+=(bgp-cplane-demo)

microseconds netemu run "$top/topologies/bgp-cplane-demo" --wait >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
echo "run --wait took $((elapsed / 1000)) ms"
assert_no_match warning: "$(cat "$test_dir/run")"

out=$(netemu exec clab-bgp-cplane-demo-router0 vtysh -c "show bgp ipv4 wide" 2>/dev/null)
assert_eq "Displayed  8 routes and 8 total paths" "$(tail -n 1 <<<"$out")"
out=$(netemu exec router0 vtysh -c "show bgp ipv4 summary wide" 2>/dev/null)
for tor in net0:65010 net1:65011; do
  # A session that is Established shows how many prefixes it got in place of its state.
  assert_match "${tor%:*} +4 +${tor#*:} .* [0-9:]+ +3 +[0-9]+ " "$(grep "^tor.*(${tor%:*})\|^${tor%:*} " <<<"$out")"
done
for n in 1 2 3 4; do netemu exec server0 ping -c 1 -W 2 "10.0.$n.2" >/dev/null; done
hops() { netemu exec server0 traceroute -n -w 2 10.0.4.2 | awk 'NR > 1 { print $2 }' | tr '\n' ' '; }
assert_eq "10.0.1.1 10.0.0.0 10.0.0.2 10.0.4.2 " "$(hops)"
# The racks reach the host through router0, which translates for them.
netemu exec server3 ping -c 1 -W 2 172.20.20.1 >/dev/null

netemu destroy "$top/topologies/bgp-cplane-demo" >/dev/null
assert_eq "lo" "$(ip -br link | awk '{ print $1 }')"
