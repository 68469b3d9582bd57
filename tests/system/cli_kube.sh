#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cli_kube - apply, get, delete, kubeconfig, and exec and logs of pods: netemu without kubectl
#
#   control-plane, worker, worker2: a cluster alone, with the default CNI
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq ping
cd "$test_dir"

assert_status 1 netemu get pods
assert_match "no cluster is running" "$output"

lab_name
cat >cluster.yaml <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $lab
networking: {dnsSearch: [lab.example]}
nodes: [{role: control-plane}, {role: worker, labels: {disk: ssd}}, {role: worker}]
YAML
cat >pods.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: x}}
spec:
  nodeSelector: {disk: ssd}
  terminationGracePeriodSeconds: 1
  containers:
  - {name: first, image: nicolaka/netshoot, command: [sh, -c, "echo one; echo two; exec sleep 1000"], workingDir: /srv}
  - {name: second, image: nicolaka/netshoot, command: [sh, -c, "echo from second; exec sleep 1000"]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: other}
spec:
  nodeName: LAB-worker2
  terminationGracePeriodSeconds: 1
  containers:
  - {name: c, image: nicolaka/netshoot, command: [sleep, "1000"]}
---
apiVersion: v1
kind: Namespace
metadata: {name: other}
YAML
sed -i "s/LAB/$lab/" pods.yaml

# ---- before anything is made ----
assert_status 1 netemu run pods.yaml
assert_match "no cluster is running" "$output"
cat >bad.yaml <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: good}
---
apiVersion: v1
kind: Pod
metadata: {name: bad}
spec:
  containers:
  - name: c
    image: x
    comand: [sh]
  foo: 1
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: bad}
spec: {replicas: "x"}
---
apiVersion: v2
kind: Foo
metadata: {name: a}
YAML
assert_status 2 netemu run cluster.yaml bad.yaml
assert_match 'bad.yaml:12:5: error: unknown field "spec.containers\[0\].comand"' "$output"
assert_match 'bad.yaml:13:3: error: unknown field "spec.foo"' "$output"
assert_match 'bad.yaml:18:18: error: json: cannot unmarshal string into Go struct field [A-Za-z.]*spec.replicas of type int32' "$output"
assert_match 'bad.yaml:21:7: error: no matches for kind "Foo" in version "v2"' "$output"
printf '%s\n' 'apiVersion: v1' 'kind: Pod' 'metadata: {name: p, namespace: nowhere}' 'spec: {containers: [{name: c, image: alpine}]}' \
  '---' 'apiVersion: cilium.io/v2alpha1' 'kind: CiliumBGPPeeringPolicy' 'metadata: {name: x}' \
  'spec: {virtualRouters: [{localASN: 1, neighbors: [{peerAddress: 10.0.0.1/32, peerASN: 1}]}]}' >fresh.yaml
assert_status 2 netemu run cluster.yaml fresh.yaml
assert_match 'fresh.yaml:1:1: error: namespaces "nowhere" not found' "$output"
assert_match 'fresh.yaml:6:1: error: no matches for kind "CiliumBGPPeeringPolicy"' "$output"
printf '%s\n' 'ipam: {mode: eni}' 'bgpControlPlane: {enabled: true}' >values.yaml
assert_status 2 netemu run cluster.yaml values.yaml
assert_match 'values.yaml:1:14: error: values: ipam.mode: ' "$output"
printf '%s\n' 'ipam: {mode: eni}' 'bgpControlPlane:' '  enabled: maybe' >values.yaml
assert_status 2 netemu validate values.yaml
assert_match 'values.yaml:1:14: error: values: ipam.mode: .*values.yaml:3:12: error: values: bgpControlPlane.enabled: must be a boolean' "$output"
assert_eq "" "$(netemu list -f json | jq -r '.[].name')" "nothing was made"
assert_status 0 netemu plan cluster.yaml pods.yaml
assert_eq "apply      namespace/other apply      pod/a apply      pod/b namespace other" "$(grep '^apply' <<<"$output" | xargs -d '\n')"
assert_status 0 netemu validate cluster.yaml pods.yaml
assert_match "pods.yaml: ok: 3 objects" "$output"

assert_status 64 netemu plan cluster.yaml --node-filter worker
assert_match "a cluster is made as a whole" "$output"

# ---- a cluster alone, with pods ----
netemu run cluster.yaml pods.yaml --wait=30 >run.log 2>&1 || die "$(cat run.log)"
assert_match "namespace/other created
pod/a created
pod/b created" "$(cat run.log)"
assert_eq "Ready Ready Ready" "$(netemu get nodes | awk 'NR > 1 { print $2 }' | xargs)"
assert_match "search lab.example" "$(netemu exec worker cat /etc/resolv.conf)"
assert_match "a +2/2 +Running +0 " "$(netemu get pods)"

