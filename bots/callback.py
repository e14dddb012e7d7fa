"""What a button sends back: a few words in at most 64 bytes, read strictly.

``1|a|ztf|2345678901234567890|17`` is version 1, the action, the survey, the alert, and the
showing the message belongs to (0: none). Everything else, of older versions too, is refused: a
stranger may send any bytes as callback data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from fink_ad.alerts import SURVEYS
from fink_ad.errors import ReviewError

__all__ = ["MAX_BYTES", "Action", "Tap"]

MAX_BYTES = 64
"""The Bot API's limit for callback data."""

Action = Literal["anomaly", "ordinary", "bogus", "unsure", "why", "more", "undo", "next"]

_VERSION = "1"
_LETTERS: dict[Action, str] = {
    "anomaly": "a",
    "ordinary": "o",
    "bogus": "b",
    "unsure": "u",
    "why": "w",
    "more": "m",
    "undo": "z",
    "next": "n",
}
_ACTIONS = {letter: action for action, letter in _LETTERS.items()}
_FORM = re.compile(
    rf"{_VERSION}\|(?P<letter>[{''.join(_ACTIONS)}])\|(?P<survey>{'|'.join(SURVEYS)})"
    r"\|(?P<alert>0|-?[1-9][0-9]{0,18})\|(?P<reference>0|[1-9][0-9]{0,17})",
    re.ASCII,
)
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class Tap:
    """A tap on a button of a message about an alert.

    Attributes
    ----------
    action : str
        What the button does.
    survey, alert_id
        Which alert the message shows.
    reference : int
        Id of the showing that the message belongs to, 0 for none; of ``undo`` that of the label.
    """

    action: Action
    survey: str
    alert_id: int
    reference: int = 0

    def __post_init__(self) -> None:
        if self.action not in get_args(Action):
            raise ReviewError(f"no action {self.action!r}")

    def encode(self) -> str:
        """Write it as callback data, ASCII of at most `MAX_BYTES`."""
        letter = _LETTERS[self.action]
        return f"{_VERSION}|{letter}|{self.survey}|{self.alert_id}|{self.reference}"

    @classmethod
    def decode(cls, data: str) -> Tap:
        """Read callback data.

        Raises
        ------
        ReviewError
            If it is anything but what `encode` writes in this version.
        """
        found = _FORM.fullmatch(data)
        if found is None or int(found["alert"]) not in _INT64:
            raise ReviewError("this button is of another version; ask for the object again")
        action = _ACTIONS[found["letter"]]
        return cls(action, found["survey"], int(found["alert"]), int(found["reference"]))
