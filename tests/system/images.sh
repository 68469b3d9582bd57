#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# images - what stands for an image is said, and which commands the host lacks for a file
. "$(dirname "$0")/../lib.sh"
own_machine "$@"

mkdir "$test_dir/tools"
printf '#!/bin/sh\necho bound\n' >"$test_dir/tools/mine"
chmod +x "$test_dir/tools/mine"
topo <<YAML
topology:
  defaults: {kind: linux, network-mode: none}
  nodes:
    a: {image: "quay.io/acme/frr:1.0", cmd: bash, exec: ["no-such-tool -x", "/no/such/file", "ip link", "iproute2-nothing"]}
    b: {image: "alpine:3.19", exec: ["no-such-tool -y", "yum install tcpdump", "mine"], binds: ["$test_dir/tools/mine:/usr/bin/mine"]}
    c: {image: "alpine:3.19", binds: ["$test_dir/tools:/opt/bin"], exec: [/opt/bin/mine]}
    d: {}
YAML
netemu run "$topo" >"$test_dir/out" 2>"$test_dir/err"
assert_eq "IMAGE                 NODES  IN ITS PLACE
quay.io/acme/frr:1.0      1  the FRR of the host, from the package's defaults
alpine:3.19               2  an idle host with the host's own programs" "$(head -n 3 "$test_dir/out")"
said() { grep -v warning "$test_dir/err"; }
assert_match "node a and 1 more: 'no-such-tool' is not on this host" "$(said)"
assert_match "node a: /no/such/file is not on this host" "$(said)"
assert_match "node b: there is no yum here: install on the host what it would" "$(said)"
! said | grep -q "mine\|'ip'" || die "said too much: $(said)"
netemu destroy "$lab" >/dev/null

# Nothing is said of what nobody names.
topo plain <<'YAML'
topology:
  nodes: {n: {kind: linux, network-mode: none}}
YAML
assert_eq "" "$(netemu run "$topo" 2>/dev/null | grep PLACE || true)"
netemu destroy "$lab" >/dev/null

# A daemon's image starts its daemon when a configuration is there, and idles without.
if command -v bird >/dev/null; then
  echo 'router id 1.1.1.1; protocol device {}' >"$test_dir/bird.conf"
  topo bird <<YAML
topology:
  nodes: {n: {kind: linux, image: "pierky/bird:2", network-mode: none, binds: ["$test_dir/bird.conf:/etc/bird/bird.conf"]}}
YAML
  netemu run "$topo" >/dev/null 2>&1
  wait_until 10 netemu exec n --lab "$lab" -- birdc show status
fi
