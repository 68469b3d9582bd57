# SPDX-License-Identifier: GPL-2.0-or-later
# vxlan.sh - the bridge of VNI 100 in a leaf: the host's port, and a tunnel from this leaf's address $1 to all others. Nothing is
# learned from the tunnel: EVPN says which address is where.
set -e
ip link add br100 type bridge
ip link set br100 addrgenmode none up
ip link add vxlan100 type vxlan id 100 local "$1" dstport 4789 nolearning
ip link set vxlan100 addrgenmode none master br100 up
bridge link set dev vxlan100 learning off
ip link set host master br100
