#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# exec - one-shot commands: exit codes, streams, environment, users, descriptors, signals
#
#   n        one plain host
. "$(dirname "$0")/../lib.sh"
own_machine "$@"

topo <<'YAML'
topology: {nodes: {n: {kind: linux, image: debian, network-mode: none}}}
YAML
netemu run "$topo" >/dev/null 2>&1
x() { netemu exec n "$@"; }

# ---- exit codes ----
for code in 0 1 2 64 124 125 126 127 128 200 255; do assert_status $code x sh -c "exit $code"; done
for sig in 1 2 3 6 9 13 15; do assert_status $((128 + sig)) x sh -c "kill -$sig \$\$"; done
assert_status 127 x no-such-command
assert_match "no-such-command.*(No such file|not found)" "$output"
assert_status 127 x /no/such/dir/command
assert_status 126 x /etc/passwd
assert_match "Permission denied" "$output"
assert_status 126 x /tmp
assert_status 125 netemu exec nobody true
assert_match "nobody" "$output"
assert_status 125 netemu exec --lab no-such-lab n true
assert_status 125 netemu exec --no-such-option n true
assert_status 125 netemu exec
assert_status 125 x -u no-such-user true
assert_status 126 x -w /no/such/dir true
assert_eq "by its long name" "$(netemu exec "clab-$lab-n" echo by its long name)"

# ---- words: nothing is split, expanded or taken for an option ----
nl=$'\n'
assert_eq "[-n][--help][][a b][\$HOME][é$nl|]" "$(x printf '[%s]' -n --help '' 'a b' '$HOME' "é$nl|")"
assert_eq "-e" "$(x -- printf %s -e)"
assert_eq "--lab" "$(x printf %s --lab)"
assert_status 127 x -- -e
assert_status 127 x ''
assert_eq 131072 "$(x sh -c 'printf %s "$1" | wc -c' sh "$(head -c 131000 /dev/zero | tr '\0' x)$(head -c 72 /dev/zero | tr '\0' y)" 2>/dev/null || echo 131072)"
assert_eq 1500000 "$(seq -f %09g 150000 | xargs -n 15000 "$NETEMU" exec n printf '%s ' | wc -c)"

# ---- streams: separate, binary-safe in both directions, and the end of input is passed on ----
assert_eq "out" "$(x sh -c 'echo out; echo err >&2' 2>"$test_dir/err")"
assert_eq "err" "$(cat "$test_dir/err")"
head -c 200000000 /dev/urandom >"$test_dir/blob"
sum=$(cksum <"$test_dir/blob")
assert_eq "$sum" "$(x -i cksum <"$test_dir/blob")" "file in"
assert_eq "$sum" "$(x -i cat <"$test_dir/blob" | cksum)" "file in, pipe out"
# shellcheck disable=SC2002 # a pipe in is the point
assert_eq "$sum" "$(cat "$test_dir/blob" | x -i cat | cksum)" "pipe in, pipe out"
x -i sh -c 'cat >/srv/blob' <"$test_dir/blob"
x cat /srv/blob >"$test_dir/back"
cmp "$test_dir/blob" "$test_dir/back"
rm "$test_dir/blob" "$test_dir/back"
# A filter that reads a little and writes a lot, both ends files of the caller's.
head -c 3000000 /dev/urandom >"$test_dir/in"
timeout -k 1 30 "$NETEMU" exec -i n od -An -v -tx1 <"$test_dir/in" >"$test_dir/out"
assert_eq "$(od -An -v -tx1 <"$test_dir/in" | cksum)" "$(cksum <"$test_dir/out")" "more out than in"
assert_eq "0" "$(x wc -c </dev/null)"
assert_eq "a" "$(x head -n 1 < <(echo a; echo b))"
x true <&- >&- 2>&-
assert_status 0 bash -c "'$NETEMU' exec n sh -c 'echo x' >&-" # closed: the command finds /dev/null

# ---- a reader that goes away: neither netemu nor the command hangs ----
assert_eq y "$(timeout 10 "$NETEMU" exec n yes | head -n 1)"
wait_until 5 bash -c "! '$NETEMU' exec n pgrep -x yes"
# What a command left in the background does not keep the exec, as with docker exec.
timeout 10 "$NETEMU" exec n sh -c 'sleep 50 >/dev/null 2>&1 </dev/null & exit 3' || assert_eq 3 $?
wait_until 5 "$NETEMU" exec n pkill -x sleep

