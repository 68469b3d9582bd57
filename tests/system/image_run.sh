#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# image_run - nodes live in their imported image: its files, its command, environment, user; nothing of the host's, no copy
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd busybox jq sha256sum tar
! ldd "$(command -v busybox)" >/dev/null 2>&1 || skip "needs a static busybox (Debian's busybox-static)"

cd "$test_dir"
run() { netemu run "$@" >run.out 2>run.err || { cat run.err && exit 1; }; }
in_node() { netemu exec --lab "$lab" "$@" </dev/null; }

# ---- nothing but a busybox ----
mkdir -p fs/{bin,etc,srv/app,root}
cp "$(command -v busybox)" fs/bin/busybox
for tool in sh cat df env id ip ls mkdir ping pwd sleep touch; do ln -s busybox "fs/bin/$tool"; done
printf 'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/srv/app:/bin/sh\n' >fs/etc/passwd
printf 'app:x:1000:\n' >fs/etc/group
assert_status 0 netemu image import fs alpine:3.19
id=$(netemu image list -f json | jq -r '.[0].id')

topo <<'YAML'
topology:
  defaults: {kind: linux, network-mode: none}
  nodes:
    a: {image: "docker.io/library/alpine:3.19", exec: ["touch /made", "nothing-there"]}
    b: {image: "alpine:3.19"}
    c: {image: "alpine:3.20"}
  links: [{endpoints: ["a:eth1", "b:eth1"]}]
YAML
assert_match "docker.io/library/alpine:3.19 +1 +imported image ${id:0:12}, from fs" "$(netemu validate "$topo")"
run "$topo"
assert_match "alpine:3.19 +1 +imported image ${id:0:12}, from fs
alpine:3.20 +1 +an idle host with the host's own programs" "$(cat run.out)"
assert_match "node a: 'nothing-there' is not in its image alpine:3.19" "$(cat run.err)"
assert_eq "bin dev etc made proc root srv sys" "$(in_node a -- ls / | paste -sd' ')"
assert_eq "bin dev etc proc root srv sys" "$(in_node b -- ls / | paste -sd' ')" "what another node wrote"
assert_eq "bin etc root srv" "$(find "$NETEMU_IMAGES/ids/$id/root" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | paste -sd' ')" "the image stays as it is"
assert_eq "hi a /" "$(netemu exec --lab "$lab" -i a <<<'echo hi $(cat /etc/hostname) $(pwd)')" "a login shell"
assert_match "uid=1000\(app\)" "$(in_node -u app a -- id)"
in_node a -- ip addr add 10.9.0.1/24 dev eth1
in_node b -- ip addr add 10.9.0.2/24 dev eth1
in_node a -- ping -c 1 -W 2 10.9.0.2 >/dev/null
assert_eq "" "$(in_node c -- ls -A /var/lib/netemu)" "images are hidden from nodes with the host's files"
roots() { netemu inspect "$lab" -f json | jq -r '[.. | objects | select(.root) | .root] | join(" ")'; }
assert_eq "image ${id:0:12} image ${id:0:12} host" "$(roots)"
assert_eq "1 1" "$(netemu image list -f json | jq -r '"\(length) \(.[0].labs)"')"

# Who uses it keeps it; what a node has written outlives its stop.
assert_status 1 netemu image rm alpine:3.19
assert_eq "netemu image: alpine:3.19 is used by lab $lab: destroy that first" "$output"
netemu stop --lab "$lab" a >/dev/null
netemu start --lab "$lab" a >/dev/null
in_node a -- ls /made >/dev/null
assert_eq "alpine:3.19" "$(netemu image list -f json | jq -r '.[].name')"
netemu destroy "$lab" >/dev/null
run "$topo"
kill -9 "$(netemu list -f json | jq -r '.[0].supervisor')"
netemu destroy "$lab" >/dev/null 2>&1
# An image that lost its name while it was used goes with the next import.
run "$topo"
touch fs/etc/newer
netemu image import fs alpine:3.19 >/dev/null
assert_eq "alpine:3.19 1 <none> 0" "$(netemu image list -f json | jq -r --arg id "$id" 'map("\(.name) \(if .id == $id then 0 else 1 end)") | join(" ")')"
in_node b -- ls / >/dev/null
netemu destroy "$lab" >/dev/null
assert_status 0 netemu image import fs alpine:3.19
[[ ! -e $NETEMU_IMAGES/ids/$id ]] || die "an image without a name has stayed"

# ---- fifty nodes of it ----
before=$(du -sk "$NETEMU_IMAGES" | cut -f1)
topo many < <(
  echo 'topology: {defaults: {kind: linux, image: "alpine:3.19", network-mode: none}, nodes: {'
  for i in {1..50}; do echo "n$i: {},"; done
  echo '}}'
)
run "$topo"
assert_eq 50 "$(netemu inspect "$lab" -f json | jq '[.. | objects | select(.state? == "running")] | length')"
used=$(in_node n50 -- df -k / | awk 'END { print $3 }')
((used < 2048)) || die "fifty nodes that wrote nothing use $used KiB"
assert_eq "$before" "$(du -sk "$NETEMU_IMAGES" | cut -f1)"
netemu destroy "$lab" >/dev/null

