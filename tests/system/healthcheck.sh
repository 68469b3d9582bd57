#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# healthcheck - a node's state of health, by a command that runs in it
#
#   well      turns (as its file /ok is there or not)      slow (its check never ends)      odd      plain (has none)
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq

topo <<'YAML'
topology:
  defaults: {kind: linux, image: alpine, network-mode: none}
  nodes:
    well: {healthcheck: {test: [CMD, echo, "I am", well], interval: 1}}
    turns: {healthcheck: {test: "test -e /ok || { echo no /ok; exit 3; }", interval: 1, retries: 2}}
    slow: {healthcheck: {test: [CMD, sleep, "3141"], interval: 1, timeout: 1, retries: 1}}
    odd: {healthcheck: {test: [CMD-SHELL, 'printf "\377\000\"x"; head -c 300000 /dev/zero'], interval: 1}}
    missing: {healthcheck: {test: [CMD, /no/such/command], interval: 1, retries: 1}}
    ends: {cmd: "true", healthcheck: {test: "true", interval: 1}}
    plain: {}
YAML
netemu run "$topo" >"$test_dir/out" 2>&1 || die "$(cat "$test_dir/out")"
on() { netemu exec --lab "$lab" "$@"; }
health() { netemu inspect "$lab" -f json | jq -r ".[][] | select(.name | endswith(\"-$1\")) | .health"; }
netemu shims "$test_dir/bin" >/dev/null
state() { "$test_dir/bin/docker" inspect "clab-$lab-$1" | jq -c ".[0].State.$2"; }
is() { [[ $(health "$1") == "$2" ]]; }

assert_eq starting "$(health turns)"
wait_until 10 is well healthy
assert_eq '{"ExitCode":0,"Output":"I am well\n"}' "$(state well 'Health.Log[-1] | {ExitCode, Output}')"
wait_until 10 is turns unhealthy
assert_eq '{"ExitCode":3,"Output":"no /ok\n"}' "$(state turns 'Health.Log[-1] | {ExitCode, Output}')"
on turns touch /ok
wait_until 10 is turns healthy
assert_eq 0 "$(state turns Health.FailingStreak)"
on turns rm /ok
wait_until 10 is turns unhealthy

# What takes too long is killed; what cannot be started has failed; output is cut, and text whatever it was.
wait_until 10 is slow unhealthy
assert_eq '{"ExitCode":-1,"Output":"Health check exceeded timeout (1s)"}' "$(state slow 'Health.Log[0] | {ExitCode, Output}')"
count=$(on slow pgrep -fc "^sleep 3141" || true)
((count <= 1)) || die "$count checks of a node run at once"
wait_until 10 is odd healthy
assert_eq 4096 "$(state odd 'Health.Log[-1].Output | length')"
assert_eq '"??\"x?"' "$(state odd 'Health.Log[-1].Output[:5]')"
wait_until 10 is missing unhealthy
assert_eq 127 "$(state missing 'Health.Log[-1].ExitCode')"
wait_until 10 is ends unhealthy
assert_eq '"" null' "\"$(health plain)\" $(state plain Health)"

# ---- with a node's other states ----
netemu pause turns --lab "$lab" >/dev/null
before=$(state turns Health.Log[-1].Start)
# shellcheck disable=SC2034 # wait_until evaluates it
paused_at=$(state well Health.Log[-1].Start)
assert_eq '"paused"' "$(state turns Status)"
# Another node is checked three times meanwhile: all that it remembers is from later.
wait_until 15 eval '[[ $(state well "Health.Log[-4].Start") > $paused_at ]]'
assert_eq "$before" "$(state turns Health.Log[-1].Start)"
netemu unpause turns --lab "$lab" >/dev/null
on turns touch /ok
wait_until 10 is turns healthy
netemu stop turns --lab "$lab" >/dev/null
assert_eq unhealthy "$(health turns)"
netemu start turns --lab "$lab" >/dev/null
wait_until 10 is turns healthy # /ok is still there
assert_match 'running \(healthy\)' "$(netemu inspect "$lab")"
assert_match 'Up [^(]* \(healthy\)' "$("$test_dir/bin/docker" ps)"
assert_match 'node well is healthy' "$(netemu logs --lab "$lab" _lab)"
