#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# node_files - a node writes where it likes; neither the host nor its neighbour sees it
#
#   a ---- b        both frrouting/frr with `cmd: bash`: FRR is started by exec lines, as the tutorials do
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd /usr/lib/frr/frrinit.sh cksum

# What the nodes below write to, on the host.
host_files() {
  find /etc/frr /var/log/frr /var/tmp/frr /etc/hostname /etc/passwd /root /opt /srv -maxdepth 2 \
    -printf '%p %m %U:%G %s %T@\n' 2>/dev/null | sort
  # Labs with a management network have their blocks in /etc/hosts, and others may run.
  sed '/^###### CLAB-.*-START/,/^###### CLAB-.*-END/d' /etc/hosts | cat - /etc/frr/* /etc/passwd 2>/dev/null | cksum
}
before=$(host_files)

topo <<'YAML'
topology:
  defaults: {kind: linux, image: frrouting/frr:v8.2.2, cmd: bash, network-mode: none}
  nodes:
    a:
      exec:
        - touch /etc/frr/vtysh.conf
        - sed -i -e 's/bgpd=no/bgpd=yes/g' /etc/frr/daemons
        - /usr/lib/frr/frrinit.sh start
        - vtysh -c 'conf t' -c 'router bgp 65001' -c ' bgp router-id 1.1.1.1'
    b:
      exec:
        - touch /etc/frr/vtysh.conf
        - sed -i -e 's/bgpd=no/bgpd=yes/g' -e 's/bfdd=no/bfdd=yes/' /etc/frr/daemons
        - usr/lib/frr/frrinit.sh start
        - vtysh -c 'conf t' -c 'router bgp 65002' -c ' bgp router-id 2.2.2.2'
        - sh -c 'echo 9.9.9.9 stranger >>/etc/hosts; rm /etc/passwd; mkdir -p /opt/x/y; touch /root/of-b /usr/bin/of-b'
  links: [{endpoints: ["a:e1", "b:e1"]}]
YAML
out=$(netemu run "$topo" 2>&1)
assert_no_match warning "$out" "an exec line failed"

# Both ways of calling frrinit.sh started FRR, each with its own daemons and its own configuration.
daemons() { netemu exec "$1" ps -eo comm= | grep -xE 'zebra|.*bgpd|.*bfdd|staticd' | sort | tr '\n' ' '; }
assert_eq "bgpd staticd zebra " "$(daemons a)"
assert_eq "bfdd bgpd staticd zebra " "$(daemons b)"
assert_eq "router bgp 65001" "$(netemu exec a vtysh -c 'show run' | grep '^router bgp')"
assert_eq "router bgp 65002" "$(netemu exec b vtysh -c 'show run' | grep '^router bgp')"

# Private to b: a does not see it, nor does the host.
netemu exec b test -e /root/of-b
netemu exec b test -e /usr/bin/of-b
assert_status 1 netemu exec a test -e /root/of-b
assert_status 1 netemu exec b test -e /etc/passwd
netemu exec a test -e /etc/passwd
assert_eq 1 "$(netemu exec b grep -c stranger /etc/hosts)"
assert_eq 0 "$(netemu exec a grep -c stranger /etc/hosts || true)"
[[ ! -e /root/of-b && ! -e /usr/bin/of-b && ! -e /opt/x ]] || die "a node's file is on the host"

# /etc/frr starts from the package's defaults, whatever the host has there; owners are FRR's.
assert_eq "daemons frr frr 640" "$(netemu exec a stat -c '%n %U %G %a' /etc/frr/daemons | sed 's#.*/##')"

# /tmp, /var/tmp, /run, /dev/shm, /var/log are the node's own and writable.
for d in /tmp /var/tmp /run /dev/shm /var/log; do
  netemu exec a touch "$d/of-a"
  assert_status 1 netemu exec b test -e "$d/of-a"
  [[ ! -e $d/of-a ]] || die "$d of the node is the host's"
done
touch "$test_dir/secret" # below the host's /tmp
assert_status 1 netemu exec a test -e "$test_dir"
for d in /tmp /var/tmp; do assert_eq 1777 "$(netemu exec b stat -c %a "$d")"; done

# A large file and many files go through the overlay; what is deleted stays deleted.
netemu exec a sh -c 'head -c 20000000 /dev/zero >/srv/big && mkdir /srv/d && cd /srv/d && seq 500 | xargs touch'
assert_eq "20000000 500" "$(netemu exec a sh -c 'echo $(stat -c %s /srv/big) $(ls /srv/d | wc -l)')"
netemu exec a rm -r /srv/big /srv/d

netemu destroy "$lab" >/dev/null
assert_eq "$before" "$(host_files)" "files of the host"
