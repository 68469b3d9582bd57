#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# image_import - every format is imported right; hostile, damaged and interrupted ones leave nothing
. "$(dirname "$0")/../lib.sh"
need_root
need_netemu
need_cmd tar gzip xz jq sha256sum strace setfattr getfattr

cd "$test_dir"
image() { netemu image "$@"; }
root_of() { echo "$NETEMU_IMAGES/ids/$(image list -f json | jq -r --arg n "$1" '.[] | select(.name == $n).id')/root"; }
names() { image list -f json | jq -r '.[].name' | paste -sd' '; }
# Nothing is left of an import: the lock is all there is beside what has a name.
count() { find "$NETEMU_IMAGES/$1" -mindepth 1 -maxdepth 1 | wc -l; }
clean() { assert_eq "$1" "$(count tmp) $(count ids)" "line ${BASH_LINENO[0]}: what is in tmp and ids"; }

# ---- a root file system with all that one can have ----
mkdir -p fs/{bin,etc,dev,usr/lib,var/www}
ln -s usr/lib fs/lib
echo hello >fs/etc/motd
ln fs/etc/motd fs/etc/issue
printf '#!/bin/sh\n' >fs/bin/su
chown 12:34 fs/bin/su
chmod 4750 fs/bin/su
mkfifo fs/var/pipe
mknod fs/dev/null c 1 3
mknod fs/dev/sda b 8 0
mknod fs/gone c 0 0
chmod 1777 fs/var/www
setfattr -n user.note -v kept fs/etc/motd
setfattr -n trusted.overlay.opaque -v y fs/var/www
setfattr -n security.capability -v 0x0000000200200000000000000000000000000000 fs/bin/su
truncate -s 1M fs/sparse
printf 'name\n' >$'fs/etc/\xc3\xa9t\xc3\xa9 x'
touch -d '2001-02-03 04:05:06 UTC' fs/etc fs/etc/motd
touch fs/.wh.literal

check_fs() { # ROOT
  local r=$1
  assert_eq "12:34 4750" "$(stat -c '%u:%g %a' "$r/bin/su")"
  assert_eq "usr/lib" "$(readlink "$r/lib")"
  assert_eq "hello 2" "$(cat "$r/etc/issue") $(stat -c %h "$r/etc/issue")"
  assert_eq "981173106 981173106" "$(stat -c %Y "$r/etc" "$r/etc/motd" | paste -sd' ')"
  assert_eq "fifo 1777 1:3" "$(stat -c %F "$r/var/pipe") $(stat -c %a "$r/var/www") $(stat -c %t:%T "$r/dev/null")"
  assert_eq "1048576 0" "$(stat -c '%s %b' "$r/sparse")" "a sparse file"
  assert_eq name "$(cat "$r"/etc/été\ x)"
  assert_eq kept "$(getfattr --absolute-names --only-values -n user.note "$r/etc/motd")"
  assert_eq "" "$(getfattr --absolute-names -d -m trusted.overlay "$r/var/www" 2>/dev/null)" "overlay's own attributes"
  assert_match "security.capability" "$(getfattr --absolute-names -d -m security.capability "$r/bin/su" 2>/dev/null)"
  [[ ! -e $r/dev/sda && ! -e $r/gone ]] || die "a device that is none of a node's was made"
}
assert_status 0 image import fs dir:1
assert_match "dir:1: image [0-9a-f]{12}, .* files" "$output"
assert_match "2 device nodes of it were left out" "$output"
check_fs "$(root_of dir:1)"
[[ -e $(root_of dir:1)/.wh.literal ]] || die "a directory has no whiteouts"
rm fs/.wh.literal
assert_status 0 image import fs dir:1
assert_status 0 image import dir:2 fs
check_fs "$(root_of dir:2)"
assert_eq "$(root_of dir:1)" "$(root_of dir:2)" "the same files are the same image"
tarball() { tar --xattrs --xattrs-include='*' --sparse --format=pax -C fs -c "$@" .; }
for c in tar gz xz bz2 zst; do
  case $c in tar) how="cat" ;; gz) how="gzip" ;; xz) how="xz" ;; bz2) how="bzip2" ;; zst) how="zstd" ;; esac
  command -v "$how" >/dev/null || continue
  [[ $c != tar ]] || tarball >x
  "$how" <x >"fs.$c"
  assert_status 0 image import "fs.$c" "tar:$c"
  check_fs "$(root_of "tar:$c")"
  assert_eq "$(root_of tar:tar)" "$(root_of "tar:$c")" "packed otherwise, the same image"
done
assert_status 0 image import - stdin <fs.gz
check_fs "$(root_of stdin:latest)"
for n in $(names); do image rm "$n" >/dev/null; done
clean "0 0"

