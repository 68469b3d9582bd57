#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kube_streams - exec, attach, cp, logs and port-forward with every kubectl there is (SPDY/3.1, and WebSocket from 1.30 on)
#
#   control-plane    worker: pod `p` (containers main: a server on its loopback, cat: with stdin, tty: a shell)
. "$(dirname "$0")/../lib.sh"
need_cmd perl script md5sum
need_kubectl
own_machine "$@"

lab_name
cat >"$test_dir/cluster.yaml" <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $lab
nodes: [{role: control-plane}, {role: worker}]
YAML
# The server echoes: a line with a number, then that many bytes.
cat >"$test_dir/pod.yaml" <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: main
    image: busybox
    workingDir: /usr
    env: [{name: GREETING, value: hello}]
    command:
    - perl
    - -e
    - |
      use Socket; $SIG{CHLD} = "IGNORE"; $| = 1;
      socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
      bind(S, sockaddr_in(8080, inet_aton("127.0.0.1"))) or die; listen(S, 50);
      print "serving\n"; print STDERR "on 8080\n";
      while (1) {
        accept(C, S) or next; if (fork) { close(C); next }
        my ($n, $b) = ("", "");
        while (sysread(C, $b, 1) && $b ne "\n") { $n .= $b }
        while ($n > 0) { my $r = sysread(C, $b, $n < 65536 ? $n : 65536); exit 1 unless $r; $n -= $r;
          my $o = 0; while ($o < $r) { $o += syswrite(C, $b, $r - $o, $o) } }
        exit 0;
      }
  - {name: cat, image: busybox, command: [cat], stdin: true}
  - {name: tty, image: busybox, command: [sh], stdin: true, tty: true}
---
apiVersion: v1
kind: Pod
metadata: {name: counts}
spec:
  restartPolicy: Never
  containers:
  - {name: c, image: busybox, command: [sh, -c, "for i in 1 2 3 4 5; do echo line $i; done; read x </proc/self/fd/0; sleep 0.5; echo last; exit 4"]}
YAML
netemu run "$test_dir/cluster.yaml" "$test_dir/pod.yaml" --wait >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
KUBECONFIG=$(netemu kubeconfig "$lab" --path)
export KUBECONFIG

head -c 8000000 /dev/urandom >"$test_dir/8m"
head -c 100000000 /dev/urandom >"$test_dir/100m"
sum() { md5sum <"$1"; }

k() { timeout 60 "$kubectl" "$@"; }
# terminal COMMAND... - with a terminal of its own as stdio. The shell between them must not stay the session leader: timeout(1)
# then makes a process group of its own, in the background, which a command that sets its terminal is stopped in.
terminal() { script -qec "exec $(printf '%q ' "$@")" /dev/null </dev/null | sed 's/\^@//g; s/\r//g'; }

test_exec() {
  local out
  assert_eq "hello /usr p" "$(k exec p -c main -- sh -c 'echo $GREETING $PWD $(hostname)')" "environment, directory, host name"
  assert_status 3 k exec p -c main -- sh -c 'echo out; echo err >&2; exit 3'
  assert_match "out" "$output"
  assert_match "err" "$output"
  assert_match "command terminated with exit code 3" "$output"
  out=$(k exec p -c main -- sh -c 'echo out; echo err >&2' 2>/dev/null)
  assert_eq out "$out" "stdout alone"
  assert_status 127 k exec p -c main -- no-such-program
  assert_status 143 k exec p -c main -- sh -c 'kill $$'
  assert_eq "$(sum "$test_dir/8m")" "$(k exec -i p -c main -- cat <"$test_dir/8m" | md5sum)" "8 MB there and back"
  assert_eq 30000000 "$(k exec p -c main -- head -c 30000000 /dev/zero | wc -c)" "30 MB of output"
  # A command that does not read, one that closes its input, one whose output is kept open by another.
  assert_eq closed "$(k exec -i p -c main -- sh -c 'exec <&-; sleep 0.1; echo closed' <"$test_dir/8m")"
  assert_eq kept "$(k exec p -c main -- sh -c 'sleep 60 & echo kept')"
  assert_status 1 k exec p -c none -- true
}

test_terminal() {
  assert_match "/dev/pts/[0-9]+ xterm" "$(terminal timeout 20 "$kubectl" exec -it p -c main -- sh -c 'echo $(tty) $TERM')"
  assert_status 5 script -qec "exec timeout 20 $kubectl exec -it p -c main -- sh -c 'exit 5'" /dev/null
}

