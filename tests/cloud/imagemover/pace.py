"""How patient copies are in tests: they give up soon, and pause shortly."""

from __future__ import annotations

from imagemover.patience import Policy

POLICY = Policy(stall_seconds=2.0, first_seconds=0.02, most_seconds=0.2, deadline_seconds=120.0)