# ---- layers ----
sha() { sha256sum | cut -d' ' -f1; }
blob() { # FILE - into the layout, sets $digest
  digest=$(sha <"$1")
  mkdir -p layout/blobs/sha256
  cp "$1" "layout/blobs/sha256/$digest"
}
desc() { printf '{"mediaType": "application/vnd.oci.image.%s", "digest": "sha256:%s", "size": %s%s}' "$1" "$digest" "$(stat -c %s "layout/blobs/sha256/$digest")" "${2:-}"; }
mkdir -p l1/{etc,data/old} l2/{etc,data} ref
echo one >l1/etc/a; echo one >l1/etc/b; echo one >l1/data/old/x; ln -s /etc l1/conf; echo low >l1/etc/c
echo two >l2/etc/a; : >l2/etc/.wh.b; : >l2/data/.wh..wh..opq; echo two >l2/data/new
mkdir l3; mkdir l3/conf; echo three >l3/conf/d
tar -C l1 -cf l1.tar . && tar -C l2 -cf l2.tar . && tar -C l3 -cf l3.tar conf/d
make_layout() { # TAG - of l1 (gzip), l2 (plain), l3 (xz)
  local layers='' diffs=''
  rm -rf layout
  for l in l1.tar l2.tar l3.tar; do
    diffs+=${diffs:+, }\"sha256:$(sha <$l)\"
    case $l in l1.tar) gzip -c $l >x ;; l3.tar) xz -c $l >x ;; *) cp $l x ;; esac
    blob x
    layers+=${layers:+, }$(desc layer.v1.tar)
  done
  cat >config.json <<JSON
{"architecture": "$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')", "os": "linux", "config": {"Cmd": ["sleep", "1"]},
 "rootfs": {"type": "layers", "diff_ids": [$diffs]}}
JSON
  blob config.json
  id=$digest
  echo "{\"schemaVersion\": 2, \"config\": $(desc config.v1+json), \"layers\": [$layers]}" >x
  blob x
  manifest=$digest
  echo "{\"schemaVersion\": 2, \"manifests\": [$(desc manifest.v1+json ", \"annotations\": {\"org.opencontainers.image.ref.name\": \"$1\"}")]}" >layout/index.json
  echo '{"imageLayoutVersion": "1.0.0"}' >layout/oci-layout
}
check_layers() {
  local r
  r=$(root_of "$1")
  assert_eq "$NETEMU_IMAGES/ids/$id/root" "$r" "the id is the configuration's digest"
  assert_eq "conf data data/new etc etc/a etc/c etc/d" "$(cd "$r" && find . -mindepth 1 | sed 's,^./,,' | sort | paste -sd' ')"
  assert_eq "two three" "$(cat "$r/etc/a" "$r/etc/d" | paste -sd' ')"
}
make_layout acme/lab:1
assert_status 0 image import layout
check_layers acme/lab:1
image rm acme/lab:1 >/dev/null
tar -C layout -czf oci.tgz .
assert_status 0 image import oci.tgz
check_layers acme/lab:1
assert_status 0 image import oci.tgz other
assert_eq "acme/lab:1 other:latest" "$(names)"
clean "0 1"
image rm "$id" >/dev/null
assert_eq "" "$(names)"

# docker save, as it was until 24: layers in directories of their own, one of them a link.
mkdir -p save/{L1,L2,L3,L4}
for i in 1 2 3; do cp l$i.tar save/L$i/layer.tar; done
ln -s ../L3/layer.tar save/L4/layer.tar
cp config.json "save/$id.json"
echo "[{\"Config\": \"$id.json\", \"RepoTags\": [\"saved:1\", \"saved:2\"], \"Layers\": [\"L1/layer.tar\", \"L2/layer.tar\", \"L4/layer.tar\"]}]" >save/manifest.json
tar -C save -cf save.tar "$id.json" L1 L2 L3 L4 manifest.json
assert_status 0 image import save.tar
check_layers saved:2
assert_eq "saved:1 saved:2" "$(names)"
assert_status 0 image rm saved:1
assert_eq "saved:2" "$(names)"
check_layers saved:2
# Two images in it: both, or the one that is named.
jq '. + [.[0] + {RepoTags: ["second:1"]}]' save/manifest.json >x && mv x save/manifest.json
assert_status 0 image import save
assert_eq "saved:1 saved:2 second:1" "$(names)"
assert_status 1 image import save third
assert_match "it holds 2 images \(saved:1, saved:2, second:1\)" "$output"
for n in $(names); do image rm "$n" >/dev/null; done
clean "0 0"

# ---- what is refused, in one line, and leaves nothing ----
refused() { # REGEX SOURCE [NAME]
  assert_status 1 image import "${@:2}"
  assert_match "$1" "$output"
  assert_eq 1 "$(wc -l <<<"$output")" "lines of: $output"
  clean "0 0"
}
refused "no such file" nothing x
refused "has no name of its own: give it one" fs.gz
refused "is not the name of an image" fs.gz 'Bad Name'
head -c 300 fs.gz >cut.gz
refused "truncated|damaged" cut.gz x
head -c 5000 fs.tar >cut.tar
refused "[Tt]runcated|damaged" cut.tar x
head -c 20000 /dev/urandom >noise
refused "not a tar archive" noise x
: >empty
refused "no files in it" empty x

