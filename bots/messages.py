"""The messages of the bot: a candidate with its buttons, and plain words."""

from __future__ import annotations

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message
from telegram.constants import ParseMode

from fink_ad.bots.callback import Action, Tap
from fink_ad.bots.context import Bot
from fink_ad.bots.limits import Turn
from fink_ad.store import LabelRecord

__all__ = ["TEXT_LENGTH", "answer_buttons", "answered_buttons", "say", "send_candidate"]

TEXT_LENGTH = 4096
"""Characters of the longest text message."""

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
        rate_limit_args=turn,
    )


async def say(message: Message, html: str) -> Message:
    """Answer a message in words; what is too long is cut between lines."""
    if len(html) > TEXT_LENGTH:
        last = html.rfind("\n", 0, TEXT_LENGTH - 2)
        html = f"{html[:last]}\n…" if last > 0 else "That is too long to be told here."
    return await message.reply_html(html, link_preview_options=_NO_PREVIEW)


def _button(
    text: str, action: Action, survey: str, alert_id: int, reference: int
) -> InlineKeyboardButton:
    data = Tap(action, survey, alert_id, reference).encode()
    return InlineKeyboardButton(text, callback_data=data)
