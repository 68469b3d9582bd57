#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shims_heredoc - `cat <<EOF >clab.yaml | clab deploy -t clab.yaml -`: the file may still be being written when clab starts;
# and clab generate, with templates' variables on clab's own command line.
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
cd "$test_dir"
mkdir bin
netemu shims bin >/dev/null
export PATH=$test_dir/bin:$PATH

# shellcheck disable=SC2094,SC2260 # that is what it is about
for i in {1..15}; do
  lab_name "$i"
  rm -f clab.yaml
  cat <<YAML >clab.yaml | clab deploy -t clab.yaml - >out 2>&1 || die "deploy $i: $(cat out)"
name: $lab
topology:
  nodes:
    r1: {kind: linux, image: "192.168.2.100:5000/nettool"}
    r2: {kind: linux, image: "192.168.2.100:5000/nettool"}
  links:
    - endpoints: ["r1:net0", "r2:net0"]
YAML
  clab destroy -t clab.yaml >/dev/null 2>&1
done
# A writer that takes its time is waited for, by the event of its closing the file.
lab_name slow
: >slow.yaml
{ exec >slow.yaml && sleep 0.3 && printf 'name: %s\ntopology: {nodes: {a: {kind: linux}}}\n' "$lab"; } | clab deploy -t slow.yaml - >out 2>&1 || die "$(cat out)"
clab destroy -t slow.yaml >/dev/null 2>&1

lab_name gen
clab generate --name "$lab" --nodes 2,1 --image linux=alpine --file gen.clab.yml
assert_status 0 clab validate -t gen.clab.yml
clab generate --deploy --name "$lab" --nodes 2,1 --image alpine >out 2>&1 || die "$(cat out)"
assert_eq "3" "$(netemu inspect "$lab" -f json | grep -c '"name"')" "nodes of what was generated and deployed"
clab destroy -t "$lab.clab.yml" >/dev/null 2>&1

lab_name vars
printf 'name: %s\ntopology:\n  nodes:\n    {{ range until .count }}a{{ . }}: {kind: linux}\n    {{ end }}\n' "$lab" >vars.clab.gotmpl
echo 'count: 3' >given.yaml
clab deploy -t vars.clab.gotmpl --vars given.yaml >out 2>&1 || die "$(cat out)"
netemu exec --lab "$lab" a2 true || die "the template's variables did not reach it"
clab destroy -t vars.clab.gotmpl >/dev/null 2>&1
[[ ! -e /run/netemu ]] || die "left: $(find /run/netemu)"
