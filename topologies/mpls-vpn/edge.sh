# SPDX-License-Identifier: GPL-2.0-or-later
# edge.sh - what FRR leaves to the system: `edge.sh IF...` lets labelled packets in from there; `edge.sh --vrf ADDRESS` makes the
# customers' VRFs, in each of which the router has that address.
set -e
if [ "$1" != --vrf ]; then
  for dev; do echo 1 >"/proc/sys/net/mpls/conf/$dev/input"; done
  exit
fi
table=10
for vrf in red blue; do
  ip link add "$vrf" type vrf table $table
  ip link set "$vrf" up
  ip link set "to-$vrf" master "$vrf"
  ip addr add "$2" dev "to-$vrf"
  table=$((table + 10))
done
