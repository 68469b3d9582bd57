#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# controllers - Deployments, DaemonSets, StatefulSets and Jobs with a real kubectl, on a cluster of a control plane and
# three workers with the default network; drain, evictions, cascades, and an API server that is killed meanwhile
#
#   control-plane (tainted)   worker   worker2   worker3
. "$(dirname "$0")/../lib.sh"
need_kubectl
own_machine "$@"
need_cmd jq

k() { timeout 60 "$kubectl" "$@"; }
# names RESOURCE [ARGUMENT...] - of all that there are, one a line
names() { k get "$@" -o name --no-headers; }
count() { names "$@" | wc -l; }
# cells PATTERN FIELD... - columns of the rows of stdin that match
cells() { awk -v p="$1" -v f="${*:2}" '$0 ~ p { n = split(f, a, " "); l = $a[1]; for (i = 2; i <= n; i++) l = l " " $a[i]; print l }'; }

lab_name
cat >"$test_dir/cluster.yaml" <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $lab
nodes: [{role: control-plane}, {role: worker}, {role: worker}, {role: worker}]
YAML
netemu run "$test_dir/cluster.yaml"
KUBECONFIG=$(netemu kubeconfig --path "$lab")
export KUBECONFIG

controllers() {
  k wait --for=condition=Ready node --all --timeout=30s >/dev/null

  # ---- Deployment: create, update, history, undo, scale ----
  k create deployment web --image=alpine --replicas=3 -- sleep 1000
  assert_match 'successfully rolled out' "$(k rollout status deployment web --timeout=30s)"
  assert_eq "web 3/3 3 3" "$(k get deploy --no-headers | cells web 1 2 3 4)"
  assert_eq "3 3 3" "$(k get rs --no-headers | cells web 2 3 4)"
  # One on each worker, none on the control plane
  assert_eq "$lab-worker $lab-worker2 $lab-worker3" "$(k get pods -o wide --no-headers | cells web 7 | sort | xargs)"
  assert_match '^web-[b-z2-9]+-[b-z2-9]{5} 1/1 Running 0$' "$(k get pods --no-headers | cells web 1 2 3 4 | head -n 1)"

  k set image deployment/web alpine=busybox >/dev/null
  assert_match 'successfully rolled out' "$(k rollout status deployment web --timeout=30s)"
  assert_eq "1 2" "$(k rollout history deployment web | cells '^[0-9]' 1 | xargs)"
  assert_eq "busybox" "$(k get deploy -o wide --no-headers | cells web 7)"
  k rollout undo deployment web >/dev/null
  assert_match 'successfully rolled out' "$(k rollout status deployment web --timeout=30s)"
  assert_eq "2 3" "$(k rollout history deployment web | cells '^[0-9]' 1 | xargs)"
  assert_eq "alpine" "$(k get deploy web -o jsonpath='{.spec.template.spec.containers[0].image}')"
  k rollout restart deployment web >/dev/null
  assert_match 'successfully rolled out' "$(k rollout status deployment web --timeout=30s)"
  assert_eq "0 0 3" "$(k get rs --no-headers | cells web 2 | sort -n | xargs)"
  k rollout pause deployment web >/dev/null
  k set image deployment/web alpine=busybox >/dev/null
  k rollout resume deployment web >/dev/null
  assert_match 'successfully rolled out' "$(k rollout status deployment web --timeout=30s)"
  assert_eq "busybox" "$(k get deploy web -o jsonpath='{.spec.template.spec.containers[0].image}')"
  k scale deployment web --replicas=5 >/dev/null
  assert_match 'successfully rolled out' "$(k rollout status deployment web --timeout=30s)"
  k scale deployment web --replicas=2 >/dev/null
  assert_match 'successfully rolled out' "$(k rollout status deployment web --timeout=30s)"
  assert_eq "True True" "$(k get deploy web -o jsonpath='{.status.conditions[*].status}')"
  assert_match 'Scaled up replica set web-[b-z2-9]+ to 5 from 3' "$(k get events)"
  wait_until 30 eval '(( $(count pods -l app=web) == 2 ))'

  # ---- DaemonSet, StatefulSet, Job, Service ----
  cat >"$test_dir/objects.yaml" <<'YAML'
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: c, image: alpine, command: [sleep, "1000"]}], terminationGracePeriodSeconds: 1}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: alpine, command: [sleep, "1000"]}], terminationGracePeriodSeconds: 1}
---
apiVersion: batch/v1
kind: Job
metadata: {name: pi}
spec:
  completions: 3
  parallelism: 2
  template: {spec: {restartPolicy: Never, containers: [{name: c, image: alpine, command: [echo, hi]}]}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: bad}
