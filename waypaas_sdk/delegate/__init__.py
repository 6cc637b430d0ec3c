"""Wrap another plugin: launch it from within a component's call, configure it, and call its operations.

    with delegate.launch("docker", call, directory=source.path) as other:
        other.configure("builder", {"disable_entrypoint": True}, where="registry.builder_options")
        made = other.invoke("builder", "Build", source, job, ui, logger, labels, HasRegistry=True)
        image = other.take(made.result, docker_pb2.Image)

The other plugin may be any: one beside us, one that is built into Waypoint, written in
any language. It is given what our own call was given; what it shows reaches the same
terminal, what it logs the same log. It is cancelled with our call and never outlives us.

`finding` knows where plugins are, `configuring` their options, `values` and `terminal`
hand our arguments on, `faults` turns their errors into ours.
"""

from waypaas_sdk.delegate.plugin import Delegate, launch

__all__ = ["Delegate", "launch"]
