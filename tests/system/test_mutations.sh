#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test_mutations - each routing test can fail: broken as its head says, it is red at the very step that the head names.
#
# A head has lines of `# broken by: STEP: SED [FILE]`: applied to the test, or to a file beside it.
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq
export TMPDIR=$test_dir

# mutate N FILE STEP SED [FILE] - a broken copy in a directory of its own; what it names elsewhere stays where it is
mutate() {
  local dir=$test_dir/mutants/$1 base
  mkdir -p "$dir"
  cp -r "$(dirname "$2")/." "$dir"
  base=$(basename "$2")
  find "$dir" -maxdepth 1 -name '*.yaml' ! -name "$base" ! -name '*.clab.yaml' -delete
  sed -i "s#\.\./\.\./topologies#$top/topologies#; s/^timeout: .*/timeout: 8s/; /^name:/d" "$dir/$base"
  sed -i "1a name: m$1" "$dir/$base"
  cp "$dir/${5:-$base}" "$test_dir/before"
  sed -i -e "$4" "$dir/${5:-$base}"
  # The heads say it, too, and do not count.
  ! cmp -s <(grep -v '^#' "$test_dir/before") <(grep -v '^#' "$dir/${5:-$base}") || die "$2: '$4' changes nothing in ${5:-$base}"
  printf '%s\t%s\n' "m$1" "$3" >>"$test_dir/wanted"
}

n=0
for file in "$top"/tests/routing/*.yaml "$top"/topologies/*/test.yaml; do
  count=0
  while IFS= read -r line; do
    line=${line#"# broken by: "}
    change=${line##*: }
    # The step may have a colon in its name, a sed command has none followed by a blank but within it.
    step=${line%%: s/*} && [[ $step == "$line" ]] && step=${line%%: /*}
    change=${line#"$step: "}
    conf=
    [[ $change != *" conf/"* ]] || { conf=${change##* } && change=${change% *}; }
    mutate $((++n)) "$file" "$step" "$change" $conf
    count=$((count + 1))
  done < <(grep '^# broken by: ' "$file")
  ((count > 0)) || die "$file: no line '# broken by:'"
done

status=0
"$NETEMU" test "$test_dir/mutants" -j 8 --json "$test_dir/all.json" >"$test_dir/out" 2>&1 || status=$?
((status == 1)) || { tail -n 40 "$test_dir/out" && die "exit status $status, want 1"; }
bad=0
while IFS=$'\t' read -r name step; do
  got=$(jq -r --arg n "$name" '.tests[] | select(.name == $n) | if .result == "skip" then "skip" else
    [.attempts[-1].points[] | select(.result == "fail")][0].name end' "$test_dir/all.json")
  [[ $got == "$step" || $got == skip ]] || { echo "$name ($(jq -r --arg n "$name" '.tests[] | select(.name == $n) | .file' "$test_dir/all.json")):" \
    "want '$step' to fail, but it is '$got'" && bad=1; }
done <"$test_dir/wanted"
echo "$n mutants, $(jq '[.tests[] | select(.result == "skip")] | length' "$test_dir/all.json") cannot run here"
exit $bad
