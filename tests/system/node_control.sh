#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# node_control - start, stop, restart, pause, unpause, kill: a node's processes come and go, its network and files stay
#
#   r (FRR) ---- c (a command) = side (in c's network)
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd vtysh jq ping

printf 'vtysh_enable=yes\nzebra_options="-A 127.0.0.1"\nstaticd_options="-A 127.0.0.1"\n' >"$test_dir/daemons"
topo <<YAML
topology:
  defaults: {kind: linux, network-mode: none}
  nodes:
    r:
      image: frrouting/frr:v8.2.2
      binds: ["$test_dir/daemons:/etc/frr/daemons"]
      exec: ["ip addr replace 10.0.0.1/24 dev eth1", "sh -c 'echo ran >>/root/runs'"]
    c:
      image: alpine
      cmd: "sh -c 'trap \"echo bye; exit 5\" TERM; trap \"echo again\" HUP; echo hello; while :; do sleep 0.05; done'"
      exec: ["ip addr replace 10.0.0.2/24 dev eth1"]
    side: {image: alpine, network-mode: "container:c"}
    br: {kind: bridge}
  links:
    - endpoints: ["r:eth1", "c:eth1"]
    - endpoints: ["r:eth2", "br:eth1"]
YAML
netemu run "$topo" >/dev/null 2>&1
on() { netemu exec --lab "$lab" "$@"; }
status() { netemu inspect "$lab" -f json | jq -r ".[][] | select(.name | endswith(\"-$1\")) | .state"; }
init_of() { netemu inspect "$lab" -f json | jq -r ".[][] | select(.name | endswith(\"-$1\")) | .pid"; }
control() { assert_status 0 "$NETEMU" "$@" --lab "$lab"; }
ping_c() { on r ping -c 1 -W 1 10.0.0.2 >/dev/null; }
frr_up() { on r vtysh -c 'show version' >/dev/null 2>&1; }

wait_until 10 frr_up
on r touch /root/kept
wait_until 10 eval '[[ $(netemu logs c --lab "$lab") == *hello* ]]'

# ---- stop and start ----
pid=$(init_of c) index=$(on c cat /sys/class/net/eth1/ifindex)
control stop c
assert_eq stopped "$(status c)"
assert_match 'bye' "$(netemu logs c --lab "$lab")" # it was asked first
[[ ! -e /proc/$pid ]] || die "its init lives"
assert_eq running "$(status side)"
ping_c # the kernel's part goes on
assert_eq "$index" "$(on side cat /sys/class/net/eth1/ifindex)"
assert_status 125 on c true
assert_match "is not running \(netemu start c\)" "$output"
control stop c # is no error
assert_status 1 "$NETEMU" kill c --lab "$lab"
assert_match "it is not running" "$output"
control start c
assert_eq running "$(status c)"
[[ $(init_of c) != "$pid" ]] || die "the same init"
assert_eq "$index" "$(on c cat /sys/class/net/eth1/ifindex)"
wait_until 10 eval '[[ $(netemu logs c --lab "$lab" | grep -c hello) == 2 ]]'
control start c # is no error either, and does nothing
assert_eq 2 "$(netemu logs c --lab "$lab" | grep -c hello)"

# ---- restart: files stay, command, exec lines and daemons run again ----
control restart -t 5 r
assert_eq "ran ran" "$(on r cat /root/runs | xargs)"
assert_status 0 on r test -e /root/kept
wait_until 10 frr_up
ping_c
zebras() { netemu inspect "$lab" -f json | jq '[.[][].daemons[] | select(.name == "zebra" and .running)] | length'; }
wait_until 10 eval '[[ $(zebras) == 1 ]]'

# ---- pause ----
control pause c
assert_eq paused "$(status c)"
assert_status 125 on c true
assert_match "paused" "$output"
assert_status 1 "$NETEMU" pause c --lab "$lab"
assert_match "paused already" "$output"
ping_c
control unpause c
assert_status 0 on c true
control pause c
control restart c # a paused node can be ended, and says goodbye
assert_eq running "$(status c)"
assert_eq 2 "$(netemu logs c --lab "$lab" | grep -c bye)"

# ---- kill ----
control kill -s HUP c
wait_until 10 eval '[[ $(netemu logs c --lab "$lab") == *again* ]]'
control kill c
assert_eq stopped "$(status c)"
control start c side r
# An init that dies by itself is started again, too.
kill -9 "$(init_of c)"
wait_until 10 eval '[[ $(status c) == dead ]]'
control start c
assert_eq running "$(status c)"
ping_c

# ---- what cannot be ----
assert_status 1 "$NETEMU" stop br --lab "$lab"
assert_match "kind bridge" "$output"
assert_status 1 "$NETEMU" stop nosuch c --lab "$lab"
assert_match "no .*node 'nosuch'" "$output"
assert_eq stopped "$(status c)" # the others are stopped all the same
assert_status 64 "$NETEMU" kill -s NOSUCH c --lab "$lab"
assert_status 64 "$NETEMU" stop -t soon c --lab "$lab"
# A lab with a stopped node ends as any other.
netemu destroy "$lab" --wait >/dev/null
assert_status 1 "$NETEMU" start c --lab "$lab"
