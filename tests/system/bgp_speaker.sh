#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bgp_speaker - the speaker of a cluster node against FRR routers, first with bgpd, then with gobgpd
#
#   tor1 (AS 65010, iBGP) ---- 10.9.1.0/24 ---- node ---- 10.9.2.0/24 ---- tor2 (AS 65002, eBGP over two hops from
#                                                                          10.99.0.2 port 1790, MD5, graceful restart)
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
# bgpd keeps its log buffers there; it is the host's otherwise.
mount -t tmpfs -o mode=1777 netemu-test /var/tmp
need_cmd vtysh jq ip
kubelet=$top/build/netemu-kubelet
[[ -x $kubelet ]] || skip "needs $kubelet (make)"
for bgpd in /usr/lib/frr/bgpd /usr/libexec/frr/bgpd; do [[ -x $bgpd ]] && break; done
[[ -x $bgpd ]] || skip "needs FRR's bgpd"

# ---- routers ----
for ns in tor1 tor2 node; do
  ip netns add "$ns"
  ip -n "$ns" link set lo up
done
for i in 1 2; do
  ip -n node link add "net$i" type veth peer name net0 netns "tor$i"
  ip -n node addr add "10.9.$i.2/24" dev "net$i"
  ip -n node link set "net$i" up
  ip -n "tor$i" addr add "10.9.$i.1/24" dev net0
  ip -n "tor$i" link set net0 up
done
ip -n tor2 addr add 10.99.0.2/32 dev lo
ip -n node route add default via 10.9.2.1