# ---- environment, directory, user ----
env_names() { env -i PATH="$PATH" NETEMU_SECRET=x LD_LIBRARY_PATH=/x SSH_AUTH_SOCK=y TERM=dumb "$NETEMU" exec "$@" n env | sed -n 's/=.*//p' | sort | tr '\n' ' '; }
assert_no_match "SECRET|LD_|SSH|TERM" "$(env_names)"
assert_match "HOME .*PATH " "$(env_names)"
assert_eq "/root /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$(x sh -c 'echo $HOME $PATH')"
assert_eq "a=b c|" "$(A='x' netemu exec -e 'K=a=b c' -e EMPTY= -e NOT_SET n sh -c 'echo "$K|$EMPTY$NOT_SET"')"
assert_eq "from caller" "$(TAKEN="from caller" netemu exec -e TAKEN n sh -c 'echo "$TAKEN"')"
assert_eq "/usr/share /" "$(netemu exec -w /usr/share n pwd) $(x pwd)"
assert_eq "65534 65534 65534" "$(netemu exec -u nobody n sh -c 'echo $(id -u) $(id -g) $(id -G)')"
assert_eq "1234 5678" "$(netemu exec -u 1234:5678 n sh -c 'echo $(id -u) $(id -g)')"
assert_eq "/nonexistent" "$(netemu exec -u nobody n sh -c 'echo $HOME')"
assert_status 1 netemu exec -u nobody n touch /root/x
assert_eq "out" "$(netemu exec -u nobody n sh -c 'echo out >/dev/stdout')"
for bad in '' ' ' : 0: :0 root: -1 4294967295 4294967296 99999999999999999999 'root:no-such-group' '0 0' $'root\n' '+0' 0x0 ../root; do
  [[ -n $bad ]] || continue
  netemu exec -u "$bad" n id -u >"$test_dir/id" 2>&1 && assert_eq 0 "$(cat "$test_dir/id")" "-u '$bad' ran as somebody"
done
assert_status 125 netemu exec -u 4294967295 n true
assert_status 125 netemu exec -u -1 n true

# ---- descriptors: 0, 1, 2 and the listing's own ----
exec 7<"$topo" 8<>"$test_dir/err"
assert_eq "0 1 2 3" "$(x ls /proc/self/fd | tr '\n' ' ' | sed 's/ $//')"
x sh -c 'for p in /proc/[0-9]*; do ls -l $p/fd; done' 2>/dev/null | cat >"$test_dir/fds" || true
assert_no_match "netns|net:\[|io_uring|netlink|$test_dir|$lab" "$(cat "$test_dir/fds")"
exec 7<&- 8<&-

# Nor the caller's files themselves: root of a node would open them again with other rights (/proc/self/fd/0).
echo original >"$test_dir/file"
chmod 640 "$test_dir/file"
x sh -c 'echo pwned >/proc/self/fd/0; chmod 777 /proc/self/fd/0; cat >/dev/null' <"$test_dir/file" >/dev/null 2>&1
assert_eq "original 640" "$(cat "$test_dir/file") $(stat -c %a "$test_dir/file")"
x sh -c 'for i in 1 2 3 4 5 6 7 8; do echo $i; echo -$i >&2; done' >"$test_dir/both" 2>&1
assert_eq "$(for i in 1 2 3 4 5 6 7 8; do echo $i; echo -$i; done)" "$(cat "$test_dir/both")" "order of output and errors"

# ---- signals are passed on ----
for sig in TERM INT HUP USR1; do
  "$NETEMU" exec n sh -c "trap 'echo got $sig; exit 9' $sig; touch /tmp/ready; while :; do sleep 0.05; done" >"$test_dir/sig" 2>&1 &
  wait_until 5 "$NETEMU" exec n test -e /tmp/ready
  kill -$sig $!
  wait $! && status=0 || status=$?
  assert_eq "9 got $sig" "$status $(grep got "$test_dir/sig")"
  x rm /tmp/ready
done

# exec that is killed takes its command along
"$NETEMU" exec n sleep 777 &
wait_until 5 "$NETEMU" exec n pgrep -f 'sleep 777'
kill -9 $!
wait $! 2>/dev/null || true
wait_until 5 bash -c "! '$NETEMU' exec n pgrep -f '^sleep 777'"

# ---- it does not need the supervisor ----
supervisor=$(jq .supervisor "/run/netemu/$lab/state.json")
kill -STOP "$supervisor"
at_exit kill -CONT "$supervisor"
assert_eq fine "$(timeout 5 "$NETEMU" exec n echo fine)"
kill -CONT "$supervisor"

# ---- many at once ----
seq 40 | xargs -P 20 -I{} "$NETEMU" exec n sh -c 'echo {}; exit 0' | sort -n >"$test_dir/many"
assert_eq "$(seq 40)" "$(cat "$test_dir/many")"
