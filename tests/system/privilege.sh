#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# privilege - what root of a node can not do: to the host, to other nodes, to the program that is its PID 1
#
#   evil ---- peer
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd python3 jq

topo <<'YAML'
topology:
  defaults: {kind: linux, image: frrouting/frr, cmd: bash, network-mode: none}
  nodes: {evil: {}, peer: {}}
  links: [{endpoints: ["evil:e1", "peer:e1"]}]
YAML
netemu run "$topo" >/dev/null 2>&1
x() { netemu exec evil "$@"; }
pid=$(jq '.nodes[0].pid' "/run/netemu/$lab/state.json")

# ---- capabilities: exactly the declared ones in P, E and B; none inheritable or ambient ----
caps=$(sed -n '/^static const cap_value_t node_caps/,/};/p' "$top/runtime/kernel/caps.c" | grep -o 'CAP_[A-Z_]*' | tr 'A-Z\n' 'a-z,' | sed 's/,$//')
declared=$(printf %016x "$(($(python3 - "$caps" <<'PY'
import re, sys
bits = dict(re.findall(r'#define (CAP_\w+)\s+(\d+)', open('/usr/include/linux/capability.h').read()))
have = int(re.search(r'CapPrm:\s+(\w+)', open('/proc/self/status').read())[1], 16) # in a container we may lack some
print(have & sum(1 << int(bits[c.upper()]) for c in sys.argv[1].split(',')))
PY
)))")
for who in 1 self; do
  assert_eq "0000000000000000 $declared $declared $declared 0000000000000000" \
    "$(x sed -n 's/^Cap[A-Za-z]*:\t//p' /proc/$who/status | tr '\n' ' ' | sed 's/ $//')" "capabilities of $who"
done
for cap in sys_module sys_rawio sys_boot mknod sys_time audit_control audit_write bpf perfmon syslog mac_admin mac_override \
  sys_ptrace dac_read_search; do
  assert_no_match "(^|,)cap_$cap(,|$)" "$caps"
done
# FRR's own daemons keep to them as well.
x sh -c 'touch /etc/frr/vtysh.conf; /usr/lib/frr/frrinit.sh start' >/dev/null 2>&1
x sh -c 'for p in $(pgrep "zebra|staticd|watchfrr"); do sed -n "s/^CapPrm:.//p; s/^CapBnd:.//p; s/^CapInh:.//p" /proc/$p/status; done' |
  while read -r set; do
    ((0x$set & ~0x$declared)) && die "a daemon has more: $set"
    true
  done

# ---- the kernel's settings: only net's ----
core_pattern=$(cat /proc/sys/kernel/core_pattern)
for path in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/vm/swappiness /proc/sys/fs/file-max /proc/sysrq-trigger \
  /proc/irq/default_smp_affinity /sys/kernel/uevent_helper /sys/power/state /sys/module/kernel/parameters/panic; do
  [[ -e $path ]] || continue
  if x sh -c "cat $path >/tmp/v 2>/dev/null || echo h >/tmp/v; cat /tmp/v >$path" 2>/dev/null; then die "a node can write $path"; fi
done
assert_eq "$core_pattern" "$(cat /proc/sys/kernel/core_pattern)"
x sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv4/conf/e1/proxy_arp'
for path in /proc/kcore /proc/keys /proc/kmsg /proc/timer_list; do
  [[ -e $path ]] || continue
  assert_eq "" "$(x head -c 16 $path 2>/dev/null | tr -d '\0')" "$path shows something"
done

# ---- calls that reach beyond the node ----
assert_status 1 x mknod /tmp/disk b 8 0
assert_status 1 x date -s 2001-01-01
x sh -c 'unshare --user true' 2>/dev/null || true # may be allowed; it gives nothing outside
x modprobe dummy 2>/dev/null && die "a node can load modules"
assert_status 1 x dmesg
for d in /dev/vda /dev/sda /dev/mem /dev/kmsg /dev/kvm /dev/fuse; do assert_status 1 x test -e $d; done

