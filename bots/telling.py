"""Commands about what is sent unasked: /mute, /watch."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape

from telegram import Update

from fink_ad.bots.context import Talk, message_of, target_of
from fink_ad.bots.messages import say
from fink_ad.bots.privacy import in_private
from fink_ad.bots.showing import as_named, object_named
from fink_ad.errors import ReviewError

__all__ = ["mute", "watch"]

_SPAN = re.compile(r"([1-9][0-9]{0,2})([hd])", re.ASCII)
_LONGEST_MUTE = timedelta(days=90)


@in_private
async def mute(update: Update, talk: Talk) -> None:
    """Send nothing unasked for some time: ``/mute 8h``."""
    user = update.effective_user
    if user is None:
        return
    text = "".join(talk.args or []).lower()
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
    told = f"Nothing is sent unasked until {until:%Y-%m-%d %H:%M} UTC."
    if span > _LONGEST_MUTE:
        told += f" {_LONGEST_MUTE.days} days are the most; /subscribe off ends what is sent."
    await say(message_of(update), told)


@in_private
async def watch(update: Update, talk: Talk) -> None:
    """Tell of an object's new alerts: ``/watch ZTF18abcdefg``, with ``off`` no more."""
    store, reviewer = talk.desk.store, talk.reviewer
    args = talk.args or []
    if not args:
        watched = await talk.ask(store.watches, reviewer.id)
        lines = [f"<code>{escape(one.object_id[:60])}</code>" for one in watched]
        await say(message_of(update), "\n".join(["You watch", *(lines or ["nothing."])]))
        return
    name, rest = as_named(args[0]), [one.lower() for one in args[1:]]
    if rest == ["off"]:
        # What is watched is ended by its name, also when nothing of it is kept any more.
        watched = await talk.ask(store.watches, reviewer.id, name)
        for one in watched:
            await talk.ask(store.remove_watch, reviewer.id, one.survey, one.object_id)
        told = "no longer" if watched else "not"
        await say(message_of(update), f"{escape(name[:60])} is {told} watched.")
        return
    if rest:
        raise ReviewError("name one object, for example /watch ZTF18abcdefg, or with off to end it")
    named = await talk.ask(object_named, talk, args)
    await talk.ask(
        store.add_watch,
        reviewer.id,
        target_of(update),
        named.survey,
        named.object_id,
        named.alert_id,
    )
    await say(
        message_of(update),
        f"You are told of the new alerts of {escape(named.object_id[:60])}: once a night, and when"
        " it changes.",
    )
