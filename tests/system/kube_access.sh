#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kube_access - who may use a cluster's API: who has the kubeconfig, and no other user of the machine
#
# An API that starts processes for root must not be open to who can connect to its port.
. "$(dirname "$0")/../lib.sh"
need_cmd setpriv curl
need_kubectl
own_machine "$@"

lab_name
cat >"$test_dir/cluster.yaml" <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $lab
nodes: [{role: control-plane}]
YAML
cat >"$test_dir/pod.yaml" <<YAML
apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {containers: [{name: c, image: busybox, command: [sleep, infinity]}]}
YAML
netemu run "$test_dir/cluster.yaml" "$test_dir/pod.yaml" --wait >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
KUBECONFIG=$(netemu kubeconfig "$lab" --path)
export KUBECONFIG
read -r _ kubectl < <(tail -n 1 <<<"$kubectls")
server=$(sed -n 's/ *server: //p' "$KUBECONFIG")
chmod 755 "$test_dir"

# another COMMAND... - as another user
another() { setpriv --reuid=65534 --regid=65534 --clear-groups timeout 20 "$@"; }

# ---- it works for root ----
assert_eq p "$(timeout 20 "$kubectl" get pods -o custom-columns=:metadata.name --no-headers)"
assert_match "^https://127.0.0.1:[0-9]+$" "$server"

# ---- nothing works without the certificate ----
for path in /version /api /healthz /openapi/v2 /api/v1/secrets "/api/v1/namespaces/default/pods/p/exec?command=id&stdout=true" /no/such; do
  for method in GET POST DELETE PATCH OPTIONS; do
    assert_match '"reason":"Unauthorized".*401$' "$(another curl -sk -w '%{http_code}' -X "$method" "$server$path")" "$method $path"
  done
done
# An upgrade is none either, and a token is no certificate.
assert_eq 401 "$(another curl -sk -o /dev/null -w '%{http_code}' -X POST -H 'Connection: Upgrade' -H 'Upgrade: SPDY/3.1' \
  -H 'X-Stream-Protocol-Version: v4.channel.k8s.io' "$server/api/v1/namespaces/default/pods/p/exec?command=id&stdout=true")"
assert_eq 401 "$(another curl -sk -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer system:masters' "$server/api/v1/secrets")"
# Nor does the port speak anything but TLS.
! another curl -s "${server/https/http}/version" || die "plain HTTP is answered"

# ---- the files are root's ----
lab_dir=$(dirname "$(dirname "$KUBECONFIG")")
apiserver=$(pgrep -f "netemu-apiserver $lab_dir")
for file in "$KUBECONFIG" "$lab_dir/kube/api.sock" "$lab_dir"/kube/pki/*; do
  [[ -e $file ]] || die "no $file"
  assert_eq "600 0" "$(stat -c '%a %u' "$file")" "$file"
  assert_status 1 another cat "$file"
done
assert_status 1 another cp "$KUBECONFIG" /dev/null
assert_status 1 another test -r "$KUBECONFIG"
netemu kubeconfig "$lab" >"$test_dir/copy"
assert_status 1 another env "KUBECONFIG=$KUBECONFIG" HOME=/nonexistent "$kubectl" get pods

# ---- the certificate of the administrator is what opens ----
for what in certificate key; do
  sed -n "s/ *client-$what-data: //p" "$KUBECONFIG" | base64 -d >"$test_dir/$what.pem"
done
sed -n 's/ *certificate-authority-data: //p' "$KUBECONFIG" | base64 -d >"$test_dir/ca.pem"
mine=(curl -s --max-time 20 --cacert "$test_dir/ca.pem" --cert "$test_dir/certificate.pem" --key "$test_dir/key.pem")
for name in 127.0.0.1 localhost kubernetes kubernetes.default.svc "$lab-control-plane"; do
  port=${server##*:}
  assert_match '"gitVersion"' "$("${mine[@]}" --resolve "$name:$port:127.0.0.1" "https://$name:$port/version")" "as $name"
done

# ---- malformed input of strangers and of friends leaves it alive ----
port=${server##*:}
for bytes in '\x16\x03\x01\xff\xff' 'GET / HTTP/1.1\r\n\r\n' '\x80\x2e\x01\x00\x02' '\x00'; do
  another bash -c "printf '$bytes' >/dev/tcp/127.0.0.1/$port"
done
another bash -c "head -c 100000 /dev/urandom >/dev/tcp/127.0.0.1/$port" 2>/dev/null || true
for header in 'Content-Length: -5' 'Transfer-Encoding: gzip' 'Content-Length: 99999999999999999999' "X: $(head -c 60000 /dev/zero | tr '\0' x)"; do
  echo "$header" >"$test_dir/header"
  "${mine[@]}" -H "@$test_dir/header" -o /dev/null -X POST "$server/version" || true
done
for upgrade in SPDY/3.1 websocket; do
  head -c 10000 /dev/urandom >"$test_dir/noise"
  timeout 5 "${mine[@]}" -o /dev/null -N -T - -X POST -H 'Connection: Upgrade' -H "Upgrade: $upgrade" -H 'Expect:' \
    -H 'X-Stream-Protocol-Version: v4.channel.k8s.io' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
    -H 'Sec-WebSocket-Protocol: v5.channel.k8s.io' "$server/api/v1/namespaces/default/pods/p/exec?command=cat&stdin=true&stdout=true" \
    <"$test_dir/noise" || true
done
assert_eq p "$(timeout 20 "$kubectl" get pods -o custom-columns=:metadata.name --no-headers)"
assert_eq "$apiserver" "$(pgrep -f "netemu-apiserver $lab_dir")" "the same process still"

# ---- 200 strangers who say nothing keep nobody out ----
another bash -c "for ((i = 0; i < 200; i++)); do exec {fd}<>/dev/tcp/127.0.0.1/$port; done; sleep 30" &
holder=$!
assert_eq p "$(timeout 20 "$kubectl" get pods -o custom-columns=:metadata.name --no-headers)"
kill $holder
wait $holder 2>/dev/null || true
