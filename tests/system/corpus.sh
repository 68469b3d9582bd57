#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# corpus - tests/corpus: what each file is understood to be and would make; then all of them that can run, in one go.
#
#   tests/system/corpus.sh [--update]      (--update writes tests/corpus/expected anew, to be read before it is committed)
#
# Comments on top of a file say what it is for, and:
#   # args: OPTIONS        options that it needs
#   # setup: COMMAND       what the host must have
#   # needs: COMMAND       what the host must be able to do, else the file is not run (but its plan is looked at)
#   # check: NODE COMMAND  done in a node of the running lab, until it succeeds (20 s)
#   # fails                it must not run: what is wrong with it is in its expected output
own_machine_args=("$@")
. "$(dirname "$0")/../lib.sh"
own_machine "${own_machine_args[@]}"
need_cmd vtysh ping ip
corpus=$top/tests/corpus
cp -r "$corpus" "$test_dir/corpus" # a lab's directory is made beside its file
cd "$test_dir/corpus"
unset CLAB_TOPO CLAB_VARS CORPUS_LAB CORPUS_TAG CORPUS_NOT_SET

# said KEY FILE - the values of a comment
said() { sed -n "s/^# $1: //p" "$2"; }
fails() { grep -qx '# fails' "$1"; }
args_of() { read -ra args <<<"$(said args "$1")"; }

# What is expected of a file: what validate says, and of the plan what is the file's own: devices, links, addresses, processes
# and commands. What is the same in each lab is left to tests/golden; which keys have an effect is told by help --schema.
describe() {
  local status=0
  args_of "$1"
  echo "validate:"
  netemu validate "$1" "${args[@]}" 2>&1 | sed "/warning: keys that have no effect here/,/\^/d; s|$PWD|.|g" || true
  echo "plan:"
  netemu plan "$1" "${args[@]}" >plan.out 2>/dev/null || status=$?
  ((status)) && echo "exit status $status" && return
  grep -E '^(veth|bridge|macvlan|vxlan|dummy|addr|node|delay|wait|command|exec|exec-host|links|healthy|ended|reach) ' plan.out | grep -vE ':_(mgmt|host|eth[0-9]+)\b|^addr .*:(eth0.*(172\.20\.2|3fff:172:20)|ne-)' |
    sed -E "s/ [0-9a-f]{2}(:[0-9a-f]{2}){5}//g; s/#[0-9]+//g; s|$PWD|.|g; s/^(.{160}).+/\1.../" || true
}

files=(*.clab.yml *.clab.gotmpl)
((${#files[@]} >= 40)) || die "only ${#files[@]} files"
mkdir -p "$corpus/expected"
for f in "${files[@]}"; do
  while read -r command; do eval "$command"; done < <(said setup "$f")
  name=${f%.clab.*}
  describe "$f" >"$test_dir/got"
  [[ ${own_machine_args[*]} != --update ]] || cp "$test_dir/got" "$corpus/expected/$name"
  diff -u --label "expected/$name" --label "got" "$corpus/expected/$name" "$test_dir/got" || die "$f"
done
for f in "$corpus"/expected/*; do
  compgen -G "$corpus/${f##*/}.clab.*" >/dev/null || die "expected/${f##*/} is of no file"
done

# All of them at once, but those whose options are their own.
together=()
for f in "${files[@]}"; do
  args_of "$f"
  if fails "$f"; then
    assert_status 2 netemu run "$f" "${args[@]}"
    continue
  fi
  while read -r command; do
    eval "$command" >/dev/null 2>&1 || { echo "$f: not run, for this machine cannot: $command" && continue 2; }
  done < <(said needs "$f")
  touch "$test_dir/ran-$f"
  test_labs+=("${f%.clab.*}") # what all of them are called
  ((${#args[@]})) || { together+=("$f") && continue; }
  netemu run "$f" "${args[@]}" >run.log 2>&1 || die "$f: $(cat run.log)"
done
test_labs+=(corpus-kind)
start=${EPOCHREALTIME/./}
netemu run "${together[@]}" >run.log 2>&1 || die "$(cat run.log)"
elapsed=$((${EPOCHREALTIME/./} - start))
echo "${#together[@]} labs with $(grep -cE ' running *$' run.log) nodes came up in $((elapsed / 1000)) ms"

# Each check is tried again until it succeeds or 20 s are over for all of them: routing takes its time everywhere at once.
wanted=()
for f in "${files[@]}"; do
  [[ -e $test_dir/ran-$f ]] || continue
  while read -r check; do wanted+=("${f%.clab.*} $check"); done < <(said check "$f")
done
echo "${#wanted[@]} checks"
try_all() {
  local lab node command missing=()
  for check in "${wanted[@]}"; do
    read -r lab node command <<<"$check"
    netemu exec --lab "$lab" "$node" -- sh -c "$command" >check.log 2>&1 || missing+=("$check")
  done
  wanted=("${missing[@]}")
  ((${#wanted[@]} == 0))
}
end=$((SECONDS + 20))
until try_all; do
  ((SECONDS < end)) || die "$(printf 'not so:\n' && printf '  %s\n' "${wanted[@]}")"
done
netemu destroy --all >/dev/null
[[ ! -e /run/netemu ]] || die "left: $(find /run/netemu)"
