#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# seed - the lab that netemu was asked for, with its Kind cluster, unchanged and word for word from its tutorial
#
#   control-plane,worker ---- tor0 ---- router0 ---- tor1 ---- worker2,3        server0-3 are their sidecars
. "$(dirname "$0")/../lib.sh"
seed=$top/../shared/seed
[[ -f $seed/topo.yaml && -f $seed/cluster.yaml ]] || skip "the seed lab's files are not beside this checkout"
own_machine "$@"
export CLAB_LABDIR_BASE=$test_dir/labs
need_cmd vtysh traceroute ping jq
test_labs+=(bgp-cplane-demo clab-bgp-cplane-demo)

# Alone: it says which containers are missing, each at its line, and how to give them.
assert_status 2 netemu run "$seed/topo.yaml"
for c in control-plane worker worker2 worker3; do assert_match "container '$c' of node 'server[0-3]' is not there" "$output"; done
assert_match "cluster.yaml" "$output"
assert_match "--stub-missing" "$output"
assert_eq "lo" "$(ip -br link | awk '{ print $1 }')"

microseconds netemu run "$seed/topo.yaml" "$seed/cluster.yaml" --wait >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
echo "run --wait took $((elapsed / 1000)) ms"

out=$(netemu exec clab-bgp-cplane-demo-router0 vtysh -c "show bgp ipv4 wide")
assert_eq "Displayed  8 routes and 8 total paths" "$(tail -n 1 <<<"$out")"
out=$(netemu exec clab-bgp-cplane-demo-router0 vtysh -c "show bgp ipv4 summary wide")
assert_match "net0\) .* 65010 .* [0-9:]{8} +3 +[0-9]+ |net0 +4 +65010 .* [0-9:]{8} +3 +[0-9]+ " "$out"
assert_match "net1\) .* 65011 .* [0-9:]{8} +3 +[0-9]+ |net1 +4 +65011 .* [0-9:]{8} +3 +[0-9]+ " "$out"
netemu exec server0 ping -c 1 -W 2 10.0.4.2 >/dev/null
assert_eq "10.0.1.1 10.0.0.0 10.0.0.2 10.0.4.2 " \
  "$(netemu exec server0 traceroute -n -w 2 10.0.4.2 | awk 'NR > 1 { print $2 }' | tr '\n' ' ')"

# The cluster is a lab of its own, with Kind's names, on a network of its own; the sidecars share its networks.
assert_eq "clab-bgp-cplane-demo-control-plane clab-bgp-cplane-demo-worker clab-bgp-cplane-demo-worker2 clab-bgp-cplane-demo-worker3" \
  "$(netemu inspect clab-bgp-cplane-demo -f json | jq -r '[.[][].name] | sort | join(" ")')"
assert_match "net0" "$(netemu exec clab-bgp-cplane-demo-control-plane ip -br addr show dev net0)"
assert_match "10\.0\.1\.2/24" "$(netemu exec clab-bgp-cplane-demo-control-plane ip -br addr show dev net0)"
assert_no_match "172\.20\.20\." "$(netemu exec clab-bgp-cplane-demo-control-plane ip -br addr show dev eth0)"

# Destroyed separately; each half can go first, and the topology can come back to a cluster that stayed.
netemu destroy "$seed/topo.yaml" >/dev/null
assert_eq "clab-bgp-cplane-demo" "$(netemu inspect -f json | jq -r 'keys | join(" ")')"
assert_status 1 netemu exec clab-bgp-cplane-demo-control-plane ip link show dev net0
netemu run "$seed/topo.yaml" --wait >/dev/null 2>&1
netemu exec server0 ping -c 1 -W 2 10.0.4.2 >/dev/null
netemu destroy --all >/dev/null
assert_eq "lo" "$(ip -br link | awk '{ print $1 }')"

# Without the cluster: stubs in its place.
netemu run "$seed/topo.yaml" --stub-missing --wait >/dev/null 2>&1
netemu exec server0 ping -c 1 -W 2 10.0.4.2 >/dev/null
netemu destroy "$seed/topo.yaml" >/dev/null
[[ ! -e /run/netemu ]] || die "left: $(find /run/netemu)"
