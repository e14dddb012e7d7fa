"""Taps on the buttons under a candidate: answers, undo, questions, the next one."""

from __future__ import annotations

from datetime import UTC
from html import escape

import structlog
from telegram import CallbackQuery, InlineKeyboardMarkup, Message, Update
from telegram.error import TelegramError

from fink_ad.bots.callback import Tap
from fink_ad.bots.context import CHANNEL, Talk, is_private, target_of
from fink_ad.bots.messages import acknowledge, answer_buttons, answered_buttons, say
from fink_ad.bots.showing import neighbours_text, show_next, why_text
from fink_ad.errors import FinkAdError, ReviewError
from fink_ad.review.candidate import Candidate
from fink_ad.review.labels import undo
from fink_ad.review.pushed import answer_message
from fink_ad.store import ANSWERS, LabelRecord, ReviewerRecord

__all__ = ["on_tap"]

_log = structlog.get_logger(__name__)


async def on_tap(update: Update, talk: Talk) -> None:
    """Do what a button says; every tap is acknowledged, the malformed ones too.

    As a tap takes one answer only, answers are stored before it, which takes no time, and what
    takes time comes after it, as messages.
    """
    query = update.callback_query
    if query is None:
        return
    reviewer = talk.reviewer  # before anything is told
    try:
        tap = Tap.decode(query.data or "")
        if not isinstance(query.message, Message):
            raise ReviewError("this message is too old for its buttons; ask for the object again")
        if tap.action in ANSWERS:
            await _answer(update, talk, reviewer, query, query.message, tap)
        elif tap.action == "undo":
            await _undo(talk, reviewer, query, query.message, tap)
        elif tap.action == "next":
            label = await talk.ask(_own_label, talk, reviewer, tap)
            await acknowledge(query)
            # Waiting for the ranking and drawing must not hold up what others tap meanwhile.
            shown = show_next(update, talk, label.survey, label.population, label)
            talk.application.create_task(shown, update=update)
        else:
            await acknowledge(query)
            # Nor must a group that has had its messages of this minute.
            told = _explain(talk, query.message, tap, with_answers=is_private(update))
            talk.application.create_task(told, update=update)
    except FinkAdError as error:
        heard = await acknowledge(query, str(error), alert=True)
        if not heard and is_private(update) and isinstance(query.message, Message):
            await say(query.message, escape(str(error)))
    except Exception:
        await acknowledge(query)
        raise


async def _answer(
    update: Update,
    talk: Talk,
    reviewer: ReviewerRecord,
    query: CallbackQuery,
    message: Message,
    tap: Tap,
) -> None:
    sent = await talk.ask(talk.desk.store.find_message, target_of(update), str(message.message_id))
    label = await talk.ask(
        answer_message,
        talk.desk.store,
        reviewer,
        tap.survey,
        tap.alert_id,
        tap.action,
        showing_id=tap.reference,
        channel=CHANNEL,
        shown_at=message.date.astimezone(UTC),
        revision=sent.model_revision if sent else "",
        token=f"{CHANNEL}:{query.id}",
    )
    if is_private(update):
        await acknowledge(query)
        await _set_buttons(message, answered_buttons(label))
    else:
        # The others in the group see neither the answer nor its undoing.
        await acknowledge(
            query, f"✓ {label.answer}. To take it back, write /undo to me in private."
        )


async def _undo(
    talk: Talk, reviewer: ReviewerRecord, query: CallbackQuery, message: Message, tap: Tap
) -> None:
    label = await talk.ask(_own_label, talk, reviewer, tap)
    words = ""
    try:
        await talk.ask(undo, talk.desk.store, reviewer, label.id, CHANNEL)
    except ReviewError:  # in another place, or with another command
        words = "This answer was taken back already."
    await acknowledge(query, words)
    shown = await talk.ask(talk.desk.store.showings, reviewer.id, label.survey)
    showing = max((one.id for one in shown if one.alert_id == label.alert_id), default=0)
    await _set_buttons(message, answer_buttons(label.survey, label.alert_id, showing))


async def _set_buttons(message: Message, buttons: InlineKeyboardMarkup) -> None:
    """Change the buttons if that can be done: the answer is stored, and the next tap does it."""
    try:
        await message.edit_reply_markup(buttons)
    except TelegramError as error:
        if "message is not modified" not in error.message.lower():
            _log.warning("buttons_not_changed", error=error.message)


async def _explain(talk: Talk, message: Message, tap: Tap, *, with_answers: bool) -> None:
    candidate = await talk.ask(talk.desk.look, tap.survey, tap.alert_id)
    if tap.action == "why":
        text = why_text(candidate)
    else:
        text = more_text(candidate, with_answers=with_answers)
    await say(message, text)


def _own_label(talk: Talk, reviewer: ReviewerRecord, tap: Tap) -> LabelRecord:
    for label in talk.desk.store.labels(tap.survey, reviewer_id=reviewer.id):
        if label.id == tap.reference:
            return label
    raise ReviewError("this button is somebody else's; write /next")


def more_text(candidate: Candidate, *, with_answers: bool) -> str:
    """Return what the caption has no room for, as HTML; see `neighbours_text` for the answers."""
    lines = [f"<b>{escape(candidate.object_id[:60])}</b>, its latest alerts:"]
    lines += [
        f"{one.night}  {escape(one.band)} = {one.mag:.2f}, {one.n_det} detections"
        for one in candidate.object_alerts[-8:]
    ]
    if candidate.broker_classes:
        lines.append(f"Classes: {escape(', '.join(candidate.broker_classes)[:300])}")
    lines.append(neighbours_text(candidate, with_answers=with_answers))
    lines.append(
        " · ".join(
            f'<a href="{escape(link.url)}">{escape(link.name)}</a>' for link in candidate.links
        )
    )
    return "\n".join(lines)
