#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cluster_families - a cluster alone with the default CNI: IPv4, IPv6 and dual stack; pods reach each other across nodes
#
#   control-plane    worker    worker2         on Kind's network; a pod of a DaemonSet on each worker
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq ping
cd "$test_dir"

cat >ds.yaml <<'YAML'
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: ds}
spec:
  selector: {matchLabels: {app: ds}}
  template:
    metadata: {labels: {app: ds}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: c, image: nicolaka/netshoot, command: [sleep, "1000"]}]
YAML

# family FAMILY WANT-CIDRS WANT-SERVICE-IP
family() {
  local pods ip
  lab_name "$1"
  cat >"$1.yaml" <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $lab
networking: {ipFamily: $1}
nodes: [{role: control-plane}, {role: worker}, {role: worker}]
YAML
  microseconds netemu run "$1.yaml" ds.yaml --wait=30 >run.log 2>&1 || die "$(cat run.log)"
  echo "$1: run --wait took $((elapsed / 1000)) ms"
  assert_eq "Ready Ready Ready" "$(netemu get nodes | awk 'NR > 1 { print $2 }' | xargs)"
  assert_eq "$2" "$(netemu get nodes -o json | jq -r '[.items[].spec.podCIDRs | join(",")] | join(" ")')" "$1: pod CIDRs"
  assert_eq "$3" "$(netemu get svc kubernetes -o json | jq -r .spec.clusterIP)" "$1: service"
  mapfile -t pods < <(netemu get pods -o json | jq -r '.items[].metadata.name')
  ((${#pods[@]} == 2)) || die "$1: a pod on each worker: $(netemu get pods -o wide)"
  for ip in $(netemu get pod "${pods[1]}" -o json | jq -r '.status.podIPs[].ip'); do
    netemu exec "${pods[0]}" -- ping -c 1 -W 2 "$ip" >/dev/null || die "$1: ${pods[0]} does not reach $ip"
  done
  # Away with the pods: nothing of them is left on the node.
  netemu delete ds ds >/dev/null
  wait_until 20 eval '[[ -z $(netemu get pods -o name 2>/dev/null) ]]'
  netemu destroy "$lab" >/dev/null
}

family ipv4 "10.244.0.0/24 10.244.1.0/24 10.244.2.0/24" 10.96.0.1
family ipv6 "fd00:10:244::/64 fd00:10:244:1::/64 fd00:10:244:2::/64" fd00:10:96::1
family dual "10.244.0.0/24,fd00:10:244::/64 10.244.1.0/24,fd00:10:244:1::/64 10.244.2.0/24,fd00:10:244:2::/64" 10.96.0.1
[[ ! -e /run/netemu ]] || die "left: $(find /run/netemu)"
