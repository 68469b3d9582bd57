#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# heads - each source file begins with its licence and with a comment that says what it is; each lab with a comment.
. "$(dirname "$0")/../lib.sh"
cd "$top"

bad=0
complain() {
  echo "$*"
  bad=1
}

while read -r file; do
  head=$(head -n 5 "$file")
  grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' <<<"$head" || complain "$file: no SPDX line"
  name=$(basename "$file")
  # `loop.c - what it is`; a script may leave out its suffix, and a .c whose .h says it need not say it again.
  [[ $file != *.c || ! -e ${file%.c}.h ]] || continue
  grep -qE "^( \*|#) ($name|${name%.*}) - " <<<"$head" || complain "$file: no head comment ($name - what it is)"
done < <(find netemu runtime tests -name '*.[ch]' -not -path 'tests/fuzz/seeds/*'
  find Makefile scripts .ci tests/run tests/leaks tests/lib.sh tests/{meta,system,kernel,fault,golden} -type f \
    \( -name '*.sh' -o -not -name '*.*' \) 2>/dev/null)

while read -r file; do
  [[ $(head -c 2 "$file") == "# " ]] || complain "$file: no comment that says what the lab is"
done < <(find topologies -name '*.clab.yml')
exit $bad
