#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kubectl_verbs - real kubectls, verb by verb: what they print and how they exit, as with a real cluster
#
# The oldest and the newest kubectl that there are; those between them while the test has time. Streams (exec, attach, cp,
# port-forward, logs -f) are kube_streams's, roll-outs and cascades controllers'.
#
#   control-plane   worker   worker2, and a namespace for each kubectl
. "$(dirname "$0")/../lib.sh"
need_cmd jq
need_kubectl
own_machine "$@"

lab_name
cat >"$test_dir/cluster.yaml" <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $lab
nodes: [{role: control-plane}, {role: worker}, {role: worker}]
YAML
netemu run "$test_dir/cluster.yaml" --wait >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
KUBECONFIG=$(netemu kubeconfig "$lab" --path)
export KUBECONFIG
cd "$test_dir"

cat >pod.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: p, labels: {app: p}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: c, image: busybox, command: [sh, -c, "echo one; echo two >&2; exec sleep 1000"]}
YAML
sed 's/app: p/app: q/' pod.yaml >relabelled.yaml
sed 's/sleep 1000/sleep 2000/' pod.yaml >immutable.yaml
cat >web.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: c, image: busybox, command: [sleep, "1000"]}]
YAML
sed 's/app: web/app: other/g' web.yaml >selector.yaml
sed 's/labels: {app: web}/labels: {app: other}/' web.yaml >labels.yaml
cat >unknown.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: bad}
spec:
  containers: [{name: c, image: busybox, comand: [x]}]
YAML
printf '%s\n' 'apiVersion: v1' 'kind: ConfigMap' 'metadata: {name: bad}' 'data: {a: 5}' >type.yaml
printf '%s\n' 'apiVersion: v1' 'kind: Podd' 'metadata: {name: bad}' >kind.yaml
printf '%s\n' 'apiVersion: v1' 'kind: ConfigMap' 'metadata: {labels: {a: b}}' >nameless.yaml
printf '%s\n' '#!/bin/sh' "sed -i 's/a: b/a: edited/' \"\$1\"" >editor
printf '%s\n' '#!/bin/sh' "sed -i 's/replicas: 2/replicas: x/' \"\$1\"" >wrong
chmod +x editor wrong
printf 'x\0y\xff' >binary

