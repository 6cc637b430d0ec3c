"""A short command that a standby may be: brief.py CODE [SECONDS [threads]], where SECONDS is how long its end takes."""

import os
import signal
import sys
import threading
import time

from waypaas_sdk import standby


def late(code: int) -> None:
    """End as a kernel does that has much to clean up."""
    time.sleep(float(seconds))
    end(code)


if __name__ == "__main__":
    standby.enter("")
    standby.wait(brief=True)
    standby.prepare()
    how, seconds, threads = sys.argv[1], (sys.argv[2:3] or ["0"])[0], sys.argv[3:]
    end, os._exit = os._exit, late
    sys.stdout.write("done\n")
    if threads:
        threading.Thread(target=time.sleep, args=(60,)).start()
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    standby.leave(int(how))
