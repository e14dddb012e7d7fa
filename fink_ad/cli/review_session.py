"""One sitting of a reviewer in a terminal: a candidate, a key, the next candidate."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import typer

from fink_ad.cli.app import out, printable, shown
from fink_ad.errors import ReviewError

if TYPE_CHECKING:
    from fink_ad.review import RankingState
    from fink_ad.review.desk import Desk
    from fink_ad.store import ReviewerRecord, Showing

__all__ = ["Session"]

_ANSWERS = {"y": "anomaly", "n": "ordinary", "b": "bogus", "u": "unsure"}
_KEYS = "[b]y[/b] anomaly  [b]n[/b] ordinary  [b]b[/b] bogus  [b]u[/b] unsure  [b]s[/b] skip  "
_KEYS += "[b]z[/b] undo  [b]h[/b] help  [b]q[/b] quit"
_HELP = """\
y  anomaly: strange, and worth somebody's time    s  skip: say nothing, go on
n  ordinary: nothing new                          z  undo the last answer
b  bogus: no source in the sky at all             t  tags for this answer
u  unsure: cannot tell; teaches nothing           m  a note for this answer
q  quit; what was answered is kept                o  others, on your last answer"""
_MIN_LOOK_S = 0.4  # a key pressed sooner was meant for something else
_CHANNEL = "terminal"


@dataclass
class Session:
    """One sitting of one reviewer."""

    desk: Desk
    who: ReviewerRecord
    survey: str
    population: str
    answers: Counter[str] = field(default_factory=Counter)
    tags: tuple[str, ...] = ()
    note: str = ""
    message: str = ""
    order_id: int | None = None

    def run(self) -> None:
        """Show one candidate after the other until there are no more, or no more wish."""
        showing = self._next()
        while showing is not None:
            showing = self._one(showing)
        if self.answers:
            told = ", ".join(f"{n} {answer}" for answer, n in self.answers.most_common())
            out.print(f"Thank you: {told}.", highlight=False)

    def _next(self) -> Showing | None:
        self.tags, self.note = (), ""
        drawn = self.desk.queue.next(self.who, self.survey, self.population, channel=_CHANNEL)
        if not drawn:
            state = self.desk.queue.state(self.who, self.survey, self.population)
            out.print(shown(state.reason or "Nothing to show just now."), highlight=False)
            return None
        return drawn[0]

    def _one(self, showing: Showing) -> Showing | None:
        """Show a candidate and act on keys, until there is another to show."""
        from fink_ad.cli.review_screen import candidate_screen
        from fink_ad.review import ranking_state

        state = ranking_state(self.desk.store, self.who, self.survey, self.population)
        self._notice(state)
        candidate = self.desk.candidate(showing)
        if sys.stdin.isatty():
            out.clear()
        out.print(candidate_screen(candidate, out))
        showing = self.desk.store.mark_shown(showing.id)
        drawn_at = time.monotonic()
        _forget_typed()
        while True:
            if self.message:
                out.print(self.message, highlight=False)
                self.message = ""
            out.print(_KEYS, highlight=False)
            key, rest = _read_key()
            if not key or key == "q":
                return None
            if sys.stdin.isatty() and time.monotonic() - drawn_at < _MIN_LOOK_S:
                self.message = "Too fast: that key came before the candidate could be seen."
                continue
            try:
                following = self._act(key, rest, showing)
            except ReviewError as error:
                self.message = shown(str(error))
                continue
            if following is not showing:
                return following

    def _act(self, key: str, rest: str, showing: Showing) -> Showing | None:
        """Do what a key says; return what is to be shown then."""
        from fink_ad.review import record, show_again, undo
        from fink_ad.review.labels import checked_note, checked_tags

        store = self.desk.store
        if key in _ANSWERS:
            answer = _ANSWERS[key]
            record(
                store,
                showing,
                answer,
                tags=self.tags,
                note=self.note,
                channel=_CHANNEL,
                token=uuid4().hex,
            )
            self.answers[answer] += 1
            self.message = f"{shown(showing.object_id)}: {answer}   ([b]z[/b] undoes it)"
            return self._next()
        if key == "s":
            self.desk.queue.skip(showing)
            self.message = f"{shown(showing.object_id)}: skipped"
            return self._next()
        if key == "z":
            label = undo(store, self.who, channel=_CHANNEL)
            self.answers -= Counter([label.answer])
            self.message = f"{shown(label.object_id)}: {label.answer} taken back"
            return show_again(store, label, _CHANNEL, 60 * self.desk.settings.queue.lease_minutes)
        if key == "t":
            self.tags = checked_tags((rest or _ask("tags, by commas")).split(","))
            self.message = f"tags: {shown(', '.join(self.tags) or 'none')}"
        elif key == "m":
            self.note = checked_note(rest or _ask("note"))
            self.message = f"note: {shown(self.note or 'none')}"
        elif key == "o":
            self.message = shown(self._others(showing))
        else:
            self.message = _HELP if key == "h" else f"{shown(key)!r} is no key here\n{_HELP}"
        return showing

    def _others(self, showing: Showing) -> str:
        """Say what others answered about the candidate that was answered last, never before."""
        from fink_ad.cli.review_screen import opinions_text
        from fink_ad.review import history

        last = next(
            (one.label for one in history(self.desk.store, self.who) if not one.undone), None
        )
        if last is None:
            return "answer first; what others said is hidden until then"
        looked_at = self.desk.look(
            last.survey, last.alert_id, reviewer_id=self.who.id, with_others=True
        )
        return f"{last.object_id}: {opinions_text(looked_at.others or ())}"

    def _notice(self, state: RankingState) -> None:
        if self.order_id is not None and state.order_id != self.order_id:
            told = "The ranking has learned from the answers."
            self.message = f"{self.message}\n{told}" if self.message else told
        self.order_id = state.order_id


def _forget_typed() -> None:
    """Forget keys that were pressed before the candidate was on the screen."""
    if sys.stdin.isatty():
        import termios

        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def _read_key() -> tuple[str, str]:
    """Return a key and what follows it on its line; an empty key at the end of the input."""
    if sys.stdin.isatty():
        import click

        try:
            return printable(click.getchar()).lower()[:1], ""
        except EOFError:
            return "", ""
    while line := sys.stdin.readline():
        if line.strip():
            return line.strip()[0].lower(), line.strip()[1:].strip()
    return "", ""


def _ask(what: str) -> str:
    """Ask for a line of text; nobody is asked where nobody sits."""
    if not sys.stdin.isatty():
        return ""
    return str(typer.prompt(what, default="", show_default=False))
