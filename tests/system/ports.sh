#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ports - what a node publishes is reached at every address of the host, and ends with the lab
#
#   host (127.0.0.1, ::1, the management network's) :P -> a:80      b asks there, too
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq python3

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
        self.wfile.write(b"x" * 3000000 if self.path == "/big" else b"hello")
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("0.0.0.0", 80), H).serve_forever()
PY
cat >"$test_dir/ask.py" <<'PY'
import socket, sys, urllib.request
kind, host, port = sys.argv[1:4]
if kind == "tcp":
    path = sys.argv[4] if len(sys.argv) > 4 else "/"
    h = f"[{host}]" if ":" in host else host
    body = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://{h}:{port}{path}", timeout=5).read()
    print(len(body) if path == "/big" else body.decode())
else:
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect((host, int(port)))
    s.send(b"knock")
    print(s.recv(100).decode())
PY
ask() { python3 "$test_dir/ask.py" "$@"; }
ports() { netemu inspect "$lab" -f json >/dev/null && jq -c '[.nodes[] | .ports]' "/run/netemu/$lab/state.json"; }

topo <<YAML
mgmt: {ipv4-subnet: 172.31.250.0/24}
topology:
  defaults: {kind: linux, image: alpine}
  nodes:
    a:
      binds: ["$test_dir:/t"]
      cmd: python3 /t/serve.py
      ports: ["18080:80", "18007:7/udp", "80"]
    b: {binds: ["$test_dir:/t"]}
YAML
netemu run "$topo" >"$test_dir/out" 2>&1 || die "$(cat "$test_dir/out")"
serves() { ask tcp 127.0.0.1 18080 >/dev/null 2>&1; }
wait_until 5 serves
for host in 127.0.0.1 ::1 172.31.250.1; do
  assert_eq hello "$(ask tcp "$host" 18080)" "TCP at $host"
  assert_eq KNOCK "$(ask udp "$host" 18007)" "UDP at $host"
done
assert_eq 3000000 "$(ask tcp 127.0.0.1 18080 /big)"
assert_eq hello "$(netemu exec --lab "$lab" b python3 /t/ask.py tcp 172.31.250.1 18080)" "from another node"
assert_eq hello "$(netemu exec --lab "$lab" a python3 /t/ask.py tcp 172.31.250.1 18080)" "from the node itself"
for ((i = 0; i < 40; i++)); do ask tcp 127.0.0.1 18080 & done >"$test_dir/many"
wait
assert_eq 40 "$(grep -o hello "$test_dir/many" | wc -l)" "at once"
# A port that the file leaves open is one that is free.
any=$(jq -r '.nodes[0].ports[2]' "/run/netemu/$lab/state.json")
assert_match '^0\.0\.0\.0:[0-9]+->80/tcp$' "$any"
any=${any#*:}
assert_eq hello "$(ask tcp 127.0.0.1 "${any%%-*}")"
assert_eq '[["0.0.0.0:18080->80/tcp","0.0.0.0:18007->7/udp"],[]]' "$(ports | jq -c 'map(.[:2])')"

# A second lab that wants the same is told so before anything is made.
first=$lab
topo other <<'YAML'
topology:
  nodes:
    a: {kind: linux, image: alpine, ports: ["18080:80"]}
YAML
assert_status 1 "$NETEMU" run "$topo"
assert_match "node a: port 18080/tcp is in use on this host" "$output"
[[ ! -e /run/netemu/$lab ]] || die "the second lab has left $(ls "/run/netemu/$lab")"

# However it ends, nobody listens any more.
kill -9 "$(jq .supervisor "/run/netemu/$first/state.json")"
free() { ! ss -Hln '( sport = 18080 or sport = 18007 )' | grep -q .; }
wait_until 5 free
netemu run "$topo" >/dev/null 2>&1
netemu destroy "$lab" >/dev/null
wait_until 5 free