k() { timeout 60 "$kubectl" -n "$ns" "$@"; }
# says STATUS TEXT ARGUMENT... - what `kubectl ARGUMENT...` prints, both streams, and its exit status. "deleted from NS
# namespace", as kubectl says since 1.34, is "deleted".
says() {
  local want=$1 text=$2
  assert_status "$want" k "${@:3}"
  output=${output// from $ns namespace/}
  [[ $output == "$text" ]] && return
  echo "kubectl ${*:3}" >&2
  assert_eq "$text" "$output" "kubectl $version ${*:3}"
}
# like STATUS REGEX ARGUMENT...
like() {
  assert_status "$1" k "${@:3}"
  assert_match "$2" "$output" "kubectl $version ${*:3}"
}
# since MINOR - whether this kubectl is at least 1.MINOR
since() { ((minor >= $1)); }
# field RESOURCE JSONPATH
field() { k get "$1" -o "jsonpath=$2"; }

cluster() {
  like 0 'v1\.27\.3' version
  like 0 'Kubernetes control plane.* is running at .*https://127\.0\.0\.1:' cluster-info
  like 0 $'apps/v1\nauthentication.k8s.io/v1' api-versions
  like 0 'deployments +deploy +apps/v1 +true +Deployment' api-resources
  like 0 $'namespaces\nnodes\n' api-resources --namespaced=false --verbs=list -o name
  says 0 ok get --raw /healthz
  says 0 yes auth can-i create pods
  like 0 '\*\.\* +\[\] +\[\] +\[\*\]' auth can-i --list
  since 28 && like 0 'Username +kubernetes-admin' auth whoami
  says 1 "error: Metrics API not available" top pod
  like 1 'not found in OpenAPI schema|couldn.t find resource for' explain pod
  says 1 'Error from server (Forbidden): users "nobody" is forbidden: netemu has no user but kubernetes-admin' get pods --as=nobody
  like 0 "kind-$lab" config get-contexts
  says 0 "kind-$lab" config current-context
}

creates() {
  says 1 "Error from server (AlreadyExists): namespaces \"$ns\" already exists" create namespace "$ns"
  says 0 "configmap/c created" create configmap c --from-literal=a=b --from-file=binary
  assert_eq '{"a":"b"} {"binary":"eAB5/w=="}' "$(field cm/c '{.data} {.binaryData}')"
  since 26 && like 1 '"c" already exists' create configmap c
  says 0 "secret/s created" create secret generic s --from-literal=pw=x
  assert_eq "eA== Opaque" "$(field secret/s '{.data.pw} {.type}')"
  says 0 "serviceaccount/sa created" create serviceaccount sa
  says 0 "service/svc created" create service clusterip svc --tcp=80:8080
  says 0 "service/np created" create service nodeport np --tcp=80
  says 0 "service/ext created" create service externalname ext --external-name=a.example
  says 0 "job.batch/j created" create job j --image=busybox -- true
  says 0 "deployment.apps/d created" create deployment d --image=busybox --replicas=2 -- sleep 1000
  says 0 "pod/r created" run r --image=busybox --restart=Never --env=A=b --labels=l=m -- sh -c 'echo $A; exit 3'
  says 1 'Error from server (AlreadyExists): pods "r" already exists' run r --image=busybox
  like 1 '^The Pod "BAD" is invalid: .*metadata.name: Invalid value: "BAD": a lowercase RFC 1123 subdomain must' run BAD --image=busybox
  says 0 pod/dry run dry --image=busybox --dry-run=server -o name
  says 1 'Error from server (NotFound): pods "dry" not found' get pod dry
  if since 24; then
    says 1 "error: failed to create token: netemu gives no tokens: clients show certificates (netemu kubeconfig)" create token default
  fi
  if since 21; then
    says 0 $'Warning: a CronJob is stored and shown, but netemu does nothing for it\ncronjob.batch/cj created' create cronjob cj --image=busybox '--schedule=*/5 * * * *' -- true
    says 0 "job.batch/from created" create job from --from=cronjob/cj
    assert_eq "CronJob cj manual" "$(field job/from '{.metadata.ownerReferences[0].kind} {.metadata.ownerReferences[0].name} {.metadata.annotations.cronjob\.kubernetes\.io/instantiate}')"
    says 0 $'Warning: a PodDisruptionBudget is stored and shown, but netemu does nothing for it\npoddisruptionbudget.policy/b created' create pdb b --selector=app=d --min-available=1
  fi
  like 1 "the server could not find the requested resource" create quota q --hard=pods=1
  says 0 "job.batch/j condition met" wait --for=condition=complete job/j --timeout=20s
  says 0 "deployment.apps/d condition met" wait --for=condition=Available deployment/d --timeout=20s
  since 23 && says 0 "pod/r condition met" wait "--for=jsonpath={.status.phase}=Failed" pod/r --timeout=20s
  says 0 b logs r
}

applies() {
  says 0 "pod/p created" apply -f pod.yaml
  says 0 "pod/p unchanged" apply -f pod.yaml
  assert_status 1 k diff -f relabelled.yaml
  assert_match $'\n-    app: p\n\\+    app: q\n' "$output" "the difference"
  says 0 "" diff -f pod.yaml
  says 0 "pod/p configured (server dry run)" apply --dry-run=server -f relabelled.yaml
  assert_eq p "$(field pod/p '{.metadata.labels.app}')" "a dry run changes nothing"
  says 0 "pod/p configured" apply -f relabelled.yaml
  like 1 '^The Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`' apply -f immutable.yaml
  like 1 '^error: Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .metadata.labels.app' apply --server-side -f pod.yaml
  says 0 "pod/p serverside-applied" apply --server-side --force-conflicts -f pod.yaml
  says 0 "pod/p serverside-applied" apply --server-side -f pod.yaml
  assert_eq p "$(field pod/p '{.metadata.labels.app}')"
  says 0 "pod/p condition met" wait --for=condition=Ready pod/p --timeout=20s
  says 0 "deployment.apps/web created" apply -f web.yaml
}

# What is refused, in the API server's words, and that nothing of it stays
refuses() {
  local strict='Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].comand"'
  local type='json: cannot unmarshal number into Go struct field ConfigMap.data of type string'
  says 1 "Error from server (BadRequest): error when creating \"unknown.yaml\": $strict" apply -f unknown.yaml
  says 1 "Error from server (BadRequest): error when creating \"unknown.yaml\": $strict" create -f unknown.yaml
  like 1 'unknown field "spec.containers\[0\].comand"' apply --server-side -f unknown.yaml
  says 1 "Error from server (BadRequest): error when creating \"type.yaml\": ConfigMap in version \"v1\" cannot be handled as a ConfigMap: $type" create -f type.yaml
  like 1 "$type" apply --server-side -f type.yaml
  says 1 'Error from server (NotFound): pods "bad" not found' get pod bad
  says 1 'Error from server (NotFound): configmaps "bad" not found' get cm bad
  like 1 'no matches for kind "Podd" in version "v1"' apply -f kind.yaml
  says 1 'The ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required' create -f nameless.yaml
  says 1 'The Deployment "web" is invalid: spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"other"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable' apply -f selector.yaml
  says 1 'The Deployment "web" is invalid: spec.template.metadata.labels: Invalid value: map[string]string{"app":"other"}: `selector` does not match template `labels`' apply -f labels.yaml
  assert_eq "web web" "$(field deploy/web '{.spec.selector.matchLabels.app} {.spec.template.metadata.labels.app}')"
  says 1 'The request is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32' patch deploy web -p '{"spec":{"replicas":"x"}}'
  says 1 'The request is invalid: patch: Invalid value: "map[spec:map[nope:1]]": strict decoding error: unknown field "spec.nope"' patch deploy web -p '{"spec":{"nope":1}}'
  like 1 '^The request is invalid: patch: Invalid value: "\{\\"apiVersion\\":\\"v1\\",.*\\"data\\":\{\\"a\\":1\},.*\}": json: cannot unmarshal number' patch cm c --type=merge -p '{"data":{"a":1}}'
  since 24 && says 1 "The request is invalid: the server rejected our request due to an error in our request: testing value /data/a failed" patch cm c --type=json -p '[{"op":"test","path":"/data/a","value":"z"},{"op":"remove","path":"/data/a"}]'
  assert_eq b "$(field cm/c '{.data.a}')" "nothing half-applied"
  says 1 "error: the namespace from the provided object \"elsewhere\" does not match the namespace \"$ns\". You must pass '--namespace=elsewhere' to perform this operation." create -f <(sed 's/name: p,/name: p, namespace: elsewhere,/' pod.yaml)
  assert_status 1 timeout 60 "$kubectl" create configmap x -n elsewhere
  assert_match 'namespaces "elsewhere" not found' "$output"
  says 1 'Error from server (NotFound): pods "none" not found' label pod none a=b
  says 1 'Error from server (NotFound): the server could not find the requested resource' scale pod p --replicas=2
  like 1 'is forbidden: this namespace may not be deleted' delete namespace kube-system
  like 0 '^Active$' get namespace kube-system -o 'jsonpath={.status.phase}'
}

gets() {
  local rows
  like 0 '^NAME +READY +STATUS +RESTARTS +AGE' get pod p
  like 0 'NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES'$'\n''p +1/1 +Running +0 +[0-9]+s +10\.244\.[12]\.[0-9]+ +'"$lab"'-worker2? +<none> +<none>' get pod p -o wide
  like 0 'control-plane +Ready +control-plane +[0-9ms]+ +v1.27.3 +172.18.0.[0-9]+ +<none> ' get nodes -o wide
  says 0 "pod/p" get pod p -o name
  says 0 $'N     L\np     p' get pod p -o custom-columns=N:.metadata.name,L:.metadata.labels.app
  says 0 "p Running" get pod p -o 'go-template={{.metadata.name}} {{.status.phase}}'
  assert_eq "Pod v1 p $ns" "$(k get pod p -o json | jq -r '"\(.kind) \(.apiVersion) \(.metadata.name) \(.metadata.namespace)"')"
  like 0 $'^apiVersion: v1\nkind: Pod\nmetadata:' get pod p -o yaml
  says 0 "pod/p" get pods -l 'app in (p,q),!pod-template-hash' -o name
  says 0 "pod/r" get pods --field-selector=status.phase=Failed -o name
  like 1 'field label not supported: foo' get pods --field-selector=foo=bar
  like 1 'unable to parse requirement: found' get pods -l 'a in ('
  says 1 'error: the server doesn'\''t have a resource type "nope"' get nope
  says 0 $'p\nr' get pods -l '!pod-template-hash,!job-name' --sort-by=.metadata.name -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}'
  says 0 $'deployment.apps/d\nservice/svc' get deploy/d svc/svc -o name
  says 0 "No resources found in $ns namespace." get pods -l none=such
  assert_eq "$(k get pods -o name | wc -l)" "$(k get pods --chunk-size=2 -o name | wc -l)" "in parts"
  rows=$(k get pods -A --no-headers | grep -c "^$ns ")
  assert_eq "$(k get pods --no-headers | wc -l)" "$rows" "of all namespaces"
  like 0 'service/svc +ClusterIP +10\.96\.[0-9.]+ +<none> +80/TCP' get all
}

