#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cert - netemu-cert makes an authority and what that signs; what is wrong is said, and makes nothing
. "$(dirname "$0")/../lib.sh"
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
