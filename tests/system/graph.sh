#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# graph - a lab as text, as a picture and as a page: who may look, what is shown, what is live, the terminal
#
#   spine ---- leaf1, leaf2 ---- h1, h2
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd curl jq

topo <<'YAML'
topology:
  defaults: {kind: linux, network-mode: none}
  nodes: {spine: {}, leaf1: {}, leaf2: {}, h1: {image: alpine}, h2: {}}
  links:
    - endpoints: ["spine:eth1", "leaf1:up"]
    - endpoints: ["spine:eth2", "leaf2:up"]
    - endpoints: ["leaf1:eth1", "h1:eth1"]
    - endpoints: ["leaf2:eth1", "h2:eth1"]
YAML

# ---- text and picture, of a file ----
assert_eq "5 4 spine 0 server 2" "$(netemu graph "$topo" --json | jq -r '"\(.nodes | length) \(.links | length) \(.nodes[0].role) \(.nodes[0].tier) \(.nodes[3].role) \(.nodes[3].tier)"')"
assert_match '"leaf1" -- "h1" \[taillabel="eth1", headlabel="eth1"\];' "$(netemu graph "$topo" --dot)"
assert_match 'graph LR' "$(netemu graph "$topo" --mermaid --mermaid-direction LR)"
assert_eq 3 "$(netemu graph "$topo" --json --node-filter spine,leaf1,h1 | jq '.nodes | length')"
netemu generate --name fabric --nodes 4,2,1 >"$test_dir/fabric.clab.yml"
assert_eq "4 2 1" "$(netemu graph "$test_dir/fabric.clab.yml" --json | jq -r '[.nodes | group_by(-.tier)[] | length] | join(" ")')"
assert_eq 5 "$(netemu graph "$topo" --svg | grep -c '<g transform')"
assert_eq "$(netemu graph "$topo" --svg | md5sum)" "$(netemu graph "$topo" --svg | md5sum)"
if command -v xmllint >/dev/null; then netemu graph "$topo" --svg | xmllint --noout -; fi
assert_status 1 "$NETEMU" graph no-such-lab
assert_match "neither a running lab nor a file" "$output"

# ---- the page: of a lab that does not run yet ----
"$NETEMU" graph "$topo" --listen 127.0.0.1:50080 >"$test_dir/out" 2>&1 &
graph=$!
at_exit kill "$graph"
wait_until 10 grep -q 'http://127.0.0.1:50080/#' "$test_dir/out"
url=$(sed -n 's,.*\(http://[^ ]*\).*,\1,p' "$test_dir/out" | head -n 1) token=${url#*#}
page=http://127.0.0.1:50080
assert_match '<html' "$(curl -s $page/)"
assert_eq "false 5" "$(curl -s $page/graph.json | jq -r '"\(.running) \(.nodes | length)"')"
assert_status 1 "$NETEMU" graph "$topo" --listen 127.0.0.1:50080
assert_match "in use: choose another port" "$output"
assert_status 1 "$NETEMU" graph "$topo" --listen nonsense
assert_match "is no ADDRESS:PORT" "$output"

# ---- who may ask what ----
code() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
assert_eq "403 403 200 200" "$(code -H 'Host: evil.example' $page/) $(code -H 'Host: evil.example:50080' $page/graph.json) $(code -H 'Host: localhost:50080' $page/) $(code $page/)"
assert_eq "405 404 404 403 404" "$(code -X POST $page/) $(code $page/nothing) $(code $page/../../etc/passwd) $(code "$page/node?name=spine&what=routes") $(code "$page/node?name=spine&what=routes&token=$token")"
assert_match "default-src 'self'" "$(curl -sI -X GET $page/)"

netemu run "$topo" >/dev/null 2>&1
# events - the first live picture in which the lab runs
wait_until 10 eval '{ curl -s -m 3 -N $page/events || true; } | grep -m 1 "^data: .*\"running\":true,\"nodes\":{" >"$test_dir/live"'
assert_eq "true" "$(sed 's/^data: //' "$test_dir/live" | jq -r '.nodes.spine.interfaces.eth1.up')"
assert_match 'dev' "$(netemu exec spine --lab "$lab" -- ip addr add 10.9.0.1/24 dev eth1; curl -s "$page/node?name=spine&what=routes&token=$token")"
assert_eq 404 "$(code "$page/node?name=spine&what=reboot&token=$token")"
# A terminal needs the token, and the page's own origin.
ws() { code -m 3 -H 'Upgrade: websocket' -H 'Connection: Upgrade' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' "$@" || true; }
assert_eq "403 403 403 101" "$(ws "$page/terminal?node=spine&token=wrong" -H "Origin: $page") $(ws "$page/terminal?node=spine&token=$token" -H 'Origin: http://evil.example') \
$(ws "$page/terminal?node=spine&token=$token") $(ws "$page/terminal?node=spine&token=$token" -H "Origin: $page")"

# A terminal that is closed while a program in it ignores that: the page goes on, and nothing of ours stays.
exec 3<>/dev/tcp/127.0.0.1/50080
printf 'GET /terminal?node=spine&token=%s HTTP/1.1\r\nHost: 127.0.0.1:50080\r\nOrigin: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n' "$token" "$page" >&3
# What is typed before the prompt may be thrown away: the terminal is made raw.
IFS= read -r -t 20 -d '#' _ <&3 || die "the terminal has no prompt"
typed="dtrap '' HUP; echo stub\"\"born; sleep 300"$'\n'
printf "\\x82\\x$(printf %x $((128 + ${#typed})))\\0\\0\\0\\0%s" "$typed" >&3 # one frame; a mask of zeros changes nothing
timeout 10 grep -a -m 1 -q stubborn <&3 || die "the terminal did not answer"
exec 3>&-
sleep_pid() { netemu exec spine --lab "$lab" -- pgrep -x sleep; }
assert_match '^[0-9]+$' "$(sleep_pid)"
assert_eq 200 "$(code -m 3 $page/)"
wait_until 5 eval '! pgrep -P '"$graph"' >/dev/null'
netemu exec spine --lab "$lab" -- pkill -KILL -x sleep

# ---- what a person sees ----
modules=$top/build/page/node_modules
if [[ -f ${NETEMU%/*}/graph/app.js && -d $modules/playwright-core ]] && command -v chromium node >/dev/null; then
  mkdir "$test_dir/home"
  HOME=$test_dir/home timeout 60 node "$top/tests/system/graph_page.mjs" "$modules" "$url" 5 4 leaf1 eth1 "${NETEMU_SHOTS:-}" >"$test_dir/seen" 2>&1 &
  seen=$!
  wait_until 40 grep -q '^ready$\|rror' "$test_dir/seen"
  began=$(date +%s%3N)
  netemu exec h1 --lab "$lab" -- ip link set eth1 down
  wait $seen || die "$(cat "$test_dir/seen")"
  assert_eq "nodes 5 links 4
up
overlaps 0
ready
panel leaf1 true
terminal
found leaf1
errors 0" "$(grep -v '^down\|^color' "$test_dir/seen")"
  assert_match 'color .* dashed' "$(cat "$test_dir/seen")"
  echo "red $(($(awk '/^down/ { print $2 }' "$test_dir/seen") - began)) ms after the link went down"
else
  echo "no page, or no Chromium: not looked at"
fi
