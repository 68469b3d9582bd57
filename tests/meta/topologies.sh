#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topologies - each lab has a topology, a README that names it and shows commands, and a check; and the index lists it
. "$(dirname "$0")/../lib.sh"
need_netemu
cd "$top/topologies"

bad=0
complain() {
  echo "$*"
  bad=1
}
for dir in */; do
  name=${dir%/}
  [[ $name != clab-* ]] || continue
  grep -qF "[$name]($name/)" README.md || complain "README.md: $name is missing"
  [[ $(head -n 1 "$name/README.md" 2>/dev/null) == "# $name" ]] || complain "$name/README.md: does not begin with '# $name'"
  grep -q '^    # netemu run ' "$name/README.md" || complain "$name/README.md: does not say how to run it"
  ! grep -qE '@@|[[:blank:]]$' "$name/README.md" || complain "$name/README.md: something is left open"
  [[ -x $name/check || $name == cilium-bgp ]] || complain "$name: no check"
  file=$name/$name.clab.yml
  [[ -e $file ]] || file=$name/$name.clab.gotmpl
  if [[ -e $file ]]; then
    [[ $(grep '^name:' "$file") == "name: $name" ]] || complain "$file: the lab is not called $name"
    # What needs a cluster beside it is validated with that.
    files=("$file")
    [[ ! -e $name/cluster.yaml ]] || files+=("$name/cluster.yaml")
    netemu validate "${files[@]}" >"$test_dir/out" 2>&1 || complain "$file: $(cat "$test_dir/out")"
  else
    complain "$name: no $name.clab.yml"
  fi
done
while read -r name; do
  [[ -d $name ]] || complain "README.md: there is no lab $name"
done < <(sed -n 's/^| \[\([a-z0-9-]*\)\].*/\1/p' README.md)
(($(find . -mindepth 2 -maxdepth 2 -name check | wc -l) >= 12)) || complain "fewer than twelve labs have a check"
exit $bad
