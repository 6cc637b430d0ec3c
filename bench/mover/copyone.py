"""Copy one image, or a fleet, as a process of its own: what the benchmark times.

python copyone.py SOURCE=DESTINATION ...
"""

from __future__ import annotations

import sys

from imagemover import copying, references
from imagemover.jobs import Job, Options, Target
from imagemover.patience import Patience
from imagemover.registry import Registry


def main() -> None:
    """Copy."""
    patience = Patience()
    registries: dict[str, Registry] = {}
    jobs = []
    for argument in sys.argv[1:]:
        source, destination = (references.parse(text) for text in argument.split("="))
        near, far = (
            registries.setdefault(one.registry, Registry(one.registry, patience=patience)).repository(one.repository)
            for one in (source, destination)
        )
        jobs.append(Job(near, source.name, (Target(far, (destination.tag,)),)))
    copying.copy(jobs, Options(), patience)


if __name__ == "__main__":
    main()
