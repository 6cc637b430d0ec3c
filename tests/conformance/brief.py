"""A short command that a standby may be: ends with the code that it is told, and its process some seconds later."""

import os
import signal
import sys
import time

from waypaas_sdk import standby

LINGERS_SECONDS = 2.0


def late(code: int) -> None:
    """End as a kernel does that has much to clean up."""
    time.sleep(LINGERS_SECONDS)
    end(code)


if __name__ == "__main__":
    standby.enter("")
    standby.wait(brief=True)
    standby.prepare()
    end, os._exit = os._exit, late
    if sys.argv[1] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    standby.leave(int(sys.argv[1]))
