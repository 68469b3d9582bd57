#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mgmt - the management network: addresses, routes, host and outside, and nothing of it left
#
#   outside (198.51.100.2) ==== host ---- ne-xxxx [bridge in the lab's namespace] ---- a, b, c(192.168.177.30)
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd nft jq

# An outside: a namespace that knows only the host's address.
unshare --net sleep infinity &
outside=$!
at_exit kill $outside
wait_until 5 test "$(readlink /proc/self/ns/net)" != "$(readlink /proc/$outside/ns/net)"
ip link add up0 type veth peer name in0 netns $outside
ip addr add 198.51.100.1/24 dev up0 && ip link set up0 up
out() { nsenter --net=/proc/$outside/ns/net "$@"; }
out ip addr add 198.51.100.2/24 dev in0 && out ip link set in0 up
echo 1 >/proc/sys/net/ipv4/ip_forward

machine() {
  ip -o addr | sed 's/valid_lft.*//; s/^[0-9]*: //'
  ip -o route show table all
  nft -s list ruleset
  sysctl -a 2>/dev/null | grep -vE 'random|nf_conntrack_count|kernel.(ns_last_pid|pty)|fs.(dentry|file|inode|quota)|neigh|route.*flush'
}
wait_until 10 eval '! ip -o addr | grep -q tentative'
before=$(machine)

topo <<'YAML'
topology:
  defaults: {kind: linux, image: alpine}
  nodes: {a: {}, b: {}, c: {mgmt-ipv4: 172.20.20.30, mgmt-ipv6: "3fff:172:20:20::30"}}
YAML
out=$(netemu run "$topo" 2>&1)
assert_no_match "sysctl" "$out" "the host forwards"

# Addresses as containerlab gives them; the default route is the bridge's address, which the host answers.
assert_eq "172.20.20.2/24 172.20.20.3/24 172.20.20.30/24" \
  "$(netemu inspect "$lab" -f json | jq -r --arg l "$lab" '[.[$l][].ipv4_address] | join(" ")')"
assert_eq "3fff:172:20:20::2/64 3fff:172:20:20::3/64 3fff:172:20:20::30/64" \
  "$(netemu inspect "$lab" -f json | jq -r --arg l "$lab" '[.[$l][].ipv6_address] | join(" ")')"
assert_match "^default via 172\.20\.20\.1 dev eth0" "$(netemu exec a ip route show default)"
assert_match "^default via 3fff:172:20:20::1 dev eth0" "$(netemu exec a ip -6 route show default)"
ping -c 1 -W 2 172.20.20.30 >/dev/null
ping -c 1 -W 2 3fff:172:20:20::30 >/dev/null
netemu exec a ping -c 1 -W 2 172.20.20.1 >/dev/null
netemu exec a ping -c 1 -W 2 172.20.20.3 >/dev/null

# One link end and one table of ours on the host, and packets to the outside carry the host's address.
assert_eq 1 "$(ip -o link | grep -c ': ne-')"
assert_match "table inet netemu-$lab" "$(nft list ruleset)"
netemu exec a ping -c 1 -W 2 198.51.100.2 >/dev/null
assert_status 2 out ping -c 1 -W 1 172.20.20.2 # it has no route

# Deleting eth0 in a node harms nobody: neither the other nodes nor the end of the lab.
netemu exec b ip link del eth0
ping -c 1 -W 2 172.20.20.2 >/dev/null
assert_status 1 netemu exec b ip link show dev eth0

netemu destroy "$lab" >/dev/null
assert_eq "$before" "$(machine)" "addresses, routes, rules and sysctls of the host"

# Without external access there is no rule.
sed -i '1a mgmt: {external-access: false, ipv4-subnet: 172.31.99.0/24, ipv6-subnet: ""}' "$topo"
sed -i 's/c: {.*$/c: {}}/' "$topo"
netemu run "$topo" >/dev/null 2>&1
assert_no_match masquerade "$(nft list ruleset)"
netemu exec c ping -c 1 -W 2 172.31.99.1 >/dev/null
netemu destroy "$lab" >/dev/null
assert_eq "$before" "$(machine)" "the same without external access"
