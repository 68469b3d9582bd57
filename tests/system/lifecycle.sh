#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lifecycle - run, list, inspect, logs, plan, validate, destroy: what they say and the status they end with
#
#   a ---- b      c
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq

topo <<'YAML'
mgmt: {network: tnet, ipv4-subnet: 10.79.3.0/24, ipv6-subnet: ""}
topology:
  defaults: {kind: linux, image: alpine:3.20, group: leaf}
  nodes:
    a: {cmd: sh -c 'echo hello from a; exec sleep infinity', exec: [echo from exec]}
    b: {labels: {x: y}}
    c: {network-mode: none}
  links: [{endpoints: ["a:e1", "b:e1"]}]
YAML

# ---- nothing runs: not an error ----
assert_status 0 netemu list
assert_match "no lab is running" "$output"
assert_eq "[]" "$(netemu list -f json 2>/dev/null | tr -d ' \n')"
assert_eq "{}" "$(netemu inspect -f json 2>/dev/null | tr -d ' \n')"
assert_status 0 netemu destroy --all
assert_status 1 netemu inspect "$lab"
assert_match "$lab" "$output"
assert_status 1 netemu logs a

# ---- plan and --dry-run print the same operations, without root, and do nothing ----
assert_eq "$(netemu plan "$topo")" "$(netemu run --dry-run "$topo")"
chmod 755 "$test_dir"
plan=$(setpriv --reuid 65534 --clear-groups "$NETEMU" plan - <"$topo" 2>&1) || skip_plan=1
[[ -n ${skip_plan:-} ]] || assert_match 'exec .*\["echo" "from" "exec"\]' "$plan"
assert_eq "1 1 3" "$(netemu plan "$topo" | awk '$1 == "veth" && /:e1#/ { v++ } $1 == "exec" { e++ } $1 == "node" { n++ } END { print v, e, n }')"
[[ ! -e /run/netemu ]] || die "plan made something"

# ---- validate ----
assert_status 0 netemu validate "$topo"
printf 'name: bad\ntopology:\n  nodes:\n    n: {knid: linux, exec: x}\n  links:\n    - endpoints: ["n:e1", "m:e1"]\n' >"$test_dir/bad.clab.yml"
assert_status 2 netemu validate "$test_dir/bad.clab.yml"
assert_match "bad.clab.yml:4:9: .*knid" "$output"
assert_match "bad.clab.yml:6:.*'m'" "$output"
assert_match '\^' "$output"
assert_status 2 netemu run "$test_dir/bad.clab.yml"
assert_status 1 netemu validate "$test_dir/absent.yml"
assert_status 64 netemu run --no-such-option "$topo"
assert_status 64 netemu no-such-verb

# ---- run ----
assert_status 0 netemu run "$topo"
assert_match "a +alpine:3.20 +linux +10.79.3.2/24 .*running" "$output"
before=$(jq .supervisor "/run/netemu/$lab/state.json")
assert_status 1 netemu run "$topo"
assert_match "lab '$lab' is already running .*--reconfigure" "$output"
assert_eq "$before" "$(jq .supervisor "/run/netemu/$lab/state.json")"
[[ $(ps -o sid= -p "$before" | tr -d ' ') == "$before" && $(ps -o tty= -p "$before") == "?" ]] || die "the supervisor is not detached"

# ---- list, inspect ----
assert_match "^$lab +topology +running +3 +1 .* root +10.79.3.0/24 +$topo" "$(netemu list | tail -n 1)"
assert_eq "$lab" "$(netemu list -f json | jq -r '.[0] | .name // .lab_name // .lab')"
json=$(netemu inspect -f json)
assert_eq '["absLabPath","container_id","image","ipv4_address","ipv6_address","kind","labPath","lab_name","name","owner","state","status"]' \
  "$(jq -c --arg l "$lab" '.[$l][0] | [keys[] | select(IN("lab_name","labPath","absLabPath","name","container_id","image","kind","state","status","ipv4_address","ipv6_address","owner"))]' <<<"$json")"
assert_eq "clab-$lab-a alpine:3.20 linux running 10.79.3.2/24 N/A root $topo" \
  "$(jq -r --arg l "$lab" '.[$l][0] | [.name, .image, .kind, .state, .ipv4_address, .ipv6_address, .owner, .absLabPath] | join(" ")' <<<"$json")"
