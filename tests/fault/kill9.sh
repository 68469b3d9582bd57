#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill9 - kill -9 of `run`, `destroy` and the supervisor at random moments: nothing is left, and the next run works
#
# 12 times by default, 100 times each during `run` and `destroy` with NETEMU_FAULT_FULL=1.
# shellcheck disable=SC2154 # topo, lab, elapsed: of lib.sh
. "$(dirname "$0")/machine"

rounds=$((full ? 100 : 12))

# processes - whether any but this shell are left
processes() {
  local dir
  for dir in /proc/[0-9]*; do [[ $dir == /proc/1 ]] || return 0; done
  return 1
}

# supervisor - sets $sup to the supervisor's pid, "" when there is none
supervisor() {
  local dir comm
  sup=
  for dir in /proc/[0-9]*; do
    read -r comm 2>/dev/null <"$dir/comm" || continue
    [[ $comm != netemu-lab ]] || sup=${dir#/proc/}
  done
}

# Lets time pass without giving up the processor: a sleep would end at a tick.
busy_wait() {
  local until=$((${EPOCHREALTIME/./} + $1))
  while ((${EPOCHREALTIME/./} < until)); do :; done
}

# strike VICTIM PID - kill -9 of the command, the supervisor, or both; sets $status, and $sup if that was killed
strike() {
  local victims=()
  supervisor
  [[ $1 != command ]] || sup=
  [[ $1 == supervisor ]] || victims+=("$2")
  [[ -z $sup ]] || victims+=("$sup")
  ((${#victims[@]} == 0)) || kill -KILL "${victims[@]}" 2>/dev/null || true
  wait "$2" 2>/dev/null && status=0 || status=$?
}

# aftermath WHAT - all of it goes within a second, unless the lab is up
aftermath() {
  local works deadline=$((${EPOCHREALTIME/./} + 1000000))
  while [[ $status != 0 || -n $sup ]] && processes && ((${EPOCHREALTIME/./} < deadline)); do pause; done
  timeout 20 "$NETEMU" list >"$test_dir/list" 2>&1 </dev/null || failed "$1: list: $(cat "$test_dir/list")"
  if [[ -n $sup ]]; then
    ! grep -q "$lab" "$test_dir/list" || failed "$1: lives on without its supervisor"
  elif grep -q "$lab" "$test_dir/list"; then
    works=$(lab_works) || failed "$1: exit status $status, $works"
    lab_destroy "$1" || true
  fi
  clean "$1" || rm -rf /run/netemu /run/netns
}

lab_start() {
  local works
  timeout 30 "$NETEMU" run "$topo" >"$test_dir/out" 2>&1 </dev/null || {
    failed "$1: run: exit status $?: $(cat "$test_dir/out")"
    return 0
  }
  works=$(lab_works) || failed "$1: $works"
}

victims=(command supervisor both)
fault_lab
lab_start "warming up" && lab_destroy "warming up" && clean "warming up"

microseconds "$NETEMU" run "$topo" </dev/null >/dev/null 2>&1
run_usec=$elapsed
microseconds "$NETEMU" destroy "$lab" </dev/null >/dev/null 2>&1
destroy_usec=$elapsed
clean "measuring" || true
echo "$rounds rounds; run takes $((run_usec / 1000)) ms, destroy $((destroy_usec / 1000)) ms"

for ((i = 0; i < rounds; i++)); do
  victim=${victims[i % 3]}

  usec=$((RANDOM * run_usec / 32768))
  "$NETEMU" run "$topo" </dev/null >/dev/null 2>&1 &
  command=$!
  busy_wait "$usec"
  strike "$victim" "$command"
  aftermath "run, $victim killed after $usec us"

  lab_start "run after that (round $i)"
  usec=$((RANDOM * destroy_usec / 32768))
  "$NETEMU" destroy "$lab" </dev/null >/dev/null 2>&1 &
  command=$!
  busy_wait "$usec"
  strike "$victim" "$command"
  aftermath "destroy, $victim killed after $usec us"
done
finish
