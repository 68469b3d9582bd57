#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# demo_cluster - topologies/cilium-bgp comes up and routes, as its head says
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
export CLAB_LABDIR_BASE=$test_dir/labs
need_cmd vtysh traceroute
test_labs+=(cilium-bgp clab-cilium-bgp)
cd "$top/topologies/cilium-bgp"

microseconds netemu run cilium-bgp.clab.yml cluster.yaml values.yaml policies.yaml pods.yaml --pin pins --wait >"$test_dir/run.log" 2>&1 ||
  die "$(cat "$test_dir/run.log")"
echo "run --wait took $((elapsed / 1000)) ms"
((elapsed < 20000000)) || die "that is too long"
assert_eq "Displayed  12 routes and 12 total paths" "$(netemu exec router0 -- vtysh -c "show bgp ipv4 wide" | tail -n 1)"
assert_eq "10.1.2.187 10.0.2.1 10.0.0.0 10.0.0.2 10.0.4.2 10.1.3.56" \
  "$(netemu exec nettool-1 -- traceroute -n -q 1 -N 1 -w 2 10.1.3.56 | awk 'NR > 1 { print $2 }' | xargs)"
# --wait has waited for what the racks tell the nodes, too.
assert_eq 4 "$(netemu get bgppeers | grep -c 'established .* 11 *1$')"
# Every example of the README's tour.
assert_eq 4 "$(netemu get bgppeers | grep -c established)"
assert_match "nettool-1 +1/1 +Running +0 +[0-9]+s +10\.1\.2\.185 +clab-cilium-bgp-worker " "$(netemu get pods -o wide)"
assert_match "kind-clab-cilium-bgp" "$(netemu kubeconfig)"
netemu destroy --all >/dev/null
[[ ! -e /run/netemu ]] || die "left: $(find /run/netemu)"
