#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bgp_cluster - Cilium's BGP control plane in a cluster: both generations of resources, passwords, conflicts, restarts
#
#   tor (AS 65010) ---- net0 worker (10.244.1.0/24; rack: r0)      without Cilium, then without BGP, then with it
#              \------- net0 worker2 (10.244.2.0/24; rack: r1)
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd vtysh jq

lab_name
printf 'zebra=yes\nbgpd=yes\nvtysh_enable=yes\nzebra_options="-A 127.0.0.1"\nbgpd_options="-A 127.0.0.1"\nstaticd_options="-A 127.0.0.1"\n' >"$test_dir/daemons"
cat >"$test_dir/frr.conf" <<'CONF'
frr defaults datacenter
router bgp 65010
 bgp router-id 10.0.1.1
 neighbor 10.0.1.2 remote-as internal
 neighbor 10.0.2.2 remote-as internal
CONF
cat >"$test_dir/topo.yaml" <<YAML
name: $lab
topology:
  nodes:
    tor:
      kind: linux
      image: frrouting/frr
      binds: ["daemons:/etc/frr/daemons", "frr.conf:/etc/frr/frr.conf"]
      exec:
        - ip addr add 10.0.1.1/24 dev net1
        - ip addr add 10.0.2.1/24 dev net2
    server1: {kind: linux, image: netshoot, network-mode: "container:worker", exec: [ip addr add 10.0.1.2/24 dev net0, ip route replace default via 10.0.1.1]}
    server2: {kind: linux, image: netshoot, network-mode: "container:worker2", exec: [ip addr add 10.0.2.2/24 dev net0, ip route replace default via 10.0.2.1]}
  links:
    - endpoints: ["tor:net1", "server1:net0"]
    - endpoints: ["tor:net2", "server2:net0"]
YAML
cluster=clab-$lab
test_labs+=("$cluster")
cat >"$test_dir/cluster.yaml" <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $cluster
networking: {disableDefaultCNI: true}
nodes:
  - role: control-plane
$(for i in 1 2; do cat <<NODE
  - role: worker
    kubeadmConfigPatches:
      - |
        kind: JoinConfiguration
        nodeRegistration: {kubeletExtraArgs: {node-ip: 10.0.$i.2, node-labels: "rack=r$((i - 1))"}}
NODE
done)
YAML
netemu run "$test_dir/topo.yaml" "$test_dir/cluster.yaml" >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
tor() { netemu exec "$cluster-tor" vtysh "$@" 2>/dev/null; }
tor_runs() { tor -c 'show bgp summary json' | jq -e '.ipv4Unicast.peerCount == 2'; }
wait_until 20 tor_runs

