"""A small Bot API server on loopback that refuses what the real one refuses.

Rules kept, from https://core.telegram.org/bots/api: captions of at most 1024 and texts of at most
4096 characters after parsing, well-formed HTML of the few tags there are, callback data of 1 to
64 bytes, no reply markup on media groups, photos as multipart and of sensible size, a new poller
ends the older one's wait (409), as does a webhook, a message can only be edited to something else,
updates are repeated until they are confirmed by a higher offset, nothing is sent to a channel in
which the bot may not post, and 429 with ``retry_after`` when the test says so. Message ids count
per bot.
"""

from __future__ import annotations

import email.parser
import email.policy
import itertools
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

__all__ = ["TOKEN", "Call", "FakeTelegram"]

TOKEN = "12345:a-secret-of-the-tests"

_TAGS = {"b", "strong", "i", "em", "u", "s", "a", "code", "pre", "blockquote", "tg-spoiler"}
_GIFTS = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)
_RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
_ENTITIES = re.compile(r"&(?!(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);)")


@dataclass(frozen=True)
class Call:
    """One request that arrived: method, its parameters, and the sizes of its files."""

    method: str
    params: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict, repr=False)


class Refusal(Exception):
    """What the server answers instead of a result."""

    def __init__(
        self, code: int, description: str, retry_after: int | None = None, **parameters: int
    ) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters
        if retry_after is not None:
            self.parameters = parameters | {"retry_after": retry_after}


