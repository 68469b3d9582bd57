#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# node_keys - the keys of a node: binds, env, labels, sysctls, dns, aliases, cmd, entrypoint, startup-delay
#
#   a ---- b ---- c
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq

mkdir -p "$test_dir/conf/sub"
echo one >"$test_dir/conf/file"
echo two >"$test_dir/conf/sub/file"
echo rw >"$test_dir/rw"
printf 'FROM_FILE=file\nBOTH=file\n# comment\n' >"$test_dir/one.env"
export HOST_SECRET=leak LD_PRELOAD_CHECK=leak

topo <<YAML
mgmt: {ipv4-subnet: 10.77.1.0/24, ipv6-subnet: ""}
topology:
  defaults:
    kind: linux
    image: debian:12
    env: {LEVEL: defaults, KEPT: from-defaults}
    binds: [conf:/mnt/conf:ro]
  nodes:
    a:
      binds: ["rw:/mnt/rw", "$test_dir/conf/file:/etc/new/deep/file:ro", "conf/file:/etc/hostname"]
      env: {LEVEL: node, BOTH: env, SPACES: "a  b 'c'"}
      env-files: [one.env]
      labels: {role: Spine One}
      sysctls: {net.ipv4.conf.all.proxy_arp: 1, net.ipv4.ip_default_ttl: 33}
      dns: {servers: [192.0.2.53, 192.0.2.54], search: [lab.example], options: ["ndots:2"]}
      aliases: [first, uno]
      mgmt-ipv4: 10.77.1.77
    b:
      hostname: bee
      entrypoint: /bin/sh -c
      cmd: "'echo started \$0 >/tmp/started; exec sleep 4321' arg0"
      startup-delay: 1
      exec: [sh -c 'cat /proc/uptime >/tmp/exec-at']
    c:
      cmd: sh -c 'echo going; exit 3'
      exec:
        - "echo 'one  two' three\\\\ four \"a b\""
        - sh -c 'echo first >>/tmp/order'
        - sh -c 'echo second >>/tmp/order; echo to stderr >&2; exit 5'
        - /does/not/exist now
        - echo \$NOT_SET | cat >/tmp/no-shell
        - sh -c 'echo third >>/tmp/order; ip -br link show dev c1 >/tmp/link'
  links:
    - endpoints: ["a:a1", "b:b1"]
    - {type: veth, mtu: 1400, endpoints: [{node: b, interface: b2, mac: "02:00:00:00:00:b2", ipv4: 10.77.9.1/30},
       {node: c, interface: c1, ipv4: 10.77.9.2/30, ipv6: "2001:db8::2/64"}]}
YAML
start=$(cut -d ' ' -f 1 /proc/uptime)
out=$(netemu run "$topo" 2>&1) || die "run failed: $out"

# exec lines: a failing one is reported, with its output, and the rest goes on in order; no shell is involved.
assert_match "warning: node c: exec 'sh -c .*' ended with 5: to stderr" "$out"
assert_match "warning: node c: exec '/does/not/exist now' ended with 127" "$out"
assert_eq 2 "$(grep -c warning: <<<"$out")" "$out"
assert_eq $'first\nsecond\nthird' "$(netemu exec c cat /tmp/order)"
assert_match '^c1@' "$(netemu exec c cat /tmp/link)" "links are there before exec"
assert_status 1 netemu exec c test -e /tmp/no-shell
log=$(netemu logs c)
assert_match 'one  two three four a b' "$log"
assert_match '\$NOT_SET \| cat >/tmp/no-shell' "$log"
assert_match going "$log"

# binds: directory, file, deep target, relative and absolute source, read-only or not
assert_eq "one two one one" "$(netemu exec a sh -c 'cd /mnt/conf && echo $(cat file sub/file /etc/new/deep/file /etc/hostname)')"
assert_status 2 netemu exec a sh -c 'echo x >/mnt/conf/file'
assert_match 'Read-only' "$output"
netemu exec a sh -c 'echo from a >/mnt/rw'
assert_eq "from a" "$(cat "$test_dir/rw")"
assert_eq "one" "$(cat "$test_dir/conf/file")"

# environment: defaults < env-files < env, labels, nothing of the caller's
env_of() { netemu exec "$1" printenv "$2" || echo "(not set)"; }
assert_eq "node" "$(env_of a LEVEL)"
assert_eq "defaults" "$(env_of b LEVEL)"
assert_eq "from-defaults" "$(env_of a KEPT)"
assert_eq "file" "$(env_of a FROM_FILE)"
assert_eq "env" "$(env_of a BOTH)"
assert_eq "a  b 'c'" "$(env_of a SPACES)"
assert_eq "Spine One" "$(env_of a CLAB_LABEL_ROLE)"
assert_eq "$lab" "$(env_of a CLAB_LABEL_CONTAINERLAB)"
assert_eq 2 "$(env_of b CLAB_INTFS)"
assert_eq "(not set)" "$(env_of a HOST_SECRET)"
assert_eq "(not set)" "$(env_of a NETEMU)"

# sysctls, dns, aliases, hostname, mgmt-ipv4
assert_eq "1 33" "$(netemu exec a sh -c 'cd /proc/sys/net/ipv4; echo $(cat conf/all/proxy_arp ip_default_ttl)')"
assert_eq $'nameserver 192.0.2.53\nnameserver 192.0.2.54\nsearch lab.example\noptions ndots:2' "$(netemu exec a cat /etc/resolv.conf)"
assert_eq "bee" "$(netemu exec b hostname)"
assert_match '10\.77\.1\.77' "$(netemu exec a ip -4 -br addr show dev eth0)"
for name in first uno a; do assert_match '^10\.77\.1\.77 ' "$(netemu exec c getent ahostsv4 "$name")"; done

# entrypoint and cmd together; a command that has ended is seen, with its status
assert_eq "started arg0" "$(netemu exec b cat /tmp/started)"
assert_eq 1 "$(netemu exec b pgrep -fc 'sleep 4321')"
assert_eq "exited" "$(netemu inspect "$lab" -f json | jq -r --arg l "$lab" '.[$l][] | select(.name | endswith("-c")).state')"
assert_match "node c: its command exited with 3" "$(cat /run/netemu/"$lab"/logs/_lab.log)"

# startup-delay: b's exec ran a second after the start
netemu exec b cat /tmp/exec-at | awk -v s="$start" '{ exit !($1 >= s + 0.99) }' || die "startup-delay was not waited for"

# link: mtu, mac, addresses
assert_eq "1400 02:00:00:00:00:b2" "$(netemu exec b sh -c 'cd /sys/class/net/b2; echo $(cat mtu address)')"
assert_match '10\.77\.9\.2/30 2001:db8::2/64' "$(netemu exec c ip -br addr show dev c1)"
netemu exec c ping -c 1 -W 2 10.77.9.1 >/dev/null

# A bind without its source fails before anything is made.
netemu destroy "$lab" >/dev/null
sed -i 's#conf:/mnt/conf:ro#absent:/mnt/conf:ro#' "$topo"
assert_status 2 netemu run "$topo"
assert_match "$lab.clab.yml:[0-9]+:[0-9]+: .*absent" "$output"
[[ ! -e /run/netemu ]] || die "something was made: $(find /run/netemu)"
