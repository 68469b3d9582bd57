#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# exec_latency - how long `netemu exec n true` takes beside `nsenter -a -t PID true`; a report, not a judgement
#
#   n        one plain host
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd nsenter jq

topo <<'YAML'
topology: {nodes: {n: {kind: linux, image: alpine, network-mode: none}}}
YAML
netemu run "$topo" >/dev/null 2>&1
pid=$(jq '.nodes[0].pid' "/run/netemu/$lab/state.json")

hundred() { for _ in {1..100}; do "$@" || die "failed: $*"; done; }
netemu exec n true
microseconds hundred nsenter --mount --uts --ipc --net --pid --cgroup -t "$pid" true
nsenter_us=$((elapsed / 100))
microseconds hundred "$NETEMU" exec n true
echo "exec n true: $((elapsed / 100)) us, nsenter -a -t PID true: $nsenter_us us (mean of 100)"
