#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shims_kube - helm, cilium and kind on one cluster: the release is the same whoever installed it
#
#   one control plane, one worker
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq

netemu shims "$test_dir/bin" >/dev/null 2>&1
export PATH=$test_dir/bin:$PATH HOME=$test_dir
unset KUBECONFIG XDG_CONFIG_HOME HELM_REPOSITORY_CONFIG
cd "$test_dir"
lab_name shimskube
printf 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nname: %s\nnodes: [{role: control-plane}, {role: worker}]\nnetworking: {disableDefaultCNI: true}\n' "$lab" >kind.yaml

# ---- without a cluster ----
assert_match '^kind version [0-9.]+$' "$(kind --version)"
assert_status 1 kind get kubeconfig --name "$lab"
assert_status 1 kind export logs --name "$lab"
assert_match "unknown cluster \"$lab\"" "$output"
assert_status 1 kind build node-image
assert_match 'node images are not built' "$output"
assert_status 1 helm repo list
assert_match 'Error: no repositories to show' "$output"
assert_status 1 helm repo update
helm repo add cilium https://helm.cilium.io/ >/dev/null
assert_match 'already exists with the same configuration, skipping' "$(helm repo add cilium https://helm.cilium.io/)"
assert_status 1 helm repo add cilium https://example.org/
assert_match 'repository name \(cilium\) already exists' "$output"
assert_eq "cilium https://helm.cilium.io/" "$(helm repo list -o json | jq -r '.[] | "\(.name) \(.url)"')"
assert_eq $'NAME  \tURL\ncilium\thttps://helm.cilium.io/' "$(helm repo list)"
assert_match '"cilium" chart repository' "$(helm repo update cilium)"
assert_status 1 helm repo update other
assert_match 'cilium/cilium.*1\.14\.3' "$(helm search repo cilium)"
assert_eq "cluster-pool" "$(helm show values cilium/cilium | sed -n 's/^  mode: //p')"
assert_match 'version: 1\.15\.0' "$(helm show chart cilium/cilium --version v1.15.0)"
assert_status 1 helm show values bitnami/nginx
assert_match "netemu has no chart but Cilium's" "$output"
assert_eq "ServiceAccount ServiceAccount ConfigMap DaemonSet Deployment" \
  "$(helm template cilium cilium/cilium | sed -n 's/^kind: //p' | xargs)"
assert_match 'image: quay.io/cilium/cilium:v1\.15\.0' "$(helm template cilium/cilium --version 1.15.0 -s templates/cilium-agent/daemonset.yaml)"
assert_match 'replicas: 1' "$(helm template cilium cilium/cilium --set operator.replicas=1)"
assert_status 1 helm template cilium cilium/cilium --set ipam.mode=nonsense
assert_match 'ipam.mode' "$output"
assert_status 1 helm template cilium cilium/cilium --output-dir x
assert_match 'netemu cannot do --output-dir' "$output"
assert_status 1 helm lint .
assert_match 'one chart built in' "$output"
assert_status 1 helm status cilium
assert_match 'Kubernetes cluster unreachable' "$output"
# What --set understands.
assert_match 'enable-ipv6: "true"' "$(helm template cilium/cilium --set ipv4.enabled=true,ipv6.enabled=true)"
for bad in a =1 'a[x]=1' 'a={1' 'a.=1'; do
  assert_status 1 helm template cilium/cilium --set "$bad"
  assert_match 'failed parsing --set data' "$output"
done

# ---- a cluster that helm installs into ----
kind create cluster --config kind.yaml -q 2>/dev/null
assert_eq "$lab-control-plane $lab-worker" "$(kind get nodes --name "$lab" | xargs)"
assert_eq "$lab-control-plane $lab-worker" "$(kind get nodes -A | xargs)"
assert_match "kind-$lab" "$(kind get kubeconfig --name "$lab")"
assert_status 1 cilium status
assert_match 'daemonsets.apps "cilium" not found' "$output"
assert_match 'unknown. Unable to obtain cilium version' "$(cilium version)"
assert_status 1 helm get values cilium
assert_match 'Error: release: not found' "$output"
assert_status 1 helm install other cilium/cilium
assert_match "one release is called cilium" "$output"
echo 'from a file' >note
printf 'ipam: {mode: kubernetes}\nMTU: 1400\noperator: {replicas: 1}\n' >values.yaml
helm install cilium cilium/cilium -n kube-system --version v1.15.1 -f values.yaml --set 'MTU=null,x.list={a,b},x.at[1].y=7' \
  --set-string x.text=1 --set-json 'x.json={"k":[1,2]}' --set-file x.note=note --set-literal 'x.literal=a,b=c' --set 'x.dot\.ted=true' \
  --wait --timeout 60s >installed 2>/dev/null
assert_match $'STATUS: deployed\nREVISION: 1' "$(cat installed)"
assert_match 'Your release version is 1\.15\.1' "$(cat installed)"
assert_eq '{"MTU":null,"ipam":{"mode":"kubernetes"},"operator":{"replicas":1},"x":{"at":[null,{"y":7}],"dot.ted":true,"json":{"k":[1,2]},"list":["a","b"],"literal":"a,b=c","note":"from a file\n","text":"1"}}' \
  "$(helm get values cilium -o json)"