# ---- its configuration ----
sha() { sha256sum "$1" | cut -d' ' -f1; }
configured() { # NAME CONFIG
  mkdir -p save
  tar -C fs -cf save/layer.tar .
  echo "{\"os\": \"linux\", \"config\": $2, \"rootfs\": {\"diff_ids\": [\"sha256:$(sha save/layer.tar)\"]}}" >save/config.json
  echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"$1\"], \"Layers\": [\"layer.tar\"]}]" >save/manifest.json
  assert_status 0 netemu image import save
  image_id=$(sha save/config.json)
}
cat >fs/bin/entry <<'SH'
#!/bin/sh
echo "entry $* in $(pwd) as $(id -u):$(id -g) A=$A B=$B HOME=$HOME"
exec sleep 1000000
SH
chmod +x fs/bin/entry
configured acme/entry:1 '{"Entrypoint": ["/bin/entry", "-x"], "Cmd": ["one", "two"], "Env": ["A=image", "B=image", "PATH=/bin"],
  "WorkingDir": "/srv/made", "User": "app"}'
topo config <<YAML
topology:
  defaults: {kind: linux, network-mode: none}
  nodes:
    plain: {image: "acme/entry:1", exec: ["sh -c 'echo \$(pwd) \$(id -u)'"]}
    cmd: {image: "docker.io/acme/entry:1", cmd: "three four"}
    entry: {image: "acme/entry@sha256:$image_id", entrypoint: "/bin/entry -y"}
    both: {image: "acme/entry:1", entrypoint: /bin/entry, cmd: five, user: root}
    env: {image: "acme/entry:1", env: {A: file}}
    idle: {image: "acme/entry:1", entrypoint: "sleep infinity"}
YAML
run "$topo"
said() { netemu logs --lab "$lab" "$1" | grep '^entry '; }
has_said() { said "$1" >/dev/null; }
for n in plain cmd entry both env; do wait_until 10 has_said $n; done
assert_eq "entry -x one two in /srv/made as 1000:1000 A=image B=image HOME=/srv/app" "$(said plain)"
assert_eq "entry -x three four in /srv/made as 1000:1000 A=image B=image HOME=/srv/app" "$(said cmd)"
assert_eq "entry -y in /srv/made as 1000:1000 A=image B=image HOME=/srv/app" "$(said entry)"
assert_eq "entry five in /srv/made as 0:0 A=image B=image HOME=/root" "$(said both)"
assert_eq "entry -x one two in /srv/made as 1000:1000 A=file B=image HOME=/srv/app" "$(said env)"
assert_eq "/srv/made 1000" "$(netemu logs --lab "$lab" plain | grep '^/srv')" "exec lines are the image's user's"
assert_eq "/srv/made" "$(in_node plain -- pwd)"
assert_match "uid=1000" "$(in_node plain -- id)"
assert_match "uid=0" "$(in_node -u root plain -- id)"
assert_match "uid=0" "$(in_node both -- id)"
netemu destroy "$lab" >/dev/null

# ---- an image that is up to no good ----
mkdir -p evil/bin "evil$test_dir"
cp fs/bin/busybox evil/bin/sh
ln -s busybox evil/bin/cat
cp fs/bin/busybox evil/bin/busybox
for dir in etc proc sys dev; do ln -s "../../../../../../../..$test_dir/host-$dir" evil/$dir; mkdir "host-$dir"; done
ln -s "../../../../../../../..$test_dir" evil/data
echo secret >secret
assert_status 0 netemu image import evil evil
topo evil <<YAML
topology:
  defaults: {kind: linux, network-mode: none}
  nodes: {n: {image: evil, binds: ["$test_dir/secret:/data/bound"], tmpfs: {/run/x: ""}}}
YAML
run "$topo"
assert_eq secret "$(in_node n -- cat "$test_dir/bound")" "a bind goes where the link leads in the node"
[[ ! -e $test_dir/bound && -z $(find host-* -mindepth 1) ]] || die "the host has got files: $(find host-* "$test_dir/bound")"
assert_match "Linux" "$(in_node n -- cat /proc/version)"
netemu destroy "$lab" >/dev/null

# ---- what nothing stands for is refused as ever ----
topo none <<'YAML'
topology: {nodes: {n: {kind: linux, image: "acme/nothing:1"}}}
YAML
assert_status 2 netemu run "$topo"
assert_match "no profile stands for image 'acme/nothing:1' of node 'n'" "$output"
assert_match "netemu image import" "$output"
# A damaged store is said, and nothing is made.
echo '{' >"$NETEMU_IMAGES/ids/$(readlink "$NETEMU_IMAGES/names/evil:latest" | sed 's,.*/,,')/image.json"
topo damaged <<'YAML'
topology: {nodes: {n: {kind: linux, image: evil}}}
YAML
assert_status 1 netemu run "$topo"
assert_match "image evil: .*image.json is damaged" "$output"
