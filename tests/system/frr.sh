#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# frr - what the FRR image profile starts, and what happens when a daemon dies
#
#   bound ---- plain ---- idle       bound: /etc/frr/daemons from a file; plain: the default one; idle: cmd: bash
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd vtysh jq

printf 'bgpd=yes\nospfd=yes\nbfdd=no\nvtysh_enable=yes\nzebra_options="-A 127.0.0.1"\nbgpd_options="-A 127.0.0.1 -p 1179"\nospfd_options="-A 127.0.0.1"\nstaticd_options="-A 127.0.0.1"\n' >"$test_dir/daemons"
printf 'hostname from-file\nrouter bgp 65001\n bgp router-id 9.9.9.9\n' >"$test_dir/frr.conf"
topo <<'YAML'
topology:
  defaults: {kind: linux, image: "registry.example:5000/mirror/frrouting/frr:v9.9.9", network-mode: none}
  nodes:
    bound: {binds: ["daemons:/etc/frr/daemons", "frr.conf:/etc/frr/frr.conf:ro"]}
    plain: {image: frrouting/frr}
    idle: {image: "frrouting/frr@sha256:0123456789012345678901234567890123456789012345678901234567890123", cmd: bash}
YAML
netemu run "$topo" >/dev/null 2>&1

running() { netemu exec "$1" ps -eo comm= | grep -vxE 'netemu-init|ps' | sort | tr '\n' ' '; }
is_running() { [[ $(running "$1") == "$2" ]]; }
wait_until 10 is_running bound "bgpd ospfd staticd watchfrr zebra "
wait_until 10 is_running plain "staticd watchfrr zebra "
assert_eq "" "$(running idle)"

# The configuration that was bound is read, options included.
up() { netemu exec bound vtysh -c 'show run' 2>/dev/null | grep -q '^router bgp 65001'; }
wait_until 10 up
assert_match "1179" "$(netemu exec bound ss -ltn)"
assert_match ":1179|9\.9\.9\.9" "$(netemu exec bound vtysh -c 'show run' 2>/dev/null)"

# exec starts FRR by hand where cmd: bash keeps it from starting.
netemu exec idle sed -i s/bgpd=no/bgpd=yes/ /etc/frr/daemons
netemu exec idle /usr/lib/frr/frrinit.sh start >/dev/null 2>&1
wait_until 10 is_running idle "bgpd staticd watchfrr zebra "

daemons_of() { netemu inspect "$lab" -f json | jq -c --arg n "-$1" "[.[][] | select(.name | endswith(\$n)).daemons[] | select(.name == \"$2\")]"; }
assert_eq '[true,0]' "$(daemons_of idle bgpd | jq -c '.[0] | [.running, .deaths]')"

# A daemon that dies is logged and shown, and watchfrr starts it again.
pid=$(netemu exec idle pgrep -x bgpd)
netemu exec idle kill -9 "$pid"
died() { [[ $(daemons_of idle bgpd | jq '.[0].deaths') == 1 ]]; }
wait_until 5 died
assert_eq 9 "$(daemons_of idle bgpd | jq '.[0].last_status')"
assert_match "node idle: daemon bgpd \(pid $pid in the node\) killed by signal 9 \(Killed\)" "$(cat /run/netemu/"$lab"/logs/_lab.log)"
again() { [[ $(daemons_of idle bgpd | jq '.[0].running') == true && $(netemu exec idle pgrep -x bgpd) != "$pid" ]]; }

# One that stays dead is shown as not running.
netemu exec plain pkill -9 -x watchfrr
netemu exec plain pkill -9 -x staticd
dead() { [[ $(daemons_of plain staticd | jq -c '.[0] | [.running, .deaths]') == '[false,1]' ]]; }
wait_until 5 dead
assert_match 'staticd' "$(netemu inspect "$lab" --wide)"
wait_until 15 again

# Ctrl-C ends --wait, not the lab: two routers of which one has another idea of its neighbor never settle.
printf 'bgpd=yes\nvtysh_enable=yes\nzebra_options="-A 127.0.0.1"\nbgpd_options="-A 127.0.0.1"\n' >"$test_dir/bgp"
for as in 65001 65002; do
  printf 'router bgp %s\n neighbor e1 interface remote-as 65009\n' $as >"$test_dir/$as.conf"
done
topo wait <<'YAML'
topology:
  defaults: {kind: linux, image: frrouting/frr, network-mode: none, binds: ["bgp:/etc/frr/daemons", "__clabNodeName__.conf:/etc/frr/frr.conf"]}
  nodes: {65001: {}, 65002: {}}
  links: [{endpoints: ["65001:e1", "65002:e1"]}]
YAML
"$NETEMU" run "$topo" --wait=60 >"$test_dir/wait" 2>&1 &
waiting=$!
wait_until 10 netemu exec 65002 test -S /run/frr/bgpd.vty
kill -INT $waiting
start=$SECONDS
wait $waiting && status=0 || status=$?
assert_eq 130 "$status" "$(cat "$test_dir/wait")"
((SECONDS - start < 10)) || die "Ctrl-C took $((SECONDS - start)) s"
netemu exec 65001 true
