#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shims_docker - docker stats, port, logs with times, inspect, ps filters, wait; and what is refused, with the reason
#
#   a ---- b     a: ports, a bind, limits, a command that writes; b: idle
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq

netemu shims "$test_dir/bin" >/dev/null 2>&1
export PATH=$test_dir/bin:$PATH HOME=$test_dir
cd "$test_dir"
echo bound >bound
topo <<'YAML'
mgmt: {network: shims-docker}
topology:
  nodes:
    a:
      kind: linux
      image: alpine:3.19
      cmd: sh -c 'echo one; echo "two  words"; exec sleep 1000'
      ports: ["127.0.0.1:18080:80", "127.0.0.1:18053:53/udp"]
      binds: ["bound:/opt/bound:ro"]
      env: {COLOUR: blue}
      labels: {role: client}
      memory: 64Mb
    b: {kind: linux, image: "alpine:3.19"}
  links: [{endpoints: ["a:eth1", "b:eth1"]}]
YAML
a=clab-$lab-a b=clab-$lab-b
netemu run "$topo" >/dev/null 2>&1

# ---- logs ----
wait_until 10 eval '[[ $(docker logs "$a") == *"two  words"* ]]'
after=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
stamp='20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}Z'
assert_match "^$stamp one"$'\r?\n'"$stamp two  words" "$(docker logs -t "$a")"
first=$(docker logs -t --tail 1 "$a" | cut -d' ' -f1)
[[ $first < $after ]] || die "a line is dated after it was read: $first, $after"
assert_eq "" "$(docker logs --since "$after" "$a")"
assert_eq "one" "$(docker logs --until "$after" "$a" | head -n 1 | tr -d '\r')"
assert_eq "" "$(docker logs --until 1h "$a")"
assert_eq 2 "$(docker logs --since 1h "$a" | wc -l)"
assert_eq 2 "$(docker logs --tail all "$a" | wc -l)"
assert_eq "" "$(docker logs --tail 0 "$a")"
assert_eq 2 "$(docker logs --since "$(date -d '1 hour ago' +%s)" "$a" | wc -l)"
assert_status 1 docker logs --since yesterday "$a"
assert_match "'yesterday' is no point in time" "$output"
assert_status 1 docker logs --tail many "$a"
# Followed, a line comes with its time when it is written, and none twice.
docker logs -f -t --since "$after" "$a" >followed &
follower=$!
docker restart -t 0 "$a" >/dev/null
wait_until 10 eval 'grep -q "two  words" followed'
kill "$follower"
wait "$follower" 2>/dev/null || true
assert_eq 1 "$(grep -cE "^$stamp one" followed)"
assert_match "T[0-9:.]+Z one" "$(netemu logs --timestamps --lab "$lab" a | head -n 1)"

# ---- inspect ----
i() { docker inspect -f "$1" "${2:-$a}"; }
assert_eq "sh|-c|3" "$(i '{{.Path}}|{{index .Args 0}}|{{len .Config.Cmd}}')"
assert_eq 'echo one; echo "two  words"; exec sleep 1000' "$(i '{{index .Args 1}}')"
assert_eq 'echo one; echo "two  words"; exec sleep 1000' "$(docker inspect "$a" | jq -r '.[0].Config.Cmd[2]')"
assert_eq 'COLOUR=blue' "$(i '{{range .Config.Env}}{{println .}}{{end}}' | grep COLOUR)"
assert_eq client "$(i '{{index .Config.Labels "role"}}')"
assert_eq 18080 "$(i '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}')"
assert_eq "$test_dir/bound /opt/bound false" "$(i '{{range .Mounts}}{{.Source}} {{.Destination}} {{.RW}}{{end}}')"
assert_eq '[]' "$(i '{{json .Mounts}}' "$b")"
assert_eq "$test_dir/bound:/opt/bound:ro" "$(i '{{index .HostConfig.Binds 0}}')"
assert_eq 67108864 "$(i '{{.HostConfig.Memory}}')"
assert_eq 0 "$(i '{{.HostConfig.Memory}}' "$b")"
assert_eq "$a $b" "$(i '{{range .Containers}}{{println .Name}}{{end}}' shims-docker | sort | xargs)"
id=$(docker network ls -q --filter name=shims-docker)
assert_eq shims-docker "$(docker network inspect -f '{{.Name}}' "$id")"
assert_eq "" "$(docker network ls -q --filter driver=overlay)"
assert_status 1 docker network ls --filter nonsense=1
assert_status 1 docker inspect --type volume "$a"
assert_match '"volume" is not a valid value for --type' "$output"
assert_status 1 docker inspect --type network "$a"
assert_match "Error: No such network: $a" "$output"
assert_eq "/$a" "$(docker container inspect -f '{{.Name}}' "$a")"

# ---- ports ----
assert_eq "80/tcp -> 127.0.0.1:18080 53/udp -> 127.0.0.1:18053" "$(docker port "$a" | xargs)"
assert_eq 127.0.0.1:18080 "$(docker port "$a" 80)"
assert_eq 127.0.0.1:18053 "$(docker port "$a" 53/udp)"
assert_status 1 docker port "$a" 81
assert_match "Error: No public port '81/tcp' published for $a" "$output"
assert_eq "" "$(docker port "$b")"

