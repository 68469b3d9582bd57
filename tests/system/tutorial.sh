#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tutorial - every command block of the Containerlab + Kind + Cilium tutorial, unchanged and in order, with the shims in PATH
#
# Where the tutorial is not beside this checkout, its commands are tutorial.md's, and its files those of topologies/cilium-bgp.
# What is a command block, its first word tells: the others hold files (they are there: the reader has saved them) or output.
# After the blocks with policies and with pods the reader applies those. Each block has a terminal of its own.
. "$(dirname "$0")/../lib.sh"
seed=$top/../shared/seed
tutorial=$seed/tutorial.zh.md
need_cmd vtysh traceroute ping script curl
need_kubectl
own_machine "$@"
test_labs+=(bgp-cplane-demo clab-bgp-cplane-demo)
begin=${EPOCHREALTIME/./}

mkdir "$test_dir/home"
if [[ -f $tutorial && -f $seed/pods.yaml && -z ${NETEMU_TEST_OWN_TUTORIAL:-} ]]; then
  for file in topo cluster values bgp-policies pods; do
    cp "$seed/$file.yaml" "$test_dir/home/"
  done
else
  tutorial=$top/tests/system/tutorial.md
  cp "$top"/topologies/cilium-bgp/* "$test_dir/home/"
  cd "$test_dir/home"
  mv cilium-bgp.clab.yml topo.yaml
  mv policies.yaml bgp-policies.yaml
  sed -i 's/^name: cilium-bgp$/name: bgp-cplane-demo/' topo.yaml
  sed -i 's/^name: clab-cilium-bgp .*/name: clab-bgp-cplane-demo/' cluster.yaml
fi
cd "$test_dir/home"
netemu shims "$test_dir/bin" >/dev/null 2>&1
# A kubectl: the newest of the real ones.
read -r _ kubectl < <(tail -n 1 <<<"$kubectls")
ln -sf "$kubectl" "$test_dir/bin/kubectl"
export PATH=$test_dir/bin:$PATH HOME=$test_dir/home NETEMU_PIN=$top/topologies/cilium-bgp/pins
unset KUBECONFIG
for tool in clab kind docker helm kubectl ctr; do assert_eq "$test_dir/bin/$tool" "$(command -v "$tool")"; done

