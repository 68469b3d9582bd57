#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fallbacks - the same lab without io_uring, without vfork, without cgroups, and where a full tmpfs gives up
#
#   r1 ---- r2      two routers with OSPF off and BGP on, as exec lines start them
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd vtysh jq

topo <<'YAML'
topology:
  defaults: {kind: linux, image: frrouting/frr, cmd: bash}
  nodes:
    r1:
      exec: [touch /etc/frr/vtysh.conf, sed -i s/bgpd=no/bgpd=yes/ /etc/frr/daemons, /usr/lib/frr/frrinit.sh start,
        vtysh -c 'conf t' -c 'router bgp 65001' -c ' bgp router-id 1.1.1.1' -c ' no bgp ebgp-requires-policy' -c ' neighbor e1 interface remote-as external']
    r2:
      exec: [touch /etc/frr/vtysh.conf, sed -i s/bgpd=no/bgpd=yes/ /etc/frr/daemons, /usr/lib/frr/frrinit.sh start,
        vtysh -c 'conf t' -c 'router bgp 65002' -c ' bgp router-id 2.2.2.2' -c ' no bgp ebgp-requires-policy' -c ' neighbor e1 interface remote-as external']
  links: [{endpoints: ["r1:e1", "r2:e1"]}]
YAML

# check WHAT - the lab comes up, routes, notices a death, and goes
check() {
  local out
  out=$(netemu run "$topo" --wait 2>&1) || die "$1: $out"
  assert_no_match warning: "$out" "$1"
  assert_eq 65002 "$(netemu exec r1 vtysh -c 'show bgp summary json' | jq '[.. | .remoteAs? // empty][0]')" "$1"
  assert_eq Established "$(netemu exec r1 vtysh -c 'show bgp summary json' | jq -r '[.. | .state? // empty][0]')" "$1"
  netemu exec r2 pkill -9 bgpd
  seen() { [[ $(netemu inspect "$lab" -f json | jq '[.. | select(.name? == "bgpd").deaths] | add') -ge 1 ]]; }
  wait_until 5 seen
  assert_match "$2" "$(cat "/run/netemu/$lab/logs/_lab.log")" "$1"
  netemu destroy "$lab" >/dev/null
  assert_eq "lo" "$(ip -br link | awk '{ print $1 }')" "$1"
  [[ ! -e /run/netemu ]] || die "$1 left $(find /run/netemu)"
}
NETEMU_LOOP=poll check "without io_uring" "loop: poll"
NETEMU_SPAWN=fork check "without vfork" "loop: "
umount -R /sys/fs/cgroup 2>/dev/null || true
check "without cgroups" "loop: "
umount -R /sys 2>/dev/null || true
check "without /sys" "loop: "

# A file system that is too small: run says so and leaves nothing, or comes up.
for size in 4k 16k 64k 256k; do
  if NETEMU_TMPFS_SIZE=$size netemu run "$topo" >"$test_dir/out" 2>&1; then
    netemu destroy "$lab" >/dev/null
  else
    assert_match "No space|ENOSPC|space" "$(cat "$test_dir/out")" "size $size"
  fi
  [[ ! -e /run/netemu && $(ip -br link | wc -l) == 1 ]] || die "size $size left $(find /run/netemu; ip link)"
done

# Few descriptors, few processes: a clear word, nothing left.
for limit in "-n 12" "-n 24"; do
  # shellcheck disable=SC2086 # two words
  (ulimit $limit && netemu run "$topo") >"$test_dir/out" 2>&1 && netemu destroy "$lab" >/dev/null
  gone() { [[ ! -e /run/netemu && $(ip -br link | wc -l) == 1 ]]; }
  wait_until 2 gone
done
