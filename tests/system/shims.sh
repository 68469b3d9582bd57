#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shims - docker, kind, containerlab, helm and ctr, as scripts call them
#
#   a ---- b     and a cluster of one node
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq tar script

bin=$test_dir/bin
netemu shims "$bin" >"$test_dir/out" 2>&1
export PATH=$bin:$PATH HOME=$test_dir
unset KUBECONFIG
# Twice is the same; what is somebody else's is not replaced.
netemu shims "$bin" >/dev/null 2>&1
rm "$bin/docker" && echo mine >"$bin/docker"
assert_status 1 "$NETEMU" shims "$bin"
assert_match "docker is there already" "$output"
rm "$bin/docker" && netemu shims "$bin" >/dev/null 2>&1

topo <<'YAML'
topology:
  nodes:
    a: {kind: linux, image: alpine:3.19, labels: {role: client}, cmd: sh -c 'echo hello from a; exec sleep infinity'}
    b: {kind: linux, image: alpine:3.19}
  links: [{endpoints: ["a:eth1", "b:eth1"]}]
YAML
a=clab-$lab-a b=clab-$lab-b

# ---- containerlab ----
assert_status 0 clab validate -t "$topo"
assert_match " running" "$(clab deploy --topo "$topo" --reconfigure --log-level debug --max-workers 4 2>/dev/null)"
assert_eq "$a $b" "$(clab inspect -t "$topo" -f json | jq -r '.[] | map(.name) | join(" ")')"
assert_eq "$a" "$(CLAB_INSPECT_FORMAT=json containerlab -t "$topo" inspect --all | jq -r '.[][0].name')"
assert_match 'eth1' "$(clab inspect interfaces -t "$topo")"
assert_status 1 clab frobnicate
assert_match 'unknown command' "$output"

# ---- docker ps ----
assert_match "^CONTAINER ID   IMAGE         COMMAND +CREATED +STATUS +PORTS     NAMES$" "$(docker ps | head -n 1)"
assert_match "^[0-9a-f]{12}   alpine:3\.19   \"sh -c" "$(docker ps --filter name="$a" | tail -n 1)"
assert_eq "$a $b" "$(docker ps --format '{{.Names}}' | xargs)"
assert_eq "$b" "$(docker ps --filter "name=^$b\$" --format '{{.Names}}')"
assert_eq "$a" "$(docker ps -f label=clab-node-name=a -f label=containerlab="$lab" --format '{{.Names}}')"
assert_eq "" "$(docker ps -q --filter ancestor=debian)"
assert_eq running "$(docker ps --format json | head -n 1 | jq -r .State)"
assert_match "^NAMES +STATUS$" "$(docker ps --format 'table {{.Names}}\t{{.Status}}' | head -n 1)"
assert_status 1 docker ps --filter nonsense=1
assert_status 125 docker ps --nonsense
assert_status 1 docker ps --format '{{.Nonsense}}'
id=$(docker ps -q --no-trunc --filter name="$a")
assert_match '^[0-9a-f]{64}$' "$id"

# ---- docker inspect ----
assert_eq "/$a" "$(docker inspect -f '{{.Name}}' "$a")"
assert_eq "$(netemu inspect "$lab" -f json | jq -r '.[][0].ipv4_address | split("/")[0]')" \
  "$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$a")"
assert_eq true "$(docker inspect -f '{{.State.Running}}' "${id:0:12}")"
assert_eq a "$(cat "/proc/$(docker inspect -f '{{.State.Pid}}' "$a")/root/etc/hostname")"
assert_eq "$id" "$(docker inspect "$a" | jq -r '.[0].Id')"
assert_status 1 docker inspect nonsense
assert_match 'Error: No such object: nonsense' "$output"

# ---- docker exec, logs ----
assert_eq "a yes /tmp" "$(docker exec -e X=yes -w /tmp "$a" sh -c 'echo $(hostname) $X $(pwd)')"
assert_eq "through" "$(echo through | docker exec -i "$id" cat)"
assert_status 3 docker exec "$a" sh -c 'exit 3'
assert_status 127 docker exec "$a" no-such-program
assert_status 1 docker exec no-such-node true
assert_match 'Error response from daemon: No such container: no-such-node' "$output"
assert_status 1 docker exec -it "$a" true </dev/null
assert_match 'the input device is not a TTY' "$output"
assert_match 'pts' "$(script -qec "exec docker exec -it $a tty" /dev/null </dev/null)"
docker exec -d "$a" sh -c 'echo done >/tmp/detached'
wait_until 10 docker exec "$a" test -e /tmp/detached
wait_until 10 eval '[[ $(docker logs "$a") == *"hello from a"* ]]'
assert_eq "hello from a" "$(docker logs --tail 1 "$a" | tr -d '\r')"