# ---- ps ----
names() { docker ps --format '{{.Names}}' "$@" | sort | xargs; }
assert_eq "$a" "$(names -f publish=18080)"
assert_eq "$a" "$(names -f expose=50-60/udp)"
assert_eq "" "$(names -f expose=53)"
assert_eq "$a" "$(names -f label=role=client)"
assert_eq "$a $b" "$(names -f ancestor=alpine -f network=shims-docker)"
assert_eq "" "$(names -f ancestor=alpine:3.18)"
assert_eq "$a $b" "$(names -f health=none)"
assert_eq "" "$(names -f before="$a")"
assert_eq 1 "$(docker ps -n 1 -q | wc -l)"
assert_eq 1 "$(docker ps -lq | wc -l)"
assert_match "\"sh -c echo one; ech…\"" "$(docker ps -f name="$a" | tail -n 1)"

# ---- stats ----
docker exec -d "$b" sh -c 'while :; do :; done'
stats=$(docker stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.PIDs}} {{.MemUsage}}')
assert_match "^$a [0-9.]+% [0-9]+ [0-9.]+(Ki|Mi)B / 64MiB$" "$(grep "^$a" <<<"$stats")"
assert_match "^$b [0-9.]+% [0-9]+ [0-9.]+(Ki|Mi)B / [0-9.]+GiB$" "$(grep "^$b" <<<"$stats")"
# A busy loop is seen; how much of a processor it gets is the machine's business.
assert_no_match "^$b 0\.00%" "$stats"
assert_match '^CONTAINER ID   NAME +CPU %     MEM USAGE / LIMIT +MEM % +NET I/O +BLOCK I/O +PIDS$' "$(docker stats --no-stream "$a" | head -n 1)"
assert_eq "$a" "$(docker stats --no-stream --format json "$a" | jq -r .Name)"
assert_status 1 docker stats --no-stream nonsense
assert_match 'No such container: nonsense' "$output"
docker stop -t 0 "$b" >/dev/null
assert_eq "$a" "$(docker stats --no-stream --format '{{.Name}}')"
assert_eq "0.00% 0" "$(docker stats -a --no-stream --format '{{.Name}} {{.CPUPerc}} {{.PIDs}}' | sed -n "s/^$b //p")"
# The stream goes on until its reader has enough.
assert_eq 3 "$(docker stats --format '{{.Name}}' "$a" | head -n 3 | wc -l)"

# ---- what has ended ----
assert_eq "$b" "$(names -f status=exited)"
assert_eq "$b" "$(names -f exited="$(i '{{.State.ExitCode}}' "$b")")"
assert_eq "[]|0" "$(i '{{json .Config.Env}}|{{.State.Pid}}' "$b")"
assert_match '^[0-9]+$' "$(docker wait "$b")"
docker start "$b" >/dev/null
assert_status 125 docker stop -t soon "$b"
assert_match 'invalid argument "soon"' "$output"
assert_eq "$b" "$(docker stop --timeout 0 "$b")"

# ---- exec with files of variables ----
printf '# remark\nONE=1 and more\nPASSED\nNOT_THERE\n' >vars
assert_eq "1 and more|through|" "$(PASSED=through docker exec --env-file vars "$a" sh -c 'echo "$ONE|$PASSED|$NOT_THERE"')"
assert_status 125 docker exec --env-file none "$a" true

# ---- version, info ----
assert_match '^Docker version [0-9.]+, build netemu-' "$(docker --version)"
assert_match '^[0-9.]+ linux$' "$(docker version -f '{{.Server.Version}} {{.Client.Os}}')"
assert_eq "2 1 1" "$(docker info -f '{{.Containers}} {{.ContainersRunning}} {{.ContainersStopped}}')"
assert_match 'Running: 1' "$(docker info)"
assert_status 1 docker info -f '{{.Nonsense}}'

# ---- refused, with the reason ----
refused() { # WORDS PATTERN
  local status=0
  # shellcheck disable=SC2086 # words
  output=$(docker $1 2>&1) || status=$?
  ((status)) || die "docker $1 did something"
  assert_match "netemu cannot do .*$2" "$output"
}
refused "run -it --rm alpine sh" 'write one .*netemu run FILE'
refused "compose up -d" 'nodes come from a topology'
refused "rename $a other" 'change it in the topology'
refused "update --cpus 1 $a" 'cpu, memory and cpu-set'
refused "attach $a" 'docker exec -it gives a shell'
refused "start -a $b" '--attach|docker logs -f shows it'
refused "network create other" "topology's mgmt and links"
refused "container prune -f" 'netemu destroy LAB'
refused "rm --link $a" 'takes a link down'
assert_match 'Refused, since:' "$(docker --help)"
assert_match '--attach +refused: ' "$(docker start --help)"
assert_eq 2 "$(docker ps -aq | wc -l)"
netemu destroy "$topo" >/dev/null
