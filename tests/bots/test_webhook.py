"""Updates that are sent to the bot, instead of asked for: from the chat service alone."""

import json
import socket
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from fink_ad.bots.run import run_bot
from fink_ad.config import Settings
from fink_ad.errors import ConfigError
from fink_ad.review.desk import Desk

MARIA = 501

pytestmark = pytest.mark.enable_socket


def with_webhook(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update={"bot": settings.bot.model_copy(update=changes)})


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_updates_come_in_with_the_secret_only(telegram, at_work, settings):
    address = f"127.0.0.1:{free_port()}"
    secret = "abc-123"
    hooked = with_webhook(
        settings,
        webhook="https://bot.observatory.org/",
        webhook_listen=address,
        webhook_secret=type(settings.bot.webhook_secret)(secret),
    )
    chat = {"id": MARIA, "type": "private", "first_name": "M"}
    text = {"text": "/help", "entities": [{"type": "bot_command", "offset": 0, "length": 5}]}
    sender = {"id": MARIA, "is_bot": False, "first_name": "M"}
    message = {"message_id": 1, "date": 1, "chat": chat, "from": sender} | text
    update = json.dumps({"update_id": 5, "message": message}).encode()

    def post(token: str) -> int:
        header = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": token}
        with urlopen(Request(f"http://{address}/", update, header)) as answer:
            return int(answer.status)

    with Desk(hooked) as desk, at_work(desk):
        assert telegram.webhook["url"] == "https://bot.observatory.org/"
        assert telegram.webhook["secret_token"] == secret
        with pytest.raises(HTTPError) as refused:
            post("a guess")
        refused.value.close()
        assert refused.value.code == 403
        assert telegram.sent(MARIA) == []
        assert post(secret) == 200
        (answer,) = telegram.wait_for(lambda: telegram.sent(MARIA))
    assert "not linked to a reviewer yet" in answer["text"]


def test_without_a_secret_it_does_not_start(telegram, settings):
    with pytest.raises(ConfigError, match="bot.webhook_secret, without which anybody"):
        run_bot(with_webhook(settings, webhook="https://bot.observatory.org/"))