spec:
  backoffLimit: 0
  template: {spec: {restartPolicy: Never, containers: [{name: c, image: alpine, command: ["false"]}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
YAML
  k apply -f "$test_dir/objects.yaml" >/dev/null
  assert_match 'daemon set "agent" successfully rolled out' "$(k rollout status ds agent --timeout=30s)"
  assert_eq "3 3 3 3 3" "$(k get ds --no-headers | cells agent 2 3 4 5 6)"
  assert_match 'roll out complete: 2 new pods' "$(k rollout status sts db --timeout=30s)"
  assert_eq "pod/db-0 pod/db-1" "$(names pods -l app=db | xargs)"
  k wait --for=condition=complete job/pi --timeout=30s >/dev/null
  assert_eq "pi 3/3" "$(k get job pi --no-headers | cells pi 1 2)"
  k wait --for=condition=failed job/bad --timeout=30s >/dev/null
  assert_match 'Job has reached the specified backoff limit' "$(k describe job bad)"
  assert_eq "2" "$(k get endpoints web -o jsonpath='{.subsets[0].addresses[*].ip}' | wc -w)"
  assert_eq "8080" "$(k get endpoints web -o jsonpath='{.subsets[0].ports[0].port}')"
  k rollout restart ds/agent sts/db >/dev/null
  assert_match 'successfully rolled out' "$(k rollout status ds agent --timeout=60s)"
  assert_match 'roll out complete' "$(k rollout status sts db --timeout=60s)"

  # ---- drain: what a controller has goes elsewhere, DaemonSets stay ----
  assert_status 1 k drain "$lab-worker"
  assert_match 'cannot delete DaemonSet-managed Pods' "$output"
  k drain "$lab-worker" --ignore-daemonsets --delete-emptydir-data --timeout=60s >/dev/null 2>&1
  assert_eq "Ready,SchedulingDisabled" "$(k get node "$lab-worker" --no-headers | cells . 2)"
  wait_until 30 eval '[[ $(k get deploy web --no-headers | cells web 2) == 2/2 ]]'
  assert_eq "agent" "$(k get pods -o wide --no-headers --field-selector=status.phase=Running | cells "$lab-worker " 1 | sed 's/-.*//' | sort -u)"
  k uncordon "$lab-worker" >/dev/null
  assert_eq "Ready" "$(k get node "$lab-worker" --no-headers | cells . 2)"

  # ---- a pod that fits nowhere says why, and runs when it fits ----
  k run lost --image=alpine --overrides='{"spec": {"nodeSelector": {"disk": "ssd"}}}' --command -- sleep 1000 >/dev/null
  wait_until 30 eval '[[ $(k describe pod lost) == *FailedScheduling* ]]'
  assert_match "0/4 nodes are available: 1 node\(s\) had untolerated taint \{node-role.kubernetes.io/control-plane: \}, 3 node\(s\) didn't match Pod's node affinity/selector. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling." \
    "$(k describe pod lost)"
  k label node "$lab-worker2" disk=ssd >/dev/null
  k wait --for=condition=Ready pod/lost --timeout=30s >/dev/null
  assert_eq "$lab-worker2" "$(k get pod lost -o jsonpath='{.spec.nodeName}')"
  k label node "$lab-worker2" disk- >/dev/null

  # ---- NoExecute evicts ----
  k taint node "$lab-worker2" out=1:NoExecute >/dev/null
  wait_until 30 eval '! k get pod lost 2>/dev/null'
  k taint node "$lab-worker2" out- >/dev/null

  # ---- the API server is killed: what it was to do is done by the next one ----
  api=$(pgrep -f "^[^ ]*netemu-apiserver .*/$lab" | head -n 1)
  k scale deployment web --replicas=4 >/dev/null
  kill -9 "$api"
  wait_until 30 k get nodes
  assert_match 'successfully rolled out' "$(k rollout status deployment web --timeout=60s)"
  assert_eq "web 4/4" "$(k get deploy --no-headers | cells web 1 2)"

  # ---- cascades ----
  k delete deployment web --cascade=orphan >/dev/null
  assert_eq "4" "$(count pods -l app=web)"
  k delete rs -l app=web --cascade=foreground >/dev/null
  wait_until 60 eval '(( $(count pods -l app=web) == 0 ))'
  k create namespace other >/dev/null
  k -n other create deployment x --image=alpine -- sleep 1000 >/dev/null
  assert_match 'successfully rolled out' "$(k -n other rollout status deployment x --timeout=30s)"
  k delete namespace other --timeout=60s >/dev/null
  assert_eq "0" "$(k get pods -A -o name -l app=x | wc -l)"
  k delete -f "$test_dir/objects.yaml" --timeout=60s >/dev/null
  wait_until 60 eval '(( $(count pods) == 0 ))'
  assert_eq "service/kubernetes" "$(names all)"
}

# The oldest and the newest
for kubectl in $(sed -n '1p;$p' <<<"$kubectls" | cut -d ' ' -f 2 | uniq); do
  start=${EPOCHREALTIME/./}
  controllers
  echo "$("$kubectl" version --client -o json | jq -r .clientVersion.gitVersion): $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
done