describes() {
  local out
  out=$(k describe pod p)
  assert_match "Node: +$lab-worker2?/172\.18\.0\.[0-9]+" "$out"
  assert_match 'Scheduled .* +default-scheduler +Successfully assigned '"$ns/p to $lab-worker" "$out"
  assert_match 'Started container c' "$out"
  assert_match 'QoS Class: +BestEffort' "$out"
  out=$(k describe node "$lab-worker")
  assert_match 'Ready +True .* +KubeletReady +kubelet is posting ready status' "$out"
  assert_match 'PodCIDR: +10\.244\.1\.0/24' "$out"
  assert_match 'Non-terminated Pods: ' "$out"
  like 0 'Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable' describe deployment d
  like 0 'ScalingReplicaSet .*deployment-controller +Scaled up replica set d-[a-z0-9]+ to 2' describe deployment d
  like 0 'IP: +10\.96\.' describe svc svc
  like 0 'Status: +Active' describe namespace "$ns"
  like 0 $'a:\n----\nb' describe cm c
  like 0 'pw: +1 bytes' describe secret s
  like 0 'Pods Statuses: .*1 Succeeded / 0 Failed' describe job j
  says 1 'Error from server (NotFound): pods "none" not found' describe pod none
  like 0 'Created container c' get events --field-selector=involvedObject.name=p
  since 23 && like 0 'Started +Pod/p +Started container c' events --for pod/p
  return 0
}

