#!/bin/bash
# network.sh ADDRESS - what a host of script.clab.yml does to itself
ip addr add "$1" dev eth1
ip route add 198.51.100.0/24 dev eth1
