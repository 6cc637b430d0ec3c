"""Write a Waypoint plugin in Python.

A plugin author subclasses a component (`component.Platform`, ...), annotates
the methods with what they want (`arguments`), declares options as a dataclass
(`options`), and calls `serve.serve(...)`. See examples/00-hello-plugin.

The modules are the API; this package exports nothing of its own. It knows
Waypoint and go-plugin, and nothing of teams, clouds or images.
"""

import os

if "WAYPOINT_PLUGIN" in os.environ:
    # In a plugin process, before anything can import grpc: see startup.py.
    from waypaas_sdk import startup

    startup.defer()
    startup.tell_failures()
