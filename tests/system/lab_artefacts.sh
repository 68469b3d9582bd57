#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab_artefacts - what containerlab users script against: the lab's directory, /etc/hosts, SSH's configuration
#
#   r1 eth1 ---- eth1 h1        both at the management network; h1 runs something on port 22
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
# An /etc of its own: other labs have their blocks in the machine's, and what is mounted on a file goes when another takes its place.
mkdir "$test_dir/etc"
cp -a /etc/. "$test_dir/etc/"
mount --bind "$test_dir/etc" /etc
at_exit umount -l /etc
need_cmd jq python3
hosts() { sed -n "/^###### CLAB-$lab-START ######\$/,/^###### CLAB-$lab-END ######\$/p" /etc/hosts; }
around() { sed '/^###### CLAB-.*-START ######$/,/^###### CLAB-.*-END ######$/d' /etc/hosts; }
host_before=$(around)

cat >"$test_dir/sshd.py" <<'PY'
import os, socket
s = socket.create_server(("", 22))
if os.fork() == 0:
    os.setsid()
    s.accept()
PY
topo <<YAML
topology:
  defaults: {kind: linux, image: alpine}
  nodes:
    r1:
      group: core
      labels: {ansible-group: spine, nornir-group: a, nornir-group-2: b b, role: "x: y"}
    h1:
      labels: {ansible-no-host-var: "true"}
      binds:
        - __clabNodeDir__:/node
        - __clabDir__/topology-data.json:/topology.json
        - sshd.py:/sshd.py
      exec: [python3 /sshd.py, touch /node/from-the-node]
    alone: {network-mode: none}
  links:
    - type: veth
      endpoints:
        - {node: r1, interface: eth1, mac: "02:00:00:00:00:01", ipv4: 10.1.0.1/24, ipv6: "2001:db8::1/64"}
        - {node: h1, interface: eth1}
YAML
dir=$test_dir/clab-$lab
said=$(netemu run "$topo" 2>&1 >/dev/null)
assert_no_match warning "$said"

# ---- the directory ----
assert_eq ".$lab.clab.yml.bak ansible-inventory.yml authorized_keys h1 nornir-simple-inventory.yml topology-data.json" \
  "$(find "$dir" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort | xargs)" "the lab's directory"
assert_eq "$(cat "$topo")" "$(cat "$dir/.$lab.clab.yml.bak")" "backup"
[[ -e $dir/h1/from-the-node ]] || die "a node's directory is not where __clabNodeDir__ says"
assert_eq "$(cat "$dir/topology-data.json")" "$(netemu exec h1 cat /topology.json)" "bound before it was there"
assert_eq "all:
  vars:
    # The inventory is for use on this very host: no proxy of the environment shall be in between.
    ansible_httpapi_use_proxy: false
  children:
    linux:
      hosts:
        clab-$lab-alone:
          ansible_host: 
        clab-$lab-h1:
        clab-$lab-r1:
          ansible_host: 172.20.20.2
    spine:
      hosts:
        clab-$lab-r1:
          ansible_host: 172.20.20.2" "$(cat "$dir/ansible-inventory.yml")" "ansible"
assert_eq '---
alone:
    username: 
    password: 
    platform: linux
    hostname: 
h1:
    username: 
    password: 
    platform: linux
    hostname: 172.20.20.3
r1:
    username: 
    password: 
    platform: linux
    hostname: 172.20.20.2
    groups:
      - a
      - "b b"' "$(cat "$dir/nornir-simple-inventory.yml")" "nornir"
data() { jq -rc "$1" "$dir/topology-data.json"; }
assert_eq "[\"$lab\",\"clab\",\"clab\",\"172.20.20.0/24\",3]" \
  "$(data '[.name, .type, .clab.config.prefix, .clab.config.mgmt."ipv4-subnet", (.nodes | length)]')"
assert_eq "index shortname longname fqdn group labdir kind image mgmt-net mgmt-intf mgmt-ipv4-address mgmt-ipv4-prefix-length mgmt-ipv6-address mgmt-ipv6-prefix-length mac-address labels port-bindings" \
  "$(data '.nodes.r1 | keys_unsorted | join(" ")')" "containerlab's names of a node"
assert_eq "[\"clab-$lab-r1\",\"r1.$lab.io\",\"core\",\"$dir/r1\",\"172.20.20.2\",24,\"x: y\",\"$lab\",\"$topo\"]" \
  "$(data '.nodes.r1 | [.longname, .fqdn, .group, .labdir, ."mgmt-ipv4-address", ."mgmt-ipv4-prefix-length", .labels.role, .labels.containerlab, .labels."clab-topo-file"]')"
