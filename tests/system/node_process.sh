#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# node_process - restart-policy, user, tmpfs and shm-size of a node
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq

topo <<'YAML'
topology:
  defaults: {kind: linux, network-mode: none, tmpfs: {/scratch: "size=64k,mode=1777"}}
  nodes:
    always: {image: alpine, restart-policy: always, cmd: "sh -c 'echo x >>/root/runs; exit 0'"}
    twice: {image: alpine, restart-policy: "on-failure:2", cmd: "sh -c 'echo x >>/root/runs; exit 7'"}
    well: {image: alpine, restart-policy: on-failure, cmd: "sh -c 'echo x >>/root/runs; exit 0'"}
    once: {image: alpine, cmd: "sh -c 'echo x >>/root/runs; exit 3'"}
    who: {image: alpine, user: "daemon", cmd: "sh -c 'id -un >/tmp/cmd; exec sleep infinity'", exec: ["sh -c 'id -un >/tmp/exec'"]}
    mem: {image: alpine, shm-size: 128k, tmpfs: {/ro: "ro,noexec"}}
YAML
netemu run "$topo" >"$test_dir/out" 2>&1 || die "$(cat "$test_dir/out")"
on() { netemu exec --lab "$lab" "$@"; }
runs() { on "$1" sh -c 'wc -l </root/runs'; }
field() { netemu inspect "$lab" -f json | jq -r ".[][] | select(.name | endswith(\"-$1\")) | .$2"; }

wait_until 10 eval '[[ $(runs always) -ge 3 ]]'
wait_until 10 eval '[[ $(runs twice) == 3 ]]'
wait_until 10 eval '[[ $(field twice state) == exited ]]'
assert_eq "1 1" "$(runs well) $(runs once)"
assert_eq "exited exited" "$(field well state) $(field once state)"
# What is stopped stays stopped, whatever the policy; and begins anew when it is started.
netemu stop always --lab "$lab" >/dev/null
assert_eq stopped "$(field always state)"
netemu start always --lab "$lab" >/dev/null
wait_until 10 eval '[[ $(runs always) -ge 5 ]]'

wait_until 10 on who test -s /tmp/cmd
assert_eq "daemon daemon" "$(on who cat /tmp/cmd /tmp/exec | xargs)"

assert_eq "tmpfs 64k" "$(on mem df -h --output=fstype,size /scratch | awk 'NR == 2 { print tolower($1), tolower($2) }')"
assert_eq "tmpfs 128k" "$(on mem df -h --output=fstype,size /dev/shm | awk 'NR == 2 { print tolower($1), tolower($2) }')"
assert_status 1 on mem touch /ro/x
assert_status 1 on mem dd if=/dev/zero of=/scratch/big bs=1k count=100
assert_eq 1777 "$(on mem stat -c %a /scratch)"

# ---- mistakes, before anything is made ----
topo bad <<'YAML'
topology:
  nodes:
    a: {kind: linux, restart-policy: sometimes}
    b: {kind: linux, restart-policy: "always:3"}
    c: {kind: linux, tmpfs: {relative: ""}}
    d: {kind: linux, tmpfs: {/x: "sized=3"}}
    e: {kind: linux, shm-size: plenty}
YAML
assert_status 2 "$NETEMU" validate "$topo"
assert_eq 5 "$(grep -c ': error:' <<<"$output")"
