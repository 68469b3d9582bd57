#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# image_pods - a container of a pod lives in its imported image, and runs what that says unless the pod says otherwise
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd busybox jq sha256sum tar
! ldd "$(command -v busybox)" >/dev/null 2>&1 || skip "needs a static busybox (Debian's busybox-static)"

cd "$test_dir"
mkdir -p fs/{bin,etc,srv} save
cp "$(command -v busybox)" fs/bin/busybox
for tool in sh cat ls sleep id; do ln -s busybox "fs/bin/$tool"; done
printf 'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/srv:/bin/sh\n' >fs/etc/passwd
cat >fs/bin/entry <<'SH'
#!/bin/sh
echo "entry $* in $(pwd) as $(id -u) A=$A B=$B"
trap 'exit 0' TERM
while :; do sleep 0.1; done
SH
chmod +x fs/bin/entry
tar -C fs -cf save/layer.tar .
cat >save/config.json <<JSON
{"os": "linux", "config": {"Entrypoint": ["/bin/entry", "-x"], "Cmd": ["one"], "Env": ["A=image", "B=image", "PATH=/bin"],
  "WorkingDir": "/srv", "User": "app"}, "rootfs": {"diff_ids": ["sha256:$(sha256sum <save/layer.tar | cut -d' ' -f1)"]}}
JSON
echo '[{"Config": "config.json", "RepoTags": ["acme/app:1", "alpine:3.19"], "Layers": ["layer.tar"]}]' >save/manifest.json
id=$(sha256sum <save/config.json | cut -d' ' -f1)
assert_status 0 netemu image import save

lab_name
cat >cluster.yaml <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $lab
nodes: [{role: control-plane}]
YAML
pod() { # NAME CONTAINER
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {terminationGracePeriodSeconds: 0, tolerations: [{operator: Exists}], containers: [%s]}\n---\n' "$1" "$2"
}
{ pod plain '{name: c, image: "docker.io/acme/app:1"}'
  pod args '{name: c, image: "acme/app:1", args: [two, three], env: [{name: A, value: pod}]}'
  pod command '{name: c, image: "acme/app:1", command: [/bin/entry, -y], workingDir: /bin, securityContext: {runAsUser: 7}}'
  pod known '{name: c, image: "alpine:3.19"}'
  pod host '{name: c, image: "alpine:3.20", command: [sleep, "100000"]}'
  pod missing '{name: c, image: "acme/app:2"}'; } >pods.yaml
netemu run cluster.yaml >/dev/null 2>run.err || { cat run.err; exit 1; }
netemu apply --lab "$lab" -f pods.yaml >/dev/null
status() { netemu get pods "$1" --lab "$lab" -o json | jq -r "$2"; }
runs() { [[ $(status "$1" .status.phase) == Running ]]; }
said() { netemu logs "$1" --lab "$lab" | grep '^entry '; }
has_said() { said "$1" >/dev/null; }
for p in plain args command known; do wait_until 20 has_said $p; done
assert_eq "entry -x one in /srv as 1000 A=image B=image" "$(said plain)"
assert_eq "entry -x two three in /srv as 1000 A=pod B=image" "$(said args)"
assert_eq "entry -y in /bin as 7 A=image B=image" "$(said command)"
assert_eq "entry -x one in /srv as 1000 A=image B=image" "$(said known)" "an image that something else would stand for"
wait_until 20 runs host
assert_eq "sha256:$id" "$(status plain '.status.containerStatuses[0].imageID')"
assert_match "netemu://profile/host" "$(status host '.status.containerStatuses[0].imageID')"
assert_match "^bin dev etc proc srv sys( var)?$" "$(netemu exec plain --lab "$lab" -- ls / </dev/null | paste -sd' ')"

# What is not there is not pulled; when it is imported, it runs at the next try.
waits() { [[ $(status missing '.status.containerStatuses[0].state.waiting.reason') == *ImagePull* ]]; }
wait_until 20 waits
assert_status 1 netemu image rm acme/app:1 alpine:3.19
assert_match "alpine:3.19 is used by a pod" "$output"
mv save/manifest.json x && jq '.[0].RepoTags = ["acme/app:2"]' x >save/manifest.json
netemu image import save >/dev/null
wait_until 60 has_said missing
netemu destroy "$lab" >/dev/null
assert_status 0 netemu image rm "$id"
