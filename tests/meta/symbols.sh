#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# symbols - no function is defined twice: programs link several of the libraries, and the linker would take either.
. "$(dirname "$0")/../lib.sh"
need_cmd nm
cd "$top"
[[ -f build/libnetemu.a && -f build/libapiserver.a && -f build/libkubelet.a ]] || skip "needs a build (make)"

twice=$(nm --defined-only build/libnetemu.a build/libapiserver.a build/libkubelet.a | awk '$2 ~ /^[TDB]$/ { print $3 }' | sort | uniq -d)
assert_eq "" "$twice" "defined in more than one place"