assert_eq "$(netemu exec r1 cat /sys/class/net/eth0/address)" "$(data '.nodes.r1."mac-address"')" "MAC of eth0"
assert_eq '{"node":"r1","interface":"eth1","mac":"02:00:00:00:00:01","ipv4":"10.1.0.1/24","ipv6":"2001:db8::1/64","peer":"z"}' \
  "$(data '.links[0].endpoints.a')"
assert_eq "$(netemu exec h1 cat /sys/class/net/eth1/address)" "$(data '.links[0].endpoints.z.mac')" "MAC of a link"

# ---- /etc/hosts and SSH ----
assert_eq "###### CLAB-$lab-START ######
172.20.20.3	clab-$lab-h1	# Kind: linux
172.20.20.2	clab-$lab-r1	# Kind: linux
3fff:172:20:20::3	clab-$lab-h1	# Kind: linux
3fff:172:20:20::2	clab-$lab-r1	# Kind: linux
###### CLAB-$lab-END ######" "$(hosts)" "/etc/hosts"
assert_eq "$host_before" "$(around)" "what is around the blocks"
ping -nqc 1 -W 2 "clab-$lab-r1" >/dev/null || die "the name does not lead there"
if [[ -d /etc/ssh/ssh_config.d ]]; then
  conf=/etc/ssh/ssh_config.d/clab-$lab.conf
  assert_match "Host clab-$lab-h1"$'\n' "$(cat "$conf")"
  assert_no_match "clab-$lab-r1" "$(cat "$conf")"
fi

# ---- destroy: what run made, and nothing else ----
touch "$dir/mine"
netemu destroy "$lab" >/dev/null
assert_eq "h1 h1/from-the-node mine" "$(cd "$dir" && find . -mindepth 1 -printf '%P\n' | sort | xargs)" "what is not netemu's stays"
assert_eq "" "$(hosts)"
[[ -z ${conf:-} || ! -e $conf ]] || die "$conf stays"
netemu run "$topo" >/dev/null 2>&1
netemu destroy --cleanup "$lab" >/dev/null
[[ ! -e $dir ]] || die "--cleanup leaves $(find "$dir")"

# The supervisor is killed: the next command removes it.
netemu run "$topo" >/dev/null 2>&1
rm "$dir/h1/from-the-node"
kill -9 "$(jq .supervisor "/run/netemu/$lab/state.json")"
[[ -e $dir && -n $(hosts) ]] || die "who has swept?"
swept() { netemu list && [[ ! -e $dir && -z $(hosts) ]]; }
wait_until 2 swept

# A directory that cannot be written: one line, and the lab runs. /etc/hosts as a mount point, as in containers.
cp /etc/hosts "$test_dir/hosts"
mount --bind "$test_dir/hosts" /etc/hosts
inode=$(stat -c %i /etc/hosts)
mkdir "$test_dir/ro"
sed '/binds:/,/exec:/d' "$topo" >"$test_dir/ro/$lab.clab.yml"
mount --bind "$test_dir/ro" "$test_dir/ro"
mount -o remount,bind,ro "$test_dir/ro"
said=$(netemu run "$test_dir/ro/$lab.clab.yml" 2>&1 >/dev/null | grep -v 'does not forward')
assert_eq "netemu run: warning: lab $lab: mkdir $test_dir/ro/clab-$lab: Read-only file system" "$said"
assert_match "clab-$lab-r1" "$(hosts)" "/etc/hosts as a mount point"
netemu destroy "$lab" >/dev/null
assert_eq "$inode $host_before" "$(stat -c %i /etc/hosts) $(around)" "/etc/hosts as a mount point"
umount "$test_dir/ro" /etc/hosts

# Elsewhere, and through a symlink that somebody has put there: not at all.
CLAB_LABDIR_BASE=$test_dir/base/labs netemu run "$topo" >/dev/null 2>&1
[[ -e $test_dir/base/labs/clab-$lab/topology-data.json && ! -e $dir ]] || die "CLAB_LABDIR_BASE has no effect"
rm "$test_dir/base/labs/clab-$lab/h1/from-the-node"
netemu destroy "$lab" >/dev/null
[[ ! -e $test_dir/base ]] || die "what CLAB_LABDIR_BASE made stays"
mkdir "$test_dir/elsewhere"
ln -s "$test_dir/elsewhere" "$dir"
sed -i '/binds:/,/exec:/d' "$topo"
said=$(netemu run "$topo" 2>&1 >/dev/null | grep -v 'does not forward')
assert_eq "netemu run: warning: lab $lab: open $dir: Not a directory" "$said"
netemu destroy --cleanup "$lab" >/dev/null 2>&1 || true
assert_eq "" "$(ls "$test_dir/elsewhere")" "through a symlink"
