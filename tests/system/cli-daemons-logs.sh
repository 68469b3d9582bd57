#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cli-daemons-logs - a daemon's death shows in inspect and in the logs; logs of nodes, daemons and labs.
#
#   r1 (FRR: zebra, staticd, bgpd)        h1 (a command that writes lines)
. "$(dirname "$0")/../lib.sh"
need_root
need_netemu
need_cmd jq
[[ -x /usr/lib/frr/bgpd ]] || skip "needs FRR in /usr/lib/frr"

topo <<'YAML'
topology:
  nodes:
    r1:
      kind: linux
      image: frrouting/frr:v8.4.4
      cmd: bash
      network-mode: none
      exec:
        - sed -i s/bgpd=no/bgpd=yes/ /etc/frr/daemons
        - /usr/lib/frr/frrinit.sh start
    h1:
      kind: linux
      image: nicolaka/netshoot
      network-mode: none
      cmd: sh -c "echo first line; echo second of bgpd; exec sleep 1000"
YAML
netemu run "$topo" >/dev/null

daemon() { netemu inspect "$lab" -f json | jq -r --arg lab "$lab" --arg d "$1" ".[\$lab][0].daemons[] | select(.name == \$d) | $2"; }
has_daemon() { [[ $(daemon bgpd .running) == true ]]; }
wait_until 10 has_daemon
pid=$(daemon bgpd .pid)
assert_eq bgpd "$(cat "/proc/$pid/comm")" "the pid of bgpd on the host"
kill -KILL "$pid"
is_dead() { [[ $(daemon bgpd '"\(.running) \(.pid) \(.deaths) \(.last_status)"') == "false 0 1 9" ]]; }
wait_until 5 is_dead
assert_match "r1 .*running, bgpd died \(signal 9\)" "$(netemu inspect "$lab")"
assert_match "^Up .*, bgpd died \(signal 9\)$" \
  "$(netemu inspect "$lab" -f json | jq -r --arg lab "$lab" '.[$lab][0].status')"
assert_match "bgpd.*signal 9" "$(netemu logs "$lab")" "the lab's own log"

# What daemons tell syslog is there, and only what one of them says when it is asked for.
assert_match 'bgpd\[[0-9]+\]: .*bgpd [0-9.]+ starting' "$(netemu logs --lab "$lab" r1 bgpd)" "bgpd's own words"
assert_eq "" "$(netemu logs --lab "$lab" r1 staticd | grep -E ' (bgpd|zebra)\[' || true)" "only staticd's"

# A main command has a terminal, but its log no carriage returns.
assert_eq $'first line\nsecond of bgpd' "$(netemu logs "clab-$lab-h1")" "log of h1"
assert_eq "second of bgpd" "$(netemu logs --lab "$lab" h1 bgpd)" "lines that name bgpd"
assert_eq "" "$(netemu logs --lab "$lab" h1 ospfd 2>"$test_dir/note")" "lines that name ospfd"
assert_match "h1 has logged nothing as 'ospfd'" "$(cat "$test_dir/note")"
assert_status 1 netemu logs --lab "$lab" nobody
assert_match "there are: r1, h1" "$output"

# -f shows what is there, then ends with the lab.
netemu logs -f --lab "$lab" h1 >"$test_dir/follow" &
follower=$!
wait_until 5 grep -q second "$test_dir/follow"
netemu destroy "$lab" >/dev/null
wait "$follower"
assert_eq $'first line\nsecond of bgpd' "$(cat "$test_dir/follow")" "log of h1, followed"
