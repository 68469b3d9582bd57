#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# binds - sources and targets that try to get out of a node's root, and paths with characters that mean something
#
#   a        one plain host with many binds
. "$(dirname "$0")/../lib.sh"
own_machine "$@"

victim=$test_dir/victim
odd="$test_dir/with,comma and=space\\back"
mkdir -p "$victim" "$odd" "$test_dir/links"
echo host >"$victim/file"
echo odd >"$odd/file"
ln -s "$victim" "$test_dir/links/dir"
ln -s "../../../../../../../../../..$victim/file" "$test_dir/links/file"
mkfifo "$test_dir/fifo"

topo <<YAML
topology:
  nodes:
    a:
      kind: linux
      image: debian
      network-mode: none
      binds:
        - links/dir:/mnt/dir
        - links/file:/mnt/file:ro
        - fifo:/mnt/fifo
        - '$odd:/mnt/odd'
        - "$victim:/../../../../mnt/up"
        - "$victim/file:/tmp/../mnt/./deep//er/file"
        - "$victim:/var/run/through-a-symlink"
        - "$victim/file:/etc/mtab"
YAML
netemu run "$topo" >/dev/null 2>&1
x() { netemu exec a "$@"; }

# Sources are the host's, links followed; targets are inside the node whatever they look like.
assert_eq "host host odd host host host" \
  "$(x sh -c 'echo $(cat /mnt/dir/file /mnt/file /mnt/odd/file /mnt/up/file /mnt/deep/er/file /run/through-a-symlink/file)')"
x test -p /mnt/fifo
for made in /mnt/up /mnt/deep /mnt/dir "$victim/through-a-symlink" /run/through-a-symlink "$(dirname "$test_dir")/mnt"; do
  [[ ! -e $made ]] || die "$made was made on the host"
done
[[ -L /etc/mtab || ! -e /etc/mtab || $(cat /etc/mtab) != host ]] || die "the host's /etc/mtab was covered"
assert_status 2 x sh -c 'echo x >/mnt/file'

# What the node does inside a bind is the host's (that is what a bind is for); above it, it is the node's.
x sh -c 'echo from node >/mnt/dir/new'
assert_eq "from node" "$(cat "$victim/new")"
x sh -c 'umount /mnt/up && rmdir /mnt/up && ln -s / /mnt/up && echo y >/mnt/up/of-a'
[[ ! -e /of-a && -e $victim/file ]] || die "a node reached the host's root"
netemu destroy "$lab" >/dev/null
assert_eq "host" "$(cat "$victim/file")"

# A source that becomes a symlink to elsewhere while labs start: each node has one of the two, and none but these.
echo one >"$test_dir/one"
echo two >"$test_dir/two"
ln -s one "$test_dir/swap"
topo swap <<'YAML'
topology: {nodes: {a: {kind: linux, image: alpine, network-mode: none, binds: ["swap:/mnt/swap"]}}}
YAML
(while :; do ln -sfn two "$test_dir/swap" && ln -sfn one "$test_dir/swap"; done) 2>/dev/null &
swapper=$!
at_exit kill $swapper
for _ in {1..10}; do
  netemu run "$topo" >"$test_dir/out" 2>&1 || { assert_match "swap" "$(cat "$test_dir/out")" && continue; }
  assert_match "^(one|two)$" "$(x cat /mnt/swap)"
  netemu destroy "$lab" >/dev/null
done
kill $swapper

# Sources that make no sense: a mistake with its line, nothing made.
for bad in "/proc/self/fd/99:/mnt/x" "absent:/mnt/x" "one" "one:" ":/x" "one:relative" "one:/x:bad-option" "one:/"; do
  topo bad <<YAML
topology: {nodes: {a: {kind: linux, image: alpine, network-mode: none, binds: ["$bad"]}}}
YAML
  netemu run "$topo" >"$test_dir/out" 2>&1 && die "bind '$bad' was taken"
  assert_match "clab.yml:2:|bind" "$(cat "$test_dir/out")"
  [[ ! -e /run/netemu ]] || die "bind '$bad' left $(find /run/netemu)"
done

# The directory of the labs' state may have characters that overlayfs takes for separators.
export NETEMU_RUNDIR="/run/odd:dir,with\\=all"
topo odd <<'YAML'
topology: {nodes: {a: {kind: linux, image: frrouting/frr, cmd: bash, network-mode: none}}}
YAML
netemu run "$topo" >/dev/null 2>&1
x touch /etc/frr/vtysh.conf /root/here
netemu destroy "$lab" >/dev/null
[[ ! -e $NETEMU_RUNDIR && ! -e /root/here ]] || die "left: $(find /run)"
