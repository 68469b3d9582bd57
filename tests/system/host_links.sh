#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host_links - no link of a lab is ever in the host's namespace but the management end and what the file asks for
#
#   a ---- lan ---- b      c ---- (host:to-c)      everybody also on the management network
. "$(dirname "$0")/../lib.sh"
own_machine "$@"

topo <<'YAML'
topology:
  defaults: {kind: linux, image: alpine}
  nodes: {a: {}, b: {}, c: {}, lan: {kind: bridge}}
  links:
    - endpoints: ["a:e1", "lan:p1"]
    - endpoints: ["b:e1", "lan:p2"]
    - endpoints: ["a:e2", "b:e2"]
    - endpoints: ["c:e1", "host:to-c"]
YAML
ip -o monitor link >"$test_dir/events" &
monitor=$!
at_exit kill $monitor
# The monitor listens once it has shown something of ours.
sign() { ip link add "sign$1" type bridge && ip link del "sign$1"; }
listening() { sign 0; grep -q sign0 "$test_dir/events"; }
wait_until 5 listening

netemu run "$topo" >/dev/null 2>&1
netemu destroy "$lab" >/dev/null
heard() { sign 1; grep -q 'Deleted.*sign1' "$test_dir/events"; }
wait_until 5 heard
assert_eq "ne-* to-c" "$(sed 's/^Deleted //; s/^[0-9]*: //; s/^\([^:@ ]*\).*/\1/' "$test_dir/events" | grep -v '^sign[01]$' |
  sed 's/^ne-[0-9a-f]*$/ne-*/' | sort -u | tr '\n' ' ' | sed 's/ $//')" "links that were seen on the host"
# A device that is made in its namespace is never renamed or moved: both would be seen by udev.
assert_no_match "new-netnsid|new-ifindex" "$(cat "$test_dir/events")"
