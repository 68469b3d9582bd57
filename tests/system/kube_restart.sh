#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kube_restart - the API server is killed, and a kubelet is: objects and pods go on, and are taken over
#
#   control-plane ---- kind's network ---- worker (two pods)          default CNI
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq
lab_name
cat >"$test_dir/cluster.yaml" <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $lab
nodes: [{role: control-plane}, {role: worker}]
YAML
cat >"$test_dir/pods.yaml" <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: stays, labels: {app: a}}
spec: {containers: [{name: c, image: busybox, command: [sleep, inf]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: goes, labels: {app: a}}
spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: busybox, command: [sleep, inf]}]}
YAML

# object KIND NAME FILTER - something of an object, by jq
object() { netemu get "$1" "$2" -o json | jq -r "$3"; }
ready() { [[ $(object node "$lab-worker" '.status.conditions[] | select(.type == "Ready").status') == "$1" ]]; }
api_pid() { pgrep -f "netemu-apiserver /run/netemu/$lab\$"; }
# began - when the first process of a pod's container did
began() { netemu exec stays -- awk '{ print $22 }' /proc/1/stat; }

export NETEMU_NODE_LEASE_DURATION=2
netemu run "$test_dir/cluster.yaml" "$test_dir/pods.yaml" --wait >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
ready True || die "the worker is not Ready"
uid=$(object pod stays .metadata.uid)
revision=$(object pod stays .metadata.resourceVersion)
before=$(began)

# ---- the API server ----
old=$(api_pid)
kill -9 "$old"
wait_until 10 netemu get nodes
[[ $(api_pid) != "$old" ]] || die "it is the same process"
assert_eq "$uid" "$(object pod stays .metadata.uid)"
assert_eq Running "$(object pod stays .status.phase)"
(($(object pod stays .metadata.resourceVersion) >= revision)) || die "resource versions went back"
assert_eq "$before" "$(began)" "the pod goes on"
# The kubelets are back, too: a pod can be ended and made anew.
netemu delete pod goes >/dev/null
wait_until 10 eval '! netemu get pod goes'
netemu apply -f "$test_dir/pods.yaml" >/dev/null
wait_until 10 eval '[[ $(object pod goes .status.phase) == Running ]]'
(($(object pod goes .metadata.resourceVersion) > revision)) || die "resource versions went back"
assert_eq "" "$(netemu get events -o json | jq -r '.items[] | select(.reason == "NodeNotReady").message')"
