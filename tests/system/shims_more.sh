#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shims_more - what people see and scripts read of the shims, to the character
#
#   r ---- h
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq script vtysh

netemu shims "$test_dir/bin" >/dev/null 2>&1
export PATH=$test_dir/bin:$PATH HOME=$test_dir
cd "$test_dir"
cat >more.clab.yml <<'YAML'
name: more
topology:
  nodes:
    r: {kind: linux, image: "frrouting/frr:v8.2.2", network-mode: none}
    h: {kind: linux, image: "alpine:3.19"}
  links: [{endpoints: ["r:eth1", "h:eth1"]}]
YAML
test_labs+=(more gen)

# ---- containerlab's table ----
table='╭─────────────┬──────────────────────┬─────────┬───────────────────╮
│     Name    │      Kind/Image      │  State  │   IPv4/6 Address  │
├─────────────┼──────────────────────┼─────────┼───────────────────┤
│ clab-more-h │ linux                │ running │ 172.20.20.2       │
│             │ alpine:3.19          │         │ 3fff:172:20:20::2 │
├─────────────┼──────────────────────┼─────────┼───────────────────┤
│ clab-more-r │ linux                │ running │ N/A               │
│             │ frrouting/frr:v8.2.2 │         │ N/A               │
╰─────────────┴──────────────────────┴─────────┴───────────────────╯'
assert_eq "$table" "$(clab deploy -t more.clab.yml 2>err)"
assert_match 'frrouting/frr:v8.2.2 +1  the FRR of the host' "$(cat err)"
assert_eq "$table" "$(clab inspect 2>/dev/null)"
docker kill clab-more-h >/dev/null
assert_match '│ clab-more-h │ linux                │ exited  │ 172.20.20.2 ' "$(clab inspect --name more)"
docker start clab-more-h >/dev/null
assert_eq '╭───────────────┬──────────┬─────────────┬──────────────────────┬─────────┬───────────────────╮
│    Topology   │ Lab Name │     Name    │      Kind/Image      │  State  │   IPv4/6 Address  │
├───────────────┼──────────┼─────────────┼──────────────────────┼─────────┼───────────────────┤
│ more.clab.yml │ more     │ clab-more-h │ linux                │ running │ 172.20.20.2       │
│               │          │             │ alpine:3.19          │         │ 3fff:172:20:20::2 │
│               │          ├─────────────┼──────────────────────┼─────────┼───────────────────┤
│               │          │ clab-more-r │ linux                │ running │ N/A               │
│               │          │             │ frrouting/frr:v8.2.2 │         │ N/A               │
╰───────────────┴──────────┴─────────────┴──────────────────────┴─────────┴───────────────────╯' "$(clab inspect --all)"
assert_match '│ root +│ clab-more-h +│ linux alpine:3.19 +│ running +│ 172.20.20.2 3fff:172:20:20::2 │' "$(clab inspect -t more.clab.yml --wide)"
assert_eq "clab-more-r running" "$(clab deploy -t more.clab.yml -c -f json 2>/dev/null | jq -r '.more[0] | "\(.name) \(.state)"')"
assert_status 1 clab inspect -f yaml
assert_match "output format \"yaml\" is not supported" "$output"

assert_eq "clab-more-r" "$(clab inspect interfaces -t more.clab.yml -f json --node r | jq -r '.[].name' | xargs)"

# ---- flags before the command are meant for it ----
mkdir -p elsewhere && (cd elsewhere && clab -t ../more.clab.yml inspect -f json | jq -e '.more | length == 2' >/dev/null) || die "clab -t FILE inspect"
(cd elsewhere && clab --name nonsense destroy >/dev/null 2>&1) || true
assert_eq 2 "$(docker ps -q | wc -l)"

