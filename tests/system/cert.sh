#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cert - netemu-cert makes an authority and what that signs; what is wrong is said, and makes nothing
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd openssl
cert=${NETEMU%/*}/netemu-cert
cd "$test_dir"
said() { openssl x509 -in "$1" -noout "${@:2}"; }

"$cert" ca create --path made/here --name root-ca --expiry 1h --cn "Root of tests" 2>err
assert_match 'Certificate attributes: CN=Root of tests, C=Internet, L=Server, O=Containerlab, OU=Containerlab Tools, Validity period=1h' "$(<err)"
assert_eq "600 644" "$(stat -c %a made/here/root-ca.key made/here/root-ca.pem | xargs)"
assert_match 'CA:TRUE' "$(said made/here/root-ca.pem -ext basicConstraints)"
said made/here/root-ca.pem -checkend 3000 >/dev/null || die "it has expired"
! said made/here/root-ca.pem -checkend 3700 >/dev/null || die "it is valid for longer than asked"

sign=("$cert" sign --quiet --ca-cert made/here/root-ca.pem --ca-key made/here/root-ca.key)
"${sign[@]}" --hosts a.example,192.0.2.1,2001:db8::1 --cn a.lab.io -o Org --ou Unit -c DE -l Town --key-size 1024 -n a
openssl verify -CAfile made/here/root-ca.pem a.pem >/dev/null
assert_match 'DNS:a.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1' "$(said a.pem -ext subjectAltName)"
assert_match 'C = DE, L = Town, O = Org, OU = Unit, CN = a.lab.io' "$(said a.pem -subject)"
assert_match '1024 bit' "$(said a.pem -text)"
assert_eq "$(openssl pkey -in a.key -pubout)" "$(said a.pem -pubkey)"

# What is good is kept; what another authority has signed, or has expired, is not.
before=$(sha256sum a.pem)
"${sign[@]}" -n a --keep
assert_eq "$before" "$(sha256sum a.pem)"
"$cert" ca create -q -n other
"$cert" sign -q --ca-cert other.pem --ca-key other.key -n a --keep
openssl verify -CAfile other.pem a.pem >/dev/null

# wrong STATUS WORDS ARGS... - it ends so, says this, and makes no file
wrong() {
  local status=$1 words=$2 before
  shift 2
  before=$(find . -type f | sort)
  assert_status "$status" "$cert" "$@"
  assert_match "$words" "$output"
  assert_eq "$before" "$(find . -type f | sort)"
}
wrong 2 Usage sign it
wrong 2 Usage
wrong 1 'sign needs --ca-cert and --ca-key' sign -n x
wrong 1 'read nowhere.pem: No such file' sign --ca-cert nowhere.pem --ca-key other.key -n x
wrong 1 'made/here/root-ca.key is not the key of other.pem' sign --ca-cert other.pem --ca-key made/here/root-ca.key -n x
wrong 1 "a.pem is no authority's certificate" sign --ca-cert a.pem --ca-key a.key -n x
wrong 1 "not '12'" ca create -n x -e 12
wrong 1 "not '-3h'" ca create -n x -e -3h
wrong 1 "from 1024 to 16384, not '512'" ca create -n x --key-size 512
wrong 1 "not 'a/b'" ca create -n a/b
echo nonsense >bad.pem
wrong 1 'bad.pem: ' sign --ca-cert bad.pem --ca-key other.key -n x
# A link that somebody has put there is replaced, not followed.
echo mine >victim
ln -s victim x.pem
"$cert" ca create -q -n x
assert_eq mine "$(<victim)"

# ---- the lab's: paths are containerlab's, nodes bind what is made ----


topo <<YAML
settings: {certificate-authority: {key-size: 3072, validity-duration: 48h}}
topology:
  defaults: {kind: linux, image: alpine}
  nodes:
    a:
      mgmt-ipv4: 172.29.77.5
      certificate: {issue: true, sans: [a.example, 192.0.2.1], validity-duration: 24h}
      binds: ["__clabDir__/.tls/a/a.pem:/etc/a.pem:ro", "__clabDir__/.tls/a/a.key:/etc/a.key:ro", "__clabDir__/.tls:/tls"]
    b:
      certificate: {issue: true, key-size: 1024}
    c:
      binds: ["__clabDir__/.tls/ca/ca.pem:/etc/ca.pem"]
mgmt: {ipv4-subnet: 172.29.77.0/24}
YAML
tls=$test_dir/clab-$lab/.tls
netemu run "$topo" >out 2>&1 || die "$(cat out)"
assert_eq "a a/a.key a/a.pem b b/b.key b/b.pem ca ca/ca.key ca/ca.pem" "$(cd "$tls" && find . -mindepth 1 | sed 's|./||' | sort | xargs)"
openssl verify -CAfile "$tls/ca/ca.pem" "$tls/a/a.pem" "$tls/b/b.pem" >/dev/null
assert_match "CN = $lab lab CA" "$(said "$tls/ca/ca.pem" -subject)"
assert_match "CN = a\\.$lab\\.io" "$(said "$tls/a/a.pem" -subject)"
assert_match "DNS:a, DNS:clab-$lab-a, DNS:a\\.$lab\\.io, IP Address:172\\.29\\.77\\.5, .*DNS:a\\.example, IP Address:192\\.0\\.2\\.1" \
  "$(said "$tls/a/a.pem" -ext subjectAltName)"
said "$tls/a/a.pem" -checkend 80000 >/dev/null
! said "$tls/a/a.pem" -checkend 90000 >/dev/null || die "a's certificate is valid for too long"
assert_match '1024 bit' "$(said "$tls/b/b.pem" -text)"
assert_match '2048 bit' "$(said "$tls/a/a.pem" -text)"
assert_eq "$(cat "$tls/a/a.pem" "$tls/ca/ca.pem")" "$(netemu exec --lab "$lab" a cat /etc/a.pem /tls/ca/ca.pem)"
assert_eq "$(cat "$tls/ca/ca.pem")" "$(netemu exec --lab "$lab" c cat /etc/ca.pem)"
# TLS with them, from one node to the other by name.
netemu exec --lab "$lab" a sh -c 'openssl s_server -accept 4433 -cert /etc/a.pem -key /etc/a.key -www >/dev/null 2>&1 &'
answers() {
  netemu exec --lab "$lab" c sh -c 'echo | openssl s_client -connect a:4433 -CAfile /etc/ca.pem -verify_hostname a -verify_return_error 2>&1' |
    grep -q 'Verification: OK'
}
wait_until 10 answers
# What was there before the lab is kept, and stays; what the lab has made goes with it.
cp -r "$tls" kept
netemu destroy "$lab" >/dev/null
[[ ! -e $tls ]] || die "left: $(find "$tls")"
mkdir -p "${tls%/.tls}"
cp -r kept "$tls"
rm -r "$tls/b"
before=$(cat "$tls"/*/*.pem | sha256sum)
netemu run "$topo" >out 2>&1 || die "$(cat out)"
assert_eq "$before" "$(cat "$tls"/{a/a,ca/ca}.pem | sha256sum)"
openssl verify -CAfile "$tls/ca/ca.pem" "$tls/b/b.pem" >/dev/null
netemu destroy "$lab" >/dev/null
assert_eq "a a/a.key a/a.pem ca ca/ca.key ca/ca.pem" "$(cd "$tls" && find . -mindepth 1 | sed 's|./||' | sort | xargs)"

