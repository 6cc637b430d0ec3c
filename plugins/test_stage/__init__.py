"""The plugin `use "test"`: tests before another plugin builds, or before another plugin releases.

`releaser` and `builder` are what Waypoint calls, `gate` and `building` what they do, `wrapped` drives the other
plugin, `anything` lets deployments and artifacts of any type through. The tests themselves are `teamtests`' matter.
"""
