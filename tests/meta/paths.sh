#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# paths - no file of the project names a path or a package mirror of the machine that it was written on.
. "$(dirname "$0")/../lib.sh"
need_cmd git
cd "$top"
git rev-parse --git-dir >/dev/null 2>&1 || skip "not a git checkout"

# Written so that this file does not match itself.
patterns=('/wor[k]/' '/root/[.][a-z]' '/home/[a-z]' 'bash_job[s]')
# Mirrors: what this machine's apt is told to use, but for the distributions' own names.
mapfile -t hosts < <(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | sed 's/#.*//' |
  grep -oE 'https?://[^/ ]+' | sed -E 's,https?://([^@]*@)?,,; s/:[0-9]+$//' | sort -u |
  grep -vE '(^|\.)(debian\.org|ubuntu\.com)$' || true)
for host in "${hosts[@]}"; do patterns+=("${host//./[.]}"); done

bad=0
for pattern in "${patterns[@]}"; do
  git grep -nIE -e "$pattern" -- ':!LICENSE' && bad=1
done
exit $bad
