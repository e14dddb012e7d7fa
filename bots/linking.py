"""Who one is: /start, /link, /unlink, /help."""

from __future__ import annotations

from html import escape

from telegram import Update

from fink_ad.bots.context import Talk, is_private, message_of
from fink_ad.bots.messages import say
from fink_ad.errors import ReviewError
from fink_ad.review.accounts import link_account, spend_code

__all__ = ["HELP", "help_", "link", "unlink"]

HELP: tuple[tuple[str, str], ...] = (
    ("next", "the next candidate: /next, /next lsst transient"),
    ("top", "the strangest objects: /top 5, /top 10 mine"),
    ("object", "one object: /object ZTF18abcdefg"),
    ("why", "what makes an object strange: /why ZTF18abcdefg"),
    ("neighbours", "answered objects most like one: /neighbours ZTF18abcdefg"),
    ("watch", "tell me of an object's new alerts: /watch ZTF18abcdefg, again with off to end it"),
    ("subscribe", "what is sent unasked: /subscribe, /subscribe rarity=5000 limit=10"),
    ("mute", "send nothing for some time: /mute 8h, /mute off"),
    ("history", "my last answers"),
    ("undo", "take back my last answer"),
    ("stats", "my answers in numbers, and how far the ranking is"),
    ("link", "link this chat to a reviewer: /link CODE"),
    ("help", "what can be asked"),
)
"""Commands and what they do, with an example."""


async def help_(update: Update, talk: Talk) -> None:
    """Say what can be asked."""
    known = talk.reviewer_or_none
    head = (
        f"You answer as <b>{escape(known.name)}</b>."
        if known
        else "You are not linked to a reviewer yet. Get a code from your review page, or from an"
        " operator (fink-ad reviewers link NAME), and send /link CODE."
    )
    lines = [f"/{name} — {escape(meaning)}" for name, meaning in HELP]
    await say(message_of(update), "\n".join([head, *lines]))


async def link(update: Update, talk: Talk) -> None:
    """Link the user to the reviewer whose code this is; in private only."""
    code = "".join(talk.args or [])
    message, user = message_of(update), update.effective_user
    if user is None:
        return
    if not is_private(update):
        # Others have read it: it must serve nobody.
        await talk.ask(spend_code, talk.desk.store, code)
        raise ReviewError("codes are for a private chat with me; ask for a new one, this is spent")
    if not code:
        raise ReviewError("send the code too, for example /link ABCD-EFGH-IJKL-MNOP")
    reviewer = await talk.ask(link_account, talk.desk.store, user.id, message.chat_id, code)
    await say(message, f"Welcome, <b>{escape(reviewer.name)}</b>. Write /next for a candidate.")


async def unlink(update: Update, talk: Talk) -> None:
    """Make the user a stranger again."""
    user = update.effective_user
    if user is not None:
        await talk.ask(talk.desk.store.unlink_chat, user.id)
        await say(message_of(update), "This account is no longer linked. Your answers stay.")