# ---- docker cp ----
mkdir -p "$test_dir/src/sub"
echo one >"$test_dir/src/file" && echo two >"$test_dir/src/sub/two"
docker cp "$test_dir/src/file" "$a:/tmp/renamed"
assert_eq one "$(docker exec "$a" cat /tmp/renamed)"
docker cp "$test_dir/src/file" "$a:/tmp/"
assert_eq one "$(docker exec "$a" cat /tmp/file)"
docker cp "$test_dir/src" "$a:/tmp/tree" && docker cp "$test_dir/src" "$a:/tmp/tree" && docker cp "$test_dir/src/." "$a:/tmp"
assert_eq "two two two" "$(docker exec "$a" cat /tmp/tree/sub/two /tmp/tree/src/sub/two /tmp/sub/two | xargs)"
docker cp "$a:/tmp/tree" "$test_dir/back"
assert_eq two "$(cat "$test_dir/back/sub/two")"
assert_eq "one" "$(docker cp "$a:/tmp/renamed" - | tar xOf -)"
tar -C "$test_dir/src" -cf - file | docker cp - "$b:/opt"
assert_eq one "$(docker exec "$b" cat /opt/file)"
(cd "$test_dir/src" && docker cp file "$a:/tmp/plain" && docker cp "$a:/tmp/plain" plain)
assert_eq "one" "$(cat "$test_dir/src/plain")"
rm "$test_dir/src/plain"
assert_status 1 docker cp "$test_dir/src/file" "$a:/tmp/$(printf 'x%.0s' {1..256})"
assert_match 'File name too long' "$output"
assert_status 1 docker cp "$a:/no/such" "$test_dir/x"
assert_status 1 docker cp "$test_dir/src/file" "$a:/no/such/"
assert_status 1 docker cp "$test_dir/src" "$a:/tmp/renamed"
assert_status 1 docker cp "$a:/tmp/renamed" "$b:/tmp"
# A link in a node leads nowhere but into the node: neither the host's file is written, nor is it read.
echo host >"$test_dir/secret"
docker exec "$a" sh -c "ln -s '$test_dir/secret' /tmp/link; ln -s / /tmp/top; ln -s '$test_dir' /tmp/dir"
docker cp "$test_dir/src/file" "$a:/tmp/link"
assert_eq host "$(cat "$test_dir/secret")"
assert_status 1 docker cp -L "$a:/tmp/dir/secret" "$test_dir/stolen"
docker cp "$test_dir/src/file" "$a:/tmp/top/opt/inside"
assert_eq one "$(docker exec "$a" cat /opt/inside)"
[[ ! -e /opt/inside ]] || die "docker cp wrote to the host"

# ---- docker start, stop, ... ----
assert_eq "$b" "$(docker stop -t 1 "$b")"
assert_eq exited "$(docker inspect -f '{{.State.Status}}' "$b")"
assert_eq "$a" "$(docker ps --format '{{.Names}}')"
assert_match "Exited \([0-9]+\) .* ago" "$(docker ps -a --filter name="$b" --format '{{.Status}}')"
assert_eq "$b" "$(docker ps -aq --filter status=exited --format '{{.Names}}')"
assert_status 1 docker exec "$b" true
assert_match "Error response from daemon: container $b is not running" "$output"
assert_eq "$b" "$(docker start "$b")"
assert_eq "$b" "$(docker pause "$b")"
assert_match "Up .* \(Paused\)" "$(docker ps --filter name="$b" --format '{{.Status}}')"
assert_status 1 docker exec "$b" true
assert_match "is paused, unpause the container before exec" "$output"
assert_eq "$b" "$(docker unpause "$b")"
assert_eq "$b" "$(docker restart -t 0 "$b")"
assert_eq 2 "$(docker inspect -f '{{.RestartCount}}' "$b")"
assert_match "netemu-init" "$(docker top "$b")"
docker wait "$b" >"$test_dir/waited" &
assert_eq "$b" "$(docker kill "$b")"
wait $!
assert_match '^[0-9]+$' "$(cat "$test_dir/waited")"
assert_status 1 docker kill "$b"
assert_status 1 docker stop nonsense
clab start -t "$topo" --node b >/dev/null && clab restart --node a,b >/dev/null
assert_eq "true true" "$(docker inspect -f '{{.State.Running}}' "$a" "$b" | xargs)"

