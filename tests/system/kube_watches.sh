#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kube_watches - 1000 watches at once, each with a TLS connection of its own (kubectl proxy's): all are told of each change,
# what they cost the API server, and that it gives it back
. "$(dirname "$0")/../lib.sh"
need_cmd perl
need_kubectl
own_machine "$@"

lab_name
cat >"$test_dir/cluster.yaml" <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: $lab
YAML
netemu run "$test_dir/cluster.yaml" >"$test_dir/run" 2>&1 || die "$(cat "$test_dir/run")"
KUBECONFIG=$(netemu kubeconfig "$lab" --path)
export KUBECONFIG
cd "$test_dir"
kubectl=$(tail -n 1 <<<"$kubectls")
kubectl=${kubectl#* }
k() { timeout 60 "$kubectl" "$@"; }

ulimit -n 4096
server=$(pgrep -f "netemu-apiserver /run/netemu/$lab\$")
pss() { awk '$1 == "Pss:" { print $2 }' "/proc/$server/smaps_rollup"; }

# watchers.pl N SOCKET - opens N watches of configmaps; lines: `open` when all were told of `first`, `told` when all were of `second`,
# `gone` when all were of its deletion
cat >watchers.pl <<'PERL'
use IO::Socket::UNIX; use IO::Select; $| = 1;
my ($n, $path) = @ARGV;
my ($select, %text, %stage) = (IO::Select->new);
for (1 .. $n) {
  my $s = IO::Socket::UNIX->new(Peer => $path) or die "connect: $!";
  syswrite $s, "GET /api/v1/namespaces/default/configmaps?watch=true HTTP/1.1\r\nHost: localhost\r\n\r\n";
  $select->add($s);
}
my @want = (qr/"ADDED".*"name":"first"/s, qr/"ADDED".*"name":"second"/s, qr/"DELETED".*"name":"second"/s);
my @said = qw(open told gone); my @count = (0, 0, 0);
while ($count[2] < $n) {
  my @ready = $select->can_read(30) or die "nothing for 30 s: @count\n";
  for my $s (@ready) {
    sysread($s, $text{$s}, 65536, length($text{$s} // "")) or die "closed: $text{$s}\n";
    while (($stage{$s} // 0) < 3 && $text{$s} =~ $want[$stage{$s} // 0]) {
      my $i = $stage{$s}++;
      print "$said[$i]\n" if ++$count[$i] == $n;
    }
  }
}
PERL

k create configmap first >/dev/null
"$kubectl" proxy --unix-socket="$test_dir/proxy" >proxy.log 2>&1 &
proxy=$!
at_exit kill "$proxy"
wait_until 20 test -S proxy
before=$(pss)
perl watchers.pl 1000 "$test_dir/proxy" >said 2>&1 &
watchers=$!
wait_until 60 grep -q 'open' said
during=$(pss)
start=${EPOCHREALTIME/./}
k create configmap second --from-literal=a=b >/dev/null
wait_until 20 grep -q told said
told=$(((${EPOCHREALTIME/./} - start) / 1000))
k delete configmap second >/dev/null
wait "$watchers" || die "$(cat said)"
assert_eq "open told gone" "$(xargs <said)"
echo "1000 watches: $before kB without, $during kB with them; all were told after $told ms"
((during - before < 40000)) || die "a watch costs $(((during - before) / 1000)) kB"
# Others are served meanwhile and afterwards, and connections that are gone cost nothing.
assert_eq first "$(k get configmap first -o 'jsonpath={.metadata.name}')"
kill "$proxy"
fds() { find "/proc/$server/fd" -mindepth 1 | wc -l; }
few() { (($(fds) < 100)); }
wait_until 20 few
