"""Commands that show objects: /next, /top, /object, /why, /neighbours."""

from __future__ import annotations

import asyncio
import re
import time
from html import escape

from telegram import Update

from fink_ad.alerts import POPULATIONS, SURVEYS
from fink_ad.bots.context import CHANNEL, Talk, is_private, message_of
from fink_ad.bots.messages import answer_buttons, say, send_candidate
from fink_ad.errors import ReviewError
from fink_ad.review.candidate import Candidate
from fink_ad.review.captions import caption, reasons_text
from fink_ad.review.lists import review_lists
from fink_ad.review.pictures import candidate_picture
from fink_ad.store import KeptRecord, LabelRecord, ReviewerRecord, Showing

__all__ = ["as_named", "neighbours", "next_", "object_", "object_named", "show_next", "top", "why"]

_MOST = 20
_ZTF_NAME = re.compile(r"ztf[0-9]{2}[a-z]{7}", re.ASCII | re.IGNORECASE)
_POLL_SECONDS = 0.1


async def next_(update: Update, talk: Talk) -> None:
    """Show the next candidate of the queue."""
    survey, population = await talk.ask(_list_of, talk, talk.args or [], "/next ztf transient")
    await show_next(update, talk, survey, population)


async def show_next(
    update: Update, talk: Talk, survey: str, population: str, after: LabelRecord | None = None
) -> None:
    """Show the next candidate, once the answer before it was learned, or could not be in time."""
    if after is not None:
        await _wait_for_learner(talk, after)
    reviewer = talk.reviewer
    drawn = await talk.ask(talk.desk.queue.next, reviewer, survey, population, 1, CHANNEL)
    message = message_of(update)
    if not drawn:
        state = await talk.ask(talk.desk.queue.state, reviewer, survey, population)
        await say(message, escape(state.reason or "Nothing is left to answer."))
        return
    picture, text = await talk.ask(_drawn, talk, drawn[0])
    buttons = answer_buttons(survey, drawn[0].alert_id, drawn[0].id)
    await send_candidate(talk.bot, message.chat_id, picture, text, buttons)
    await talk.ask(talk.desk.store.mark_shown, drawn[0].id)


async def top(update: Update, talk: Talk) -> None:
    """List the strangest objects of a model: ``/top 5 mine``."""
    args = list(talk.args or [])
    n, mine = 5, talk.reviewer.personal
    for one in list(args):
        if one.isdecimal() and one.isascii():
            n = min(max(int(one[:4]), 1), _MOST)
        elif one in ("mine", "shared"):
            mine = one == "mine"
        else:
            continue
        args.remove(one)
    survey, population = await talk.ask(_list_of, talk, args, "/top 10 mine")
    reviewer_id = talk.reviewer.id if mine else None
    await say(message_of(update), await talk.ask(_top, talk, survey, population, reviewer_id, n))


async def object_(update: Update, talk: Talk) -> None:
    """Show one object: ``/object ZTF18abcdefg``."""
    named = await talk.ask(object_named, talk, talk.args)
    candidate = await talk.ask(_look, talk, named.survey, named.alert_id)
    picture = await talk.ask(candidate_picture, candidate)
    buttons = answer_buttons(named.survey, named.alert_id)
    chat_id = message_of(update).chat_id
    await send_candidate(talk.bot, chat_id, picture, caption(candidate), buttons)


async def why(update: Update, talk: Talk) -> None:
    """Say what makes an object strange: ``/why ZTF18abcdefg``."""
    named = await talk.ask(object_named, talk, talk.args)
    candidate = await talk.ask(_look, talk, named.survey, named.alert_id)
    await say(message_of(update), why_text(candidate))


async def neighbours(update: Update, talk: Talk) -> None:
    """Name the answered objects that are most like one: ``/neighbours ZTF18abcdefg``."""
    named = await talk.ask(object_named, talk, talk.args)
    candidate = await talk.ask(_look, talk, named.survey, named.alert_id)
    await say(message_of(update), neighbours_text(candidate, with_answers=is_private(update)))


def why_text(candidate: Candidate) -> str:
    """Return what makes a candidate strange, as HTML."""
    told = [f"• {escape(one)}" for one in reasons_text(candidate)]
    head = f"<b>{escape(candidate.object_id[:60])}</b> is strange for"
    return "\n".join([head, *(told or ["nothing that stands out on its own."])])