class FakeTelegram:
    """The server, its chats, and the hands of the users in them.

    Attributes
    ----------
    calls : list of Call
        Everything asked, in order, refused or not.
    answers : list of dict
        What those who tapped were told: of the answers to a tap the first, apps show no other.
    messages : dict
        Message by (chat id, message id), as it looks now.
    channels : dict
        Channels by number; `posting` holds those in which the bot may post.
    unknown : set of int
        Chats that there are not.
    refuse : callable
        Given a call, returns a `Refusal` to answer with, or None; tests set it.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.messages: dict[tuple[int, int], dict[str, Any]] = {}
        self.answers: list[dict[str, Any]] = []
        self.commands: list[dict[str, str]] = []
        self.webhook: dict[str, Any] = {}
        self.channels: dict[int, dict[str, Any]] = {}
        self.posting: set[int] = set()
        self.unknown: set[int] = set()
        self.refuse: Callable[[Call], Refusal | None] = lambda call: None
        self.after_sending: Callable[[Call], None] = lambda call: None
        self._updates: list[dict[str, Any]] = []
        self._ids = itertools.count(1)
        self._update_ids = itertools.count(1000)
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._poll = 0
        self._server: _Server | None = None
        self.port = 0

    # -- the server ------------------------------------------------------------------------

    def start(self) -> FakeTelegram:
        """Listen, on the port of last time if there was one."""
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = _Server(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening: connections are refused from now on."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            for one in self._server.connections:  # those that are kept alive, too
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self._server = None

    def __enter__(self) -> FakeTelegram:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        """What the client puts the token behind."""
        return f"http://127.0.0.1:{self.port}/bot"

    def flood(self, times: int, retry_after: int = 1) -> None:
        """Answer the next sendings with 429."""
        left = itertools.count(times, -1)
        self.refuse = lambda call: (
            Refusal(429, f"Too Many Requests: retry after {retry_after}", retry_after)
            if call.method.startswith("send") and next(left) > 0
            else None
        )

    # -- the users -------------------------------------------------------------------------

    def open_channel(self, chat_id: int, name: str, *, posting: bool) -> None:
        """Somebody opens a channel, in which the bot may post or has no place."""
        self.channels[chat_id] = {
            "id": chat_id,
            "type": "channel",
            "title": f"All about {name}",
            "username": name,
        }
        if posting:
            self.posting.add(chat_id)

    def write(
        self, text: str, user: int, chat: int | None = None, name: str = "Somebody"
    ) -> dict[str, Any]:
        """A user writes to the bot, in private or in a group (negative chat id)."""
        chat_id = user if chat is None else chat
        entities = []
        if text.startswith("/"):
            entities = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        message = {
            "message_id": next(self._ids),
            "date": int(time.time()),
            "chat": _chat(chat_id),
            "from": _user(user, name),
            "text": text,
            "entities": entities,
        }
        self._push({"message": message})
        return message

    def tap(self, message: dict[str, Any], button: str, user: int, query: str = "") -> str:
        """A user taps the button whose text begins like this; returns the query's id."""
        for row in message["reply_markup"]["inline_keyboard"]:
            for one in row:
                if one["text"].startswith(button):
                    return self.send_callback(message, one["callback_data"], user, query)
        raise AssertionError(f"no button {button!r} on {message}")

    def send_callback(self, message: dict[str, Any], data: str, user: int, query: str = "") -> str:
        """A callback arrives with this data, whatever the buttons say."""
        query = query or str(4_000_000 + next(self._ids))
        self._push(
            {
                "callback_query": {
                    "id": query,
                    "from": _user(user, "Somebody"),
                    "chat_instance": "1",
                    "message": message,
                    "data": data,
                }
            }
        )
        return query

    def _push(self, update: dict[str, Any]) -> None:
        with self._changed:
            self._updates.append({"update_id": next(self._update_ids)} | update)
            self._changed.notify_all()

    def push_again(self, update: dict[str, Any]) -> None:
        """Deliver an update once more, as happens when a poller dies before it confirms."""
        with self._changed:
            self._updates.append(update)
            self._changed.notify_all()

    # -- what tests ask --------------------------------------------------------------------

    def sent(self, chat: int | None = None) -> list[dict[str, Any]]:
        """Messages of the bot as they look now, oldest first."""
        with self._lock:
            found = [
                message
                for (chat_id, _), message in sorted(
                    self.messages.items(), key=lambda one: one[0][1]
                )
                if chat is None or chat_id == chat
            ]
            return json.loads(json.dumps(found))

    def wait_for(self, what: Callable[[], Any], seconds: float = 60.0) -> Any:
        """Return what `what` returns as soon as that is true."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = what()
            if found:
                return found
            time.sleep(0.01)
        raise AssertionError(f"nothing after {seconds} s; {self.calls[-5:]}")

    # -- the methods -----------------------------------------------------------------------

    def call(self, call: Call) -> Any:
        """Do what a method of the API does, or raise a Refusal."""
        with self._lock:
            self.calls.append(call)
        refusal = self.refuse(call)
        if refusal is not None:
            raise refusal
        method = getattr(self, f"do_{call.method}", None)
        if method is None:
            raise Refusal(404, "Not Found: method not found")
        return method(call)

    def do_getMe(self, call: Call) -> Any:
        return {"id": 12345, "is_bot": True, "first_name": "fink_ad", "username": "fink_ad_bot"}

    def do_deleteWebhook(self, call: Call) -> Any:
        self.webhook = {}
        return True

    def do_getChat(self, call: Call) -> Any:
        chat_id = self._chat_id(call)
        rest = {"accent_color_id": 0, "max_reaction_count": 11}
        rest["accepted_gift_types"] = dict.fromkeys(_GIFTS, False)
        return self.channels.get(chat_id, _chat(chat_id)) | rest

    def do_getChatMember(self, call: Call) -> Any:
        chat_id = self._chat_id(call)
        user = _user(int(call.params["user_id"]), "fink_ad", is_bot=True)
        if chat_id not in self.channels:
            return {"status": "member", "user": user}
        if chat_id not in self.posting:
            raise Refusal(403, "Forbidden: bot is not a member of the channel chat")
        rights = dict.fromkeys(_RIGHTS, False) | {"can_post_messages": True}
        return {"status": "administrator", "user": user} | rights

    def _chat_id(self, call: Call) -> int:
        """Return the number of the chat a call names, by number or by name."""
        named = str(call.params["chat_id"])
        for chat_id, chat in self.channels.items():
            if named == f"@{chat['username']}":
                return chat_id
        if not re.fullmatch(r"-?[1-9][0-9]*", named) or int(named) in self.unknown:
            raise Refusal(400, "Bad Request: chat not found")
        return int(named)

    def do_setWebhook(self, call: Call) -> Any:
        if not call.params["url"].startswith("https://"):
            raise Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided")
        self.webhook = call.params
        return True

    def do_setMyCommands(self, call: Call) -> Any:
        self.commands = call.params["commands"]
        for one in self.commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", one["command"]):
                raise Refusal(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(one["description"]) <= 256:
                raise Refusal(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        return True

    def do_getUpdates(self, call: Call) -> Any:
        offset = int(call.params.get("offset", 0))
        if self.webhook:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        until = time.monotonic() + min(float(call.params.get("timeout", 0)), 2.0)
        with self._changed:
            self._poll += 1
            mine = self._poll
            self._changed.notify_all()
            self._updates = [one for one in self._updates if one["update_id"] >= offset]
            while not self._updates and time.monotonic() < until:
                self._changed.wait(0.05)
                if self._poll != mine:
                    raise Refusal(409, "Conflict: terminated by other getUpdates request")
            return self._updates[: int(call.params.get("limit", 100))]

    def do_sendMessage(self, call: Call) -> Any:
        _check_text(call.params.get("text", ""), call.params.get("parse_mode"), 4096, "message")
        return self._send(call, {"text": call.params["text"]})

    def do_sendPhoto(self, call: Call) -> Any:
        photo = call.files.get(str(call.params.get("photo", "")).removeprefix("attach://"))
        photo = photo or call.files.get("photo")
        if not photo:
            raise Refusal(400, "Bad Request: there is no photo in the request")
        if len(photo) > 10 << 20:
            raise Refusal(413, "Request Entity Too Large")
        if not photo.startswith(b"\x89PNG"):
            raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED")
        width, height = (int.from_bytes(photo[at : at + 4]) for at in (16, 20))
        if width + height > 10_000 or max(width, height) > 20 * min(width, height):
            raise Refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        caption = call.params.get("caption", "")
        _check_text(caption, call.params.get("parse_mode"), 1024, "message caption")
        side = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}
        return self._send(call, {"caption": caption, "photo": [side]})

    def do_sendMediaGroup(self, call: Call) -> Any:
        if "reply_markup" in call.params:
            raise Refusal(400, "Bad Request: reply markup is not supported in media groups")
        return [self._send(call, {})]

    def do_answerCallbackQuery(self, call: Call) -> Any:
        if len(call.params.get("text", "")) > 200:
            raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        with self._lock:
            known = {one["callback_query_id"] for one in self.answers}
            if call.params["callback_query_id"] not in known:
                self.answers.append(call.params)
        return True

    def do_editMessageReplyMarkup(self, call: Call) -> Any:
        return self._edit(call, {})

    def do_editMessageText(self, call: Call) -> Any:
        _check_text(call.params.get("text", ""), call.params.get("parse_mode"), 4096, "message")
        return self._edit(call, {"text": call.params["text"]})

    def do_editMessageCaption(self, call: Call) -> Any:
        caption = call.params.get("caption", "")
        _check_text(caption, call.params.get("parse_mode"), 1024, "message caption")
        return self._edit(call, {"caption": caption})

    def _send(self, call: Call, content: dict[str, Any]) -> Any:
        chat_id = self._chat_id(call)
        if chat_id in self.channels and chat_id not in self.posting:
            raise Refusal(403, "Forbidden: bot is not a member of the channel chat")
        markup = call.params.get("reply_markup")
        _check_markup(markup)
        with self._lock:
            message = {
                "message_id": next(self._ids),
                "date": int(time.time()),
                "chat": self.channels.get(chat_id, _chat(chat_id)),
                "from": _user(12345, "fink_ad", is_bot=True),
            } | content
            if markup:
                message["reply_markup"] = markup
            self.messages[chat_id, message["message_id"]] = message
        self.after_sending(call)
        return message

    def _edit(self, call: Call, content: dict[str, Any]) -> Any:
        key = int(call.params["chat_id"]), int(call.params["message_id"])
        markup = call.params.get("reply_markup")
        _check_markup(markup)
        with self._lock:
            if key not in self.messages:
                raise Refusal(400, "Bad Request: message to edit not found")
            old = self.messages[key]
            new = {name: value for name, value in old.items() if name != "reply_markup"} | content
            if markup:
                new["reply_markup"] = markup
            if new == old:
                raise Refusal(
                    400,
                    "Bad Request: message is not modified: specified new message content and"
                    " reply markup are exactly the same as a current content and reply markup of"
                    " the message",
                )
            self.messages[key] = new
            return new


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.append(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no news."""


