#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# k8s_kind - a node of kind k8s-kind: its cluster is started with the lab and ends with it
#
#   10.0.0.2 control-plane -- net0 -- r1 -- net0 -- worker 10.0.1.2 (by a sidecar: network-mode container:CLUSTER-worker)
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd ping
cd "$test_dir"

lab_name k
k=$lab
topo <<YAML
topology:
  nodes:
    $k:
      kind: k8s-kind
      startup-config: kind.yaml
      image: kindest/node:v1.29.2
      extras: {k8s_kind: {deploy: {wait: 0s}}}
    $k-control-plane:
      kind: ext-container
      exec: ["ip addr add 10.0.0.2/24 dev net0"]
    r1:
      kind: linux
      image: alpine
      exec: ["ip addr add 10.0.0.1/24 dev eth1", "ip addr add 10.0.1.1/24 dev eth2"]
    server: # may be listed before the one whose network it shares
      kind: linux
      image: nicolaka/netshoot
      network-mode: container:$k-worker
      exec: ["ip addr add 10.0.1.2/24 dev net0"]
  links:
    - endpoints: ["r1:eth1", "$k-control-plane:net0"]
    - endpoints: ["r1:eth2", "server:net0"]
YAML
cat >kind.yaml <<'YAML'
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: another # the node's name is the cluster's
nodes: [{role: control-plane}, {role: worker}]
YAML

netemu run "$topo" >run.log 2>&1 || die "$(cat run.log)"
netemu exec r1 -- ping -c 1 -W 2 10.0.0.2 >/dev/null || die "the control plane is not at the end of its link"
netemu exec r1 -- ping -c 1 -W 2 10.0.1.2 >/dev/null || die "the worker is not at the end of its sidecar's link"
netemu exec "$k-worker" -- ip -br addr show net0 | grep -q 10.0.1.2/24 || die "the sidecar's link is not the worker's"
assert_eq "$k-control-plane v1.29.2 $k-worker v1.29.2" "$(netemu get nodes | awk 'NR > 1 { print $1, $NF }' | xargs)" "nodes and version"
netemu destroy -t "$topo" >/dev/null
assert_status 0 netemu list
assert_match "no lab is running" "$output" "the cluster ends with the file that asked for it"

netemu run "$topo" >run.log 2>&1 || die "$(cat run.log)"
netemu destroy "$(sed -n 's/^name: //p' "$topo")" >/dev/null
assert_status 0 netemu list
assert_match "no lab is running" "$output" "the cluster ends with the lab that it was started for, by name"

# Only what the filter names is started; mistakes in the config are shown where they stand.
assert_status 0 netemu validate "$topo" --node-filter r1
assert_no_match "cluster" "$output"
assert_status 0 netemu validate "$topo" --node-filter "r1,$k"
assert_match "cluster '$k', 2 nodes" "$output"
sed -i 's/role: worker/role: wroker/' kind.yaml
assert_status 2 netemu run "$topo"
assert_match "kind.yaml:4:" "$output"
cp "$topo" kind.yaml
assert_status 2 netemu run "$topo"
assert_match "the startup-config of a k8s-kind node is a Kind config, but .*kind.yaml is a topology" "$output"
rm kind.yaml
assert_status 2 netemu run "$topo"
assert_match "the startup-config of cluster '$k': .*kind.yaml: No such file" "$output"

# A topology that is called as its cluster (Cilium's are) gives way: its nodes keep their names. Together, and the cluster first.
lab_name same
same=$lab
test_labs+=("clab-$same")
cat >same.clab.yml <<YAML
name: $same
topology:
  nodes:
    r1: {kind: linux, image: local/router:1, cmd: /usr/lib/frr/docker-start, exec: ["ip addr add 10.0.0.1/24 dev eth1"]}
    server0: {kind: linux, image: alpine, network-mode: "container:$same-control-plane", exec: ["ip addr add 10.0.0.2/24 dev net0"]}
  links:
    - endpoints: ["r1:eth1", "server0:net0"]
YAML
cat >same.yaml <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $same
YAML
# An image that nothing stands for is said to be another one; a cmd that the image of FRR has for it is what netemu starts anyway.
assert_status 2 netemu run same.clab.yml same.yaml
assert_match "no profile stands for image 'local/router:1' of node 'r1'" "$output"
assert_match "--map-image IMAGE=ONE-OF-THEM" "$output"
map=(--map-image local/router=frrouting/frr)
for together in 1 0; do
  if ((together)); then
    netemu run same.clab.yml same.yaml "${map[@]}" >run.log 2>&1 || die "$(cat run.log)"
  else
    netemu run same.yaml >run.log 2>&1 || die "$(cat run.log)"
    netemu run same.clab.yml "${map[@]}" >run.log 2>&1 || die "$(cat run.log)"
  fi
  grep -q "this lab is called clab-$same" run.log || die "not said that the lab gave way: $(cat run.log)"
  ! grep -q docker-start run.log || die "the FRR image's own script is missed: $(cat run.log)"
  netemu exec "clab-$same-r1" -- ping -c 1 -W 2 10.0.0.2 >/dev/null || die "the node is not called as containerlab calls it"
  wait_until 10 eval 'netemu exec r1 -- test -S /var/run/frr/zebra.vty'
  assert_eq "clab-$same $same" "$(netemu list | awk 'NR > 1 { print $1 }' | sort | xargs)" "labs"
  netemu destroy -t same.clab.yml >/dev/null
  netemu destroy "$same" >/dev/null
done
assert_status 64 netemu plan same.clab.yml --map-image local/router
[[ ! -e /run/netemu ]] || die "left: $(find /run/netemu)"
