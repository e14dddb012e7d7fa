"""Commands about what is sent unasked: /mute, /watch."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape

from telegram import Update

from fink_ad.bots.context import Talk, message_of, target_of
from fink_ad.bots.messages import say
from fink_ad.bots.privacy import in_private
from fink_ad.bots.showing import object_named
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
    await say(message_of(update), f"Nothing is sent unasked until {until:%Y-%m-%d %H:%M} UTC.")


@in_private
async def watch(update: Update, talk: Talk) -> None:
    """Tell of an object's new alerts: ``/watch ZTF18abcdefg``; alone it lists them."""
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
    await say(
        message_of(update),
        f"You are told of the new alerts of {name}: once a night, and when it changes.",
    )