# ---- kind, and what kubectl reads ----
lab_name kind
mkdir -p "$HOME/.kube"
printf 'apiVersion: v1\nkind: Config\ncurrent-context: other\nclusters:\n- {name: other, cluster: {server: "https://x"}}\ncontexts: []\nusers: []\n' >"$HOME/.kube/config"
assert_match "You can now use your cluster with:" "$(kind create cluster --name "$lab" 2>&1)"
assert_eq "$lab-control-plane" "$(kind get nodes --name "$lab")"
assert_eq "$lab" "$(kind get clusters)"
assert_status 1 kind create cluster --name "$lab"
assert_match 'already exist for a cluster with the name' "$output"
assert_match "current-context: kind-$lab" "$(cat "$HOME/.kube/config")"
assert_match "name: other" "$(cat "$HOME/.kube/config")"
assert_eq 600 "$(stat -c %a "$HOME/.kube/config")"

# ---- netemu's own kubectl ----
ln -sf "$NETEMU" "$bin/kubectl"
assert_match "$lab-control-plane +Ready" "$(kubectl get nodes)"
assert_match 'in kube-system namespace|^NAME ' "$(kubectl -n kube-system get configmaps 2>&1)"
assert_no_match 'kube-system' "$(kubectl get configmaps 2>&1)"
assert_status 1 kubectl describe node
assert_match "it has get, apply, delete, exec, logs and version" "$output"

# ---- helm, ctr ----
cd "$test_dir"
helm repo add cilium https://helm.cilium.io/ >/dev/null && helm repo update >/dev/null
helm pull cilium/cilium --version 1.15.0
assert_match 'version: 1.15.0' "$(tar xzOf cilium-1.15.0.tgz cilium/Chart.yaml)"
assert_status 1 helm install x ./none-1.0.tgz
assert_match "no chart but Cilium's" "$output"
assert_status 1 helm install x ./cilium-9.9.9.tgz
assert_match 'path "./cilium-9.9.9.tgz" not found' "$output"
assert_status 1 helm upgrade cilium cilium/cilium
assert_match 'has no deployed releases' "$output"
assert_match 'STATUS: deployed' "$(helm install cilium cilium/cilium -n kube-system --set ipam.mode=kubernetes --set bgpControlPlane.enabled=true 2>&1)"
assert_match 'cilium.*kube-system.*1 .*deployed' "$(helm list -A)"
assert_match 'has been upgraded' "$(helm upgrade cilium cilium/cilium -n kube-system --set ipam.mode=kubernetes 2>&1)"
assert_match 'REVISION: 2' "$(helm status cilium)"
# Without --reuse-values BGP is off again; with it, what was there stays.
helm_values() { kubectl get secrets -n kube-system -l owner=helm,status=deployed -o json | jq -r '.items[0].data.release' | base64 -d | base64 -d | jq -c .config; }
assert_eq '{"ipam":{"mode":"kubernetes"}}' "$(helm_values)"
helm upgrade cilium cilium/cilium -n kube-system --reuse-values --set bgpControlPlane.enabled=true >/dev/null 2>&1
assert_eq '{"bgpControlPlane":{"enabled":true},"ipam":{"mode":"kubernetes"}}' "$(helm_values | jq -cS .)"
assert_match 'uninstalled' "$(helm uninstall cilium -n kube-system)"
assert_eq 1 "$(helm list -A | wc -l)"
ctr -n moby image export x.tar quay.io/x:1 2>/dev/null && docker cp -q x.tar "$lab-control-plane:/root/" && docker exec "$lab-control-plane" ctr -n k8s.io image import /root/x.tar 2>/dev/null
assert_match 'Deleted clusters' "$(kind delete clusters "$lab" 2>&1)"
assert_eq "0 other" "$(grep -c "kind-$lab" "$HOME/.kube/config" || true) $(sed -n 's/.*name: //p' "$HOME/.kube/config")"

clab destroy -t "$topo" --cleanup >/dev/null
assert_eq "" "$(docker ps -aq)"
