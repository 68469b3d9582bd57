#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# install - what `make install` puts somewhere works there, and `make uninstall` takes all of it away.
. "$(dirname "$0")/../lib.sh"
need_netemu
cd "$top"

root=$test_dir/root
make() { command make --no-print-directory -s PREFIX=/usr/local DESTDIR="$root" "$@"; }
make install

share=usr/local/share
for file in usr/local/bin/netemu usr/local/libexec/netemu/netemu-init $share/man/man1/netemu.1 \
  $share/bash-completion/completions/netemu $share/netemu/topologies/bgp-cplane-demo/bgp-cplane-demo.clab.yml; do
  [[ -s $root/$file ]] || die "make install did not put $file there"
done
assert_match '^netemu ' "$("$root/usr/local/bin/netemu" version)" "the installed program"
bash -n "$root/$share/bash-completion/completions/netemu"

# A file of somebody else's survives.
echo "not ours" >"$root/usr/local/bin/other"
make uninstall
assert_eq "$root/usr/local/bin/other" "$(find "$root" -not -type d -o -name '*netemu*')" "left by make uninstall"
