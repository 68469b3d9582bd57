#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# full - no space, no descriptors, no processes, no place for files: a lab that works, or one line and nothing left
# shellcheck disable=SC2154 # topo, lab: of lib.sh
. "$(dirname "$0")/machine"

# attempt WHAT COMMAND... - either the lab works, or it has said in one line ($err) why not; in any case nothing is left
attempt() {
  local what=$1 status=0 works
  shift
  timeout 30 "$@" </dev/null >"$test_dir/out" 2>"$test_dir/err" || status=$?
  err=$(grep -v 'nodes do not reach beyond the host while\|^netemu run: warning: ' "$test_dir/err" || true)
  ((status != 124)) || failed "$what: hangs"
  [[ ! -d $cgroup ]] || echo max >"$cgroup/pids.max"
  if ((status == 0)); then
    works=$(lab_works) || failed "$what: exit status 0, but $works; it said: $err"
    lab_destroy "$what" || true
    worked=$((worked + 1))
  else
    [[ $err == "netemu run: "?* && $err != *$'\n'* ]] || failed "$what: not one clear line: $err"
    echo "$what: ${err#netemu run: }"
    [[ -z $sweeps ]] || "$NETEMU" list >/dev/null 2>&1 || failed "$what: list"
  fi
  clean "$what" || rm -rf /run/netemu /run/netns
}

# Where `run` cannot even open what it would have to remove, the next command sweeps.
sweeps=
worked=0
cgroup=
fault_lab
attempt "nothing missing" "$NETEMU" run "$topo"
((worked == 1)) || die "the lab must work when nothing is missing"

for size in 4k 16k 64k 128k 256k 1m; do
  attempt "tmpfs of $size" env NETEMU_TMPFS_SIZE=$size "$NETEMU" run "$topo"
done
((worked > 1)) || failed "1 MiB is not enough for a lab"

sweeps=1
step=$((full ? 1 : 7))
for ((n = 4; n <= 70; n += step)); do
  attempt "$n descriptors" prlimit --nofile="$n" "$NETEMU" run "$topo"
done

sweeps=

# Root is not bound by RLIMIT_NPROC while it has CAP_SYS_RESOURCE, but a pids cgroup binds it.
pids=/sys/fs/cgroup/pids
[[ -d $pids ]] || pids=/sys/fs/cgroup
cgroup=$pids/$NETEMU_TEST_RUN-full
if mkdir "$cgroup" 2>/dev/null && [[ -w $cgroup/pids.max ]]; then
  at_exit rmdir "$cgroup"
  snapshot "$test_dir/before"
  for ((n = 1; n <= 9; n++)); do
    echo $((n + 1)) >"$cgroup/pids.max" # and timeout
    attempt "$n processes" bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' bash "$cgroup" "$NETEMU" run "$topo"
  done
else
  rmdir "$cgroup" 2>/dev/null || true
  echo "no pids cgroup here: a lack of processes is not tried"
fi

# No place for what is known of labs.
snapshot "$test_dir/before"
mount -t tmpfs -o ro netemu-test /run/lock 2>/dev/null || { mkdir -p /run/lock && mount -t tmpfs -o ro netemu-test /run/lock; }
snapshot "$test_dir/before"
attempt "read-only place" env NETEMU_RUNDIR=/run/lock/netemu "$NETEMU" run "$topo"
attempt "missing place" env NETEMU_RUNDIR=/run/nowhere/netemu "$NETEMU" run "$topo"
: >/run/file
snapshot "$test_dir/before"
attempt "a file in its place" env NETEMU_RUNDIR=/run/file "$NETEMU" run "$topo"
mkdir -m 0777 /run/open && ln -s /run/open /run/link
snapshot "$test_dir/before"
attempt "a directory that all can write to" env NETEMU_RUNDIR=/run/open "$NETEMU" run "$topo"
attempt "a symlink in its place" env NETEMU_RUNDIR=/run/link "$NETEMU" run "$topo"
umount /run/lock && rm -r /run/file /run/open /run/link /run/lock

# Its place is full: a tmpfs of one page, which the directories already fill.
mkdir /run/small
mount -t tmpfs -o size=4k,nr_inodes=3 netemu-test /run/small
snapshot "$test_dir/before"
attempt "no inodes for the state" env NETEMU_RUNDIR=/run/small/netemu "$NETEMU" run "$topo"
mount -o remount,size=4k,nr_inodes=100 /run/small
snapshot "$test_dir/before"
attempt "one page for the state" env NETEMU_RUNDIR=/run/small/netemu "$NETEMU" run "$topo"
umount /run/small && rmdir /run/small

# A name in /run/netns that somebody else has.
mkdir /run/netns && : >"/run/netns/clab-$lab-b"
snapshot "$test_dir/before"
attempt "a name that is taken" "$NETEMU" run "$topo"
[[ $err == *"/run/netns/clab-$lab-b exists already"* ]] || failed "a name that is taken is told as: $err"
rm -r /run/netns
ip link add fault0 type veth peer name fault1
snapshot "$test_dir/before"
attempt "a link that is there" "$NETEMU" run "$topo"
[[ $err == *"fault0"*"File exists"* ]] || failed "a link that is there is told as: $err"
ip link del fault0
finish