# ---- what netemu cannot do is not left out in silence ----
assert_status 1 clab destroy -t more.clab.yml --node-filter h
assert_match "netemu cannot do --node-filter: a lab goes as a whole" "$output"
assert_status 1 clab deploy -t more.clab.yml --ipv4-subnet 10.0.0.0/24
assert_eq "true true" "$(docker inspect -f '{{.State.Running}}' clab-more-r clab-more-h | xargs)"
CLAB_DESTROY_NODE_FILTER=h assert_status 1 clab destroy -t more.clab.yml

# ---- graph, generate ----
if netemu help graph >/dev/null 2>&1; then
  clab graph -t more.clab.yml --dot 2>/dev/null && clab graph -t more.clab.yml --mermaid 2>/dev/null
  assert_match 'graph' "$(cat clab-more/graph/more.dot)"
  assert_match 'h.*---.*r|r.*---.*h' "$(cat clab-more/graph/more.mermaid)"
fi
assert_status 1 clab graph -t more.clab.yml --drawio
assert_match "netemu cannot do --drawio" "$output"
clab generate --name gen --nodes 2,1 --image alpine:3.19 --file gen.clab.yml
assert_eq "3" "$(grep -c 'group:' gen.clab.yml)"
assert_eq 3 "$(clab generate --name gen --nodes 2,1 --image alpine:3.19 --deploy 2>/dev/null | grep -c '│ clab-gen-node')"
clab destroy --name gen >/dev/null

# ---- docker images, network ----
assert_eq "REPOSITORY      TAG       IMAGE ID       CREATED   SIZE" "$(docker images | sed -n 1p)"
assert_match '^frrouting/frr   v8\.2\.2    [0-9a-f]{12}   N/A       0B$' "$(docker images frrouting/frr | tail -n 1)"
assert_eq "alpine:3.19 frrouting/frr:v8.2.2" "$(docker image ls --format '{{.Repository}}:{{.Tag}}' | sort | xargs)"
assert_match '^[0-9a-f]{12}$' "$(docker images -q alpine:3.19)"
assert_eq "" "$(docker images -q nonsense/nothing:1)"
assert_eq alpine:3.19 "$(docker image inspect alpine:3.19 | jq -r '.[0].RepoTags[0]')"
assert_status 1 docker image inspect nonsense/nothing
assert_match 'Error response from daemon: No such image: nonsense/nothing:latest' "$output"
assert_eq "NETWORK ID     NAME      DRIVER    SCOPE" "$(docker network ls | sed -n 1p)"
assert_eq "clab bridge" "$(docker network ls --format '{{.Name}} {{.Driver}}')"
assert_eq "" "$(docker network ls -q --filter name=other)"
assert_eq 172.20.20.0/24 "$(docker network inspect clab -f '{{(index .IPAM.Config 0).Subnet}}')"
assert_eq "172.20.20.1 clab-more-h 172.20.20.2/24" \
  "$(docker network inspect clab | jq -r '.[0] | "\(.IPAM.Config[0].Gateway) \(.Containers[].Name) \(.Containers[].IPv4Address)"')"
assert_status 1 docker network inspect nonsense
assert_match 'network nonsense not found' "$output"

# ---- docker rm: a lab goes as a whole ----
assert_status 1 docker rm clab-more-h
assert_match 'cannot remove container "/clab-more-h": container is running' "$output"
assert_status 1 docker rm -f clab-more-h
assert_match 'netemu ends labs as a whole, and clab-more-r of lab more stays' "$output"
assert_eq 2 "$(docker ps -q | wc -l)"
# shellcheck disable=SC2046 # as people type it
assert_eq 2 "$(docker rm -f $(docker ps -aq --filter label=containerlab) | wc -l)"
assert_eq "" "$(docker ps -aq)$(clab inspect --all -f csv | sed 1d)"

clab deploy -t more.clab.yml >/dev/null 2>&1
clab destroy -t more.clab.yml --cleanup >/dev/null
[[ ! -e clab-more ]] || die "destroy --cleanup left the lab's directory"
