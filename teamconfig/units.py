"""Memory, CPU and durations: from the user's spelling to numbers and back, in pairs parse_X / format_X.

Spellings are Kubernetes' for memory and CPU, and Go's for durations, because
that is what the readers of standards and of waypoint.hcl already write.
"""

from __future__ import annotations

import re
from datetime import timedelta

_MEMORY = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,9})?)(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?")
_CPU = re.compile(r"(?:([0-9]{1,9})m|([0-9]{1,6})(?:\.([0-9]{1,3}))?)")
_DURATION = re.compile(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?(?:([0-9]{1,9})ms)?")
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
_DECIMAL = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_FACTORS = {"": 1, **_BINARY, **_DECIMAL}
_MILLIS_PER_SECOND, _SECONDS_PER_MINUTE, _SECONDS_PER_HOUR = 1000, 60, 3600


class UnitError(ValueError):
    """A quantity that cannot be read.

    Args:
        why: What a quantity of this unit looks like.
        example: A spelling that would be right, near to what was written if it can be guessed.
    """

    def __init__(self, why: str, example: str) -> None:
        super().__init__(why)
        self.why = why
        self.example = example


def parse_memory(text: str) -> int:
    """Read a Kubernetes memory quantity.

    Args:
        text: Digits with Ki, Mi, Gi, Ti, Pi (1024) or k, M, G, T, P (1000); plain digits are bytes.

    Returns:
        Bytes, 0 or more.

    Raises:
        UnitError: It is not such a quantity, or not a whole number of bytes.
    """
    match = _MEMORY.fullmatch(text)
    if match is None:
        raise UnitError("memory is a number with Ki, Mi, Gi, Ti or k, M, G, T", _memory_meant(text))
    number, _, fraction = match[1].partition(".")
    scale: int = 10 ** len(fraction)
    total, rest = divmod(int(number + fraction) * _FACTORS[match[2] or ""], scale)
    if rest:
        raise UnitError("memory is a whole number of bytes", format_memory(total))
    return total


def _memory_meant(text: str) -> str:
    """Guess what was meant: "2GB" is 2Gi, "1.5 gb" is 1536Mi, a number alone is of Mi."""
    guess = re.fullmatch(r"\s*([0-9]{1,9})(?:\.([0-9]{1,3}))?\s*([kKmMgGtTpP])?[iI]?[bB]?\s*", text)
    if guess is None:
        return "512Mi"
    unit = f"{(guess[3] or 'm').upper()}i"
    if not guess[2]:
        return f"{guess[1]}{unit}"
    return format_memory(int(float(f"{guess[1]}.{guess[2]}") * _BINARY[unit]) // _BINARY["Ki"] * _BINARY["Ki"])


def format_memory(size_bytes: int) -> str:
    """Write bytes in the largest binary unit that needs no fraction.

    Args:
        size_bytes: 0 or more.

    Returns:
        As "512Mi"; `parse_memory` gives the same number back.
    """
    for unit, factor in reversed(_BINARY.items()):
        if size_bytes and size_bytes % factor == 0:
            return f"{size_bytes // factor}{unit}"
    return str(size_bytes)


def parse_cpu(text: str) -> int:
    """Read a Kubernetes CPU quantity.

    Args:
        text: "250m", "2" or "0.5"; at most three digits after the point.

    Returns:
        Millicores, 0 or more.

    Raises:
        UnitError: It is not such a quantity.
    """
    match = _CPU.fullmatch(text)
    if match is None:
        raise UnitError("cpu is cores, or thousandths of a core with m", "250m")
    if match[1] is not None:
        return int(match[1])
    return int(match[2]) * 1000 + int((match[3] or "").ljust(3, "0"))


def format_cpu(millicores: int) -> str:
    """Write millicores, as whole cores where they are.

    Args:
        millicores: 0 or more.

    Returns:
        As "250m" or "2"; `parse_cpu` gives the same number back.
    """
    return f"{millicores}m" if millicores % 1000 else str(millicores // 1000)


def parse_duration(text: str) -> timedelta:
    """Read a duration as Go writes it.

    Args:
        text: Hours, minutes, seconds, milliseconds in this order: "1h30m", "30s", "500ms".

    Returns:
        The duration, 0 or more.

    Raises:
        UnitError: It is not such a duration, or too long to be one.
    """
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        guess = re.fullmatch(r"\s*([0-9]{1,9})\s*(?:s|sec|secs|seconds?)?\s*", text)
        raise UnitError("a duration is a number with h, m, s or ms", f"{guess[1]}s" if guess else "30s")
    hours, minutes, seconds, millis = (int(part or 0) for part in match.groups())
    try:
        return timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=millis)
    except OverflowError as err:
        raise UnitError("a duration is at most 999999999 days", "24h") from err


def format_duration(duration: timedelta) -> str:
    """Write a duration as Go does, without parts that are 0.

    Args:
        duration: 0 or more, whole milliseconds.

    Returns:
        As "1h30m" or "0s"; `parse_duration` gives the same duration back.
    """
    millis = duration // timedelta(milliseconds=1)
    seconds, millis = divmod(millis, _MILLIS_PER_SECOND)
    hours, seconds = divmod(seconds, _SECONDS_PER_HOUR)
    minutes, seconds = divmod(seconds, _SECONDS_PER_MINUTE)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"), (millis, "ms"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
