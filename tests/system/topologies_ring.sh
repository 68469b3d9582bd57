#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topologies_ring - topologies/ring-100: a hundred routers from a template
. "$(dirname "$0")/../lib.sh"
exec "$(dirname "$0")/topologies.sh" ring-100
