#!/usr/bin/env python3
"""Runs a command on a terminal of its own and types answers to what it asks.

Usage: type_into.py ANSWER... -- COMMAND...

After each ": " at the end of what was shown the next answer is typed. Prints all that the terminal
showed, and ends with the command's exit status.
"""

import os
import pty
import select
import sys
import time

split = sys.argv.index("--")
answers, command = sys.argv[1:split], sys.argv[split + 1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown = b""
end = time.monotonic() + 60
since = 0
while time.monotonic() < end:
    if not select.select([terminal], [], [], 1)[0]:
        continue
    try:
        data = os.read(terminal, 4096)
    except OSError:
        break
    if not data:
        break
    shown += data
    if answers and shown[since:].endswith(b": "):
        since = len(shown)
        os.write(terminal, answers.pop(0).encode() + b"\n")
sys.stdout.write(shown.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