# ---- PID 1 and what exec starts: not to be traced, read or overwritten ----
# The program is a sealed copy: neither /proc/1/exe nor what it was copied from can be changed (CVE-2019-5736).
init=$(dirname "$NETEMU")/netemu-init
sum=$(cksum <"$init")
sum_netemu=$(cksum <"$NETEMU")
x sh -c 'cat /etc/hostname >/proc/1/exe' 2>/dev/null && die "PID 1's program can be written"
x sh -c "echo '#!/proc/self/exe' >/tmp/evil; chmod +x /tmp/evil"
for _ in {1..4}; do
  netemu exec evil /tmp/evil >/dev/null 2>&1 || true # it is netemu-init once more
  x sh -c 'for i in 1 2 3; do for e in /proc/[0-9]*/exe; do case $(readlink $e) in /memfd*) cp /etc/hostname $e && exit; esac; done; done; exit 1' \
    2>/dev/null && die "the sealed copy was written"
  true
done
x sh -c "cat /etc/hostname >'$init'; cat /etc/hostname >'$NETEMU'" 2>/dev/null || true # its own copies, where it sees them
assert_eq "$sum $sum_netemu" "$(cksum <"$init") $(cksum <"$NETEMU")" "the host's programs"
for what in mem fd/0 root cwd exe; do # (not maps, environ: SYS_ADMIN implies PERFMON; nothing of the host is in them)
  x sh -c "exec 2>/dev/null; cat /proc/1/$what >/dev/null && test -r /proc/1/$what" && die "/proc/1/$what can be read"
done
! command -v gdb >/dev/null || ! x sh -c 'timeout 10 gdb -p 1 -batch -ex "p 1" 2>&1 | grep -q "^\$1"' || true
x python3 -c '
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
sys.exit(0 if libc.ptrace(16, 1, 0, 0) == 0 else 1)' && die "PID 1 can be traced"
assert_status 1 x sh -c 'kill -9 1; kill -STOP 1; sleep 0.1; false'
assert_eq netemu-init "$(x cat /proc/1/comm)"

# Seen from the host: PID 1 has its sockets and its signals, a daemon what it opened itself; nothing of the supervisor's.
# (3 listens, 4 goes to the supervisor, 5 is for signals)
fds() { find "/proc/$pid/fd" -mindepth 1 -printf '%f ' | tr ' ' '\n' | sort -n | tr '\n' ' ' | sed 's/^ //; s/ $//'; }
clients_gone() { [[ $(fds) == "0 1 2 3 4 5" ]]; }
wait_until 5 clients_gone
assert_eq "/dev/null /dev/null /dev/null anon_inode:[signalfd] socket socket" \
  "$(find "/proc/$pid/fd" -mindepth 1 -printf '%l\n' | sed 's/socket:.*/socket/' | sort | tr '\n' ' ' | sed 's/ $//')"
