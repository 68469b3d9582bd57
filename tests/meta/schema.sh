#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# schema - the table of what is supported has a row for each key that the loader knows, and each row says something.
. "$(dirname "$0")/../lib.sh"
need_netemu
cd "$top"

netemu help --schema >"$test_dir/schema.md"
rows=$(sed '/^Kinds:/,$d' "$test_dir/schema.md" | grep -c '^| `')
known=$(cat runtime/topology/*.c | grep -cE '^[[:space:]]*\[[A-Z0-9_]+\] = \{ "[A-Za-z0-9_-]+", SHAPE_')
assert_eq "$known" "$rows" "keys in runtime/topology's tables (want) and rows of netemu help --schema (got)"
# A key, a mark and a text, without a | that would make a fourth column.
bad=$(grep '^| `' "$test_dir/schema.md" | grep -vE '^\| `[A-Za-z0-9_-]+` \| (works|works; netemu.s own|no effect|old, works|old, no effect) \| [^|]+ \|$' || true)
assert_eq "" "$bad" "rows that are not KEY | MARK | TEXT"
! grep -q '(null)' "$test_dir/schema.md" || die "a row without a text"
