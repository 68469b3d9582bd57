#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# idle - nobody spins: not after deaths, short-lived commands, vanished clients, nor with half-open connections
#
#   dead      exits      crashing (a loop of its own)      fine
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq python3

topo <<'YAML'
topology:
  defaults: {kind: linux, image: alpine, network-mode: none}
  nodes:
    dead: {}
    exits: {cmd: "true"}
    killed: {cmd: sh -c 'kill -9 $$$$'}
    fine: {cmd: cat}
YAML
for loop in uring poll; do
  # The thread that starts it ends at once: what netemu starts depends on no thread of its caller's (PDEATHSIG).
  NETEMU_LOOP=$loop python3 -c '
import subprocess, sys, threading
r = []
t = threading.Thread(target=lambda: r.append(subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode))
t.start()
t.join()
sys.exit(r[0])' "$NETEMU" run "$topo"
  state=/run/netemu/$lab/state.json
  states() { netemu inspect "$lab" -f json | jq -r '[.[][].state] | join(" ")'; }
  ended() { [[ $(states) == "running exited exited running" ]]; }
  wait_until 5 ended
  assert_match "node exits: its command exited with 0" "$(cat "/run/netemu/$lab/logs/_lab.log")"
  assert_match "node killed: its command killed by signal 9" "$(cat "/run/netemu/$lab/logs/_lab.log")"
  mapfile -t pids < <(jq '.nodes[1:][].pid, .supervisor' "$state")
  kill -9 "$(jq '.nodes[0].pid' "$state")"
  for _ in {1..20}; do netemu exec fine true; done
  "$NETEMU" exec fine sleep 60 &
  kill -9 $!
  wait $! 2>/dev/null || true
  python3 - "/run/netemu/$lab" <<'PY' &
import signal, socket, sys
held = []
for path in ("ctl.sock", "nodes/fine.sock"):
    for i in range(10):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(f"{sys.argv[1]}/{path}")
        if i % 2:
            s.shutdown(socket.SHUT_WR)
        held.append(s)
open(f"{sys.argv[1]}/held", "w").close()
signal.pause()
PY
  holder=$!
  wait_until 5 test -e "/run/netemu/$lab/held"
  now_dead() { [[ $(states) == "dead exited exited running" ]]; }
  wait_until 5 now_dead

  # A second of life: the sum of their ticks (1/100 s) hardly moves.
  ticks() { for p in "${pids[@]}"; do awk '{ print $14 + $15 }' "/proc/$p/stat"; done | awk '{ n += $1 } END { print n }'; }
  before=$(ticks)
  sleep 1 # the measurement itself
  used=$(($(ticks) - before))
  ((used <= 5)) || die "$loop: $used ticks of CPU in a second of doing nothing"
  kill $holder
  wait $holder 2>/dev/null || true
  netemu destroy "$lab" >/dev/null
done
