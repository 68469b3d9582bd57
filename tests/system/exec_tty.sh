#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# exec_tty - exec on a terminal: size and resize, Ctrl-C, job control, vtysh typed by hand
#
#   n        a router whose FRR an exec line starts          tmux pane ---- netemu exec ---- pty of n
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd tmux vtysh

topo <<'YAML'
topology:
  nodes:
    n:
      kind: linux
      image: quay.io/frrouting/frr:8.4.4
      cmd: bash
      network-mode: none
      exec: [touch /etc/frr/vtysh.conf, /usr/lib/frr/frrinit.sh start]
YAML
netemu run "$topo" >/dev/null 2>&1

export TMUX_TMPDIR=$test_dir
unset TMUX
tm() { tmux -f /dev/null "$@"; }
at_exit tm kill-server
# type KEYS... - as a person does
type() { tm send-keys -t t "$@"; }
screen() { tm capture-pane -p -t t; }
screen_has() { screen | grep -Eq -- "$1"; }
# What is typed before a netemu has ended is its input, not the shell's.
shell() { pgrep -P "$(tm display -p -t t '#{pane_pid}')"; }
ended() { ! pgrep -P "$(shell)" >/dev/null; }
see() { wait_until 8 screen_has "$1" || { screen >&2; exit 1; }; }

tm new-session -d -s t -x 100 -y 30 "env -u PS1 PS1= TERM=screen bash --norc; sleep 1"
type "$NETEMU exec -it n bash --norc" Enter
see '^bash-.*[#$] *$'

# Size at the start, and after a change of the window.
type 'stty size; echo T=$TERM' Enter
see '^30 100'
see '^T=screen'
tm resize-window -t t -x 71 -y 19
wait_until 5 bash -c '[[ $(tmux -f /dev/null display -p -t t "#{pane_width}x#{pane_height}") == 71x19 ]]'
type 'clear; stty size' Enter
see '^19 71'

# The terminal is one of the node's own, and it controls its session.
type 'clear; tty; ps -o tty=,stat= -p $$; test -c $(tty) && echo chr' Enter
see '^/dev/pts/[0-9]'
see '^pts/[0-9] +Ss'
see '^chr'

# Ctrl-C ends the command in the foreground, not the shell, not netemu.
type 'clear; sleep 555' Enter
wait_until 5 "$NETEMU" exec n pgrep -f 'sleep 555'
type C-c
type 'echo after=$?' Enter
see '^after=130'

# Job control: in the background, to the front, stopped.
type 'clear; sleep 666 & jobs' Enter
see 'Running +sleep 666'
type 'fg' Enter
see '^sleep 666'
type C-z
see 'Stopped +sleep 666'
type 'clear; kill -9 %1; wait; echo jobs=$(jobs | wc -l)' Enter
see '^jobs='
type 'clear; echo deep; cat' Enter
see '^deep'
type 'typed' Enter
wait_until 5 bash -c '[[ $(tmux -f /dev/null capture-pane -p -t t | grep -c "^typed") == 2 ]]'
type C-d
type 'exit 42' Enter
see '^exit'
wait_until 8 ended
type 'echo status=$?; stty -a | grep -o -- "-*icanon"' Enter
see '^status=42'
see '^icanon' # the caller's terminal is as before

# vtysh, with its pager and its completion.
type "clear; $NETEMU exec -it n vtysh" Enter
see '^n# *$'
type 'show ver' Tab Enter
see 'FRRouting 8'
type 'configure terminal' Enter
see '^n\(config\)# *$'
type 'interface lo' Enter
type 'desc' Tab 'by hand' Enter
type "end " Enter # "end" is a key for tmux
type 'show running-config' Enter
see 'description by hand'
type 'exit' Enter
wait_until 8 ended
type 'clear; echo back' Enter
see '^back'

# A login shell when no command is given.
type "clear; $NETEMU exec n" Enter
see '[#$] *$'
type 'shopt login_shell; hostname' Enter
see '^login_shell +on'
see '^n$'
type 'exit' Enter

# -t without a terminal of the caller's: the command has one all the same.
assert_match '^/dev/pts/[0-9]+' "$(netemu exec -t n tty </dev/null | tr -d '\r')"
assert_match 'not a tty' "$(netemu exec n tty </dev/null || true)"
# The end of input is Ctrl-D there.
assert_eq "3" "$(printf 'a\nb\n' | timeout 10 "$NETEMU" exec -t n sh -c 'stty -echo; wc -l; echo 3' | tr -d '\r' | tail -n 1)"
assert_status 7 netemu exec -t n sh -c 'exit 7'

# Sizes at the edges do no harm.
for size in "1 1" "65535 65535" "0 0"; do
  read -r rows cols <<<"$size"
  timeout 10 script -qec "stty rows $rows cols $cols; '$NETEMU' exec -t n sh -c 'stty size; exit 3'" /dev/null </dev/null >"$test_dir/size" 2>&1 && status=0 || status=$?
  assert_eq 3 "$status" "rows $rows, cols $cols: $(cat "$test_dir/size")"
  assert_match "$size" "$(cat "$test_dir/size")"
done

# A terminal that is closed hangs up what runs in it.
tm respawn-pane -k -t t "exec '$NETEMU' exec -it n sleep 888"
wait_until 5 "$NETEMU" exec n pgrep -f '^sleep 888'
tm kill-session -t t
wait_until 5 bash -c "! '$NETEMU' exec n pgrep -f '^sleep 888'"