start_router() { # NAME PORT, its configuration on stdin
  mkdir -p "/run/$1"
  cat >"/run/$1/conf"
  ip netns exec "$1" "$bgpd" -d -S -Z -n -p "$2" -f "/run/$1/conf" -i "/run/$1/pid" --vty_socket "/run/$1" -P 0
}
stop_routers() { local f; [[ -z ${speaker:-} ]] || kill "$speaker" 2>/dev/null || true; for f in /run/tor?/pid /run/netemu-bgp/*/pid; do [[ -e $f ]] && kill "$(<"$f")"; done; true; }
at_exit stop_routers
start_router tor1 179 <<'X'
frr defaults datacenter
router bgp 65010
 bgp router-id 10.9.1.1
 bgp log-neighbor-changes
 no bgp network import-check
 neighbor 10.9.1.2 remote-as internal
 address-family ipv4 unicast
  network 192.0.2.0/24
  network 198.51.100.0/24
X
start_router tor2 1790 <<'X'
router bgp 65002
 bgp router-id 10.99.0.2
 no bgp ebgp-requires-policy
 neighbor 10.9.2.2 remote-as external
 neighbor 10.9.2.2 passive
 neighbor 10.9.2.2 ebgp-multihop 3
 neighbor 10.9.2.2 update-source 10.99.0.2
 neighbor 10.9.2.2 password s3cret
X
router() { vtysh --vty_socket "/run/$1" -c "$2"; }
neighbor() { router "$1" "show bgp neighbors $2 json" | jq -r ".\"$2\"$3"; }
is_up() { [[ $(neighbor "$1" "$2" .bgpState) == Established ]]; }
is_down() { ! is_up "$1" "$2"; }
has_route() { router "$1" "show bgp ipv4 unicast $2 json" | jq -e '.paths | length > 0'; }
has_no_route() { ! has_route "$@"; }
resets() { neighbor "$1" "$2" .connectionsDropped; }

# ---- models ----
path() { jq -nc --arg p "$1" --argjson c "${2:-[]}" --argjson l "${3:-[]}" --argjson pref "${4:-0}" '{prefix: $p, communities: $c, largeCommunities: $l, localPref: $pref}'; }
tor1() { # HOLD PATHS
  jq -nc --argjson hold "$1" --argjson paths "$2" '{name: "tor1", address: "10.9.1.1", port: 179, peerASN: 65010, multihopTTL: 1, connectRetry: 120, hold: $hold,
    keepAlive: 3, gracefulRestart: 0, password: "", sourceAddress: "", sourceInterface: "",
    families: [{afi: "ipv4", safi: "unicast", paths: $paths}, {afi: "ipv6", safi: "unicast", paths: []}]}'
}
tor2() { # PASSWORD PATHS
  jq -nc --arg pw "$1" --argjson paths "$2" '{name: "tor2", address: "10.99.0.2", port: 1790, peerASN: 65002, multihopTTL: 3, connectRetry: 120, hold: 90,
    keepAlive: 30, gracefulRestart: 60, password: $pw, sourceAddress: "", sourceInterface: "net2", families: [{afi: "ipv4", safi: "unicast", paths: $paths}]}'
}
model() { # PEER...
  local peers
  peers=$(printf '%s\n' "$@" | jq -sc .)
  jq -nc --arg engine "$engine" --argjson peers "$peers" \
    '{engine: $engine, instances: [{name: "a/b", localASN: 65010, routerID: "10.9.1.2", localPort: -1, peers: $peers}], notes: [], conditions: {}}' >"$test_dir/model.json"
}
start_speaker() {
  ip netns exec node "$kubelet" speaker "$test_dir/model.json" >>"$test_dir/speaker.log" 2>&1 &
  speaker=$!
}
apply() { kill -HUP "$speaker"; }
last() { grep "^$1 " "$test_dir/speaker.log" | tail -n 1 | sed "s/^$1 //"; }
printed() { (($(grep -c "^$1 " "$test_dir/speaker.log") > $2)); }
ask() { # what SIGUSR1 or SIGUSR2 prints: WHAT SIGNAL
  local before
  before=$(grep -c "^$1 " "$test_dir/speaker.log") || true
  kill "-$2" "$speaker"
  wait_until 10 printed "$1" "$before"
  last "$1"
}
told() { [[ $(last changed | jq -r --arg p "$1" '.[] | select(.name == $p)."session-state"') == "$2" ]]; }

test_engine() {
  engine=$1
  local pod='10.1.2.0/24' more='10.1.3.0/24' daemon drops

  echo "engine $engine"
  : >"$test_dir/speaker.log"
  # A session, its prefix, and what is told of it.
  model "$(tor1 9 "[$(path $pod)]")"
  start_speaker
  wait_until 30 is_up tor1 10.9.1.2
  wait_until 10 has_route tor1 $pod
  wait_until 5 told tor1 established
  assert_eq '[]' "$(ask notes USR1)"
  received() { [[ $(ask peers USR1 | jq -c '.[0].families[0] | [.received, .advertised]') == '[2,1]' ]]; }
  wait_until 10 received
  assert_eq '[65010,65010,"10.9.1.1",179,9,120,1]' "$(last peers | jq -c '.[0] | [."local-asn", ."peer-asn", ."peer-address", ."peer-port", ."applied-hold-time-seconds",
    ."connect-retry-time-seconds", ."ebgp-multihop-ttl"]')"
  assert_eq '[{"vrouter":65010,"peer":"10.9.1.1","prefix":"10.1.2.0/24","nexthop":"10.9.1.2","attrs":"[{Origin: i} {Nexthop: 10.9.1.2} {LocalPref: 100}]"}]' \
    "$(ask advertised USR2 | jq -c 'map(del(.age))')"
  # It does not listen, and installs nothing.
  assert_eq "" "$(ip netns exec node ss -Hltn)"
  assert_no_match '192\.0\.2' "$(ip -n node route)"

  # More prefixes and attributes, and another neighbor, while the first session goes on.
  drops=$(resets tor1 10.9.1.2)
  model "$(tor1 9 "[$(path $pod),$(path $more '["65000:7"]' '["1:2:3"]' 150)]")" "$(tor2 s3cret "[$(path $more)]")"
  apply
  wait_until 10 has_route tor1 $more
  assert_eq '"65000:7" "1:2:3" 150' "$(router tor1 "show bgp ipv4 unicast $more json" | jq -r '.paths[0] | "\"\(.community.string)\" \"\(.largeCommunity.string)\" \(.locPrf // .localpref)"')"
  wait_until 30 is_up tor2 10.9.2.2
  wait_until 10 has_route tor2 $more
  # tor2 is told its own prefix, not tor1's, nor what tor1 has said.
  assert_eq "$more" "$(router tor2 'show bgp ipv4 unicast json' | jq -r '.routes | keys[]')"
  assert_eq 60 "$(neighbor tor2 10.9.2.2 '.gracefulRestartInfo.timers.receivedRestartTimer')"

  # A prefix less.
  model "$(tor1 9 "[$(path $more)]")" "$(tor2 s3cret "[$(path $more)]")"
  apply
  wait_until 10 has_no_route tor1 $pod
  wait_until 5 has_route tor1 $more
  assert_eq "$drops" "$(resets tor1 10.9.1.2)" "the session of tor1 was reset"

  # Another neighbor's timers: that session is new, the other is not.
  local drops2
  drops2=$(resets tor2 10.9.2.2)
  model "$(tor1 12 "[$(path $more)]")" "$(tor2 s3cret "[$(path $more)]")"
  apply
  was_reset() { (($(resets tor1 10.9.1.2) > drops)); }
  wait_until 10 was_reset
  wait_until 40 is_up tor1 10.9.1.2
  assert_eq "$drops2" "$(resets tor2 10.9.2.2)" "the session of tor2 was reset"

  # A wrong password: no session. The right one again: it is back. (GoBGP takes 20 s for it.)
  if [[ $engine == frr ]]; then
    model "$(tor1 12 "[$(path $more)]")" "$(tor2 wrong "[$(path $more)]")"
    apply
    wait_until 15 is_down tor2 10.9.2.2
    model "$(tor1 12 "[$(path $more)]")" "$(tor2 s3cret "[$(path $more)]")"
    apply
    wait_until 40 is_up tor2 10.9.2.2
  fi

  # The daemon dies: another one takes its place.
  daemon=$(<"/run/netemu-bgp/a%2Fb/pid")
  kill -9 "$daemon"
  new_daemon() { local pid; pid=$(<"/run/netemu-bgp/a%2Fb/pid") && [[ $pid != "$daemon" ]] && is_alive "$pid"; }
  wait_until 10 new_daemon
  wait_until 40 is_up tor1 10.9.1.2
  wait_until 10 has_route tor1 $more
  assert_match "ended \(signal 9\), it is started again" "$(ask notes USR1)"
  wait_until 40 is_up tor2 10.9.2.2

  # The speaker dies, the daemon goes on; the next one takes it over and changes only what differs.
  daemon=$(<"/run/netemu-bgp/a%2Fb/pid")
  drops=$(resets tor1 10.9.1.2)
  kill -9 "$speaker"
  wait "$speaker" 2>/dev/null || true
  is_alive "$daemon" || die "the daemon has died with the speaker"
  model "$(tor1 12 "[$(path $more),$(path $pod)]")" "$(tor2 s3cret "[$(path $more)]")"
  start_speaker
  wait_until 10 has_route tor1 $pod
  assert_eq "$drops" "$(resets tor1 10.9.1.2)" "the session of tor1 was reset"
  assert_eq "$daemon" "$(<"/run/netemu-bgp/a%2Fb/pid")"

  # Nothing is wanted: all is withdrawn, and nothing is left.
  echo "{\"engine\": \"$engine\", \"instances\": []}" >"$test_dir/model.json"
  apply
  wait_until 10 has_no_route tor1 $more
  wait_until 10 is_down tor2 10.9.2.2
  gone() { ! is_alive "$daemon" && [[ ! -e /run/netemu-bgp/a%2Fb ]]; }
  wait_until 10 gone
  kill "$speaker"
  wait "$speaker" || true
}

test_engine frr

# No daemon, no session, and no harm. The program is hidden by a file that cannot be run.
: >"$test_dir/none"
mount --bind "$test_dir/none" "$bgpd"
engine=frr
model "$(tor1 9 '[]')"
start_speaker
noted() { [[ $(last notes) == *"not installed"* ]]; }
wait_until 10 noted
kill "$speaker"
wait "$speaker" || true
umount "$bgpd"

if command -v gobgpd >/dev/null && command -v gobgp >/dev/null; then
  test_engine gobgp
else
  echo "gobgpd is not installed: not tested"
fi
