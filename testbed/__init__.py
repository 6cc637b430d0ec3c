"""A real Kubernetes on one Debian machine without a container engine, for tests and the demo.

`python3 -m testbed up` builds what is missing and starts: etcd, the control
plane, kwok's fake nodes, a registry, and one real node whose pods really run.
Everything lives in a network namespace and a directory of its own. See
README.md.
"""
