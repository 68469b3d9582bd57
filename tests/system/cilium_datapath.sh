#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cilium_datapath - Cilium in a dual-stack cluster: direct routes, the hops it hides, uninstalled and installed again
#
#   pod one ---- worker ---- Kind's network ---- worker2 ---- pod two
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq ping traceroute iptables nft
lab_name
cat >"$test_dir/cluster.yaml" <<YAML
kind: Cluster
name: $lab
apiVersion: kind.x-k8s.io/v1alpha4
networking: {ipFamily: dual, disableDefaultCNI: true}
nodes: [{role: control-plane}, {role: worker}, {role: worker}]
YAML
values=$test_dir/values.yaml
cat >"$values" <<'YAML'
tunnel: disabled
autoDirectNodeRoutes: true
ipam: {mode: kubernetes}
ipv4NativeRoutingCIDR: 10.0.0.0/8
ipv6: {enabled: true}
ipv6NativeRoutingCIDR: fd00::/8
YAML
pods() {
  local name=one node
  for node in worker worker2; do
    cat <<YAML
---
apiVersion: v1
kind: Pod
metadata: {name: $name}
spec: {nodeName: $lab-$node, containers: [{name: c, image: alpine, command: [sleep, infinity]}]}
YAML
    name=two
  done
}
pods >"$test_dir/pods.yaml"
install() { netemu apply -f "$values" >"$test_dir/apply" 2>&1 || die "$(cat "$test_dir/apply")"; }
nodes_are() { [[ $(netemu get nodes | awk 'NR > 1 { print $2 }' | sort -u) == "$1" ]]; }
ip_of() { netemu get pod "$1" -o json | jq -r ".status.podIPs[$2].ip"; }
in_one() { netemu exec one -- "$@"; }
hops() { in_one traceroute -n -q 1 -N 1 -w 1 "$1" 2>/dev/null | awk 'NR > 1 { print $2 }' | xargs; }
node_ip() { netemu get node "$lab-$1" -o json | jq -r "[.status.addresses[] | select(.type == \"InternalIP\").address][$2]"; }
router() { netemu exec "$lab-worker" ip -o "-$1" addr show cilium_host scope global | awk '{ sub("/.*", "", $4); print $4 }'; }

netemu run "$test_dir/cluster.yaml" >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
nodes_are NotReady || die "nodes are Ready without a network"
install
netemu apply -f "$test_dir/pods.yaml" >/dev/null
wait_until 10 nodes_are Ready
wait_until 15 eval '[[ $(netemu get pods | grep -c " 1/1 .*Running") == 2 ]]'

# ---- the path, in both families ----
for f in 0 1; do
  in_one ping -c 1 -W 2 "$(ip_of two $f)" >/dev/null
  assert_eq "$(router $((f ? 6 : 4))) $(node_ip worker2 $f) $(ip_of two $f)" "$(hops "$(ip_of two $f)")" "family $f"
done
assert_match "default via $(router 4) dev eth0 mtu 1500" "$(in_one ip route)"
assert_match "ip6 saddr fd00:10:244:[0-9]::/64 ip6 daddr != fd00::/8 oifname != \"cilium_\*\" masquerade" \
  "$(netemu exec "$lab-worker" nft list table inet netemu-cni)"

# ---- the two hops that the real datapath hides ----
echo 'netemu: {ttlQuirk: true}' >>"$values"
install
wait_until 10 eval '[[ $(hops "$(ip_of two 0)") == "* $(router 4) $(node_ip worker2 0) * $(ip_of two 0)" ]]'
sed -i '$d' "$values"
install
wait_until 10 eval '[[ $(hops "$(ip_of two 0)") == "$(router 4) $(node_ip worker2 0) $(ip_of two 0)" ]]'

# ---- gone, and there again: the pods are still connected ----
before=$(router 4)
netemu delete -f "$values" >/dev/null
wait_until 10 nodes_are NotReady
assert_status 1 netemu exec "$lab-worker" ip link show cilium_host
assert_status 1 netemu exec "$lab-worker" nft list table inet netemu-cni
install
wait_until 10 nodes_are Ready
assert_eq "$before" "$(router 4)" "cilium_host has its address again"
wait_until 5 in_one ping -c 1 -W 2 "$(ip_of two 0)"

# ---- one family of the two ----
sed -i '/ipv6/d' "$values"
install
netemu delete pod one >/dev/null
netemu apply -f "$test_dir/pods.yaml" >/dev/null
wait_until 15 eval '[[ $(netemu get pod one | grep -c Running) == 1 ]]'
assert_eq null "$(ip_of one 1)"
