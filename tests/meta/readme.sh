#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# readme - the README's table of keys is the program's, and the Chinese README has the same sections and commands.
#
#   tests/meta/readme.sh --update      writes the table anew
. "$(dirname "$0")/../lib.sh"
need_netemu
cd "$top"

section() { sed -n '/^<!-- SCHEMA: begin -->$/,/^<!-- SCHEMA: end -->$/{//!p}' README.md; }
if [[ ${1:-} == --update ]]; then
  {
    sed '/^<!-- SCHEMA: begin -->$/q' README.md
    netemu help --schema
    sed -n '/^<!-- SCHEMA: end -->$/,$p' README.md
  } >"$test_dir/README.md"
  cat "$test_dir/README.md" >README.md
fi
assert_eq "$(netemu help --schema)" "$(section)" "the table of keys in README.md is not the program's: make readme"

# What a reader types or sees is the same in both; the words around it are not.
outline() { sed '/^<!-- SCHEMA: begin -->$/,/^<!-- SCHEMA: end -->$/d' "$1" | grep -oE '^#+ '; }
blocks() { grep -E '^    [^ ]' "$1" | grep -vE '^    [a-z]+/[a-z/]* {2,}' | sed -E 's/([^ ])  +(# |\().*$/\1/'; }
assert_eq "$(outline README.md)" "$(outline README.zh.md)" "headings of README.md (want) and README.zh.md (got)"
assert_eq "$(blocks README.md)" "$(blocks README.zh.md)" "commands and output of README.md (want) and README.zh.md (got)"
grep -q '](README.zh.md)' README.md || die "README.md does not lead to README.zh.md"
grep -q '](README.md)' README.zh.md || die "README.zh.md does not lead to README.md"
