#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shims_clab - containerlab's tools, redeploy, save, exec, inspect interfaces; completion of all shims; what is refused
#
#   r ---- h     r: FRR
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq openssl vtysh

netemu shims "$test_dir/bin" >/dev/null 2>&1
export PATH=$test_dir/bin:$PATH HOME=$test_dir
cd "$test_dir"
topo <<'YAML'
topology:
  nodes:
    r: {kind: linux, image: "frrouting/frr:v8.4.4"}
    h: {kind: linux, image: "alpine:3.19"}
  links: [{endpoints: ["r:eth1", "h:eth1"]}]
YAML
clab deploy -t "$topo" >/dev/null 2>&1

# ---- certificates ----
clab tools cert ca create --path pki --name root --cn "lab CA" -o netemu -e 24h >/dev/null 2>&1
clab tools cert sign -p pki -n srv --ca-cert pki/root.pem --ca-key pki/root.key --hosts srv.lab,192.0.2.1 --cn srv --log-level debug >/dev/null 2>&1
openssl verify -CAfile pki/root.pem pki/srv.pem >/dev/null
assert_match 'O ?= ?netemu' "$(openssl x509 -in pki/root.pem -noout -subject)"
assert_match 'DNS:srv.lab, IP Address:192.0.2.1' "$(openssl x509 -in pki/srv.pem -noout -ext subjectAltName)"
assert_status 1 clab tools cert sign -p pki -n x
assert_match 'CA cert file path not set' "$output"
assert_status 1 clab tools cert sign -p pki --ca-cert none.pem --ca-key none.key
[[ ! -e pki/x.pem && ! -e pki/cert.pem ]] || die "a certificate was made without an authority"

# ---- netem, veth, offload ----
assert_match 'Tx checksum offload disabled for eth0' "$(clab tools disable-tx-offload -c clab-"$lab"-r)"
if command -v ethtool >/dev/null; then
  assert_match 'tx-checksumming: off' "$(docker exec clab-"$lab"-r ethtool -k eth0)"
  assert_match 'tx-checksumming: on' "$(docker exec clab-"$lab"-h ethtool -k eth0)"
fi
assert_status 1 clab tools disable-tx-offload
assert_status 1 clab tools disable-tx-offload -c nonsense
assert_match 'Interface.*Delay' "$(clab tools netem set -n clab-"$lab"-r -i eth1 --rate 1000)"
assert_eq "1000" "$(clab tools netem show -n clab-"$lab"-r -f json | jq -r '.[] | .[] | select(.interface == "eth1") | .rate')"
clab tools netem reset -n clab-"$lab"-r -i eth1 >/dev/null
assert_status 1 clab tools netem set -n clab-"$lab"-r -i eth9 --delay 5ms
clab tools veth create -a clab-"$lab"-r:eth7 -b clab-"$lab"-h:eth7 -m 1400 >/dev/null
assert_eq 1400 "$(clab inspect interfaces -t "$topo" -f json --node h | jq -r '.[].interfaces[] | select(.name == "eth7").mtu')"

# ---- exec, save, redeploy ----
assert_eq "r h" "$(clab exec -t "$topo" --cmd hostname -f json | jq -r 'to_entries | map(.value[0].stdout) | sort | reverse | join(" ")' | xargs)"
assert_eq "clab-$lab-h" "$(clab exec --name "$lab" --label clab-node-name=h --cmd hostname -f json | jq -r 'keys[]')"
assert_status 1 clab exec --name "$lab"
docker exec clab-"$lab"-r vtysh -c 'conf t' -c 'ip route 192.0.2.0/24 blackhole' >/dev/null 2>&1
clab save --name "$lab" --copy saved >/dev/null 2>&1
assert_match 'ip route 192.0.2.0/24 blackhole' "$(find saved -name '*frr.conf' -exec cat {} +)"
id=$(docker ps -q --filter name="clab-$lab-h")
assert_match ' running' "$(clab redeploy -c -t "$topo" --graceful --keep-mgmt-net 2>/dev/null)"
[[ $id != "$(docker ps -q --filter name="clab-$lab-h")" ]] || die "redeploy kept a node"

# ---- refused, with the reason ----
refused() { # WORDS PATTERN
  local status=0
  # shellcheck disable=SC2086 # words
  output=$(clab $1 2>&1) || status=$?
  assert_eq 1 "$status"
  assert_match "netemu cannot do .*$2" "$output"
}
refused "deploy -t $topo --network other" '--network: the file says it: mgmt'
refused "destroy -t $topo --node-filter h" 'clab stop --node'
refused "graph -t $topo --drawio" 'netemu graph --svg'
refused "deploy -t $topo --export-template x" 'topology-data.json'
refused "tools gotty attach -n r" 'netemu graph has one'
refused "tools api-server start" 'netemu inspect -f json'
refused "config -t $topo send" 'netemu save'
refused "version upgrade" 'make install'
assert_eq 2 "$(docker ps -q | wc -l)"

# ---- completion ----
# complete TOOL WORD... - what bash offers for the last word
complete_words() {
  bash -c 'source <("$1" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "_netemu_$1"; printf "%s\n" "${COMPREPLY[@]}"' - "$@" | xargs
}
assert_eq "deploy dep destroy des" "$(complete_words clab de)"
assert_eq "ca sign" "$(complete_words clab tools cert '')"
assert_match '--ca-cert' "$(complete_words clab tools cert sign --)"
assert_no_match '--node-filter' "$(complete_words clab destroy --)"
assert_eq "--reconfigure" "$(complete_words clab deploy -t x --reco)"
assert_eq "clab-$lab-h clab-$lab-r" "$(complete_words docker exec clab | tr ' ' '\n' | sort | xargs)"
assert_eq "clusters nodes kubeconfig" "$(complete_words kind get '')"
assert_eq "bash zsh fish" "$(complete_words helm completion '')"
assert_eq "peers routes" "$(complete_words cilium bgp '')"
for tool in clab docker kind helm cilium kubectl; do
  [[ -e bin/$tool ]] || continue
  bash -n <("$tool" completion bash)
  for shell in zsh fish; do
    "$tool" completion "$shell" >script
    assert_match "$tool" "$(cat script)"
    ! command -v "$shell" >/dev/null || "$shell" -n script
  done
done
assert_status 1 clab completion powershell
assert_match 'one of bash, zsh, fish, not powershell' "$output"
clab destroy -t "$topo" --cleanup >/dev/null