def neighbours_text(candidate: Candidate, *, with_answers: bool) -> str:
    """Return the answered objects most like a candidate, as HTML.

    Parameters
    ----------
    with_answers : bool
        Say what was answered, which is nobody's business in a group.
    """
    head = f"Most like <b>{escape(candidate.object_id[:60])}</b> among the answered:"
    told = []
    for one in candidate.neighbours:
        known = [one.answers] if with_answers else []
        known += [", ".join(one.classes)[:80]] if one.classes else []
        known.append(f"told apart by {one.distance:.0%} of the trees")
        told.append(f"<code>{escape(one.object_id[:60])}</code> {escape(', '.join(known))}")
    return "\n".join([head, *(told or ["nothing yet: neighbours are objects with answers."])])


def object_named(talk: Talk, args: list[str] | None) -> KeptRecord:
    """Return the latest kept alert of the object that was named.

    Names of ZTF are found however their letters are written: phones begin with a capital.

    Raises
    ------
    ReviewError
        If none was named, or nothing of it is kept.
    """
    if not args:
        raise ReviewError("name the object, for example /object ZTF18abcdefg")
    records = talk.desk.store.object_alerts(as_named(args[0]))
    if not records:
        raise ReviewError(
            f"nothing is kept of {args[0][:60]!r}: candidates, the strangest of each night and a"
            " random share are; /top lists the strangest"
        )
    return max(records, key=lambda one: (one.mjd_utc, one.alert_id))


def as_named(text: str) -> str:
    """Return the name of an object as its survey writes it, as far as we know that."""
    return f"ZTF{text[3:].lower()}" if _ZTF_NAME.fullmatch(text) else text


def _list_of(talk: Talk, args: list[str], example: str) -> tuple[str, str]:
    """Return the list that words like ``lsst solar_system`` name, or the largest there is."""
    known = review_lists(talk.desk.store)
    wanted = [one.lower() for one in args]
    strange = [one for one in wanted if one not in (*SURVEYS, *POPULATIONS)]
    if strange:
        raise ReviewError(f"{strange[0][:40]!r} means nothing here; write for example {example}")
    for one in known:
        if all(word in one for word in wanted):
            return one
    if not known:
        raise ReviewError("there is no model yet: read alerts with `fink-ad run`")
    raise ReviewError(f"there is no model of {' '.join(wanted)} alerts yet")


def _look(talk: Talk, survey: str, alert_id: int) -> Candidate:
    reviewer: ReviewerRecord = talk.reviewer
    return talk.desk.look(survey, alert_id, reviewer_id=reviewer.id)


def _drawn(talk: Talk, showing: Showing) -> tuple[bytes, str]:
    candidate = talk.desk.candidate(showing)
    return candidate_picture(candidate), caption(candidate)


def _top(talk: Talk, survey: str, population: str, reviewer_id: int | None, n: int) -> str:
    store = talk.desk.store
    record = store.latest_order(survey, population, reviewer_id)
    if record is None:
        whose = "of your own " if reviewer_id is not None else ""
        raise ReviewError(f"there is no ranking {whose}yet of {survey} {population} alerts")
    order = store.order(record.id)
    lines = [f"The strangest {survey.upper()} {population.replace('_', ' ')} objects:"]
    for row in range(min(n, len(order.object_id))):
        rarer = ">" if order.beyond[row] else ""
        lines.append(
            f"{row + 1}. <code>{escape(str(order.object_id[row])[:60])}</code>"
            f" {rarer}1 in {order.one_in[row]:,.0f}, {order.n_det[row]} detections,"
            f" night {order.night[row]}"
        )
    lines.append("One of them: /object NAME")
    return "\n".join(lines)


async def _wait_for_learner(talk: Talk, label: LabelRecord) -> None:
    """Wait until the ranking knows an answer, as long as the settings allow."""
    reviewer, store = talk.reviewer, talk.desk.store
    until = time.monotonic() + talk.desk.settings.bot.relearn_seconds
    while time.monotonic() < until:
        for whose in (reviewer.id, None) if reviewer.personal else (None,):
            order = await talk.ask(store.latest_order, label.survey, label.population, whose)
            if order is not None:
                break
        if order is not None and order.label_position >= label.id:
            return
        await asyncio.sleep(_POLL_SECONDS)