# An authority of one's own, by the file and by the environment; its key is wrong: nothing is made.
topo own <<'YAML'
settings: {certificate-authority: {cert: made/here/root-ca.pem, key: made/here/root-ca.key}}
topology: {nodes: {a: {kind: linux, image: alpine, certificate: {issue: true}}}}
YAML
netemu run "$topo" >out 2>&1 || die "$(cat out)"
openssl verify -CAfile made/here/root-ca.pem "clab-$lab/.tls/a/a.pem" >/dev/null
[[ ! -e clab-$lab/.tls/ca ]]
netemu destroy "$lab" >/dev/null
sed -i '/^settings/d' "$topo"
CLAB_CA_CERT_FILE=other.pem CLAB_CA_KEY_FILE=$PWD/other.key netemu run "$topo" >out 2>&1 || die "$(cat out)"
openssl verify -CAfile other.pem "clab-$lab/.tls/a/a.pem" >/dev/null
netemu destroy "$lab" >/dev/null
CLAB_CA_CERT_FILE=other.pem CLAB_CA_KEY_FILE=a.key assert_status 1 "$NETEMU" run "$topo"
assert_match "netemu run: lab $lab: certificate of a: netemu-cert: .*/a.key is not the key of .*/other.pem" "$output"
[[ ! -e clab-$lab && ! -e /run/netemu/$lab ]] || die "it has left something"