# ---- get: kubectl's own words ----
assert_eq "NAME READY STATUS RESTARTS AGE" "$(netemu get po | head -n 1 | xargs)"
assert_eq "NAMESPACE NAME READY STATUS RESTARTS AGE" "$(netemu get pods -A | head -n 1 | xargs)"
assert_match "$lab-worker +" "$(netemu get pods -o wide)"
assert_eq "pod/a" "$(netemu get pods -o name)"
assert_eq "pod/b" "$(netemu get pod -n other -o name)"
assert_eq "pod/a" "$(netemu get pods -l app=x -o name)"
assert_eq "" "$(netemu get pods -l 'app!=x' -o name)"
assert_eq "No resources found in default namespace." "$(netemu get deploy 2>&1)"
assert_eq "List a" "$(netemu get pods -o json | jq -r '.kind, .items[0].metadata.name' | xargs)"
assert_eq "Pod a null" "$(netemu get pod a -o json | jq -r '.kind, .metadata.name, .metadata.managedFields' | xargs)"
assert_match "^apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: \|
      \{" "$(netemu get pod a -o yaml)"
assert_eq "pod/a" "$(netemu get pods,cm | awk 'NR == 2 { print $1 }')"
assert_match "namespace/other +Active" "$(netemu get ns/other ns/default pod/a)"
assert_match "service/kubernetes" "$(netemu get all)"
assert_status 1 netemu get pods nope a
assert_match 'Error from server \(NotFound\): pods "nope" not found' "$output"
assert_match "a +2/2" "$output"
assert_status 1 netemu get podz
assert_match "did you mean 'pods'" "$output"
assert_status 1 netemu get bgpp
assert_match 'the server doesn.t have a resource type "ciliumbgppeeringpolicies"' "$output"

# ---- exec and logs: nodes first, then pods ----
assert_eq "/srv" "$(netemu exec a pwd)" "a pod's working directory"
assert_eq "a" "$(netemu exec a -- hostname)"
assert_eq "b" "$(netemu exec other/b hostname)"
assert_eq "b" "$(netemu exec -n other pod/b hostname)"
assert_eq "/" "$(netemu exec -c second a pwd)"
assert_status 3 netemu exec a -- sh -c 'exit 3'
assert_status 125 netemu exec nope true
assert_match "no running lab has a node 'nope', and cluster $lab has no such pod in namespace default; there are: .*worker" "$output"
assert_status 125 netemu exec -c third a true
assert_eq "in and out" "$(echo in and out | netemu exec -i a cat)"
ip=$(netemu get pod b -n other -o json | jq -r .status.podIP)
netemu exec a -- ping -c 1 -W 2 "$ip" >/dev/null
assert_eq "one two" "$(netemu logs a | xargs)"
assert_eq "two" "$(netemu logs a --tail 1)"
assert_eq "from second" "$(netemu logs a second)"
assert_eq "from second" "$(netemu logs -c second pod/a)"
assert_match "^[0-9T:.-]+Z one$" "$(netemu logs a --timestamps | head -n 1)"
assert_status 1 netemu logs nope
assert_match "no such pod" "$output"
timeout 10 "$NETEMU" logs -f a >followed &
wait_until 5 grep -q two followed
kill $!

# A node's name wins.
sed 's/name: a,/name: worker,/' pods.yaml | sed '/^---/,$d' >worker.yaml
netemu apply -f worker.yaml >/dev/null
assert_eq "$lab-worker" "$(netemu exec worker hostname)"
wait_until 10 eval '[[ $(netemu exec pod/worker hostname) == worker ]]'

# ---- apply ----
assert_eq "unchanged" "$(netemu apply -f pods.yaml | awk '{ print $2 }' | sort -u)"
cat >cm.yaml <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: cm, labels: {l: "1"}}
data: {a: b, gone: x}
YAML
assert_eq "configmap/cm created (dry run)" "$(netemu apply --dry-run -f cm.yaml)"
assert_status 1 netemu get cm cm
assert_eq "configmap/cm created" "$(netemu apply -f - <cm.yaml)"
sed -i 's/a: b, gone: x/a: c/' cm.yaml
assert_eq "configmap/cm configured" "$(netemu apply cm.yaml)"
assert_eq '{"a":"c"}' "$(netemu get cm cm -o json | jq -c .data)"
assert_eq "configmap/cm created" "$(netemu apply -n other -f cm.yaml)"
# Nothing is half-applied: what the server alone can tell is found out before anything is done.
printf '%s\n' 'apiVersion: v1' 'kind: ConfigMap' 'metadata: {name: first}' '---' 'apiVersion: v1' 'kind: Pod' \
  'metadata: {name: p, namespace: nowhere}' 'spec: {containers: [{name: c, image: alpine}]}' >half.yaml
