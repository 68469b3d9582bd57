#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host_mounts - nodes of a host whose /etc, /opt and /srv/x are file systems of their own
#
#   r        a router that sleeps        h        a plain host
. "$(dirname "$0")/../lib.sh"
own_machine "$@"

# /etc in memory, /opt (a bind mount, closed to others), and at /srv/x something that cannot be below a node's overlay:
# two overlays on top of each other.
mkdir "$test_dir/etc"
cp -a /etc/. "$test_dir/etc"
mount -t tmpfs -o mode=0755 etc /etc
cp -a "$test_dir/etc/." /etc
echo ours >/etc/netemu-test
mkdir -m 0750 "$test_dir/opt"
touch "$test_dir/opt/here"
mount --bind "$test_dir/opt" /opt
mount -t tmpfs srv /srv
mkdir -p /srv/x /srv/{1,2}{u,w,m}
mount -t overlay o -o lowerdir=/usr,upperdir=/srv/1u,workdir=/srv/1w /srv/1m
mount -t overlay o -o lowerdir=/srv/1m,upperdir=/srv/2u,workdir=/srv/2w /srv/x

topo <<'YAML'
topology:
  defaults: {kind: linux, network-mode: none}
  nodes:
    r: {image: frrouting/frr, cmd: bash, hostname: alpha, dns: {servers: [192.0.2.53]}, exec: ["touch /etc/mark /opt/mark"]}
    h: {image: alpine}
YAML
assert_status 0 netemu run "$topo"

assert_eq "alpha alpha nameserver 192.0.2.53" "$(netemu exec r sh -c 'hostname; cat /etc/hostname /etc/resolv.conf' | xargs)"
assert_eq "h ours" "$(netemu exec h cat /etc/hostname /etc/netemu-test | xargs)"
assert_match "^127.0.0.1.localhost" "$(netemu exec h cat /etc/hosts)"
assert_eq "daemons" "$(netemu exec r ls /etc/frr)" "FRR's configuration"
assert_eq "/opt/here /opt/mark" "$(netemu exec r sh -c 'echo /opt/*')"
assert_eq "/opt/here" "$(netemu exec h sh -c 'echo /opt/*')"
assert_eq "750" "$(netemu exec h stat -c %a /opt)"
[[ ! -e /etc/mark && ! -e /opt/mark ]] || die "a node wrote to the host's files"
netemu exec h test ! -e /etc/mark || die "a node sees another's files"
