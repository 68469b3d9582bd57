#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh - the language's specification by example: what each NAME.yaml here is understood to be.
#
#   tests/golden/run.sh [--update] [NAME...]
#
#   NAME.yaml    a file as a user writes it; its first line says what it is a case of
#   NAME.args    arguments for the tool (dump_main.c), where it needs any
#   NAME.model   what it is understood to be: the file is good
#   NAME.plan    what would be done about it, or the mistakes that show only then: for each good file
#   NAME.err     the diagnostics, exactly: warnings, when there is a NAME.model as well, else errors
#
# --update writes .model, .plan and .err anew, to be read before they are committed. $DUMP is the tool, built when unset.
set -euo pipefail
cd "$(dirname "$0")"
top=$(cd ../.. && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/netemu-golden.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [[ -z ${DUMP:-} ]]; then
  [[ -e $top/build/libnetemu.a ]] || { echo "SKIP: needs build/libnetemu.a (make)" && exit 77; }
  DUMP=$work/dump
  "${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O1 -I"$top/runtime" dump_main.c "$top/build/libnetemu.a" -lyaml -ljansson -o "$DUMP"
fi

update=
[[ ${1:-} != --update ]] || { update=1 && shift; }
names=("$@")
(($#)) || for f in *.yaml; do names+=("${f%.yaml}"); done

failed=0
for name in "${names[@]}"; do
  args=()
  [[ ! -e $name.args ]] || mapfile -t args <"$name.args"
  status=0
  "$DUMP" "${args[@]}" "$name.yaml" >"$work/model" 2>"$work/err" || status=$?
  : >"$work/plan"
  ((status)) || "$DUMP" "${args[@]}" --plan "$name.yaml" >"$work/plan" 2>/dev/null
  sed -i "s|$PWD/|\$DIR/|g" "$work/model" "$work/plan" "$work/err"
  if [[ -n $update ]]; then
    rm -f "$name.model" "$name.plan" "$name.err"
    ((status)) || cp "$work/model" "$name.model"
    ((status)) || cp "$work/plan" "$name.plan"
    [[ ! -s $work/err ]] || cp "$work/err" "$name.err"
    continue
  fi
  want=1
  [[ ! -e $name.model ]] || want=0
  bad=
  ((status == want)) || bad="exit status $status, want $want"
  for kind in model plan err; do
    [[ -e $name.$kind ]] || : >"$work/none"
    expected=$name.$kind
    [[ -e $expected ]] || expected=$work/none
    diff -u --label "$name.$kind" --label got "$expected" "$work/$kind" || bad=${bad:-differs}
  done
  [[ -z $bad ]] || { echo "$name: $bad" && failed=$((failed + 1)); }
done
[[ -n $update ]] || echo "${#names[@]} cases, $failed failed"
((failed == 0))
