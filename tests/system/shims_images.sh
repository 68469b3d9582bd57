#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shims_images - docker's, ctr's and kind's commands on images act on what is imported
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq sha256sum tar

netemu shims "$test_dir/bin" >/dev/null
export PATH=$test_dir/bin:$PATH
cd "$test_dir"

mkdir -p fs/etc save
echo hello >fs/etc/motd
tar -C fs -cf fs.tar .
saved() { # FILE NAME...
  local file=$1 names
  shift
  names=$(printf '"%s", ' "$@")
  cp fs.tar save/layer.tar
  echo "{\"os\": \"linux\", \"architecture\": \"\", \"config\": {\"Cmd\": [\"/bin/sh\"], \"Env\": [\"A=b\"], \"ExposedPorts\": {\"80/tcp\": {}}},
    \"rootfs\": {\"diff_ids\": [\"sha256:$(sha256sum <fs.tar | cut -d' ' -f1)\"]}}" >save/config.json
  echo "[{\"Config\": \"config.json\", \"RepoTags\": [${names%, }], \"Layers\": [\"layer.tar\"]}]" >save/manifest.json
  tar -C save -cf "$file" .
  id=$(sha256sum <save/config.json | cut -d' ' -f1)
}
list() { docker images --format '{{.Repository}}:{{.Tag}} {{.Size}}' | sort | paste -sd' '; }

saved a.tar acme/a:1 acme/a:2
assert_eq "Loaded image: acme/a:1
Loaded image: acme/a:2" "$(docker load -i a.tar)"
assert_eq "acme/a:1 6B acme/a:2 6B" "$(list)"
assert_eq "$(printf '%s\n' "${id:0:12}" "${id:0:12}")" "$(docker images -q acme/a)"
assert_eq "sha256:$id" "$(docker image ls -q --no-trunc acme/a:2)"
assert_match "^acme/a +1 +${id:0:12} +[0-9]+ seconds? ago +6B$" "$(docker images acme/a:1 | tail -n 1)"
assert_eq '["/bin/sh"] A=b {"80/tcp":{}}' "$(docker image inspect acme/a:1 | jq -r '.[0].Config | "\(.Cmd) \(.Env[0]) \(.ExposedPorts)"')"
assert_eq "sha256:$id" "$(docker image inspect -f '{{.Id}}' "${id:0:12}")"
assert_status 0 docker tag acme/a:1 docker.io/library/other
assert_eq "acme/a:1 6B acme/a:2 6B other:latest 6B" "$(list)"
assert_eq "Untagged: acme/a:1" "$(docker rmi acme/a:1)"
assert_eq "Untagged: acme/a:2
Untagged: other:latest
Deleted: sha256:$id" "$(docker image rm -f "${id:0:12}")"
assert_eq "" "$(list)"
assert_eq "Loaded image: acme/a:1
Loaded image: acme/a:2" "$(docker load <a.tar)"

assert_match '^sha256:[0-9a-f]{64}$' "$(docker import - acme/files:1 <fs.tar)"
assert_match '^sha256:[0-9a-f]{64}$' "$(docker image import fs.tar acme/files:2)"
[[ $(docker images -q acme/files | sort -u | wc -l) == 1 ]] || die "the same files are two images"

topo <<'YAML'
topology:
  nodes:
    n: {kind: linux, image: "acme/a:1", network-mode: none, cmd: sleep infinity}
    h: {kind: linux, image: "alpine:3.19", network-mode: none}
YAML
netemu run "$topo" >/dev/null 2>&1
assert_match "acme/a:1 6B .*alpine:3.19 0B" "$(list)"
docker rmi acme/a:2 >/dev/null
assert_status 1 docker rmi acme/a:1
assert_eq "Error response from daemon: conflict: unable to delete acme/a:1 (cannot be forced) - image is being used by lab $lab" "$output"
netemu destroy "$lab" >/dev/null
docker rmi acme/a:1 acme/files:1 acme/files:2 >/dev/null

# ---- pull asks nobody ----
saved b.tar alpine:3.19
assert_status 0 docker pull alpine:3.19
assert_match "no registry is asked: something in its place is there" "$output"
docker load -q -i b.tar >/dev/null
assert_status 0 docker pull docker.io/library/alpine:3.19
assert_match "no registry is asked: the imported image is there" "$output"
assert_match "Image is up to date for docker.io/library/alpine:3.19" "$output"
assert_status 1 docker pull acme/nothing
assert_match "speaks to no registry, and has nothing in the place of acme/nothing" "$output"
docker rmi alpine:3.19 >/dev/null

# ---- ctr, kind ----
assert_eq "unpacking alpine:3.19 (sha256:$id)...done" "$(ctr -n k8s.io images import b.tar)"
docker rmi alpine:3.19 >/dev/null
ctr image export empty.tar quay.io/x:1 2>/dev/null
assert_status 0 ctr image import empty.tar
assert_match "nothing to import" "$output"
assert_status 1 ctr image import nothing.tar
assert_status 0 kind load image-archive b.tar
assert_eq "alpine:3.19 6B" "$(list)"
assert_status 1 kind load image-archive nothing.tar

# ---- what goes wrong is said as docker says it ----
assert_status 1 docker load -i nothing.tar
assert_match "open nothing.tar: No such file" "$output"
assert_status 1 docker load -i fs.tar
assert_match "Error response from daemon: fs.tar: a root file system has no name of its own" "$output"
assert_status 1 docker rmi nothing
assert_eq "Error response from daemon: No such image: nothing:latest" "$output"
assert_status 1 docker image inspect nothing:2
assert_match "No such image: nothing:2" "$output"
assert_status 1 docker tag nothing x
assert_status 1 docker import fs.tar
assert_status 1 docker import http://example.org/x.tar x
assert_eq "Total reclaimed space: 0B" "$(docker image prune -f)"