own=$(readlink "/proc/$pid/ns/net") # zebra opens its own
read -ra children <"/proc/$pid/task/$pid/children" || true # it has no newline
((${#children[@]} >= 3)) || die "FRR does not run"
for p in "${children[@]}"; do
  assert_no_match "net:\[|mnt:\[|io_uring|pidfd|/run/netemu|memfd|signalfd" "$(find "/proc/$p/fd" -printf '%l\n' | grep -vxF "$own" | tr '\n' ' ')" "$(cat "/proc/$p/comm")"
done

# ---- directories and descriptors that would lead out (CVE-2024-21626) ----
assert_eq / "$(x pwd)"
assert_status 126 netemu exec -w /proc/self/fd/7 evil true
assert_no_match unreachable "$(x sh -c 'pwd -P; readlink /proc/self/cwd /proc/1/cwd /proc/1/root' 2>/dev/null)"
for fd in 3 4 5 6 7 8 9 10; do assert_status 126 netemu exec -w "/proc/self/fd/$fd" evil true; done
assert_status 126 netemu exec -w /proc/1/root evil true
x sh -c 'ls -d /proc/*/root/run/netemu' 2>/dev/null && die "/run/netemu can be reached through /proc"

# ---- the control sockets and other labs are out of sight; abstract sockets there are none ----
assert_eq "" "$(x find / -xdev \( -name ctl.sock -o -name '*.sock' -path '*netemu*' -o -name state.json \) 2>/dev/null)"
assert_status 1 x test -e /run/netemu
assert_eq "" "$(grep -a '@.*netemu' /proc/net/unix || true)"
assert_no_match "netemu" "$(x cat /proc/net/unix)"
assert_eq "700 600 600" "$(stat -c %a "/run/netemu/$lab" "/run/netemu/$lab/ctl.sock" "/run/netemu/$lab/nodes/evil.sock" | tr '\n' ' ' | sed 's/ $//')"
# A raw connection as somebody else is refused by the directory; as root, garbage gets an answer or an end, and harms nothing.
assert_status 1 setpriv --reuid 65534 --clear-groups test -e "/run/netemu/$lab/ctl.sock"
python3 - "/run/netemu/$lab" <<'PY'
import os, socket, sys
for path in ("ctl.sock", "nodes/evil.sock"):
    for data in (b"x", b"\0" * 4096, os.urandom(64), b"\x01\x00\x65\x6e" + b"\xff" * 60, b""):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(5)
        s.connect(os.path.join(sys.argv[1], path))
        fd = os.open("/dev/null", os.O_RDONLY)
        try:
            if data:
                socket.send_fds(s, [data], [fd] * 4)
            s.shutdown(socket.SHUT_WR)
            while s.recv(4096):
                pass
        except OSError:
            pass
        os.close(fd)
        s.close()
    many = []
    for _ in range(200): # more than it serves at a time
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.setblocking(False)
        try:
            s.connect(os.path.join(sys.argv[1], path))
        except BlockingIOError:
            pass
        many.append(s)
PY
assert_eq fine "$(x echo fine)"
netemu inspect "$lab" >/dev/null
assert_eq "$pid" "$(jq '.nodes[0].pid' "/run/netemu/$lab/state.json")"
is_alive "$pid" || die "PID 1 of the node is dead"

# ---- mounts: what a node mounts or shares stays there ----
mounts=$(awk '{ print $5 }' /proc/self/mountinfo)
x sh -c 'mount --make-rshared / && mkdir -p /mnt/m && mount -t tmpfs x /mnt/m && touch /mnt/m/f'
assert_eq "$mounts" "$(awk '{ print $5 }' /proc/self/mountinfo)"
assert_status 1 netemu exec peer test -e /mnt/m/f
mkdir "$test_dir/m" && mount -t tmpfs y "$test_dir/m" && umount "$test_dir/m" # not blocked by the lab

# ---- the terminal: no input can be pushed into it (CVE-2016-10124), and it is not the caller's ----
script -qec "'$NETEMU' exec -t evil python3 -c '
import fcntl, termios
try:
    fcntl.ioctl(0, termios.TIOCSTI, b\"x\")
    print(\"pushed\")
except OSError as e:
    print(\"refused\")
' ; true" /dev/null </dev/null >"$test_dir/tiocsti" 2>&1
[[ $(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1) == 1 ]] || assert_match refused "$(cat "$test_dir/tiocsti")"
assert_eq "$(stat -c %d /dev/pts) no" "$(stat -c %d /dev/pts) $( [[ $(x stat -c %d /dev/pts) == "$(stat -c %d /dev/pts)" ]] && echo yes || echo no)" "devpts is shared"

# ---- no setuid program of ours ----
assert_eq "" "$(find "$(dirname "$NETEMU")" -maxdepth 1 -perm /6000)"