evil=$test_dir/evil
echo mine >"$evil"
echo bad >f
tar -P -cf t.tar --transform "s,^f\$,../../../../..$evil," f
refused "leads out of the image" t.tar x
mkdir sl && ln -s "$test_dir" sl/out && ln -s "../../../../../../../../..$test_dir" sl/up
tar -cf t.tar -C sl out up && tar -P -rf t.tar --transform 's,^f$,out/evil,' f && tar -P -rf t.tar --transform 's,^f$,up/evil,' f
assert_status 0 image import t.tar links
assert_eq mine "$(cat "$evil")" "through a link in the archive"
assert_eq bad "$(cat "$(root_of links:latest)$evil")" "where the link leads inside of the image"
tar -P -cf t.tar --transform "s,^f\$,$evil," f
assert_status 0 image import t.tar absolute
assert_eq mine "$(cat "$evil")" "by an absolute name"
assert_eq bad "$(cat "$(root_of absolute:latest)$evil")"
image rm links absolute >/dev/null
ln f g
tar -P -cf t.tar --transform "flags=h;s,^f\$,../../../../../../../../..$evil," f g
refused "hard link leads out" t.tar x
rm g
truncate -s 10T huge 2>/dev/null && { tar -ScP -f t.tar huge; rm huge; refused "said to be 10995116277760 bytes long" t.tar x; }

make_layout bad:1
echo x >>"layout/blobs/sha256/$(jq -r '.layers[1].digest' "layout/blobs/sha256/$manifest" | cut -d: -f2)"
refused "layer 2 of 3: .*is damaged: its SHA-256" layout
make_layout bad:1
rm "layout/blobs/sha256/$(jq -r '.layers[2].digest' "layout/blobs/sha256/$manifest" | cut -d: -f2)"
refused "layer 3 of 3: open 'blobs/sha256/.*No such file" layout
cp l2.tar save/L1/layer.tar
jq '.[:1]' save/manifest.json >x && mv x save/manifest.json
refused "layer 1 of 3: it is not what the image's configuration says" save
echo '[{"Config": "../../../../etc/passwd", "Layers": []}]' >save/manifest.json
refused "is not the name of a file in the archive" save
echo '{' >save/manifest.json
refused "'manifest.json' in it is no JSON" save
ln -sf /etc/passwd "save/$id.json"
echo "[{\"Config\": \"$id.json\", \"RepoTags\": [\"a:1\"], \"Layers\": []}]" >save/manifest.json
refused "open '$id.json' in it: No such file" save

# A bomb: more than there is room for.
mkdir small
mount -t tmpfs -o size=80m small small
at_exit umount "$test_dir/small"
head -c 40M /dev/zero >zeros && tar -czf bomb.tgz zeros && rm zeros
NETEMU_IMAGES=$test_dir/small/images assert_status 1 image import bomb.tgz x
assert_match "more than there is room for" "$output"
assert_eq "" "$(find small/images/tmp small/images/ids -mindepth 1)"

# ---- killed wherever: nothing is visible, and the next import sweeps ----
make_layout kept:1
assert_status 0 image import layout kept:1
tar -C fs -czf fs.tgz bin etc usr var
kills=0
for call in openat2 renameat symlinkat mkdirat fsync; do
  for nth in 1 2 3 7; do
    status=0
    { strace -f -o /dev/null -e trace=$call -e "inject=$call:signal=KILL:when=$nth" "$top/build/netemu-image" fs.tgz killed >/dev/null; } 2>/dev/null || status=$?
    ((status != 0)) || { image rm killed >/dev/null; continue; }
    kills=$((kills + 1))
    assert_match '^kept:1( killed:latest)?$' "$(names)" "killed at $call $nth"
    [[ $(names) != *killed* ]] || check_killed=$(root_of killed:latest)
    [[ -z ${check_killed:-} || -s $check_killed/etc/motd ]] || die "killed at $call $nth: half an image has a name"
    [[ $(names) != *killed* ]] || image rm killed >/dev/null
    unset check_killed
  done
done
((kills >= 10)) || die "killed only $kills times"
assert_status 0 image import fs.tgz after
clean "0 2"
image rm kept:1 after >/dev/null

# Interrupted while it waits for its input: gone by itself.
mkfifo in
"$NETEMU" image import - waits <in >"$test_dir/waits.log" 2>&1 &
exec 5>in
under_way() { [[ -n $(ls "$NETEMU_IMAGES/tmp") ]]; }
wait_until 10 under_way
kill -TERM "$(pgrep -P $! netemu-image)"
wait $! && die "an interrupted import has succeeded"
exec 5>&-
assert_match "interrupted|Interrupted" "$(cat "$test_dir/waits.log")"
clean "0 0"

# Two at once are both there.
"$NETEMU" image import fs.tgz one >/dev/null &
netemu image import fs.tgz two >/dev/null
wait $!
assert_eq "one:latest two:latest" "$(names)"
clean "0 1"

# ---- words ----
assert_status 64 netemu image
assert_status 64 image import
assert_status 64 image frobnicate
assert_status 64 image rm
assert_status 1 image rm nothing
assert_match "there is no image 'nothing'" "$output"
mkdir one
assert_status 64 image import one fs
assert_match "one and fs are both there" "$output"
