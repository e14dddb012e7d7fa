"""What one look of the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Level"]

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """What one look found; ``mend`` says what to do unless all is well."""

    check: str
    level: Level
    told: str
    mend: str = ""