# The client goes: the command gets SIGHUP.
test_hangup() {
  local mark=7${kubectl_version//./}
  timeout 60 "$kubectl" exec p -c main -- sleep "$mark" &
  wait_until 10 netemu exec --lab "$lab" p -c main -- pgrep -f "sleep $mark"
  kill $!
  wait $! || true
  wait_until 10 eval "! netemu exec --lab $lab p -c main -- pgrep -f 'sleep $mark'"
}

test_attach() {
  local line=attached-$kubectl_version fd
  rm -f "$test_dir/fifo"
  mkfifo "$test_dir/fifo"
  timeout 60 "$kubectl" attach -i p -c cat <"$test_dir/fifo" >"$test_dir/attach" 2>/dev/null &
  exec {fd}>"$test_dir/fifo"
  echo "$line" >&"$fd"
  wait_until 10 grep -qx "$line" "$test_dir/attach"
  # The container goes on after its input's end, and so does attach, until it is ended.
  exec {fd}>&-
  kill $!
  wait $! || true
  assert_match "$line" "$(k logs p -c cat)"
}

test_cp() {
  local file=$1
  k cp "$test_dir/$file" "p:/tmp/up" -c main >/dev/null
  assert_eq "$(sum "$test_dir/$file")" "$(k exec p -c main -- cat /tmp/up | md5sum)" "cp of $file to the pod"
  rm -f "$test_dir/down"
  k cp "p:/tmp/up" "$test_dir/down" -c main >/dev/null 2>&1
  cmp "$test_dir/$file" "$test_dir/down"
}

test_logs() {
  assert_eq "serving
on 8080" "$(k logs p -c main | sort -r)"
  assert_eq "" "$(k logs p -c main --tail=0)"
  assert_match "^20[0-9-]+T[0-9:.]+Z (serving|on 8080)$" "$(k logs p -c main --tail=1 --timestamps)"
  assert_eq ser "$(k logs p -c main --limit-bytes=3 | cut -c 1-3)"
  assert_eq 2 "$(k logs p -c main --since=1h | wc -l)"
  assert_status 1 k logs p -c none
}

# echo_through PORT FILE - writes a file to the server, compares what comes back
echo_through() {
  local fd
  exec {fd}<>"/dev/tcp/127.0.0.1/$1"
  { stat -c %s "$2"; cat "$2"; } >&"$fd" &
  cmp "$2" - <&"$fd"
  wait $!
  exec {fd}>&-
}

test_forward() {
  local port pid i pids=()
  rm -f "$test_dir/forward"
  timeout 60 "$kubectl" port-forward p :8080 :8081 >"$test_dir/forward" 2>&1 &
  pid=$!
  wait_until 10 grep -q '127.0.0.1:.* -> 8081' "$test_dir/forward"
  port=$(sed -n 's/.*127.0.0.1:\([0-9]*\) -> 8080/\1/p' "$test_dir/forward")
  for ((i = 0; i < 4; i++)); do
    echo_through "$port" "$test_dir/8m" &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  # Nobody is there.
  port=$(sed -n 's/.*127.0.0.1:\([0-9]*\) -> 8081/\1/p' "$test_dir/forward")
  : <>"/dev/tcp/127.0.0.1/$port"
  wait_until 10 grep -q 'failed to connect to localhost:8081 .*127.0.0.1:8081: connect: connection refused' "$test_dir/forward"
  kill $pid 2>/dev/null || true
  wait $pid || true
}

# -f ends when the container has ended, with its last line.
test_follow() {
  timeout 60 "$kubectl" logs -f counts >"$test_dir/follow" &
  wait $!
  assert_eq "line 1
line 2
line 3
line 4
line 5
last" "$(cat "$test_dir/follow")"
  assert_eq "line 5
last" "$(k logs counts --tail=2)"
}

first=1
while read -r kubectl_version kubectl <&3; do
  start=${EPOCHREALTIME/./}
  ((!first)) || test_follow
  test_exec
  test_terminal
  test_hangup
  test_attach
  if ((first)) || [[ $kubectl_version == "$(tail -n 1 <<<"$kubectls" | cut -d ' ' -f 1)" ]]; then
    test_cp 100m
  else
    test_cp 8m
  fi
  test_logs
  test_forward
  first=0
  echo "kubectl $kubectl_version: $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
done 3<<<"$kubectls"
