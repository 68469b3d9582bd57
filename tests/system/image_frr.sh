#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# image_frr - a router of the host's FRR and one of an image's, side by side: each has its own files, and they speak BGP
#
#   old (AS 65001, the host's FRR) ---- 10.0.0.0/24 ---- own (AS 65002, an imported root)
#
# The image is made of what this host's FRR needs, and has no configuration: its name tells what to start.
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd vtysh jq ldd
[[ -x /usr/lib/frr/watchfrr ]] || skip "needs the frr package"

cd "$test_dir"
# ---- the root: programs, what they are linked with, and no more ----
programs=(/bin/sh /bin/bash)
for tool in awk cat chmod chown cp cut date echo env grep head hostname id install kill ls mkdir mktemp mv ps readlink rm sed sleep sort \
  stat tail touch tr true uname vtysh wc; do
  programs+=("$(command -v "$tool" | grep / || echo "/bin/$tool")")
done
frr=(/usr/lib/frr/*)
mkdir -p root/{etc/frr,etc/pam.d,usr/{bin,sbin,lib,lib64},run/frr,tmp,var/log/frr,var/tmp}
for dir in bin sbin lib lib64; do ln -s usr/$dir root/$dir; done
ln -s ../run root/var/run
put() { [[ -e root$1 ]] || { mkdir -p "root$(dirname "$1")" && cp -L "$1" "root$1"; }; }
for file in "${programs[@]}" "${frr[@]}"; do [[ ! -f $file ]] || put "$file"; done
libs() { { ldd "$@" 2>/dev/null || true; } | grep -oE '/[^ ]+\.so[^ ]*' | sort -u; }
for file in $(libs "${programs[@]}" "${frr[@]}") /usr/lib/*/frr/*.so /usr/lib/*/frr/modules/*.so /lib/*/security/pam_permit.so /lib/*/libnss_files*; do
  [[ ! -f $file ]] || put "$file"
done
grep -E '^(root|frr):' /etc/passwd >root/etc/passwd
grep -E '^(root|frr|frrvty):' /etc/group >root/etc/group
printf 'account sufficient pam_permit.so\nauth sufficient pam_permit.so\n' | tee root/etc/pam.d/frr >root/etc/pam.d/other
printf 'bgpd=yes\nvtysh_enable=yes\nzebra_options="-A 127.0.0.1"\nbgpd_options="-A 127.0.0.1"\n' >root/etc/frr/daemons
echo 'service integrated-vtysh-config' >root/etc/frr/vtysh.conf
echo image >root/etc/where
chown -R frr:frr root/etc/frr root/run/frr root/var/log/frr
tar -C root -czf frr.tgz .
assert_status 0 netemu image import frr.tgz quay.io/frrouting/frr:mine

config() { # NAME AS PEER_AS ADDRESS PEER
  printf 'hostname %s\ninterface lo\n ip address 192.0.2.%s/32\ninterface eth1\n ip address %s/24\nrouter bgp %s\n no bgp ebgp-requires-policy\n neighbor %s remote-as %s\n address-family ipv4 unicast\n  network 192.0.2.%s/32\n' \
    "$1" "$(($2 - 65000))" "$4" "$2" "$5" "$3" "$(($2 - 65000))" >"$1.conf"
}
config old 65001 65002 10.0.0.1 10.0.0.2
config own 65002 65001 10.0.0.2 10.0.0.1
cp root/etc/frr/daemons daemons
topo <<YAML
topology:
  defaults: {kind: linux, network-mode: none}
  nodes:
    old: {image: "quay.io/frrouting/frr:8.4.4", binds: ["$test_dir/old.conf:/etc/frr/frr.conf", "$test_dir/daemons:/etc/frr/daemons"]}
    own: {image: "quay.io/frrouting/frr:mine", binds: ["$test_dir/own.conf:/etc/frr/frr.conf"], exec: ["vtysh -c 'show version'"]}
  links: [{endpoints: ["old:eth1", "own:eth1"]}]
YAML
netemu run "$topo" --wait=30 >run.out 2>run.err || { cat run.err && netemu logs --lab "$lab" own | tail -n 30; exit 1; }
assert_match "frr:8.4.4 +1 +the FRR of the host" "$(cat run.out)"
assert_match "frr:mine +1 +imported image [0-9a-f]{12}, from frr.tgz" "$(cat run.out)"
in_node() { netemu exec --lab "$lab" "$@" </dev/null; }
assert_eq image "$(in_node own -- cat /etc/where)"
assert_status 1 netemu exec --lab "$lab" old -- cat /etc/where
for n in old:65002:192.0.2.2 own:65001:192.0.2.1; do
  IFS=: read -r node peer route <<<"$n"
  assert_eq "Established $peer" "$(in_node "$node" -- vtysh -c 'show bgp neighbors json' 2>/dev/null | jq -r '.[] | "\(.bgpState) \(.remoteAs)"')"
  assert_eq bgp "$(in_node "$node" -- vtysh -c "show ip route $route/32 json" 2>/dev/null | jq -r '.[][0].protocol')"
done
assert_match "FRRouting" "$(netemu logs --lab "$lab" own)" "exec lines wait for the image's daemons, too"

# Its daemons are known: one that dies is told.
in_node own -- /bin/sh -c 'kill -9 "$(cat /run/frr/bgpd.pid)"'
died() { netemu inspect "$lab" -f json | grep -q '"name": "bgpd", .*"deaths": 1'; }
wait_until 20 died
