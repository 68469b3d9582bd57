#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cli-usage - wrong command lines, strange callers, validate, plan, probe, version; nothing here makes a lab.
. "$(dirname "$0")/../lib.sh"
need_netemu
need_cmd jq
cd "$test_dir"

# Exit codes and what to type instead.
assert_status 64 netemu
assert_match "netemu VERB" "$output"
assert_status 64 netemu depoly
assert_match "did you mean 'deploy'" "$output"
assert_status 64 netemu --frobnicate
assert_status 64 netemu run --wiat
assert_match "did you mean '--wait'" "$output"
assert_status 125 netemu exec
assert_status 0 netemu --help
assert_status 0 netemu --version
assert_match "^netemu [0-9]" "$output"
assert_status 0 netemu deploy --help
assert_match "usage: netemu run" "$output"

# validate: all mistakes, exit 2; the directory's topology; the same file once; the same lab twice.
cat >good.clab.yml <<'YAML'
name: good
topology:
  nodes:
    a: {kind: linux, image: nicolaka/netshoot}
YAML
assert_status 0 netemu validate
assert_eq "./good.clab.yml: ok: topology 'good', 1 node, 0 links" "$output"
assert_status 0 netemu validate good.clab.yml ./good.clab.yml -t good.clab.yml
assert_eq 1 "$(wc -l <<<"$output")" "lines for one file"
assert_status 0 netemu validate - <good.clab.yml
sed 's/^name: good/nmae: bad/; s/image/imgae/' good.clab.yml >bad.yml
assert_status 2 netemu validate bad.yml
assert_match "bad.yml:1:1: error" "$output"
assert_match "bad.yml:4:" "$output"
cp good.clab.yml copy.yml
assert_status 2 netemu validate good.clab.yml copy.yml
assert_match "lab 'good' is in " "$output"
assert_status 1 netemu validate /no/such/file
cp good.clab.yml second.clab.yml
assert_status 1 netemu validate .
assert_match "several topologies" "$output"
rm second.clab.yml good.clab.yml
assert_status 1 netemu validate .
mv copy.yml topo.yaml
assert_status 0 netemu validate .

# plan: the same text each time, for a file that needs nothing of the machine.
assert_status 0 netemu plan topo.yaml
first=$output
assert_status 0 netemu plan topo.yaml
assert_eq "$first" "$output" "two plans"

# probe and version for programs.
netemu probe -f json | jq -e 'map(select(.group == "links" and .name == "veth")) | length == 1' >/dev/null
netemu version -f json | jq -e '.version | length > 0' >/dev/null

# A full disk is not success.
[[ ! -e /dev/full ]] || assert_status 1 bash -c "'$NETEMU' help >/dev/full"

# Callers that close or ignore what a program takes for granted.
"$NETEMU" version <&- >"$test_dir/out" 2>&-
assert_match "^netemu" "$(cat "$test_dir/out")"
"$NETEMU" validate no-such-file <&- >&- 2>&- && die "success without descriptors"
(trap '' CHLD PIPE && "$NETEMU" validate topo.yaml) >/dev/null

# No colour and no escapes where nobody looks.
assert_no_match $'\033' "$(netemu probe; netemu help)"
