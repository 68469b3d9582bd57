#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# volumes - those with a name outlive labs and are shared, those without go with the lab; docker volume lists and removes them
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq
export NETEMU_VOLUMES=$test_dir/volumes
netemu shims "$test_dir/shims" >/dev/null 2>&1
docker() { "$test_dir/shims/docker" "$@"; }
on() { netemu exec --lab "$lab" "$@"; }
mkdir "$test_dir/bound"
echo bound >"$test_dir/bound/file"

topo <<YAML
topology:
  defaults: {kind: linux, image: alpine}
  nodes:
    a:
      volumes: ["shared:/srv/data", "/scratch", "etc-ssl:/etc/ssl", "empty:/etc/alternatives:nocopy"]
      binds: ["$test_dir/bound:/srv/data/deep/er"]
    b:
      volumes: ["shared:/mnt:ro"]
YAML
netemu run "$topo" >"$test_dir/out" 2>&1 || die "$(cat "$test_dir/out")"
on a sh -c 'echo hello >/srv/data/greeting; echo own >/scratch/file'
assert_eq hello "$(on b cat /mnt/greeting)"
assert_eq hello "$(cat "$NETEMU_VOLUMES/shared/_data/greeting")"
assert_status 1 netemu exec --lab "$lab" b sh -c 'echo x 2>/dev/null >/mnt/no || exit 1'
# A bind inside of a volume is seen, whatever their order in the file.
assert_eq bound "$(on a cat /srv/data/deep/er/file)"
# A new volume begins with what the node has there, with owners, modes and links; with nocopy it is empty.
assert_eq "$(cd /etc/ssl && find . -type f -printf '%P %m %u %s\n' -o -type l -printf '%P %l\n' | sort)" \
  "$(cd "$NETEMU_VOLUMES/etc-ssl/_data" && find . -type f -printf '%P %m %u %s\n' -o -type l -printf '%P %l\n' | sort)"
assert_eq 0 "$(on a sh -c 'ls /etc/alternatives | wc -l')"
on a mountpoint -q /scratch
# Volumes of others are not to be seen from a node.
assert_eq "" "$(on b sh -c 'ls /var/lib/netemu')"
# A restart keeps both.
netemu restart --lab "$lab" a >/dev/null
assert_eq "hello own" "$(on a sh -c 'cat /srv/data/greeting /scratch/file' | xargs)"

# What the commands say.
assert_eq "empty etc-ssl shared" "$(docker volume ls -q | xargs)"
assert_match 'DRIVER +VOLUME NAME' "$(docker volume ls)"
assert_eq "$NETEMU_VOLUMES/shared/_data" "$(docker volume inspect shared --format '{{.Mountpoint}}')"
assert_match '"Destination": "/srv/data"' "$(netemu inspect "$lab" --details -f json)"
assert_eq "$NETEMU_VOLUMES/shared/_data" \
  "$(netemu inspect "$lab" --details -f json | jq -r '.[][] | select(.Names[0] | endswith("-b")).Mounts[] | select(.Destination == "/mnt").Source')"
assert_status 1 docker volume rm shared
assert_match "remove shared: volume is in use - \[clab-$lab-[ab]\]" "$output"
assert_status 1 docker volume inspect nothing
assert_match 'get nothing: no such volume' "$output"
assert_status 1 docker volume create ../x
assert_eq made "$(docker volume create made)"
assert_eq made "$(docker volume ls -q -f dangling=true)"

# The lab's end is not theirs.
netemu destroy "$lab" >/dev/null
assert_eq hello "$(cat "$NETEMU_VOLUMES/shared/_data/greeting")"
netemu run "$topo" >"$test_dir/out" 2>&1 || die "$(cat "$test_dir/out")"
assert_eq hello "$(on b cat /mnt/greeting)"
assert_status 1 netemu exec --lab "$lab" a test -e /scratch/file
netemu destroy "$lab" >/dev/null
assert_eq shared "$(docker volume rm shared)"
assert_match 'Deleted Volumes:' "$(docker volume prune --all --force)"
assert_eq "" "$(ls "$NETEMU_VOLUMES")"