assert_status 2 netemu apply -f half.yaml
assert_match 'half.yaml:5:1: error: .*namespaces "nowhere" not found' "$output"
assert_status 1 netemu get cm first
printf '%s\n' 'apiVersion: v1' 'kind: ConfigMap' 'metadata: {name: first}' '---' 'apiVersion: v1' 'kind: Pod' 'metadata: {name: a}' \
  'spec: {containers: [{name: other, image: alpine}]}' >half.yaml
assert_status 2 netemu apply -f half.yaml
assert_match 'The Pod "a" is invalid|Pod "a" is invalid' "$output"
assert_status 1 netemu get cm first
assert_status 2 netemu apply -f bad.yaml
assert_status 1 netemu get cm good
assert_status 1 netemu apply -f cluster.yaml
assert_match "netemu run" "$output"
assert_status 64 netemu apply
mkdir dir
cp cm.yaml dir/1.yaml
sed 's/name: cm/name: cm2/' cm.yaml >dir/2.yml
assert_eq "configmap/cm unchanged configmap/cm2 created" "$(netemu apply -f dir | xargs)"

printf '%s\n' 'apiVersion: batch/v1' 'kind: CronJob' 'metadata: {name: cj}' 'spec: {schedule: "* * * * *", jobTemplate: {spec: {template: {spec:' \
  '  {restartPolicy: Never, containers: [{name: c, image: alpine}]}}}}}' >cj.yaml
assert_status 0 netemu apply -f cj.yaml
assert_match 'cronjob.batch/cj created' "$output"
assert_match 'warning: a CronJob is stored and shown, but netemu does nothing for it' "$output"

# ---- watch ----
timeout 20 "$NETEMU" get cm -w >watched &
watcher=$!
wait_until 5 grep -q '^cm2 ' watched
sed 's/name: cm/name: cm3/' cm.yaml | netemu apply -f - >/dev/null
wait_until 5 grep -q '^cm3 ' watched
kill $watcher
assert_eq 1 "$(grep -c ^NAME watched)"

# ---- delete ----
assert_eq 'configmap "cm3" deleted' "$(netemu delete cm cm3)"
assert_eq 'pod "worker" deleted' "$(netemu delete pod/worker)"
assert_status 1 netemu get pod worker
assert_status 1 netemu delete pod nope
assert_match 'pods "nope" not found' "$output"
assert_status 0 netemu delete pod nope --ignore-not-found
assert_eq 'pod "b" force deleted' "$(netemu delete pod b -n other --force --grace-period 0)"
assert_status 1 netemu get pod b -n other
assert_status 1 netemu delete pods
assert_match "name what to delete" "$output"
assert_eq 'configmap "cm" deleted configmap "cm2" deleted' "$(netemu delete -f dir | xargs -d '\n')"
assert_status 64 netemu delete
netemu apply -f cm.yaml -f dir/2.yml >/dev/null
assert_eq "cm cm2" "$(netemu delete cm -l l=1 | grep -o '"[^"]*"' | xargs)"

# ---- kubeconfig ----
assert_eq "/run/netemu/$lab/kube/kubeconfig" "$(netemu kubeconfig --path)"
assert_match "kind-$lab" "$(netemu kubeconfig)"
assert_eq 600 "$(stat -c %a "$(netemu kubeconfig --path)")"
assert_status 1 netemu kubeconfig nope

# ---- completion ----
assert_match "$lab" "$(netemu __complete clusters)"
assert_match "pods" "$(netemu __complete kinds)"
assert_eq "a" "$(netemu __complete names pods)"

# ---- two clusters: which one has to be said ----
first=$lab
lab_name two
sed "s/$first/$lab/" cluster.yaml >two.yaml
netemu run two.yaml >/dev/null 2>&1
assert_eq 3 "$(netemu get nodes --lab "$lab" | grep -c "^$lab-")" "all nodes have registered when run returns"
assert_status 1 netemu get pods
assert_match "several clusters are running" "$output"
assert_eq "pod/a" "$(netemu get pods -o name --lab "$first")"
assert_eq "a" "$(netemu exec --lab "$first" a hostname)"
netemu destroy --all >/dev/null
[[ ! -e /run/netemu ]] || die "left: $(find /run/netemu)"
