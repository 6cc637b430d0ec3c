"""What a shell does with a command in the foreground: it gets the terminal, and after Ctrl-Z the shell has it again.

The command goes on when a line is read; the exit code is the command's.
"""

import os
import signal
import subprocess
import sys

signal.signal(signal.SIGTTOU, signal.SIG_IGN)
# A shell's own signals are its own; its commands have the usual ones.
command = subprocess.Popen(["env", "--default-signal=TTOU", *sys.argv[1:]], process_group=0)
os.tcsetpgrp(0, command.pid)
_, status = os.waitpid(command.pid, os.WUNTRACED)
assert os.WIFSTOPPED(status), status
os.tcsetpgrp(0, os.getpgrp())
os.write(1, b"it was stopped\n")
sys.stdin.readline()
os.tcsetpgrp(0, command.pid)
command.send_signal(signal.SIGCONT)
sys.exit(command.wait())
