#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lanes - nodes that are made by several threads at a time are as if made one after the other
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
n=120

file() {
  printf 'topology:\n  defaults: {kind: linux, network-mode: none}\n  nodes:\n'
  for ((i = 0; i < n; i++)); do echo "    n$i: {env: {WHO: n$i}, binds: [\"$test_dir:/mnt\"]}"; done
  echo '  links:'
  for ((i = 0; i < n; i++)); do echo "    - endpoints: [\"n$i:right\", \"n$(((i + 1) % n)):left\"]"; done
}
topo < <(file)

# One round: each node has its name, its environment, its links, and a root that everybody may enter.
round() {
  local i
  netemu run "$topo" >/dev/null
  for ((i = 0; i < n; i++)); do
    assert_eq "755 755 1777 n$i n$i left lo right" \
      "$(netemu exec "n$i" sh -c 'stat -c %a / /run /tmp; hostname; echo $WHO; ls /sys/class/net | sort' | xargs)"
  done
  assert_eq "600" "$(stat -c %a "/run/netemu/$lab"/nodes/*.sock | sort -u)"
  assert_eq "$n" "$(stat -Lc %i "/run/netns/clab-$lab"-* | sort -u | wc -l)"
  netemu destroy "$lab" >/dev/null
}
for ((k = 0; k < 3; k++)); do round; done
