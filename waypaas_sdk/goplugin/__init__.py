"""hashicorp/go-plugin in Python: the process side and the host side.

Knows the handshake, the broker, stdio and shutdown; nothing of Waypoint.
"""
