#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# large - a lab of more nodes than destroy waits for: what others could want is free when it returns, and the rest dies by itself
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq
n=257

file() {
  printf 'mgmt: {ipv4-subnet: 10.77.0.0/22, ipv6-subnet: ""}\ntopology:\n  defaults: {kind: linux, network-mode: none}\n  nodes:\n'
  echo '    n0: {network-mode: bridge, ports: ["127.0.0.1:18480:80"]}'
  for ((i = 1; i < n; i++)); do echo "    n$i: {}"; done
}
topo < <(file)
pids() { jq -r '.supervisor, .nodes[].pid' "/run/netemu/$lab/state.json"; }
none_alive() { for pid in "$@"; do is_alive "$pid" && return 1; done; true; }
nothing_left() {
  [[ ! -e /run/netemu/$lab ]] || die "the lab's directory is there"
  [[ ! -e /run/netns ]] || die "names are left: $(ls /run/netns)"
  assert_no_match ': ne-' "$(ip -o link)"
  assert_no_match "netemu-$lab" "$(nft list ruleset)"
}

# The same name, names, subnet and port, at once.
for ((round = 0; round < 3; round++)); do
  netemu run "$topo" >/dev/null 2>&1
  mapfile -t all < <(pids)
  netemu destroy "$lab" >/dev/null
  nothing_left
  netemu run "$topo" >/dev/null 2>&1
  wait_until 10 none_alive "${all[@]}"
  # With --wait nobody is left to die.
  mapfile -t all < <(pids)
  netemu destroy "$lab" --wait >/dev/null
  none_alive "${all[@]}" || die "a process is alive"
  nothing_left
done

# A supervisor that is stopped is woken; one that is killed has its rest removed.
netemu run "$topo" >/dev/null 2>&1
mapfile -t all < <(pids)
kill -STOP "${all[0]}"
netemu destroy "$lab" >/dev/null
nothing_left
wait_until 10 none_alive "${all[@]}"
netemu run "$topo" >/dev/null 2>&1
mapfile -t all < <(pids)
kill -KILL "${all[0]}"
netemu destroy "$lab" >/dev/null
wait_until 10 none_alive "${all[@]}"
# Nobody is there to delete the link on the host: it goes with the other end's namespace.
wait_until 10 eval '[[ $(ip -o link) != *": ne-"* ]]'
nothing_left
