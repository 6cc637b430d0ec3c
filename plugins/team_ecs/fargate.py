"""What Fargate sells: pairs of CPU and memory. Pure.

Source: AWS, "Task definition parameters for Fargate", task size.
"""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig import units
from waypaas_sdk.errors import OptionError

GI = 1024
"""MiB."""

PAIRS: dict[int, tuple[int, ...]] = {
    256: (512, GI, 2 * GI),
    512: tuple(range(GI, 4 * GI + 1, GI)),
    1024: tuple(range(2 * GI, 8 * GI + 1, GI)),
    2048: tuple(range(4 * GI, 16 * GI + 1, GI)),
    4096: tuple(range(8 * GI, 30 * GI + 1, GI)),
    8192: tuple(range(16 * GI, 60 * GI + 1, 4 * GI)),
    16384: tuple(range(32 * GI, 120 * GI + 1, 8 * GI)),
}
"""Memory in MiB by CPU units, of which a core has 1024."""

_MIB_BYTES = 1 << 20


@dataclass(frozen=True)
class Size:
    """Of a task.

    Args:
        cpu: CPU units, of which a core has 1024.
        memory: MiB.
        rounded: What the user is told of it, or empty.
    """

    cpu: int
    memory: int
    rounded: str = ""


def exact(cpu: str, memory: str) -> Size:
    """Give a size as the standards say it, for machines of one's own; parts are rounded up.

    Args:
        cpu: As "250m".
        memory: As "512Mi".

    Returns:
        The size.
    """
    return Size(-(-units.parse_cpu(cpu) * GI // 1000), -(-units.parse_memory(memory) // _MIB_BYTES))


def size(cpu: str, memory: str) -> Size:
    """Find the smallest pair that holds both.

    Args:
        cpu: As "250m".
        memory: As "512Mi".

    Returns:
        The size that is paid for.

    Raises:
        OptionError: Fargate sells none that large.
    """
    wanted = exact(cpu, memory)
    fitting = ((units_, mib) for units_, row in PAIRS.items() for mib in row)
    found = next(((u, m) for u, m in fitting if u >= wanted.cpu and m >= wanted.memory), None)
    if found is None:
        raise OptionError(
            f'cpu = "{cpu}" with memory = "{memory}" is more than Fargate sells',
            why="its largest task has 16 cores and 120Gi",
            fix='ask for less, or choose launch_type = "EC2"',
            where="ecs.cpu, ecs.memory",
        )
    if found == (wanted.cpu, wanted.memory):
        return wanted
    sold = f"cpu {units.format_cpu(found[0] * 1000 // GI)}, memory {units.format_memory(found[1] * _MIB_BYTES)}"
    return Size(*found, rounded=f"cpu {cpu}, memory {memory} rounded up to what Fargate sells: {sold}")
