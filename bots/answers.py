"""Commands about one's own answers: /history, /undo, /stats."""

from __future__ import annotations

from collections import Counter
from html import escape

from telegram import Update

from fink_ad.bots.context import CHANNEL, Talk, message_of
from fink_ad.bots.messages import say
from fink_ad.bots.privacy import in_private
from fink_ad.review.labels import history as given_answers
from fink_ad.review.labels import undo as take_back
from fink_ad.review.lists import ranking_state, review_lists
from fink_ad.store import ANSWERS

__all__ = ["history", "stats", "undo"]


@in_private
async def history(update: Update, talk: Talk) -> None:
    """List one's last answers."""
    given = await talk.ask(given_answers, talk.desk.store, talk.reviewer, 10)
    lines = [
        f"{one.label.answered_at:%m-%d %H:%M} <code>{escape(one.label.object_id[:60])}</code>"
        f" {one.label.answer}{' (taken back)' if one.undone else ''}"
        for one in given
    ]
    await say(message_of(update), "\n".join(lines) or "You have not answered yet. Write /next.")


@in_private
async def undo(update: Update, talk: Talk) -> None:
    """Take back one's last answer."""
    label = await talk.ask(take_back, talk.desk.store, talk.reviewer, None, CHANNEL)
    await say(
        message_of(update),
        f"Taken back: {label.answer} for <code>{escape(label.object_id[:60])}</code>.",
    )


@in_private
async def stats(update: Update, talk: Talk) -> None:
    """Tell one's answers in numbers, and how far the ranking is."""
    await say(message_of(update), await talk.ask(_stats, talk))


def _stats(talk: Talk) -> str:
    store, reviewer = talk.desk.store, talk.reviewer
    lines = []
    for survey, population in review_lists(store):
        answers = Counter(
            label.answer for label in store.latest_labels(survey, population, reviewer.id)
        )
        told = ", ".join(f"{answers[one]} {one}" for one in ANSWERS if answers[one]) or "no answers"
        state = ranking_state(store, reviewer, survey, population)
        ranked = "no ranking yet"
        if state.order_id is not None:
            known = "knows all answers" if state.up_to_date else "is being learned anew"
            ranked = f"{state.n_objects:,} objects ranked, the ranking {known}"
        lines.append(f"<b>{survey.upper()} {population.replace('_', ' ')}</b>: {told}; {ranked}")
    return "\n".join(lines) or "There is no model yet."
