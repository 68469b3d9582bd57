#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ci - CI runs the very command that the README gives for the tests; the README's commands are there.
. "$(dirname "$0")/../lib.sh"
cd "$top"

command=$(grep -vE '^(#|set |cd |$)' .ci/run)
assert_eq "./scripts/test" "$command" ".ci/run"
grep -qE "^    sudo \./scripts/test( |$)" README.md || die "README.md does not give the command of .ci/run: $command"
for script in $(grep -oE '\./scripts/[a-z]+' README.md | sort -u) .ci/run; do
  [[ -x $script ]] || die "README.md names $script, which is no program"
done
while read -r target; do
  grep -q "^$target:" Makefile || die "README.md names \`make $target\`, which is no target"
done < <(grep -oE '`make [a-z-]+' README.md | cut -d ' ' -f 2 | sort -u)
