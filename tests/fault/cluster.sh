#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cluster - as every.sh, for a cluster: its API server's operations count, too
# shellcheck disable=SC2154 # topo, lab: of lib.sh
. "$(dirname "$0")/machine"

SAMPLE=25
# Kubelets and API server go on talking when `run` has long ended.
# shellcheck disable=SC2034 # machine reads it
after_commit='a message|a socket'

fault_cluster() {
  lab_name
  topo=$test_dir/$lab.yaml
  cat >"$topo" <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $lab
nodes: [{role: control-plane}, {role: worker}]
YAML
}

# Both nodes are there, with their kubelet's socket, and the API server's takes connections.
lab_works() {
  local out
  out=$(timeout 20 "$NETEMU" exec --lab "$lab" worker test -S /run/netemu.sock 2>&1 </dev/null) &&
    out=$(timeout 20 "$NETEMU" exec --lab "$lab" control-plane test -x /usr/bin/kubelet 2>&1 </dev/null) &&
    [[ -S /run/netemu/$lab/kube/api.sock ]] && return
  echo "the lab does not work: $out"
  return 1
}

fault_cluster
every_run
finish
