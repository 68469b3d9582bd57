#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# node_namespaces - what a node has of its own, and how the host sees it
#
#   a ---- b        plain hosts on the management network
. "$(dirname "$0")/../lib.sh"
own_machine "$@"

topo <<'YAML'
prefix: ""
topology:
  defaults: {kind: linux, image: alpine}
  nodes:
    alpha: {hostname: alpha.example}
    beta: {}
  links: [{endpoints: ["alpha:e1", "beta:e1"]}]
YAML
netemu run "$topo" >/dev/null 2>&1

# Every namespace that a container has, and none shared between the two nodes or with us.
for ns in net mnt pid uts ipc cgroup; do
  a=$(netemu exec alpha readlink "/proc/self/ns/$ns")
  b=$(netemu exec beta readlink "/proc/self/ns/$ns")
  [[ $a != "$b" && $a != "$(readlink "/proc/self/ns/$ns")" && $b != "$(readlink "/proc/self/ns/$ns")" ]] ||
    die "namespace $ns is shared: $a $b"
done

# PID 1 is our init; processes of the other node and of the host are not there.
assert_eq netemu-init "$(netemu exec alpha cat /proc/1/comm)"
netemu exec beta sh -c 'sleep 1000 & echo $! >/tmp/pid'
wait_until 5 "$NETEMU" exec beta pgrep -x sleep
assert_eq 0 "$(netemu exec alpha pgrep -c -x sleep || true)"
assert_eq "1" "$(netemu exec alpha ps -eo pid=,comm= | grep -v -e ' ps$' | awk '{ print $1 }')"

# hostname, /etc/hosts
assert_eq "alpha.example beta" "$(netemu exec alpha hostname) $(netemu exec beta hostname)"
assert_eq alpha.example "$(netemu exec alpha cat /etc/hostname)"
for node in alpha beta; do
  addr=$(netemu exec $node ip -4 -br addr show dev eth0 | awk '{ sub("/.*", "", $3); print $3 }')
  assert_match "^$addr +" "$(netemu exec alpha getent ahostsv4 $node)"
done
netemu exec alpha ping -c 1 -W 2 beta >/dev/null
netemu exec alpha ping -6 -c 1 -W 2 beta >/dev/null

# IPv4 forwarding is on (IPv6: as in a container, not), reverse path filters and duplicate address detection are off; loopback is up.
sysctl_of() { netemu exec "$1" cat "/proc/sys/net/$2"; }
assert_eq 1 "$(sysctl_of alpha ipv4/ip_forward)"
assert_eq 0 "$(sysctl_of alpha ipv6/conf/all/forwarding)"
for i in all default e1 eth0; do assert_eq 0 "$(sysctl_of alpha ipv4/conf/$i/rp_filter)" "rp_filter of $i"; done
assert_eq 0 "$(sysctl_of alpha ipv6/conf/e1/accept_dad)"
assert_match "127\.0\.0\.1/8" "$(netemu exec alpha ip -br addr show dev lo)"
netemu exec alpha ping -c 1 -W 2 127.0.0.1 >/dev/null

# /proc, /sys and /dev are the node's: its own network devices, its own terminals, no disk.
assert_eq "e1 eth0 lo" "$(netemu exec alpha sh -c 'ls /sys/class/net' | sort | tr '\n' ' ' | sed 's/ $//')"
assert_match '^e1:' "$(netemu exec alpha sh -c "sed -n 's/^ *//; /^e1:/p' /proc/net/dev")"
assert_eq "fd full net null ptmx pts random shm stderr stdin stdout tty urandom zero" \
  "$(netemu exec alpha ls /dev | sort | tr '\n' ' ' | sed 's/ $//')"
netemu exec alpha sh -c 'echo x >/dev/null && head -c 8 /dev/urandom | wc -c >/dev/full' 2>/dev/null && die "/dev/full took it"
assert_eq "x" "$(netemu exec alpha sh -c 'echo x >/dev/shm/f; cat /dev/shm/f')"

# `ip netns` knows the node by its long name (without a prefix that is the name).
assert_eq "alpha beta" "$(ip netns list | awk '{ print $1 }' | sort | tr '\n' ' ' | sed 's/ $//')"
assert_match ' e1@' "$(ip netns exec alpha ip link show dev e1)"
pid=$(netemu inspect "$lab" -f json | jq -r --arg lab "$lab" '.[$lab][] | select(.name == "alpha").pid')
ip netns pids alpha | grep -qx "$pid" || die "ip netns pids alpha does not have $pid"
assert_eq alpha "$(ip netns identify "$pid")"

netemu destroy "$lab" >/dev/null
assert_eq "" "$(ip netns list)"
! is_alive "$pid" || die "the node's init $pid lives"
[[ ! -e /run/netemu && ! -e /run/netns ]] || die "left in /run: $(ls -R /run)"