changes() {
  says 0 "configmap/c patched" patch cm c -p '{"data":{"a":"x"}}'
  says 0 "configmap/c patched (no change)" patch cm c --type=merge -p '{"data":{"a":"x"}}'
  says 0 "configmap/c patched" patch cm c --type=json -p '[{"op":"replace","path":"/data/a","value":"b"}]'
  says 0 "configmap/c edited" edit cm c
  assert_eq edited "$(field cm/c '{.data.a}')"
  says 0 "Edit cancelled, no changes made." edit cm c
  # What is refused as invalid can be edited again.
  KUBE_EDITOR=$test_dir/wrong like 1 'Edit cancelled, no valid changes were saved' edit deploy d
  k get cm c -o yaml | sed 's/edited/replaced/' >c.yaml
  says 0 "configmap/c replaced" replace -f c.yaml
  says 1 'Error from server (Conflict): error when replacing "c.yaml": Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to the latest version and try again' replace -f c.yaml
  assert_eq replaced "$(field cm/c '{.data.a}')"
  says 0 "pod/p labeled" label pod p x=1
  says 1 "error: 'x' already has a value (1), and --overwrite is false" label pod p x=2
  says 0 "pod/p labeled" label pod p x=2 --overwrite
  like 0 'pod/p (un)?labeled' label pod p x-
  like 0 '^pod/p annotated?$' annotate pod p note=1
  assert_eq " 1" "$(field pod/p '{.metadata.labels.x} {.metadata.annotations.note}')"
  if since 24; then
    says 0 "deployment.apps/d patched" patch deploy d --subresource=status -p '{"status":{"collisionCount":7}}'
    assert_eq "7 1" "$(field deploy/d '{.status.collisionCount} {.metadata.generation}')" "the status alone"
  fi
  says 0 "deployment.apps/d scaled" scale deploy d --replicas=1
  like 1 'Expected replicas to be 9, was 1' scale deploy d --replicas=2 --current-replicas=9
  says 0 "service/d exposed" expose deploy d --port=80
  assert_eq "d 80" "$(field svc/d '{.spec.selector.app} {.spec.ports[0].port}')"
  ((minor > 33)) || like 0 "horizontalpodautoscaler.autoscaling/d autoscaled" autoscale deploy d --min=1 --max=3 --cpu-percent=80
  says 0 "deployment.apps/d image updated" set image deploy/d busybox=alpine
  says 1 'error: unable to find container named "nope"' set image deploy/d nope=alpine
  says 0 "deployment.apps/d env updated" set env deploy/d A=1
  says 0 $'# Deployment d, container busybox\nA=1' set env deploy/d --list
  says 0 "deployment.apps/d resource requirements updated" set resources deploy/d --limits=cpu=200m
  says 0 "deployment.apps/d serviceaccount updated" set serviceaccount deploy d sa
  says 0 "service/svc selector updated" set selector svc svc app=d
  assert_eq "alpine 1 200m sa" "$(field deploy/d '{.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].env[0].value} {.spec.template.spec.containers[0].resources.limits.cpu} {.spec.template.spec.serviceAccountName}')"
  like 0 'deployment "d" successfully rolled out' rollout status deploy d --timeout=20s
  says 0 "deployment.apps/d rolled back" rollout undo deploy d --to-revision=1
  says 0 "deployment.apps/d paused" rollout pause deploy d
  says 1 'error: deployments.apps "d" is already paused' rollout pause deploy d
  says 0 "deployment.apps/d resumed" rollout resume deploy d
  says 1 "error: unable to find specified revision 99 in history" rollout undo deploy d --to-revision=99
}

