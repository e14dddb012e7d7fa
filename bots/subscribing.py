"""The command /subscribe: what is sent unasked, here, to a group or channel, or by a door."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

from telegram import ChatMemberAdministrator, ChatMemberRestricted, Update
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, Forbidden, NetworkError, TelegramError

from fink_ad.bots.context import CHANNEL, Talk, is_private, message_of, target_of
from fink_ad.bots.messages import say
from fink_ad.errors import ReviewError
from fink_ad.review.askers import why_lapsed
from fink_ad.review.conditions import check_condition
from fink_ad.review.lists import review_lists
from fink_ad.review.subscriptions import EXAMPLE, in_words, read_subscription
from fink_ad.store import Store
from fink_ad.store.records.notifications import Subscription

__all__ = ["subscribe"]

_CHAT = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}|-[1-9][0-9]{0,17}", re.ASCII)
_DOOR = "door:"
_ABSENT = (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)


async def subscribe(update: Update, talk: Talk) -> None:
    """List, change or end what is sent; in groups and to other places operators alone may."""
    if not is_private(update) and talk.reviewer.role != "operator":
        raise ReviewError("in groups operators alone say what is sent; ask me in private")
    message, here = message_of(update), target_of(update)
    words = (message.text or "").split(maxsplit=1)[1:]
    target = here
    if words and words[0].split()[0].lower() == "off":
        target = await _end(talk, words[0].split()[1:], here)
    elif words:
        target = await _begin(talk, words[0], here)
    lines = await _listed(talk, target, here)
    if target == here and is_private(update) and talk.reviewer.role == "operator":
        for other in await talk.ask(_others, talk.desk.store):
            lines += ["", *await _listed(talk, other, here)]
    await say(message, "\n".join(lines))


async def _begin(talk: Talk, text: str, here: str) -> str:
    """Store what the words ask for; return where it is sent."""
    store, reviewer = talk.desk.store, talk.reviewer
    lists = await talk.ask(review_lists, store) or (("ztf", "transient"),)
    wish = read_subscription(text, here, reviewer.id, *lists[0])
    if wish.model != "shared" and not reviewer.personal:
        raise ReviewError("you have no model of your own; an operator can give you one")
    await talk.ask(check_condition, talk.desk, wish)
    if wish.target != here:
        _check_operator(talk)
        wish = replace(wish, target=await _elsewhere(talk, wish.target))
    await talk.ask(store.add_subscription, wish)
    return wish.target


async def _end(talk: Talk, words: list[str], here: str) -> str:
    """End all that is sent to a place; return which."""
    target, store = here, talk.desk.store
    if words:
        key, _, named = " ".join(words).partition("=")
        if key != "at":
            raise ReviewError("write /subscribe off, or for example /subscribe off at=@channel")
        _check_operator(talk)
        # What is gone, a door or a chat that let the bot go, can be ended as it is listed.
        gone = named.startswith(_DOOR) or (_CHAT.fullmatch(named) and named.startswith("-"))
        target = await _elsewhere(talk, named) if not gone else _as_target(named)
    for one in await talk.ask(store.subscriptions, target):
        await talk.ask(store.end_subscription, one.id, target)
    return target


def _check_operator(talk: Talk) -> None:
    if talk.reviewer.role != "operator":
        raise ReviewError("operators alone say what is sent elsewhere")


async def _elsewhere(talk: Talk, named: str) -> str:
    """Return the target that is named, if something can be sent there."""
    if named.startswith(_DOOR):
        doors = [f"{_DOOR}{name}" for name in talk.desk.settings.bot.doors]
        if named not in doors:
            known = ", ".join(doors) or "no doors"
            raise ReviewError(f"there is no {named[:40]!r}; there are {known}")
        return named
    if not _CHAT.fullmatch(named):
        raise ReviewError(
            f"at={named[:40]} is no place I know; write at=@channel, at=-1001234567890, the number"
            " of a group or channel, or at=door:NAME. A private chat is subscribed by its owner"
        )
    return _as_target(str(await _checked_chat(talk, named)))


async def _checked_chat(talk: Talk, named: str) -> int:
    """Return the number of a group or channel in which the bot may write."""
    absent = (
        f"I cannot write to {named}: make me a member of it first, of a channel an administrator"
        " who may post, and write this again"
    )
    try:
        chat = await talk.bot.get_chat(named)
        if chat.type == ChatType.PRIVATE:
            raise ReviewError(f"{named} is a private chat, which its owner subscribes")
        member = await talk.bot.get_chat_member(chat.id, talk.bot.id)
    except (BadRequest, Forbidden) as error:
        raise ReviewError(absent) from error
    except NetworkError as error:
        raise ReviewError("the chat service does not answer; try again later") from error
    silent = isinstance(member, ChatMemberRestricted) and not member.can_send_messages
    if chat.type == ChatType.CHANNEL:
        silent = not (isinstance(member, ChatMemberAdministrator) and member.can_post_messages)
    if silent or member.status in _ABSENT:
        raise ReviewError(absent)
    return chat.id


def _as_target(named: str) -> str:
    return named if named.startswith(_DOOR) else f"{CHANNEL}:{named}"


def _others(store: Store) -> list[str]:
    """Return the groups, channels and doors that something is sent to."""
    found = {one.target for one in store.subscriptions()}
    return sorted(one for one in found if one.startswith((_DOOR, f"{CHANNEL}:-")))


async def _listed(talk: Talk, target: str, here: str) -> list[str]:
    """Return what is sent to a place, in lines of HTML."""
    found = await talk.ask(talk.desk.store.subscriptions, target)
    lines = [escape(await _told(talk, one)) for one in found]
    if target == here:
        if not lines:
            example = f"For example:\n<code>{escape(EXAMPLE)}</code>"
            return [f"Nothing is sent here unasked. {example}"]
        return ["Sent here:", *lines, "/subscribe off ends it."]
    named = target.removeprefix(f"{CHANNEL}:")
    place = f"<code>{escape(named)}</code>{escape(await _title(talk, target))}"
    if not lines:
        return [f"Nothing is sent to {place}."]
    return [f"Sent to {place}:", *lines, f"<code>/subscribe off at={escape(named)}</code> ends it."]


async def _told(talk: Talk, one: Subscription) -> str:
    """Say what a subscription is for, and whether it has lapsed."""
    desk, words = talk.desk, in_words(one)
    why = await talk.ask(why_lapsed, desk.store, desk.settings, one.target, one.reviewer_id)
    return f"{words}; not sent: {why}" if why else words


async def _title(talk: Talk, target: str) -> str:
    """Return what a group or channel calls itself, if that can be found out."""
    if not target.startswith(f"{CHANNEL}:"):
        return ""
    try:
        chat = await talk.bot.get_chat(target.removeprefix(f"{CHANNEL}:"))
    except TelegramError:
        return ", which does not let me in any more"
    return f" ({(chat.title or '')[:60]})"
