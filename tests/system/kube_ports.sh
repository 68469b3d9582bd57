#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kube_ports - extraPortMappings of a Kind node on the host, hostPort of a pod on its node; both at once, through to the pod
#
#   host 127.0.0.1:18480 (TCP), 18407 (UDP) -> worker:8480, 8407 -> pod `web`: 80, 7
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq python3

lab_name
cat >"$test_dir/serve.py" <<'PY'
# HTTP on 80 of TCP, echo on 7 of UDP
import http.server, socket, threading
def echo():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("0.0.0.0", 7))
    while True:
        data, peer = s.recvfrom(65536)
        s.sendto(data.upper(), peer)
threading.Thread(target=echo, daemon=True).start()
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(socket.gethostname().encode())
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("0.0.0.0", 80), H).serve_forever()
PY
cat >"$test_dir/ask.py" <<'PY'
import socket, sys, urllib.request
kind, host, port = sys.argv[1:4]
if kind == "tcp":
    print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://{host}:{port}/", timeout=5).read().decode())
else:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect((host, int(port)))
    s.send(b"knock")
    print(s.recv(100).decode())
PY
ask() { python3 "$test_dir/ask.py" "$@"; }
cat >"$test_dir/cluster.yaml" <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $lab
nodes:
- role: control-plane
  extraPortMappings:
  - {containerPort: 30080, listenAddress: 127.0.0.1}
  - {containerPort: 30081, hostPort: 18482, protocol: SCTP}
- role: worker
  extraMounts: [{hostPath: $test_dir, containerPath: /t}]
  extraPortMappings:
  - {containerPort: 8480, hostPort: 18480}
  - {containerPort: 8407, hostPort: 18407, protocol: UDP, listenAddress: 127.0.0.1}
YAML
pod() {
  cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  nodeName: $lab-worker
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: alpine
    command: [python3, /t/serve.py]
    volumeMounts: [{name: t, mountPath: /t}]
    ports: [{containerPort: 80, hostPort: 8480}, {containerPort: 7, hostPort: 8407, protocol: UDP}${2:-}]
  volumes: [{name: t, hostPath: {path: /t}}]
YAML
}
pod web ', {containerPort: 9, hostPort: 10250}, {containerPort: 9, hostPort: 8409, protocol: SCTP}' >"$test_dir/pod.yaml"
netemu run "$test_dir/cluster.yaml" "$test_dir/pod.yaml" --wait >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
assert_match 'ports of SCTP are not published' "$(cat "$test_dir/run")"
state=/run/netemu/$lab/state.json
assert_eq '["0.0.0.0:18480->8480/tcp","127.0.0.1:18407->8407/udp"]' "$(jq -c '.nodes[] | select(.name == "worker").ports' "$state")"
assert_match '^\["127\.0\.0\.1:[0-9]+->30080/tcp"\]$' "$(jq -c '.nodes[] | select(.name == "control-plane").ports' "$state")"

serves() { [[ $(ask tcp 127.0.0.1 18480 2>/dev/null) == web ]]; }
wait_until 10 serves
assert_eq KNOCK "$(ask udp 127.0.0.1 18407)"
node_ip=$(jq -r '.nodes[] | select(.name == "worker").ipv4 | split("/")[0]' "$state")
assert_eq web "$(ask tcp "$node_ip" 8480)" "at the node's address"
on_node() { netemu exec --lab "$lab" worker "$@"; }
assert_eq web "$(on_node python3 /t/ask.py tcp 127.0.0.1 8480)" "on the node"
said() { netemu get events -o json | jq -e --arg r "$1" --arg t "$2" '.items[] | select(.reason == $r and (.message | contains($t)))' >/dev/null; }
wait_until 5 said HostPortNotSupported "hostPort 8409"

# A kubelet that starts again finds the pod, and serves its ports again.
on_node systemctl restart kubelet
wait_until 10 serves

# A pod that is gone leaves its ports to the next one.
netemu delete pod web >/dev/null
closed() { ! on_node ss -Hltn 'sport = 8480' | grep -q .; }
wait_until 10 closed
pod other >"$test_dir/other.yaml"
netemu apply -f "$test_dir/other.yaml" >/dev/null
serves_other() { [[ $(ask tcp 127.0.0.1 18480 2>/dev/null) == other ]]; }
wait_until 10 serves_other

# What is in use on the host is said, with its line, before anything is made.
first=$lab
lab_name second
sed "s/$first/$lab/" "$test_dir/cluster.yaml" >"$test_dir/second.yaml"
assert_status 2 "$NETEMU" run "$test_dir/second.yaml"
assert_match "second.yaml:12:5: error: node 'worker': port 18480/tcp is in use on this host" "$output"
[[ ! -e /run/netemu/$lab ]] || die "it has left $(ls "/run/netemu/$lab")"
netemu destroy "$first" >/dev/null