# A DaemonSet and a StatefulSet have a history, too.
histories() {
  local kind
  for kind in daemonset statefulset; do
    sed "s/Deployment/${kind^}/; s/Daemonset/DaemonSet/; s/Statefulset/StatefulSet/; s/web/old/" web.yaml >old.yaml
    like 0 "$kind.apps/old created" apply -f old.yaml
    like 0 "$kind.apps/old env updated" set env "$kind/old" A=1
    like 0 $'REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>' rollout history "$kind/old"
    like 0 $'A:\t1' rollout history "$kind/old" --revision=2
    says 0 "$kind.apps/old rolled back" rollout undo "$kind/old"
    assert_eq "" "$(field "$kind/old" '{.spec.template.spec.containers[0].env}')"
    like 0 $'REVISION +CHANGE-CAUSE\n2 +<none>\n3 +<none>' rollout history "$kind/old"
    assert_eq "$kind.apps/old 2 $kind.apps/old 3" "$(k get controllerrevisions --sort-by=.revision --no-headers | awk '{ print $2, $3 }' | xargs)"
    says 0 "$kind.apps \"old\" deleted" delete "$kind" old --cascade=orphan
    like 0 "$kind.apps/old created" apply -f old.yaml
    wait_until 10 has_revisions "$kind.apps/old 2 $kind.apps/old 3"
    says 0 "$kind.apps \"old\" deleted" delete "$kind" old
    wait_until 10 has_revisions ""
  done
}
has_revisions() { [[ $(k get controllerrevisions --sort-by=.revision --no-headers 2>/dev/null | awk '{ print $2, $3 }' | xargs) == "$1" ]]; }

nodes() {
  local node=$lab-worker2
  says 0 "node/$node cordoned" cordon "$node"
  says 0 "node/$node already cordoned" cordon "$node"
  like 0 "$node +Ready,SchedulingDisabled" get nodes
  says 0 "pod/lone created" run lone --image=busybox --overrides='{"spec":{"nodeName":"'"$node"'","terminationGracePeriodSeconds":1}}' -- sleep 1000
  like 1 "cannot delete Pods (not managed by|that declare no controller|declare no controller).*$ns/lone" drain "$node" --ignore-daemonsets
  like 0 "pod/lone evicted"$'\n(.*\n)*'"node/$node (drained|evicted)" drain "$node" --ignore-daemonsets --delete-emptydir-data --force
  assert_eq "" "$(k get pods --field-selector=spec.nodeName="$node" -o name)" "none left there"
  says 0 "node/$node uncordoned" uncordon "$node"
  says 0 "node/$node tainted" taint node "$node" k=v:NoSchedule
  like 1 'already has k taint\(s\) with same effect\(s\) and --overwrite is false' taint node "$node" k=v:NoSchedule
  says 0 "node/$node untainted" taint node "$node" k:NoSchedule-
  says 1 'error: taint "k:NoSchedule" not found' taint node "$node" k:NoSchedule-
}

