"""Waypoint's seven services: decode, call the component, encode. One file each.

The spelling of the wire (`DeploySpec`, `IsDestroyer`) lives here only.
"""
