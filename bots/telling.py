"""Commands about what is sent unasked: /subscribe, /mute, /watch."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape

from telegram import Update

from fink_ad.bots.context import Talk, is_private, message_of, target_of
from fink_ad.bots.messages import say
from fink_ad.bots.privacy import in_private
from fink_ad.bots.showing import object_named
from fink_ad.errors import ReviewError
from fink_ad.review.lists import review_lists
from fink_ad.review.subscriptions import EXAMPLE, in_words, read_subscription

__all__ = ["mute", "subscribe", "watch"]

_SPAN = re.compile(r"([1-9][0-9]{0,2})([hd])", re.ASCII)
_LONGEST_MUTE = timedelta(days=90)


async def subscribe(update: Update, talk: Talk) -> None:
    """List, change or end what is sent to this chat; in groups operators alone may."""
    reviewer = talk.reviewer
    if not is_private(update) and reviewer.role != "operator":
        raise ReviewError("in groups operators alone say what is sent; ask me in private")
    message = message_of(update)
    text = (message.text or "").partition(" ")[2].strip()
    if text:
        await talk.ask(_change, talk, text, target_of(update))
    await say(message, await talk.ask(_list, talk, target_of(update)))


@in_private
async def mute(update: Update, talk: Talk) -> None:
    """Send nothing unasked for some time: ``/mute 8h``."""
    user = update.effective_user
    if user is None:
        return
    text = " ".join(talk.args or [])
    if text == "off":
        await talk.ask(talk.desk.store.mute_chat, user.id, None)
        await say(message_of(update), "You are told again.")
        return
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ReviewError("say for how long, for example /mute 8h, /mute 3d, /mute off")
    span = timedelta(**{{"h": "hours", "d": "days"}[found[2]]: int(found[1])})
    until = talk.now + min(span, _LONGEST_MUTE)
    await talk.ask(talk.desk.store.mute_chat, user.id, until)
    await say(message_of(update), f"Nothing is sent unasked until {until:%Y-%m-%d %H:%M} UTC.")


@in_private
async def watch(update: Update, talk: Talk) -> None:
    """Tell when an object changes: ``/watch ZTF18abcdefg``; alone it lists them."""
    store, reviewer = talk.desk.store, talk.reviewer
    args = talk.args or []
    if not args:
        watched = await talk.ask(store.watches, reviewer.id)
        lines = [f"<code>{escape(one.object_id[:60])}</code>" for one in watched]
        await say(message_of(update), "\n".join(["You watch", *(lines or ["nothing."])]))
        return
    survey, alert_id = await talk.ask(object_named, talk, args)
    name = escape(args[0][:60])
    if args[1:] == ["off"]:
        gone = await talk.ask(store.remove_watch, reviewer.id, survey, args[0])
        await say(message_of(update), f"{name} is {'no longer' if gone else 'not'} watched.")
        return
    await talk.ask(store.add_watch, reviewer.id, target_of(update), survey, args[0], alert_id)
    await say(message_of(update), f"You are told when {name} changes in brightness or class.")


def _change(talk: Talk, text: str, target: str) -> None:
    store, reviewer = talk.desk.store, talk.reviewer
    if text == "off":
        for one in store.subscriptions(target):
            store.end_subscription(one.id, target)
        return
    lists = review_lists(store) or (("ztf", "transient"),)
    wish = read_subscription(text, target, reviewer.id, *lists[0])
    if wish.target != target:
        _check_target(talk, wish.target)
    if wish.model != "shared" and not reviewer.personal:
        raise ReviewError("you have no model of your own; an operator can give you one")
    store.add_subscription(wish)


def _check_target(talk: Talk, target: str) -> None:
    """Doors are opened by operators, and only those that are in the settings."""
    if talk.reviewer.role != "operator":
        raise ReviewError("operators alone say what is sent elsewhere")
    doors = [f"door:{name}" for name in talk.desk.settings.bot.doors]
    if target not in doors:
        raise ReviewError(
            f"there is no {target[:40]!r}; there are {', '.join(doors) or 'no doors'}"
        )


def _list(talk: Talk, target: str) -> str:
    lines = [escape(in_words(one)) for one in talk.desk.store.subscriptions(target)]
    if not lines:
        return f"Nothing is sent here unasked. For example:\n<code>{escape(EXAMPLE)}</code>"
    return "\n".join(["Sent here:", *lines, "/subscribe off ends it."])
