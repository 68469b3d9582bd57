#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kubelet - pods as users meet them: their lives, back-off, probes, volumes, init containers, and a kubelet that dies
#
#   control-plane   worker   worker2      Kind's own network: routes between the nodes
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq ping
lab_name
export NETEMU_NODE_LEASE_DURATION=4
cat >"$test_dir/cluster.yaml" <<YAML
kind: Cluster
name: $lab
apiVersion: kind.x-k8s.io/v1alpha4
nodes: [{role: control-plane}, {role: worker}, {role: worker}]
YAML
netemu run "$test_dir/cluster.yaml" --wait >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"

apply() { netemu apply -f - >"$test_dir/apply" 2>&1 || die "$(cat "$test_dir/apply")"; }
# pod NAME FILTER - what jq makes of it
pod() { netemu get pod "$1" -o json | jq -r "$2"; }
# shown NAME - its STATUS, as `kubectl get` shows it
shown() { netemu get pods | awk -v n="$1" '$1 == n { print $3 }'; }
is_shown() { [[ $(shown "$1") == "$2" ]]; }
ready() { [[ $(pod "$1" '.status.containerStatuses[0].ready') == "$2" ]]; }
restarts() { pod "$1" '.status.containerStatuses[0].restartCount'; }
has_restarted() { (($(restarts "$1") >= $2)); }
gone() { ! netemu get pod "$1"; }
# said REASON TEXT - whether an event with that reason has that in its message
said() { netemu get events -o json | jq -e --arg r "$1" --arg t "$2" '.items[] | select(.reason == $r and (.message | contains($t)))' >/dev/null; }
in_pod() { netemu exec -c c "$1" -- sh -c "$2"; }

