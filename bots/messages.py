"""What the bot says: a candidate with its buttons, plain words, the answer to a tap."""

from __future__ import annotations

import structlog
from telegram import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError

from fink_ad.bots.callback import Action, Tap
from fink_ad.bots.context import Bot
from fink_ad.bots.limits import Turn
from fink_ad.store import LabelRecord

__all__ = [
    "ANSWER_SECONDS",
    "TEXT_LENGTH",
    "acknowledge",
    "answer_buttons",
    "answered_buttons",
    "say",
    "send_candidate",
]

TEXT_LENGTH = 4096
"""Characters of the longest text message."""

ANSWER_SECONDS = 60.0
"""How long the service may take to accept what must not be sent twice.

After that it is in doubt. Well below the time for which a parcel is in the hands of a sender.
"""

_TOAST_LENGTH = 200

_log = structlog.get_logger(__name__)

_ANSWERS: tuple[tuple[str, Action], ...] = (
    ("Anomaly", "anomaly"),
    ("Ordinary", "ordinary"),
    ("Bogus", "bogus"),
    ("Unsure", "unsure"),
)
_QUESTIONS: tuple[tuple[str, Action], ...] = (("Why?", "why"), ("More", "more"))
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def answer_buttons(survey: str, alert_id: int, showing_id: int = 0) -> InlineKeyboardMarkup:
    """Return the buttons under a candidate that is not answered."""
    return InlineKeyboardMarkup(
        [
            [_button(text, action, survey, alert_id, showing_id) for text, action in row]
            for row in (_ANSWERS[:2], _ANSWERS[2:], _QUESTIONS)
        ]
    )


def answered_buttons(label: LabelRecord) -> InlineKeyboardMarkup:
    """Return the buttons under a candidate that was answered."""
    undo = _button(f"✓ {label.answer} — undo", "undo", label.survey, label.alert_id, label.id)
    after = _button("Next", "next", label.survey, label.alert_id, label.id)
    return InlineKeyboardMarkup([[undo, after]])


async def send_candidate(
    bot: Bot,
    chat_id: int,
    picture: bytes,
    caption: str,
    buttons: InlineKeyboardMarkup,
    turn: Turn | None = None,
) -> Message:
    """Send a candidate as one message: picture, caption, buttons."""
    return await bot.send_photo(
        chat_id,
        picture,
        caption=caption,
        parse_mode=ParseMode.HTML,
        reply_markup=buttons,
        read_timeout=ANSWER_SECONDS,
        rate_limit_args=turn,
    )


async def say(message: Message, html: str) -> Message:
    """Answer a message in words; what is too long is cut between lines."""
    if len(html) > TEXT_LENGTH:
        last = html.rfind("\n", 0, TEXT_LENGTH - 2)
        html = f"{html[:last]}\n…" if last > 0 else "That is too long to be told here."
    return await message.reply_html(html, link_preview_options=_NO_PREVIEW)


async def acknowledge(query: CallbackQuery, text: str = "", *, alert: bool = False) -> bool:
    """Tell the one who tapped, and nobody else; False if they could not be told.

    A tap takes one answer: the apps show no second one, and after a while not the first either.
    """
    try:
        return await query.answer(text[:_TOAST_LENGTH] or None, show_alert=alert)
    except TelegramError as error:
        _log.warning("tap_not_acknowledged", error=error.message)
        return False


def _button(
    text: str, action: Action, survey: str, alert_id: int, reference: int
) -> InlineKeyboardButton:
    data = Tap(action, survey, alert_id, reference).encode()
    return InlineKeyboardButton(text, callback_data=data)