# The blocks, one a file: NN.
mkdir "$test_dir/blocks"
awk -v dir="$test_dir/blocks" '
  { sub(/^> ?/, "") }
  /^```/ { inside = !inside; if (inside) file = sprintf("%s/%02d", dir, n++); else close(file); next }
  inside { print >file }' "$tutorial"
first_word() { grep -vE '^[[:space:]]*(#|$)' "$1" | head -n 1 | awk '{ print $1 }'; }

# typed BLOCK - on a terminal, as typed; its output, without what terminals add, is in $typed_out
typed() {
  typed_out=$test_dir/out.$(basename "$1")
  script -qec "exec bash -e '$1'" /dev/null </dev/null >"$typed_out.raw" 2>&1 || die "$(cat "$1")"$'\n'"$(cat "$typed_out.raw")"
  sed 's/\^@//g; s/\r//g' "$typed_out.raw" >"$typed_out"
}
# interrupted BLOCK PATTERN COMMAND... - Ctrl-C once its output has PATTERN and COMMAND has succeeded
interrupted() {
  local fd pid block=$1 pattern=$2
  shift 2
  typed_out=$test_dir/out.$(basename "$block")
  rm -f "$test_dir/keys"
  mkfifo "$test_dir/keys"
  script -qec "exec bash '$block'" /dev/null <"$test_dir/keys" >"$typed_out" 2>&1 &
  pid=$!
  exec {fd}>"$test_dir/keys"
  wait_until 20 grep -q "$pattern" "$typed_out"
  "$@"
  printf '\003' >&$fd
  exec {fd}>&-
  wait $pid || true
}
routes() { netemu exec router0 -- vtysh -c "show bgp ipv4 wide" | sed -n 's/^Displayed  \([0-9]*\) routes.*/\1/p'; }
routes_are() { [[ $(routes) == "$1" ]]; }
ready_nodes() { kubectl get nodes --no-headers 2>/dev/null | awk '$2 == "Ready"' | wc -l; }
page_is_there() { curl -sf http://127.0.0.1:50080/ | grep -qi '<html'; }

# ---- what each block must show ----
after_block() {
  local text
  text=$(cat "$1")
  case $text in
    *"kind create cluster"*)
      assert_match 'Set kubectl context to "kind-clab-bgp-cplane-demo"' "$(cat "$typed_out")"
      assert_eq 4 "$(kind get nodes --name clab-bgp-cplane-demo | wc -l)"
      ;;
    *"clab deploy"*)
      # containerlab's table, and router0's two lines in it, whose address the first tables of the tutorial's pages show
      assert_match '│ clab-bgp-cplane-demo-router0 +│ linux +│ running │ 172\.20\.20\.[0-9]+ ' "$(cat "$typed_out")"
      assert_match '│ +│ frrouting/frr:v8\.2\.2 +│ +│ 3fff:172:20:20::' "$(cat "$typed_out")"
      wait_until 20 routes_are 8
      ;;
    *"summary wide"*)
      # router0 has two neighbors that are up, each tor one to begin with, and its two servers' once the policies are there.
      assert_eq "$((1 + (policies ? 2 : 0))) $((1 + (policies ? 2 : 0))) 2" \
        "$(awk '/^Peers/ { n++; up[n] = 0 } $10 ~ /^[0-9:]+$/ && $11 ~ /^[0-9]+$/ { up[n]++ } END { print up[1], up[2], up[3] }' "$typed_out")"
      ;;
    *"show bgp ipv4 wide"*) assert_match "Displayed  $((policies ? 12 : 8)) routes and $((policies ? 12 : 8)) total paths" "$(cat "$typed_out")" ;;
    *"helm upgrade"*)
      assert_match 'STATUS: deployed' "$(cat "$typed_out")"
      [[ -s cilium-1.14.3.tgz ]] || die "helm pull left no chart"
      wait_until 20 eval '[[ $(ready_nodes) == 4 ]]'
      ;;
    *"kubectl get pod -o wide"*)
      assert_match 'nettool-1 .* 10\.1\.2\.185 +clab-bgp-cplane-demo-worker ' "$(cat "$typed_out")"
      assert_match 'nettool-2 .* 10\.1\.3\.56 +clab-bgp-cplane-demo-worker3 ' "$(cat "$typed_out")"
      ;;
    *"traceroute -n"*)
      assert_eq "10.1.2.187 10.0.2.1 10.0.0.0 10.0.0.2 10.0.4.2 10.1.3.56" "$(awk '$1 ~ /^[1-9]$/ { print $2 }' "$typed_out" | xargs)"
      ;;
    *"clab destroy"*) assert_eq "" "$(kind get clusters 2>/dev/null)$(docker ps -aq)" ;;
  esac
}

policies=0 commands=0
for block in "$test_dir"/blocks/*; do
  case $(first_word "$block") in
    kind | clab | docker | helm | kubectl | ctr)
      if grep -q 'clab graph' "$block"; then
        netemu help graph >/dev/null 2>&1 || continue
        interrupted "$block" 50080 wait_until 10 page_is_there
      elif grep -q ' ping ' "$block"; then
        interrupted "$block" 'bytes from 10.1.3.56: icmp_seq=2' true
        assert_match ' 0% packet loss' "$(cat "$typed_out")"
      else
        typed "$block"
      fi
      after_block "$block"
      commands=$((commands + 1))
      ;;
    *)
      if grep -q 'kind: CiliumBGPPeeringPolicy' "$block"; then
        kubectl apply -f bgp-policies.yaml >/dev/null
        policies=1
        wait_until 20 routes_are 12
      elif grep -q 'kind: Pod' "$block"; then
        kubectl apply -f pods.yaml >/dev/null
        kubectl wait --for=condition=Ready pod --all --timeout=20s >/dev/null
      fi
      ;;
  esac
done
((commands >= 12)) || die "only $commands command blocks were found in $tutorial"
ms=$(((${EPOCHREALTIME/./} - begin) / 1000))
echo "$commands command blocks in $ms ms"
((ms < 25000)) || die "more than 25 s"
