#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# layering - includes point down, libraries and privileged calls stay in the modules that own them.
. "$(dirname "$0")/../lib.sh"
cd "$top"

# What each directory may include. The agent runs alone, as PID 1 of a node; others may only know its protocol.
declare -A may=(
  [base]="base"
  [agent]="base agent"
  [template]="base template"
  [topology]="base template topology"
  [cluster]="base topology cluster"
  [plan]="base topology cluster plan"
  [ktest]="base topology cluster/yamljson.h ktest"
  [graph]="base topology plan engine/state.h graph"
  [kernel]="base kernel agent/proto.h"
  [vminit]="base/macros.h vminit"
  [vm]="base kernel/hostview.h vminit/proto.h vm"
  [engine]="base topology cluster plan kernel image engine agent/proto.h"
  [image]="base cluster/jsonutil.h plan/image.h kernel/rootfs.h image"
  [imager]="base cluster/jsonutil.h plan/image.h kernel/caps.h kernel/rootfs.h image imager"
  [supervisor]="base topology cluster plan kernel image engine supervisor agent/proto.h"
  [kubelet]="base cluster kernel engine plan/profile.h supervisor/loop.h supervisor/rpcpeer.h kubelet agent/proto.h"
  [cert]="base cert"
  [web]="base topology/load.h engine kernel graph supervisor/loop.h apiserver/conn.h apiserver/httpmsg.h apiserver/websocket.h web"
  [apiserver]="base cert/x509.h cluster engine supervisor/acceptor.h supervisor/loop.h supervisor/rpcpeer.h apiserver agent/proto.h"
)
bad=0
complain() {
  echo "$*"
  bad=1
}

# includes DIR - lines of: file:line header
includes() { grep -rnoE '^#[[:space:]]*include "[^"]+"' "$1" --include='*.[ch]' | sed -E 's/:#.*"([^"]+)"/ \1/' || true; }

for dir in runtime/*/; do
  module=$(basename "$dir")
  [[ -n ${may[$module]:-} ]] || { complain "$dir: a new module: say in $0 what it may include" && continue; }
  while read -r where header; do
    [[ $header == */* ]] || complain "$where: include \"$header\" with its module's name"
    [[ " ${may[$module]} " == *" ${header%%/*} "* || " ${may[$module]} " == *" $header "* ]] ||
      complain "$where: $module must not know $header"
    [[ $header != *_internal.h || $header == "$module"/* ]] || complain "$where: $header is internal to ${header%%/*}"
  done < <(includes "runtime/$module")
done

# only WHAT REGEX DIRS... - a pattern that may be found in these places only
only() {
  local what=$1 regex=$2 hits
  shift 2
  hits=$(grep -rnE "$regex" runtime netemu --include='*.[ch]' | grep -vE "^($(IFS='|' && echo "$*"))" || true)
  [[ -z $hits ]] || complain "$what belongs to $* only:"$'\n'"$hits"
}

code='^[^*/"]*[^*/"A-Za-z0-9_>.]' # neither in a comment's text nor part of a longer name
only "netlink" '^#include <(netlink/|linux/(rtnetlink|if_link|netfilter))' runtime/kernel/
only "io_uring" '^#include <liburing' runtime/supervisor/loop
only "YAML" '^#include <yaml' runtime/topology/ runtime/cluster/
only "archives" '^#include <archive' runtime/imager/
only "capabilities" '^#include <(sys/capability|cap-ng)' runtime/kernel/ runtime/agent/
only "namespaces and mounts" "$code(setns|unshare|mount|umount2?|clone3?|pivot_root|fsmount|move_mount|open_tree|mount_setattr) ?\\(" \
  runtime/kernel/ runtime/agent/ runtime/supervisor/ runtime/vminit/
only "printing" "$code(v?printf|puts|putchar|perror|fprintf ?\\(std(err|out)) ?\\(" netemu/ runtime/supervisor/ runtime/agent/ runtime/kubelet/main.c runtime/kubelet/speaker_main.c runtime/apiserver/main.c runtime/web/main.c runtime/cert/main.c runtime/imager/main.c
only "leaving the process" "${code}exit ?\\(" netemu/ runtime/supervisor/ runtime/agent/ runtime/kubelet/ runtime/apiserver/main.c runtime/web/
exit $bad
