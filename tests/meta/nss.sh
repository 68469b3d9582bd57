#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nss - nothing of netemu looks up users or hosts through NSS, or loads code: in a node, libnss would be the node's own
# (CVE-2019-14271).
. "$(dirname "$0")/../lib.sh"
need_cmd nm
cd "$top"
[[ -d build/release ]] || skip "needs a build (make)"

objects=$(find build/release -path '*/tests/*' -prune -o -name '*.o' -print)
[[ -n $objects ]] || skip "needs a build (make)"
# shellcheck disable=SC2086 # a list of files
found=$(nm -A --undefined-only $objects |
  grep -E ' U (getpw(nam|uid|ent)|getgr(nam|gid|ent|ouplist)|initgroups|getaddrinfo|gethostby|getserv|getproto|dlopen|iconv_open)' || true)
assert_eq "" "$found" "calls that end in NSS or dlopen"
