#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# graph_pods - the page of a lab that is made while it is open, and whose nodes are a cluster's: pods, sessions, interfaces
#
# topologies/cilium-bgp: router0 ---- tor0, tor1 ---- cable0 .. cable3, each in the network of a node of the cluster
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
export CLAB_LABDIR_BASE=$test_dir/labs
need_cmd vtysh curl jq
test_labs+=(cilium-bgp clab-cilium-bgp)
cd "$top/topologies/cilium-bgp"
page=http://127.0.0.1:50080

"$NETEMU" graph cilium-bgp.clab.yml >"$test_dir/out" 2>&1 &
at_exit kill $!
wait_until 10 grep -q "$page/#" "$test_dir/out"
url=$(sed -n 's,.*\(http://[^ ]*\).*,\1,p' "$test_dir/out" | head -n 1)
# One who looks from before the lab is there until all of it is up.
curl -s -N $page/events >"$test_dir/events" &
at_exit kill $!
wait_until 10 grep -q '^data: ' "$test_dir/events"
assert_eq false "$(sed -n 's/^data: //p' "$test_dir/events" | head -n 1 | jq .running)"

# Each new page has the lab looked at: also in the moments in which it is half made.
while :; do curl -s -m 0.1 -N $page/events || true; done >/dev/null &
looks=$!
at_exit eval "kill $looks 2>/dev/null || true"
netemu run cilium-bgp.clab.yml cluster.yaml values.yaml policies.yaml pods.yaml --pin pins --wait >"$test_dir/run.log" 2>&1 ||
  die "$(cat "$test_dir/run.log")"
kill "$looks"
seen() { grep '^data: {"running"' "$test_dir/events" | tail -n 1 | sed 's/^data: //' | jq -r "$@" 2>/dev/null; }
# shows WORDS FILTER - whether the last picture says that
shows() { [[ $(seen "$2") == "$1" ]]; }
wait_until 10 shows "nettool-1 Running 10.1.2.185" '.nodes.cable1.pods[] | select(.namespace == "default") | "\(.name) \(.phase) \(.ip)"'
wait_until 10 shows "3 Established" '.nodes.tor0.bgp | "\(length) \([.[].state] | unique | join(","))"'
assert_eq "false true true" "$(seen '"\(.nodes.tor0 | has("pods")) \(.nodes.cable1.interfaces.net0.up) \(.nodes.cable1.interfaces.net0.addresses | any(startswith("10.0.2.2/")))"')"
wait_until 10 shows "nettool-2" '.nodes.cable3.pods[] | select(.namespace == "default") | .name'

# A pod that is deleted goes away, too.
netemu delete pod nettool-2 --force >/dev/null 2>&1
wait_until 10 shows 0 '[.nodes.cable3.pods[] | select(.namespace == "default")] | length'

modules=$top/build/page/node_modules
if [[ -f ${NETEMU%/*}/graph/app.js && -d $modules/playwright-core ]] && command -v chromium node >/dev/null; then
  mkdir "$test_dir/home"
  HOME=$test_dir/home timeout 60 node "$top/tests/system/graph_page.mjs" "$modules" "$url" 7 6 cable1 "" "${NETEMU_SHOTS:-}" >"$test_dir/page" 2>&1 ||
    die "$(cat "$test_dir/page")"
  assert_match 'label "cable1\\n.*nettool-1' "$(cat "$test_dir/page")"
  assert_match 'pods .*nettool-1default *Running10\.1\.2\.185' "$(cat "$test_dir/page")"
  assert_match '^errors 0$' "$(tail -n 1 "$test_dir/page")"
else
  echo "no page, or no Chromium: not looked at"
fi

# The lab ends, the page does not.
netemu destroy --all >/dev/null
wait_until 10 shows false .running