class _Handler(BaseHTTPRequestHandler):
    fake: FakeTelegram
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together, as those of any grown-up server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        _, token, method = self.path.split("/")
        try:
            if token != f"bot{TOKEN}":
                raise Refusal(401, "Unauthorized")
            answer: dict[str, Any] = {
                "ok": True,
                "result": self.fake.call(_parse(method, self.headers["Content-Type"], body)),
            }
            code = 200
        except Refusal as refusal:
            code = refusal.code
            answer = {"ok": False, "error_code": code, "description": refusal.description}
            if refusal.parameters:
                answer["parameters"] = refusal.parameters
        text = json.dumps(answer).encode()
        try:
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def _parse(method: str, content_type: str | None, body: bytes) -> Call:
    if content_type and content_type.startswith("multipart/form-data"):
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        parsed = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        params, files = {}, {}
        for part in parsed.iter_parts():
            name = part.get_param("name", header="content-disposition")
            payload = part.get_payload(decode=True)
            if part.get_filename() is not None:
                files[name] = payload
            else:
                params[name] = _value(name, payload.decode())
        return Call(method, params, files)
    flat = parse_qs(body.decode(), keep_blank_values=True)
    return Call(method, {name: _value(name, values[0]) for name, values in flat.items()})


def _value(name: str, text: str) -> Any:
    """Nested values come as JSON."""
    return json.loads(text) if name in ("reply_markup", "commands", "media") else text


