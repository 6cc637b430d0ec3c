"""Test a plugin as Waypoint would use it: as a process, over its socket.

    with PluginHost(["waypoint-plugin-hello"]) as host:
        host.configure("platform", {"greeting": "hi"})
        reply = host.invoke("platform", "Deploy", image, JobInfo(project="shop"))
        assert host.ui.lines == ["hi"]

`host` drives every RPC, `streams` records what the plugin shows, logs and
executes.
"""
