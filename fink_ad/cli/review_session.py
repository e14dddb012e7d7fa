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
from fink_ad.errors import ReviewError, StoreError

if TYPE_CHECKING:
    from fink_ad.review import RankingState
    from fink_ad.review.desk import Desk
    from fink_ad.store import LabelRecord, ReviewerRecord, Showing

__all__ = ["Session"]

_ANSWERS = {"y": "anomaly", "n": "ordinary", "b": "bogus", "u": "unsure"}
_WORDS = {"s": "skip", "z": "undo", "t": "tags", "m": "note", "o": "others", "h": "help"}
_KEY_OF = {word: key for key, word in (_ANSWERS | _WORDS | {"q": "quit"}).items()}
_KEY_OF |= {key: key for key in _KEY_OF.values()}
_WITH_TEXT = ("t", "m")
_SAID_LENGTH = 40
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
    given: dict[int, LabelRecord] = field(default_factory=dict)  # in this sitting, by label id
    tags: tuple[str, ...] = ()
    note: str = ""
    message: str = ""
    order_id: int | None = None
    stuck: str = ""  # why no new ranking is made, if that is known
    sending: tuple[object, str] = (None, "")  # what is being said, and its token

    def run(self) -> None:
        """Show one candidate after the other until there are no more, or no more wish."""
        showing = self._next()
        while showing is not None:
            showing = self._one(showing)
        answers = Counter(label.answer for label in self.given.values())
        if answers:
            told = ", ".join(f"{n} {answer}" for answer, n in answers.most_common())
            out.print(f"Thank you: {told}.", highlight=False)

    def _next(self) -> Showing | None:
        drawn = self.desk.queue.next(self.who, self.survey, self.population, channel=_CHANNEL)
        self.tags, self.note = (), ""
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
            except (ReviewError, StoreError) as error:
                # The candidate stays: the same key sends the same answer again.
                self.message = shown(str(error))
                continue
            if following is not showing:
                return following

    def _act(self, key: str, rest: str, showing: Showing) -> Showing | None:
        """Do what a key says; return what is to be shown then."""
        from fink_ad.review.labels import checked_note, checked_tags

        if key in _ANSWERS:
            self.message = self._answer(_ANSWERS[key], showing)
            return self._next()
        if key == "s":
            self.desk.queue.skip(showing)
            self.message = f"{shown(showing.object_id)}: skipped"
            return self._next()
        if key == "z":
            return self._take_back() or showing
        if key == "t":
            text = rest or _ask("tags, by commas")
            self.tags = self.tags if text is None else checked_tags(text.split(","))
            self.message = f"tags: {shown(', '.join(self.tags) or 'none')}"
        elif key == "m":
            text = rest or _ask("note")
            self.note = self.note if text is None else checked_note(text)
            self.message = f"note: {shown(self.note or 'none')}"
        elif key == "o":
            self.message = shown(self._others(showing))
        else:
            said = shown(key[:_SAID_LENGTH])
            self.message = _HELP if key == "h" else f"{said!r} is no key here\n{_HELP}"
        return showing

    def _answer(self, answer: str, showing: Showing) -> str:
        """Store an answer, unless it was given elsewhere meanwhile; return what to say of it."""
        from fink_ad.review import answered_since, record

        store = self.desk.store
        said = (showing.id, answer, self.tags, self.note)
        if said != self.sending[0]:
            self.sending = said, uuid4().hex
        token = self.sending[1]
        name = shown(showing.object_id)
        meanwhile = answered_since(store, showing)
        if meanwhile is not None and meanwhile.token != token:
            return f"{name}: you said {meanwhile.answer} elsewhere already; nothing was stored now"
        label = record(
            store, showing, answer, tags=self.tags, note=self.note, channel=_CHANNEL, token=token
        )
        self.given[label.id] = label
        return f"{name}: {answer}   ([b]z[/b] undoes it)"

    def _take_back(self) -> Showing | None:
        """Undo the last answer of this sitting; return its candidate if it can be shown again."""
        from fink_ad.review import show_again, undo

        if not self.given:
            raise ReviewError(
                "you have no answer to take back in this sitting; fink-ad labels undo takes back"
                " earlier ones"
            )
        store, last = self.desk.store, next(reversed(self.given))
        try:
            label = undo(store, self.who, last, channel=_CHANNEL)
        except ReviewError:  # it was taken back elsewhere
            del self.given[last]
            raise
        del self.given[last]
        self.sending = None, ""
        self.message = f"{shown(label.object_id)}: {label.answer} taken back"
        try:
            return show_again(store, label, _CHANNEL, 60 * self.desk.settings.queue.lease_minutes)
        except (ReviewError, StoreError) as error:
            self.message += f"; it cannot be shown again: {shown(str(error))}"
            return None

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
        elif self.stuck and not state.up_to_date:
            told = f"The ranking does not learn from the answers: {shown(self.stuck)}"
            self.message = f"{self.message}\n{told}" if self.message else told
        self.order_id = state.order_id


def _forget_typed() -> None:
    """Forget keys that were pressed before the candidate was on the screen."""
    if sys.stdin.isatty():
        import termios

        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def _read_key() -> tuple[str, str]:
    """Return a key and what follows it on its line; an empty key at the end of the input.

    A line is a key or its word, for tags and notes with a text behind it. Any other line is
    returned as it is: what only begins like an answer is none.
    """
    if sys.stdin.isatty():
        import click

        try:
            return printable(click.getchar()).lower()[:1], ""
        except EOFError:
            return "", ""
    while line := sys.stdin.readline():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            key = _KEY_OF.get(word.lower(), "")
            if key and (not rest or key in _WITH_TEXT):
                return key, rest.strip()
            return line.strip(), ""
    return "", ""


def _ask(what: str) -> str | None:
    """Ask for a line of text; None if the question is dismissed. Nobody is asked in a pipe."""
    if not sys.stdin.isatty():
        return ""
    try:
        return str(typer.prompt(what, default="", show_default=False))
    except typer.Abort:
        return None