def _check_markup(markup: Any) -> None:
    for row in (markup or {}).get("inline_keyboard", ()):
        if len(row) > 8:
            raise Refusal(400, "Bad Request: too many buttons in a row")
        for button in row:
            if not button["text"]:
                raise Refusal(400, "Bad Request: text buttons are not allowed to be empty")
            if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
                raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")


def _check_text(text: str, parse_mode: str | None, limit: int, what: str) -> None:
    shown = text
    if parse_mode == "HTML":
        shown = _Tags.shown(text)
    if not shown.strip() and what == "message":
        raise Refusal(400, "Bad Request: message text is empty")
    # Lengths are counted in UTF-16 units after the entities were read.
    if len(shown.encode("utf-16-le")) // 2 > limit:
        raise Refusal(400, f"Bad Request: {what} is too long")


class _Tags(HTMLParser):
    """Reads the HTML of a message, and complains as the server does."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []

    @classmethod
    def shown(cls, text: str) -> str:
        if _ENTITIES.search(text):
            raise Refusal(400, "Bad Request: can't parse entities: bare ampersand")
        bare = re.sub(r"</?[a-z][^<>]*>", "", text)
        if "<" in bare:
            raise Refusal(400, "Bad Request: can't parse entities: unsupported start tag")
        parser = cls()
        parser.feed(text)
        parser.close()
        if parser.open:
            raise Refusal(400, f"Bad Request: can't parse entities: no end of {parser.open[-1]}")
        return unescape(bare)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise Refusal(400, f"Bad Request: can't parse entities: unsupported start tag {tag}")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise Refusal(400, f"Bad Request: can't parse entities: unexpected end tag {tag}")


def _chat(chat_id: int) -> dict[str, Any]:
    if chat_id > 0:
        return {"id": chat_id, "type": "private", "first_name": "Somebody"}
    return {"id": chat_id, "type": "supergroup", "title": "A group"}


def _user(user_id: int, name: str, is_bot: bool = False) -> dict[str, Any]:
    return {"id": user_id, "is_bot": is_bot, "first_name": name, "language_code": "en"}
