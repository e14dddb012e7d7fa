"""Records of models: their revisions, which is in force, and how that was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

__all__ = [
    "VERDICTS",
    "ActiveModel",
    "Decision",
    "DriftRecord",
    "ModelRecord",
    "NewDecision",
    "RevisionRecord",
    "Verdict",
]

Verdict = Literal["promoted", "not promoted", "not enough evidence", "rolled back"]
VERDICTS: tuple[Verdict, ...] = ("promoted", "not promoted", "not enough evidence", "rolled back")
"""What may become of a contender."""


@dataclass(frozen=True)
class ModelRecord:
    """A model; ``id`` is the content hash that names its folder."""

    id: str
    survey: str
    population: str
    provisional: bool
    n_rows: int
    manifest: Mapping[str, Any]
    reviewer_id: int | None = None


@dataclass(frozen=True)
class RevisionRecord:
    """The weights of a model after some set of answers."""

    id: str
    model_id: str
    n_labels: int
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class ActiveModel:
    """The revision in force, its model, and since when."""

    revision: RevisionRecord
    model: ModelRecord
    activated_at: datetime


@dataclass(frozen=True)
class NewDecision:
    """What was decided of a revision that might come into force.

    Attributes
    ----------
    contender : str
        Id of the revision; of one rolled back, the revision returned to.
    incumbent : str or None
        The revision in force until then, if there was one.
    reviewer_id : int or None
        Whose model; None for the shared one.
    by : str
        Who decided: the gate, or an operator's name.
    figures : mapping
        What the decision rests on.
    """

    contender: str
    incumbent: str | None
    survey: str
    population: str
    verdict: Verdict
    by: str
    reviewer_id: int | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """A stored `NewDecision`, its number and time."""

    id: int
    contender: str
    incumbent: str | None
    survey: str
    population: str
    reviewer_id: int | None
    verdict: str
    decided_at: datetime
    by: str
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class DriftRecord:
    """How far a night's alerts are from the reference of the model that scored them."""

    survey: str
    population: str
    night: int
    model_revision: str
    figures: Mapping[str, Any]
    alarm: bool
    measured_at: datetime

    @property
    def told(self) -> bool:
        """Whether there were enough alerts to say anything."""
        return "psi_max" in self.figures