watches() {
  local pid
  timeout 60 "$kubectl" -n "$ns" get pods -w --output-watch-events >watched 2>&1 &
  pid=$!
  wait_until 10 grep -q '^ADDED *p ' watched
  k run w --image=busybox --restart=Never -- sleep 1000 >/dev/null
  wait_until 10 grep -q '^MODIFIED *w .* Running ' watched
  k delete pod w --grace-period=1 >/dev/null
  wait_until 10 grep -q '^DELETED *w ' watched
  kill "$pid"
  wait "$pid" || true
  assert_eq "ADDED DELETED" "$(awk '$2 == "w" && $1 != "MODIFIED" { print $1 }' watched | xargs)"
}

logs_and_debug() {
  assert_eq $'one\ntwo' "$(k logs p | sort)"
  assert_match '^20[0-9-]+T[0-9:.]+Z (one|two)$' "$(k logs p --timestamps --tail=1 --since=1h)"
  assert_eq "[pod/p/c]" "$(k logs -l app=p --prefix --all-containers | awk '{ print $1 }' | sort -u)"
  says 1 'error: container nope is not valid for pod p' logs p -c nope
  says 1 'Error from server (BadRequest): previous terminated container "c" in pod "p" not found' logs p --previous
  says 0 hi exec p -- echo hi
  since 25 || return 0
  like 1 'ephemeral containers are disabled for this cluster' debug p --image=busybox
  assert_status 0 k debug p --copy-to=copy --image=busybox --container=d -- sleep 1000
  says 0 "pod/copy condition met" wait --for=condition=Ready pod/copy --timeout=20s
  assert_status 0 k debug "node/$lab-worker" --image=busybox -- ls /host/etc/hostname
}

has_log() { [[ -n $(k logs "$1" 2>/dev/null) ]]; }

deletes() {
  says 1 $'pod "r" deleted\nError from server (NotFound): pods "r" not found' delete pod r r
  says 0 "" delete pod r --ignore-not-found
  says 0 "No resources found" delete pods -l none=such
  says 0 'pod "p" deleted' delete -f pod.yaml
  says 1 'Error from server (NotFound): pods "p" not found' get pod p
  says 0 'deployment.apps "web" deleted' delete deploy web --cascade=orphan
  says 1 'Error from server (NotFound): deployments.apps "web" not found' get deploy web
  like 0 '^web-' get rs -l app=web --no-headers
  like 0 'replicaset.apps "web-.*" deleted' delete rs -l app=web
  like 0 'deployment.apps "d" deleted' delete deploy d --cascade=foreground
  says 0 "No resources found in $ns namespace." get rs
  # It takes its 2 s to end: an old kubectl fails when there is nothing to wait for.
  k run slow --image=busybox --restart=Never -- sh -c 'trap "" TERM; echo ready; while :; do sleep 1; done' >/dev/null
  wait_until 10 has_log slow
  says 0 'pod "slow" deleted' delete pod slow --wait=false --grace-period=2
  like 0 '^(pod/slow condition met)?$' wait --for=delete pod/slow --timeout=10s
  says 1 'Error from server (NotFound): pods "slow" not found' get pod slow
  like 0 'service "svc" deleted' delete svc --all
  like 0 'Immediate deletion does not wait for confirmation .*pod "[a-z0-9-]+" force deleted' delete pods --all --force --grace-period=0
  like 0 "namespace \"$ns\" deleted" delete namespace "$ns"
  like 1 "namespaces \"$ns\" not found" get namespace "$ns"
}

# all VERSION PATH
all() {
  version=$1 kubectl=$2 ns=v${1//./-} minor=${1#*.}
  local start=${EPOCHREALTIME/./} part
  minor=${minor%%.*}
  assert_eq "namespace/$ns created" "$(timeout 60 "$kubectl" create namespace "$ns")"
  # A default service account is there for pods.
  for part in cluster creates applies refuses gets describes changes histories nodes watches logs_and_debug deletes; do "$part"; done
  echo "kubectl $version: $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
}

export KUBE_EDITOR=$test_dir/editor
started=$SECONDS
mapfile -t found <<<"$kubectls"
order=("${found[-1]}")
((${#found[@]} == 1)) || order=("${found[0]}" "${order[@]}" "${found[@]:1:${#found[@]}-2}")
for i in "${!order[@]}"; do
  # One more takes as long as each of those before.
  if ((i >= 2 && (SECONDS - started) * (i + 1) / i > 50)); then
    echo "kubectl ${order[*]:i}: skipped, the test has no time left"
    break
  fi
  # shellcheck disable=SC2086 # VERSION PATH
  all ${order[i]}
done