# ---- phases, back-off, images, init containers ----
apply <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: done}
spec: {restartPolicy: Never, containers: [{name: c, image: alpine, command: [sh, -c, "echo out; exit 0"]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: failed}
spec: {restartPolicy: Never, containers: [{name: c, image: alpine, command: [sh, -c, "exit 3"]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: unstartable}
spec: {restartPolicy: Never, containers: [{name: c, image: alpine, command: [no-such-program]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: lastwords}
spec: {restartPolicy: Never, containers: [{name: c, image: alpine, workingDir: /made/here, command: [sh, -c, "pwd >/dev/termination-log; exit 4"]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: crash}
spec: {containers: [{name: c, image: alpine, command: [sh, -c, "echo life; exit 1"]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: nothing}
spec: {containers: [{name: c, image: acme/web:1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: init}
spec:
  volumes: [{name: v, emptyDir: {}}]
  initContainers:
  - {name: one, image: alpine, command: [sh, -c, "while [ ! -e /v/go ]; do sleep 0.05; done; echo one >/v/log"], volumeMounts: [{name: v, mountPath: /v}]}
  - {name: two, image: alpine, command: [sh, -c, "echo two >>/v/log"], volumeMounts: [{name: v, mountPath: /v}]}
  containers:
  - {name: c, image: alpine, command: [sleep, infinity], volumeMounts: [{name: v, mountPath: /v, readOnly: true}]}
---
apiVersion: v1
kind: Pod
metadata: {name: late}
spec: {containers: [{name: c, image: alpine, env: [{name: X, valueFrom: {configMapKeyRef: {name: later, key: x}}}]}]}
YAML
wait_until 10 is_shown "done" Completed
wait_until 10 is_shown failed Error
assert_eq "Failed 3" "$(pod failed '"\(.status.phase) \(.status.containerStatuses[0].state.terminated.exitCode)"')"
wait_until 10 is_shown unstartable StartError
assert_match 'exec: "no-such-program": executable file not found in \$PATH' "$(pod unstartable '.status.containerStatuses[0].state.terminated.message')"
wait_until 5 said Failed 'Error: failed to create containerd task'
wait_until 10 is_shown lastwords Error
assert_eq /made/here "$(pod lastwords '.status.containerStatuses[0].state.terminated.message')"
wait_until 10 is_shown crash CrashLoopBackOff
assert_match "^back-off 10s restarting failed container=c pod=crash_default" "$(pod crash '.status.containerStatuses[0].state.waiting.message')"
assert_eq "Error" "$(pod crash '.status.containerStatuses[0].lastState.terminated.reason')"
wait_until 5 said BackOff "Back-off restarting failed container c in pod crash"
assert_eq "life" "$(netemu logs crash)"
wait_until 10 is_shown nothing ImagePullBackOff
wait_until 5 said Failed "Error: ErrImagePull"
wait_until 10 is_shown init Init:0/2
netemu exec -c one init -- touch /v/go
wait_until 10 is_shown init Running
assert_eq "one two" "$(in_pod init 'cat /v/log' | xargs)"
assert_status 2 netemu exec init -- sh -c 'echo x >/v/log' # read-only
wait_until 5 is_shown late CreateContainerConfigError
apply <<<'{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "later"}, "data": {"x": "at last"}}'
wait_until 5 is_shown late Running
wait_until 20 has_restarted crash 2

# ---- environment, volumes, identity ----
apply <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: cm}
data: {a: one, b: two}
---
apiVersion: v1
kind: Secret
metadata: {name: se}
stringData: {pw: hunter2}
---
apiVersion: v1
kind: Pod
metadata: {name: full, labels: {app: x}}
spec:
  hostAliases: [{ip: 192.0.2.9, hostnames: [far.example]}]
  securityContext: {runAsUser: 1234, runAsGroup: 2345}
  volumes:
  - {name: cm, configMap: {name: cm, items: [{key: a, path: dir/file}]}}
  - {name: se, secret: {secretName: se, defaultMode: 0444}}
  - {name: di, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
  containers:
  - name: c
    image: alpine
    command: [sh, -c, "echo $(GREETING) >/tmp/said; exec sleep infinity"]
    workingDir: /tmp
    env:
    - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: GREETING, value: "hello $(NAME)"}
    - {name: PW, valueFrom: {secretKeyRef: {name: se, key: pw}}}
    envFrom: [{prefix: CM_, configMapRef: {name: cm}}]
    volumeMounts: [{name: cm, mountPath: /cm}, {name: se, mountPath: /se}, {name: di, mountPath: /di}]
YAML
wait_until 10 is_shown full Running
wait_until 5 in_pod full 'test -s /tmp/said'
assert_eq "hello full" "$(in_pod full 'cat /tmp/said')"
assert_eq "one" "$(in_pod full 'cat /cm/dir/file')"
assert_eq "hunter2" "$(in_pod full 'cat /se/pw')"
assert_eq 'app="x"' "$(in_pod full 'cat /di/labels')"
assert_eq "full" "$(in_pod full hostname)"
assert_match "192.0.2.9"$'\t'"far.example" "$(in_pod full 'cat /etc/hosts')"
# shellcheck disable=SC2016 # for the pod's shell
main='tr "\0" "\n" </proc/2/environ'
assert_match "CM_b=two" "$(netemu exec full -- sh -c "$main")"
assert_eq "1234 2345" "$(in_pod full 'awk "/^[UG]id/ { print \$2 }" /proc/2/status' | xargs)"
apply <<<'{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm"}, "data": {"a": "changed"}}'
wait_until 5 eval '[[ $(in_pod full "cat /cm/dir/file") == changed ]]'

# ---- probes ----
apply <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: probed}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: c
    image: alpine
    command: [sh, -c, "touch /tmp/alive; exec sleep infinity"]
    readinessProbe: {exec: {command: [test, -e, /tmp/ready]}, periodSeconds: 1}
    livenessProbe: {exec: {command: [test, -e, /tmp/alive]}, periodSeconds: 1, failureThreshold: 1, initialDelaySeconds: 1}
YAML
wait_until 10 is_shown probed Running
ready probed false || die "ready before its probe succeeded"
in_pod probed 'touch /tmp/ready'
wait_until 5 ready probed true
in_pod probed 'rm /tmp/ready'
wait_until 10 ready probed false
in_pod probed 'rm /tmp/alive'
wait_until 10 has_restarted probed 1
wait_until 5 said Killing "Container c failed liveness probe, will be restarted"
wait_until 5 said Unhealthy "Readiness probe failed"

# ---- the network: each pod its own, shared by its containers; the node's for hostNetwork ----
apply <<YAML
apiVersion: v1
kind: Pod
metadata: {name: a}
spec: {nodeName: $lab-worker, containers: [{name: c, image: alpine, command: [sleep, infinity]}, {name: d, image: alpine, command: [sleep, infinity]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b}
spec: {nodeName: $lab-worker2, containers: [{name: c, image: alpine, command: [sleep, infinity]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: host}
spec: {nodeName: $lab-worker2, hostNetwork: true, containers: [{name: c, image: alpine, command: [sleep, infinity]}]}
YAML
for p in a b host; do wait_until 10 is_shown $p Running; done
in_pod a "ping -c 1 -W 2 $(pod b .status.podIP)" >/dev/null
assert_eq "$(netemu exec -c c a -- readlink /proc/self/ns/net)" "$(netemu exec -c d a -- readlink /proc/self/ns/net)"
assert_eq "$(pod host .status.hostIP)" "$(pod host .status.podIP)"
assert_eq "$lab-worker2" "$(in_pod host hostname)"

# ---- the kubelet dies; pods go on, and the next one takes them over ----
before=$(pod a '[.status.containerStatuses[].containerID, .status.podIP]')
assert_eq "active" "$(netemu exec "$lab-worker" systemctl is-active kubelet)"
# shellcheck disable=SC2016 # for the node's shell
netemu exec "$lab-worker" sh -c 'kill -9 $(cat /run/kubelet.pid)'
node_ready() { [[ $(netemu get node "$lab-worker" -o json | jq -r '.status.conditions[] | select(.type == "Ready").status') == "$1" ]]; }
wait_until 10 node_ready Unknown
assert_status 3 netemu exec "$lab-worker" systemctl is-active kubelet
in_pod b "ping -c 1 -W 2 $(pod a .status.podIP)" >/dev/null
netemu exec "$lab-worker" systemctl start kubelet
wait_until 10 node_ready True
wait_until 5 ready a true
assert_eq "$before" "$(pod a '[.status.containerStatuses[].containerID, .status.podIP]')" "its containers are the same ones"
assert_eq 0 "$(restarts a)"
assert_status 1 netemu exec "$lab-worker" kubelet # there is one
assert_match "already running" "$output"
assert_status 4 netemu exec "$lab-worker" systemctl start nginx
assert_eq "Unit nginx.service could not be found." "$output"

# ---- deletion: with grace, by a hook, and at once ----
apply <<YAML
apiVersion: v1
kind: Pod
metadata: {name: stubborn}
spec:
  terminationGracePeriodSeconds: 60
  containers: [{name: c, image: alpine, command: [sh, -c, "trap 'echo no' TERM; while :; do sleep 0.1; done"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: polite}
spec:
  volumes: [{name: h, hostPath: {path: /tmp/hook, type: DirectoryOrCreate}}]
  nodeName: $lab-worker
  containers:
  - name: c
    image: alpine
    command: [sleep, infinity]
    lifecycle: {preStop: {exec: {command: [touch, /h/ran]}}}
    volumeMounts: [{name: h, mountPath: /h}]
YAML
wait_until 10 is_shown stubborn Running
wait_until 10 is_shown polite Running
netemu delete pod polite --wait=false >/dev/null
wait_until 10 gone polite
netemu exec "$lab-worker" test -e /tmp/hook/ran
netemu delete pod stubborn --wait=false >/dev/null
wait_until 5 is_shown stubborn Terminating
netemu delete pod stubborn --grace-period=0 --force --wait=false >/dev/null
wait_until 5 gone stubborn
netemu delete pod a b host "done" failed unstartable lastwords crash nothing init late full probed --wait=false >/dev/null
for p in a "done" crash nothing init late full probed; do wait_until 40 gone "$p"; done
wait_until 10 eval '! netemu exec "$lab-worker" ip -o link | grep -q veth'