routes() { tor -c 'show bgp ipv4 unicast json' | jq -r '[.routes | keys[] | select(startswith("10.244."))] | join(" ")'; }
has_routes() { [[ $(routes) == "$1" ]]; }
session_of() { tor -c "show bgp neighbors $1 json" | jq -r ".\"$1\" | [.bgpState, .connectionsEstablished, .connectionsDropped] | join(\" \")"; }
session_is_not() { [[ $(session_of "$2") != "$1 "* ]]; }
state() { netemu get bgppeers -o json | jq -r --arg n "$cluster-$1" '.[] | select(.node == $n).peers | map(."session-state") | join(" ")'; }
is() { [[ $(state "$1") == "$2" ]]; }
events() { netemu get events -A -o json | jq -r '.items[] | select(.reason == "BGP").message'; }
apply() { netemu apply -f - >"$test_dir/apply" 2>&1 || die "$(cat "$test_dir/apply")"; }
policy() { # NAME RACK [more of the neighbor]
  cat <<YAML
---
apiVersion: cilium.io/v2alpha1
kind: CiliumBGPPeeringPolicy
metadata: {name: $1}
spec:
  nodeSelector: {matchLabels: {rack: $2}}
  virtualRouters: [{localASN: 65010, exportPodCIDR: true, neighbors: [{peerAddress: 10.0.$((${2#r} + 1)).1/32, peerASN: 65010${3:+, $3}}]}]
YAML
}

# Without Cilium there is no such kind; without its BGP control plane neither.
policy p0 r0 >"$test_dir/p0.yaml"
assert_status 2 netemu apply -f "$test_dir/p0.yaml"
assert_match 'bgpControlPlane.enabled: true' "$output"
values() { printf 'ipam: {mode: kubernetes}\ntunnel: disabled\nipv4NativeRoutingCIDR: 10.0.0.0/8\nbgpControlPlane: {enabled: %s}\n' "$1" >"$test_dir/values.yaml"; }
values false
netemu apply -f "$test_dir/values.yaml" >/dev/null
assert_status 2 netemu apply -f "$test_dir/p0.yaml"
assert_match 'bgpControlPlane.enabled: true' "$output"
assert_eq "ciliumnodes.cilium.io" "$(netemu get crd -o json | jq -r '.items[].metadata.name')"
values true
netemu apply -f "$test_dir/values.yaml" >/dev/null
assert_eq 2 "$(netemu get secrets -n kube-system -o json | jq '[.items[] | select(.type == "helm.sh/release.v1")] | length')"
wait_for_nodes() { [[ $(netemu get nodes -o json | jq '[.items[].status.conditions[] | select(.type == "Ready" and .status == "True")] | length') == 3 ]]; }
wait_until 20 wait_for_nodes

# What the CRD refuses is said in its words.
sed 's/peerASN: 65010/peerASN: 65010, peerPort: 70000/' "$test_dir/p0.yaml" >"$test_dir/bad.yaml"
assert_status 2 netemu apply -f "$test_dir/bad.yaml"
assert_match 'spec.virtualRouters\[0\].neighbors\[0\].peerPort: Invalid value: 70000: .* should be less than or equal to 65535' "$output"
sed 's/peerASN:/peerAsn:/' "$test_dir/p0.yaml" >"$test_dir/bad.yaml"
assert_status 2 netemu apply -f "$test_dir/bad.yaml"
assert_match 'unknown field "spec.virtualRouters\[0\].neighbors\[0\].peerAsn"' "$output"

# One policy a node.
netemu apply -f "$test_dir/p0.yaml" >/dev/null
wait_until 20 has_routes "10.244.1.0/24"
policy p1 r1 | apply
wait_until 20 has_routes "10.244.1.0/24 10.244.2.0/24"
wait_until 5 is worker established
assert_eq "10.244.1.0/24" "$(netemu get bgproutes advertised worker -o json | jq -r '.[].routes[].prefix')"

# Two for one node: it withdraws, the other goes on.
before=$(session_of 10.0.2.2)
policy p2 r0 | apply
wait_until 20 has_routes "10.244.2.0/24"
assert_match "more than one CiliumBGPPeeringPolicy selects this node \(p0, p2\)" "$(events)"
netemu delete bgpp p2 >/dev/null
wait_until 20 has_routes "10.244.1.0/24 10.244.2.0/24"
assert_eq "$before" "$(session_of 10.0.2.2)" "the session of worker2 was reset"

# A password: from a Secret, and again when it changes.
policy p0 r0 "authSecretRef: bgp" | apply
noted() { events | grep -q 'secret bgp: not found'; }
wait_until 10 noted
tor -c 'conf t' -c 'router bgp 65010' -c 'neighbor 10.0.1.2 password s3cret'
wait_until 20 has_routes "10.244.2.0/24"
printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: bgp, namespace: kube-system}\nstringData: {password: s3cret}\n' | apply
wait_until 40 has_routes "10.244.1.0/24 10.244.2.0/24"
tor -c 'conf t' -c 'router bgp 65010' -c 'no neighbor 10.0.1.2 password'
netemu delete -f "$test_dir/p0.yaml" >/dev/null
netemu delete bgpp p1 >/dev/null
wait_until 20 has_routes ""

# The newer generation.
apply <<'YAML'
apiVersion: cilium.io/v2
kind: CiliumBGPClusterConfig
metadata: {name: racks}
spec:
  nodeSelector: {matchLabels: {rack: r0}}
  bgpInstances: [{name: main, localASN: 65010, peers: [{name: tor, peerASN: 65010, peerAddress: 10.0.1.1, peerConfigRef: {name: ibgp}}]}]
YAML
condition() { netemu get ciliumbgpclusterconfig racks -o json | jq -r --arg t "cilium.io/$1" '.status.conditions[] | select(.type == $t).status'; }
missing() { [[ $(condition MissingPeerConfigs) == "$1" ]]; }
wait_until 10 missing True
assert_eq False "$(condition NoMatchingNode)"
apply <<'YAML'
apiVersion: cilium.io/v2alpha1
kind: CiliumBGPPeerConfig
metadata: {name: ibgp}
spec: {families: [{afi: ipv4, safi: unicast, advertisements: {matchLabels: {advertise: pods}}}]}
---
apiVersion: cilium.io/v2
kind: CiliumBGPAdvertisement
metadata: {name: pods, labels: {advertise: pods}}
spec: {advertisements: [{advertisementType: PodCIDR, attributes: {localPreference: 150, communities: {standard: ["65010:7"]}}}]}
YAML
wait_until 20 has_routes "10.244.1.0/24"
wait_until 5 missing False
assert_eq '150 65010:7' "$(tor -c 'show bgp ipv4 unicast 10.244.1.0/24 json' | jq -r '.paths[0] | "\(.locPrf) \(.community.string)"')"
established() { [[ $(netemu get ciliumbgpnodeconfig "$cluster-worker" -o json | jq -r '.status.bgpInstances[0].peers[0].peeringState') == established ]]; }
wait_until 10 established
# What a node overrides is in its configuration; an engine that does not exist is said, and is none.
apply <<YAML
apiVersion: cilium.io/v2
kind: CiliumBGPNodeConfigOverride
metadata: {name: $cluster-worker}
spec: {bgpInstances: [{name: main, routerID: 7.7.7.7, peers: [{name: tor, localAddress: 10.0.1.2}]}]}
YAML
overridden() { [[ $(tor -c 'show bgp neighbors 10.0.1.2 json' | jq -r '."10.0.1.2".remoteRouterId') == "$1" ]]; }
wait_until 20 overridden 7.7.7.7
assert_eq "7.7.7.7 10.0.1.2" "$(netemu get ciliumbgpnodeconfig "$cluster-worker" -o json |
  jq -r '.spec.bgpInstances[0] | "\(.routerID) \(.peers[0].localAddress)"')"
netemu delete ciliumbgpnodeconfigoverride "$cluster-worker" >/dev/null
wait_until 20 overridden 10.0.1.2
wait_until 20 has_routes "10.244.1.0/24"
netemu apply -f - >/dev/null <<YAML
apiVersion: v1
kind: Node
metadata: {name: $cluster-worker, annotations: {netemu.io/bgp-engine: bird}}
YAML
bird() { events | grep -q '"bird" is neither frr nor gobgp'; }
wait_until 10 bird
# Without the advertisement the session stays, and tells nothing.
before=$(session_of 10.0.1.2)
netemu delete ciliumbgpadvertisement pods >/dev/null
wait_until 20 has_routes ""
assert_eq "$before" "$(session_of 10.0.1.2)"
# The default gateway is the peer: it is known once there is one, and another one is another peer.
netemu exec "$cluster-worker" ip route del default via 10.0.1.1
apply <<'YAML'
apiVersion: cilium.io/v2
kind: CiliumBGPAdvertisement
metadata: {name: pods, labels: {advertise: pods}}
spec: {advertisements: [{advertisementType: PodCIDR}]}
---
apiVersion: cilium.io/v2
kind: CiliumBGPClusterConfig
metadata: {name: racks}
spec:
  nodeSelector: {matchLabels: {rack: r0}}
  bgpInstances: [{name: main, localASN: 65010, peers: [{name: tor, peerASN: 65010, peerConfigRef: {name: ibgp},
    autoDiscovery: {mode: DefaultGateway, defaultGateway: {addressFamily: ipv4}}}]}]
YAML
wait_until 10 session_is_not Established 10.0.1.2
netemu exec "$cluster-worker" ip route replace default via 10.0.1.1
wait_until 20 has_routes "10.244.1.0/24"
netemu delete ciliumbgpclusterconfig racks >/dev/null
gone() { ! netemu get ciliumbgpnodeconfig "$cluster-worker"; }
wait_until 10 gone

# An API server that is another one, or a kubelet that dies, changes nothing.
netemu apply -f "$test_dir/p0.yaml" >/dev/null
wait_until 20 has_routes "10.244.1.0/24"
before=$(session_of 10.0.1.2)
api_pid() { pgrep -f "netemu-apiserver /run/netemu/$cluster\$"; }
api=$(api_pid) || die "no API server"
kill -9 "$api"
back() { [[ $(api_pid) != "$api" ]] && is worker established; }
wait_until 20 back
# shellcheck disable=SC2016 # for the node's shell
netemu exec "$cluster-worker" sh -c 'kill -9 $(cat /run/kubelet.pid)'
netemu exec "$cluster-worker" systemctl start kubelet
wait_until 20 back
assert_eq "$before" "$(session_of 10.0.1.2)" "the session was reset"
assert_match "p0" "$(netemu get bgpp)"

# GoBGP instead, for all nodes: another daemon.
if command -v gobgpd >/dev/null; then
  printf 'netemu: {bgpEngine: gobgp}\n' >>"$test_dir/values.yaml"
  netemu apply -f "$test_dir/values.yaml" >/dev/null
  wait_until 5 has_routes ""
  wait_until 40 has_routes "10.244.1.0/24"
  assert_eq "gobgpd" "$(netemu exec "$cluster-worker" ps -eo comm= | grep bgp)"
fi

# The BGP control plane goes, and comes back to the policies that it had.
cp "$test_dir/values.yaml" "$test_dir/values.on"
values false
netemu apply -f "$test_dir/values.yaml" >/dev/null
wait_until 20 has_routes ""
assert_status 1 netemu get bgpp
cp "$test_dir/values.on" "$test_dir/values.yaml"
netemu apply -f "$test_dir/values.yaml" >/dev/null
assert_match "p0" "$(netemu get bgpp)"
wait_until 40 has_routes "10.244.1.0/24"
assert_status 64 netemu get bgppeers --watch

# Cilium goes, and the sessions with it.
netemu delete -f "$test_dir/values.yaml" >/dev/null
wait_until 20 has_routes ""
no_daemon() { ! netemu exec "$cluster-worker" ps -eo comm= | grep bgp; }
wait_until 10 no_daemon
assert_eq "" "$(netemu get crd -o json | jq -r '.items[].metadata.name')"
