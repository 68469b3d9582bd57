#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ports - what a node publishes is reached at every address of the host, and ends with the lab
#
#   host (127.0.0.1, ::1, the management network's) :P -> a:80      b asks there, too
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq python3

cat >"$test_dir/serve.py" <<'PY'
# HTTP on 80 of TCP, echo on 7 of UDP; 81 says nothing, has no more to say, and never listens
import http.server, socket, threading
def echo():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("0.0.0.0", 7))
    while True:
        data, peer = s.recvfrom(65536)
        s.sendto(data.upper(), peer)
threading.Thread(target=echo, daemon=True).start()
def deaf():
    s, kept = socket.create_server(("0.0.0.0", 81)), []
    while True:
        c, peer = s.accept()
        c.shutdown(socket.SHUT_WR)
        kept.append(c)
threading.Thread(target=deaf, daemon=True).start()
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
elif kind in ("rst", "fin"): # fills the way to the node, and dies: at once, or having said all
    import select, struct
    s = socket.create_connection((host, int(port)))
    s.recv(1) # the end of what the node says: it has accepted
    s.setblocking(False)
    while select.select([], [s], [], 1)[1]: # the proxy takes what comes until the node's buffers are full
        try:
            s.send(bytes(65536))
        except BlockingIOError:
            pass
    if kind == "rst":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
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
      ports: ["18080:80", "18007:7/udp", "80", "127.0.0.1:18081:81"]
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

# What the commands show of them.
assert_eq '{"host_ip":"0.0.0.0","host_port":18080,"port":80,"protocol":"tcp"}' \
  "$(netemu inspect "$lab" --details -f json | jq -c '.[][0].Ports[0]')"
assert_eq '{"host_ip":"127.0.0.1","host_port":18081,"port":81,"protocol":"tcp"} 4 0' \
  "$(netemu inspect "$lab" --details -f json | jq -r '.[] | "\(.[0].Ports[3] | tojson) \(.[0].Ports | length) \(.[1].Ports | length)"')"
netemu shims "$test_dir/shims" >/dev/null 2>&1
assert_match '0\.0\.0\.0:18080->80/tcp, 0\.0\.0\.0:18007->7/udp' "$("$test_dir/shims/docker" ps --filter "name=clab-$lab-a")"
assert_match '^127\.0\.0\.1:18081$' "$("$test_dir/shims/docker" ps --format '{{.Ports}}' | grep -o '127[^-]*')"

# One end is dead, what it had sent waits for the other one: who hands it on sleeps, and serves others.
proxy=$(pgrep -x netemu-ports -P "$(jq .supervisor "/run/netemu/$lab/state.json")")
asleep() {
  local i state
  for ((i = 0; i < 200; i++)); do
    read -r _ _ state _ <"/proc/$proxy/stat" && [[ $state == S ]] || return 1
  done
}
for how in rst fin; do
  ask "$how" 127.0.0.1 18081
  wait_until 5 asleep
  assert_eq hello "$(ask tcp 127.0.0.1 18080)" "after a $how"
done
wait_until 5 asleep

# A second lab that wants the same is told so before anything is made.
first=$lab
topo other <<'YAML'
topology:
  nodes:
    a:
      kind: linux
      image: alpine
      ports:
        - 18080:80
        - 192.0.2.77:18090:80
YAML
assert_status 2 "$NETEMU" run "$topo"
assert_match "^$topo:8:11: error: node 'a': port 18080/tcp is in use on this host" "$output"
assert_match "$topo:9:11: error: node 'a': this host has no address 192.0.2.77 to publish port 80/tcp at" "$output"
assert_match 'ss -ltnp sport = 18080' "$output"
[[ ! -e /run/netemu/$lab ]] || die "the second lab has left $(ls "/run/netemu/$lab")"

# However it ends, nobody listens any more.
kill -9 "$(jq .supervisor "/run/netemu/$first/state.json")"
free() { ! ss -Hln '( sport = 18080 or sport = 18007 )' | grep -q .; }
wait_until 5 free
sed -i '/192.0.2.77/d' "$topo"
netemu run "$topo" >/dev/null 2>&1
netemu destroy "$lab" >/dev/null
wait_until 5 free
