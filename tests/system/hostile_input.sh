#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# hostile_input - files that want time or memory, and names that become paths: refused quickly, with a line and column
#
#   (no topology: nothing comes up)
. "$(dirname "$0")/../lib.sh"
need_netemu
need_cmd python3

python3 - "$test_dir" <<'PY'
import sys
dir = sys.argv[1]
def file(name, text):
    open(f"{dir}/{name}.yml", "wb").write(text if isinstance(text, bytes) else text.encode())
bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i-1}'] * 9)}]\n" for i in range(1, 12))
file("bomb", "name: x\n" + bomb)
file("bomb-env", "name: x\ntopology:\n  defaults:\n    env: &e {A: b}\n  nodes:\n" + "".join(f"    n{i}: {{kind: linux, env: *e}}\n" for i in range(60000)))
file("cycle", "name: x\ntopology: &t {nodes: *t}\n")
file("deep-seq", "name: x\ntopology: " + "[" * 200000)
file("deep-map", "name: x\ntopology: " + "{" * 200000)
file("deep-mixed", "name: x\ntopology: " + "{a: [" * 100000)
file("anchors", "name: x\ntopology:\n" + "".join(f"  k{i}: &a{i} 1\n" for i in range(80000)))
file("long-scalar", "name: " + "x" * 8000000)
file("long-key", "x" * 8000000 + ": 1")
file("quotes", 'name: "' + "\\x41" * 1000000 + '"')
file("comments", "#" * 1000000 + "\n" + "# c\n" * 1000000)
file("blanks", " " * 8000000)
file("tabs", "\t" * 100000 + "name: x")
file("docs", "---\nname: x\n" * 100000)
file("duplicate", "name: x\nname: y\ntopology: {nodes: {a: {kind: linux}}}\n")
file("nul", b"name: x\0y\ntopology: {}\n")
file("latin1", "name: café\n".encode("latin-1"))
file("utf16", "name: x\ntopology: {nodes: {a: {kind: linux, knid: y}}}\n".encode("utf-16"))
file("binary", bytes(range(256)) * 4000)
file("env-bomb", "name: x\ntopology: {nodes: {a: {kind: linux, env: {A: '" + "${A:-" * 100000 + "'}}}}\n")
file("tags", "name: !!python/object/apply:os.system ['id']\n")
file("links", "name: x\ntopology:\n  nodes: {a: {kind: linux}}\n  links:\n" + "    - endpoints: ['a:e1', 'a:e1']\n" * 30000)
names = ["..", ".", "a/b", "a b", "a:b", "", "-a", "a\\nb", "a\\tb", "é" * 3, "a" * 300, "$(id)", "a;b", "../../etc", "%s%n", "a\\0b"]
for i, n in enumerate(names):
    file(f"node-{i}", f'name: x\ntopology: {{nodes: {{"{n}": {{kind: linux}}}}}}\n')
    if n:
        file(f"lab-{i}", f'name: "{n}"\ntopology: {{nodes: {{a: {{kind: linux}}}}}}\n')
ifs = ["..", ".", "a/b", "a b", "a:b", "", "sixteen-bytes-xx", "a\\nb", "all", "default", "lo", "%d", "e%d", "a" * 300]
for i, n in enumerate(ifs):
    file(f"if-{i}", f'name: x\ntopology:\n  nodes: {{a: {{kind: linux}}, b: {{kind: linux}}}}\n  links: [{{endpoints: ["a:{n}", "b:e1"]}}]\n')
for i, k in enumerate(["kernel.core_pattern", "net.ipv4/../../kernel/core_pattern", "net/ipv4/../../kernel/x", "net..ipv4", "vm.swappiness", "/proc/sys/kernel/x", "net.ipv4.conf.all.forwarding/../../../../../kernel/hostname"]):
    file(f"sysctl-{i}", f'name: x\ntopology: {{nodes: {{a: {{kind: linux, sysctls: {{"{k}": 1}}}}}}}}\n')
PY

# Half a second of CPU is generous: what is wrong here takes minutes, or all memory.
check() {
  local status=0 out
  out=$(ulimit -v 262144 && TIMEFORMAT='took %U %S' && time timeout 20 "$NETEMU" validate "$1" 2>&1) 2>"$test_dir/took" || status=$?
  [[ $status == 2 || $status == 1 ]] || die "${1##*/}: status $status: ${out:0:300}"
  [[ $status == 2 && $out =~ ${1##*/}(:[0-9]+:[0-9]+)?:\ error || $status != 2 ]] || die "${1##*/}: not told where: ${out:0:300}"
  awk '$1 == "took" { exit !($2 + $3 < 0.5) }' "$test_dir/took" || slow+=" ${1##*/}: $(grep took "$test_dir/took")"
}
slow=
for f in "$test_dir"/*.yml; do
  case ${f##*/} in
    bomb-env.yml | utf16.yml) continue ;;
    # Names that the kernel cannot have, but an altname can.
    if-2.yml | if-6.yml)
      assert_status 0 "$NETEMU" validate "$f"
      continue
      ;;
  esac
  check "$f"
done
[[ -z $slow ]] || die "slow:$slow"

# Large but honest: 60000 nodes in which one alias is used often; and UTF-16 is YAML, too. Either answer, but soon.
for f in bomb-env utf16; do
  timeout 20 "$NETEMU" validate "$test_dir/$f.yml" >"$test_dir/out" 2>&1 || assert_match "$f.yml.*error" "$(head -n 1 "$test_dir/out")"
done

# A directory, a device, an endless file.
for f in /dev/zero /dev/full "$test_dir" /proc/self/mem; do
  (ulimit -v 262144 && timeout 20 "$NETEMU" validate "$f") >"$test_dir/out" 2>&1 && die "$f was taken"
  [[ $? != 124 ]] || die "$f hung"
done