assert_match 'STATUS: pending-install' "$(helm upgrade cilium cilium/cilium --dry-run)"
assert_match '^USER-SUPPLIED VALUES:' "$(helm get values cilium -n kube-system)"
assert_match "^COMPUTED VALUES:" "$(helm get values cilium --all)"
assert_eq "kubernetes 24 true" "$(helm get values cilium -a -o json | jq -r '"\(.ipam.mode) \(.ipam.operator.clusterPoolIPv4MaskSize) \(.enableIPv4Masquerade)"')"
assert_eq "quay.io/cilium/cilium:v1.15.1" "$(helm get manifest cilium | sed -n 's/.*image: \(.*cilium\/cilium:.*\)/\1/p')"
assert_eq "cilium kube-system 1 deployed cilium-1.15.1 1.15.1" \
  "$(helm list -A -o json | jq -r '.[] | "\(.name) \(.namespace) \(.revision) \(.status) \(.chart) \(.app_version)"')"
assert_eq cilium "$(helm list -n kube-system -q)"
assert_eq "" "$(helm list -q)"
assert_match 'CHART: cilium' "$(helm get metadata cilium)"
assert_status 1 helm get values cilium --revision 7
assert_status 1 helm get values cilium -o xml
status=$(cilium status)
assert_match 'Cilium:             OK' "$status"
assert_match 'DaemonSet              cilium             Desired: 2, Ready: 2/2, Available: 2/2' "$status"
assert_match 'Helm chart version:    1\.15\.1' "$status"
assert_match 'cilium-operator    quay.io/cilium/operator-generic:v1\.15\.1: 1' "$status"
assert_eq OK "$(cilium status --brief --wait)"
assert_eq 2 "$(cilium status -o json | jq '.pod_state.cilium.Ready')"
assert_match 'ipam +kubernetes' "$(cilium config view)"
assert_match '\(running\): 1\.15\.1' "$(cilium version)"

# ---- `netemu apply` of values is an upgrade of the same release; an upgrade and back leaves the deployment whole ----
printf 'ipam: {mode: kubernetes}\nbgpControlPlane: {enabled: true}\n' >cilium-values.yaml
netemu apply -f cilium-values.yaml >/dev/null 2>&1
assert_eq '{"bgpControlPlane":{"enabled":true},"ipam":{"mode":"kubernetes"}}' "$(helm get values cilium -o json)"
helm rollback cilium 1 --wait >rolled 2>/dev/null
assert_match 'Rollback was a success' "$(cat rolled)"
assert_eq '1 superseded cilium-1.15.1,2 superseded cilium-1.14.3,3 deployed cilium-1.15.1' \
  "$(helm history cilium -o json | jq -r 'map("\(.revision) \(.status) \(.chart)") | join(",")')"
assert_eq "3" "$(helm history cilium --max 1 -o json | jq '.[0].revision')"
assert_eq "1 1 1" "$(netemu get deployments -n kube-system cilium-operator -o json | jq -r '.status | "\(.replicas) \(.updatedReplicas) \(.readyReplicas)"')"
assert_status 1 helm rollback cilium 9
cilium upgrade --reuse-values --set bgpControlPlane.enabled=true >/dev/null 2>&1
assert_eq "true kubernetes" "$(helm get values cilium -o json | jq -r '"\(.bgpControlPlane.enabled) \(.ipam.mode)"')"
assert_match '^Node +Local AS +Peer AS' "$(cilium bgp peers)"
assert_match '^Node +VRouter +Prefix' "$(cilium bgp routes advertised ipv4 unicast --node "$lab-worker")"
assert_status 1 cilium bgp routes available ipv4 peer 10.0.0.1
assert_match "not 'peer'" "$output"
assert_status 1 cilium connectivity test
assert_match 'netemu cannot do that: .*netemu run --wait' "$output"

# ---- logs ----
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: talker}\nspec: {containers: [{name: c, image: busybox, command: [sh, -c, "echo said; sleep 1000"]}]}\n' >pod.yaml
netemu apply -f pod.yaml >/dev/null
wait_until 20 eval '[[ $(netemu logs talker 2>/dev/null) == said ]]'
assert_eq logs "$(kind export logs logs --name "$lab" 2>/dev/null)"
assert_eq said "$(cat logs/"$lab"-worker/pods/default_talker_*/c/0.log)"
[[ -f logs/$lab-worker/serial.log && -f logs/$lab-control-plane/serial.log ]] || die "no logs of nodes"

# ---- and out again ----
assert_match 'release "cilium" uninstalled' "$(helm uninstall cilium --dry-run)"
assert_eq 1 "$(helm list -A -q | wc -l)"
assert_status 1 helm uninstall cilium --keep-history
assert_match 'successfully uninstalled' "$(cilium uninstall)"
assert_eq "" "$(helm list -Aq)"
assert_status 1 helm uninstall cilium
assert_status 0 helm uninstall cilium --ignore-not-found
assert_match 'Using Cilium version 1\.14\.3' "$(cilium install --set ipam.mode=kubernetes --wait 2>/dev/null)"
assert_eq "cilium" "$(helm list -Aq)"
helm repo remove cilium >/dev/null
assert_status 1 helm repo list
kind delete cluster -q --name "$lab"
assert_match 'No kind clusters found' "$(kind get clusters 2>&1)"
