#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# functions - no function of the program has more than 80 lines.
. "$(dirname "$0")/../lib.sh"
need_cmd ctags
cd "$top"
ctags --version | grep -q Universal || skip "needs universal-ctags"

long=$(find netemu runtime -name '*.c' -print | ctags -L - -f - --languages=C --kinds-C=f --fields=+ne |
  awk -F '\t' '{
    for (i = 4; i <= NF; i++) {
      if ($i ~ /^line:/) first = substr($i, 6)
      if ($i ~ /^end:/) last = substr($i, 5)
    }
    if (last - first + 1 > 80) print $2 ":" first ": " $1 "() has " last - first + 1 " lines"
  }')
assert_eq "" "$long" "functions over 80 lines"
