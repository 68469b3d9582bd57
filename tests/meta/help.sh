#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# help - help, the manual page and the completion name the same verbs and the same options, and the parser knows them.
. "$(dirname "$0")/../lib.sh"
need_netemu
cd "$top"

netemu help --man >"$test_dir/man"
netemu help --completion >"$test_dir/completion"
mapfile -t verbs < <(netemu help | sed -n 's/^  \([a-z]\+\)  *.*/\1/p')
((${#verbs[@]} >= 11)) || die "help lists ${#verbs[@]} verbs only"

# The completion's own arrays, read by the shell that will read them.
# shellcheck disable=SC1091 # it is made here
. "$test_dir/completion"
# shellcheck disable=SC2154 # its arrays
for verb in "${verbs[@]}"; do
  grep -q "^\.SS \"netemu $verb " "$test_dir/man" || die "the manual page has no section on $verb"
  [[ " $_netemu_verbs " == *" $verb "* ]] || die "the completion does not know $verb"

  options=$(netemu help "$verb" | sed -n '/^Options:/,/^$/s/^  \(-[^ ].*\)/\1/p' | sed 's/   .*//' | grep -oE -- '(^|[ ])--?[A-Za-z][a-z-]*' |
    tr -d ' ' | sort)
  [[ -n $options ]] || die "help $verb has no options, not even --help"
  completed=$(tr ' ' '\n' <<<"${_netemu_options[$verb]}" | sed '/^$/d' | sort)
  assert_eq "$options" "$completed" "$verb: options of the help (want) and of the completion (got)"

  section=$(sed -n "/^\.SS \"netemu $verb /,/^\.S[SH] /p" "$test_dir/man" | sed 's/\\-/-/g')
  for option in $options; do
    [[ $option == -h || $option == --help ]] && continue
    grep -qE -- "(^|[^a-z-])$option([^a-z-]|$)" <<<"$section" || die "$verb: the manual page does not have $option"
  done
  # Options that are nowhere in the table are refused.
  status=0
  netemu "$verb" --no-such-option >/dev/null 2>&1 || status=$?
  [[ $status == 64 || ($verb == @(exec|vm) && $status == 125) ]] || die "$verb --no-such-option: exit status $status"
done

# The other way round: no verb or option in the manual page that the help does not have.
while read -r verb; do
  [[ " ${verbs[*]} " == *" $verb "* ]] || die "the manual page has a section on $verb, the help does not"
done < <(sed -n 's/^\.SS "netemu \([a-z]*\).*/\1/p' "$test_dir/man")

if command -v groff >/dev/null; then
  assert_eq "" "$(groff -man -ww -Tutf8 -z "$test_dir/man" 2>&1)" "groff's warnings about the manual page"
fi
if [[ -e build/netemu.1 ]]; then
  cmp -s build/netemu.1 "$test_dir/man" || die "build/netemu.1 is not what this netemu says: run make"
fi
