#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# seed_cluster - the second half of the tutorial that netemu was asked for: its five files unchanged, its numbers exactly
#
#   control-plane,worker ---- tor0 ---- router0 ---- tor1 ---- worker2,3
#   10.1.0.0/24  10.1.2.0/24  65010     65000        65011     10.1.1.0/24  10.1.3.0/24
#                nettool-1 .185                                             nettool-2 .56
. "$(dirname "$0")/../lib.sh"
seed=$top/../shared/seed
[[ -f $seed/topo.yaml && -f $seed/pods.yaml ]] || skip "the seed lab's files are not beside this checkout"
own_machine "$@"
export CLAB_LABDIR_BASE=$test_dir/labs
need_cmd vtysh traceroute ping jq
test_labs+=(bgp-cplane-demo clab-bgp-cplane-demo)

# What the tutorial's cluster left to chance.
pins=$test_dir/pins.yaml
cat >"$pins" <<'YAML'
nodes:
  worker: {podCIDR: 10.1.2.0/24, routerIP: 10.1.2.187}
  worker3: {podCIDR: 10.1.3.0/24}
pods:
  nettool-1: {node: worker, ip: 10.1.2.185}
  nettool-2: {node: worker3, ip: 10.1.3.56}
YAML

routes() { netemu exec router0 -- vtysh -c "show bgp ipv4 wide"; }
displayed() { [[ $(routes | tail -n 1) == "Displayed  $1 routes and $1 total paths" ]]; }
# hops COMMAND... - a traceroute in nettool-1, run by that; one probe a hop: the kernel answers each destination once a second
hops() { "$@" nettool-1 -- traceroute -n -q 1 -N 1 -w 2 10.1.3.56 2>/dev/null | awk 'NR > 1 { print $2 }' | tr '\n' ' '; }
hops_are_right() { [[ $(hops "$@") == "$path" ]]; }
path="10.1.2.187 10.0.2.1 10.0.0.0 10.0.0.2 10.0.4.2 10.1.3.56 "

# shown - what the tutorial shows at its end
shown() {
  local cidr
  displayed 12 || die "router0 has: $(routes)"
  for cidr in 10.1.{0..3}.0/24; do assert_match "$cidr" "$(routes)"; done
  netemu exec nettool-1 -- ping -c 1 -W 2 10.1.3.56 >/dev/null
  assert_eq "$path" "$(hops netemu exec)" "the path of the tutorial"
}

# ---- step by step ----
netemu run "$seed/topo.yaml" "$seed/cluster.yaml" --pin "$pins" --wait >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
assert_eq "NotReady NotReady NotReady NotReady" "$(netemu get nodes | awk 'NR > 1 { print $2 }' | xargs)"
displayed 8 || die "before Cilium, router0 has: $(routes)"

assert_match "^release/cilium " "$(netemu apply -f "$seed/values.yaml" 2>/dev/null)"
wait_until 10 eval '[[ $(netemu get nodes | grep -c " Ready ") == 4 ]]'
assert_eq "10.0.1.2 10.0.2.2 10.0.3.2 10.0.4.2" "$(netemu get nodes -o wide | awk 'NR > 1 { print $6 }' | xargs)"
assert_eq "10.1.0.0/24 10.1.2.0/24 10.1.1.0/24 10.1.3.0/24" "$(netemu get nodes -o json | jq -r '[.items[].spec.podCIDR] | join(" ")')"

assert_eq "ciliumbgppeeringpolicy.cilium.io/rack0 created
ciliumbgppeeringpolicy.cilium.io/rack1 created
pod/nettool-1 created
pod/nettool-2 created" "$(netemu apply -f "$seed/bgp-policies.yaml" -f "$seed/pods.yaml")"
wait_until 20 displayed 12
wait_until 20 eval '[[ $(netemu get pods | grep -c " 1/1 .*Running") == 2 ]]'
shown
assert_eq "10.1.2.185 clab-bgp-cplane-demo-worker 10.1.3.56 clab-bgp-cplane-demo-worker3" \
  "$(netemu get pods -o wide | awk 'NR > 1 { print $6, $7 }' | xargs)"
assert_eq 4 "$(netemu get bgppeers | grep -c established)"
assert_eq unchanged "$(netemu apply -f "$seed/bgp-policies.yaml" -f "$seed/pods.yaml" | awk '{ print $2 }' | sort -u)"

# Deleted, the policies take back what they announced; applied again, it comes back.
netemu delete -f "$seed/bgp-policies.yaml" >/dev/null
wait_until 10 displayed 8
netemu apply -f "$seed/bgp-policies.yaml" >/dev/null
wait_until 20 displayed 12
# A cluster that goes leaves the topology's servers in a network that leads nowhere, and that is said.
assert_status 0 netemu destroy "$seed/cluster.yaml"
assert_match "lab 'bgp-cplane-demo': server0 and others are in the network of clab-bgp-cplane-demo-control-plane, which is gone" "$output"
netemu destroy --all >/dev/null

# ---- all of it in one ----
microseconds netemu run "$seed"/{pods,bgp-policies,values,cluster,topo}.yaml --pin "$pins" --wait >"$test_dir/run" 2>&1 ||
  die "$(cat "$test_dir/run")"
echo "run of the five files took $((elapsed / 1000)) ms"
shown

# ---- with the pins of the environment, and the user's own kubectl ----
netemu destroy --all >/dev/null
NETEMU_PIN=$pins netemu run "$seed"/*.yaml --wait >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
shown
KUBECONFIG=$(netemu kubeconfig --path)
export KUBECONFIG HOME=$test_dir
mapfile -t kubectls < <(compgen -G '/usr/lib/google-cloud-sdk/bin/kubectl.*'; command -v kubectl || true)
for kubectl in "${kubectls[@]}"; do
  wait_until 10 hops_are_right "$kubectl" exec
  assert_status 0 "$kubectl" apply -f "$seed/pods.yaml"
  assert_no_match "Warning" "$output" "$kubectl apply of what netemu applied"
done
for kubectl in "${kubectls[@]:0:1}"; do
  "$kubectl" delete -f "$seed/bgp-policies.yaml" >/dev/null
  wait_until 10 displayed 8
done
netemu destroy --all >/dev/null
[[ ! -e /run/netemu ]] || die "left: $(find /run/netemu)"