timeless() { sed 's/Up [0-9]* seconds*/Up/'; }
assert_eq "$(timeless <<<"$json")" "$(netemu inspect "$lab" -f json | timeless)"
csv=$(netemu inspect "$lab" -f csv)
assert_eq "lab_name,labPath,absLabPath,name,container_id,image,kind,state,status,ipv4_address,ipv6_address,owner" "$(head -n 1 <<<"$csv")"
assert_eq 4 "$(wc -l <<<"$csv")"
for pid in $(jq -r --arg l "$lab" '.[$l][].pid' <<<"$json"); do assert_eq netemu-init "$(cat "/proc/$pid/comm")"; done
interfaces=$(netemu inspect "$lab" interfaces)
assert_match "clab-$lab-a +e1 +aa:c1:ab:[0-9a-f:]+ +9500 +veth +up" "$interfaces"
assert_match "clab-$lab-a +eth0 +02:42:0a:4f:03:02 +1500" "$interfaces"
netemu inspect "$lab" interfaces -f json | jq -e . >/dev/null

# ---- logs ----
assert_match "hello from a" "$(netemu logs a)"
assert_match "from exec" "$(netemu logs a)"
assert_eq "" "$(netemu logs b)"
assert_status 1 netemu logs nobody
"$NETEMU" logs -f a >"$test_dir/follow" &
follow=$!
wait_until 5 grep -q "hello from a" "$test_dir/follow"
netemu destroy "$lab" >/dev/null
wait $follow || true # it ends with the lab

# ---- destroy: idempotent, by name, by file, edited or deleted ----
assert_status 0 netemu destroy "$lab"
assert_status 0 netemu destroy "$lab"
assert_status 0 netemu destroy no-such-lab
assert_status 0 netemu destroy "$topo"
netemu run "$topo" >/dev/null 2>&1
cp "$topo" "$test_dir/kept"
sed -i 's/^name: .*/name: renamed/; s/nodes:/nodse:/' "$topo"
assert_status 0 netemu destroy "$topo"
[[ ! -e /run/netemu ]] || die "an edited file's lab is still there"
cp "$test_dir/kept" "$topo"
netemu run "$topo" >/dev/null 2>&1
rm "$topo"
assert_status 0 netemu destroy "$topo"
[[ ! -e /run/netemu ]] || die "a deleted file's lab is still there"
cp "$test_dir/kept" "$topo"

# ---- --reconfigure, --name, --node-filter, a directory, deploy -t ----
netemu run "$topo" >/dev/null 2>&1
first=$(jq .supervisor "/run/netemu/$lab/state.json")
sed -i 's/alpine:3.20/debian:12/' "$topo"
assert_status 0 netemu run "$topo" --reconfigure
[[ $(jq .supervisor "/run/netemu/$lab/state.json") != "$first" ]] || die "not replaced"
! is_alive "$first" || die "the one before lives"
assert_match "debian:12" "$(netemu inspect "$lab")"
netemu destroy "$lab" >/dev/null
assert_status 0 netemu deploy -t "$topo" --node-filter a,b
assert_eq "clab-$lab-a clab-$lab-b" "$(netemu inspect -f json | jq -r '[.[][].name] | join(" ")')"
assert_status 2 netemu run "$topo" --name "$lab-2" # its fixed subnet is taken
assert_match "10\.79\.3\.0/24" "$output"
netemu destroy -t "$topo" >/dev/null
lab2=$lab-2
test_labs+=("$lab2")
mkdir "$test_dir/dir"
cp "$topo" "$test_dir/dir/x.clab.yml"
(cd "$test_dir/dir" && netemu run --name "$lab2" >/dev/null 2>&1)
assert_eq "$lab2" "$(netemu inspect -f json | jq -r 'keys[0]')"
(cd "$test_dir/dir" && netemu destroy >/dev/null)
assert_status 0 netemu destroy --all
[[ ! -e /run/netemu && ! -e /run/netns ]] || die "left in /run: $(find /run)"

# ---- version, probe, help ----
assert_match "netemu [0-9v]" "$(netemu version)"
assert_eq "$(uname -r)" "$(netemu version -f json | jq -r '.kernel')"
for verb in run exec destroy list inspect logs plan validate probe version; do assert_match "netemu $verb" "$(netemu help $verb)"; done
netemu probe -f json | jq -e . >/dev/null
