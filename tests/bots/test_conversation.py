"""A reviewer and the bot, over a real connection to a Bot API that keeps the rules."""

import logging
import threading
from collections.abc import Iterator

import pytest
import structlog
from fakes.telegram import TOKEN, Call, Refusal
from pydantic import SecretStr

from fink_ad.bots.run import run_bot
from fink_ad.errors import SourceError, StoreError
from fink_ad.review.accounts import new_link_code
from fink_ad.review.labels import record
from fink_ad.telemetry import configure_logging

MARIA, JULIEN, STRANGER, GROUP = 501, 502, 666, -1001

pytestmark = pytest.mark.enable_socket


def said(telegram, chat: int, n: int = 1) -> list[str]:
    """Wait for so many messages in a chat, and return their texts."""
    telegram.wait_for(lambda: len(telegram.sent(chat)) >= n)
    return [one.get("text", one.get("caption")) for one in telegram.sent(chat)]


def buttons(message) -> list[list[str]]:
    return [[one["text"] for one in row] for row in message["reply_markup"]["inline_keyboard"]]


def test_link_next_tap_undo(telegram, bot, store):
    maria = store.add_reviewer("Maria")
    telegram.write("/link " + new_link_code(store, maria).code.lower(), MARIA)
    assert said(telegram, MARIA) == ["Welcome, <b>Maria</b>. Write /next for a candidate."]
    telegram.write("/next", MARIA)
    said(telegram, MARIA, 2)
    message = telegram.sent(MARIA)[1]
    assert buttons(message) == [["Anomaly", "Ordinary"], ["Bogus", "Unsure"], ["Why?", "More"]]
    assert "1 in" in message["caption"] or "1 in" in message["caption"].lower()

    telegram.tap(message, "Anomaly", MARIA)
    telegram.wait_for(lambda: store.labels(reviewer_id=maria.id))
    (label,) = store.labels(reviewer_id=maria.id)
    assert (label.answer, label.channel) == ("anomaly", "telegram")
    assert label.shown_at is not None
    assert label.shown_at <= label.answered_at
    (showing,) = store.showings(maria.id)
    assert (showing.alert_id, showing.model_revision) == (label.alert_id, label.model_revision)
    undo = ["✓ anomaly — undo", "Next"]
    telegram.wait_for(lambda: buttons(telegram.sent(MARIA)[1]) == [undo])

    telegram.tap(telegram.sent(MARIA)[1], "✓ anomaly", MARIA)
    telegram.wait_for(lambda: len(store.labels(reviewer_id=maria.id)) == 2)
    assert store.latest_labels("ztf", reviewer_id=maria.id) == ()
    telegram.wait_for(lambda: buttons(telegram.sent(MARIA)[1])[0] == ["Anomaly", "Ordinary"])

    telegram.tap(telegram.sent(MARIA)[1], "Bogus", MARIA)
    telegram.wait_for(lambda: store.latest_labels("ztf", reviewer_id=maria.id))
    telegram.wait_for(lambda: "✓ bogus" in buttons(telegram.sent(MARIA)[1])[0][0])
    telegram.tap(telegram.sent(MARIA)[1], "Next", MARIA)
    said(telegram, MARIA, 3)
    first, second = telegram.sent(MARIA)[1:]
    assert first["caption"] != second["caption"]
    assert len(telegram.answers) == 4


def calls(telegram, method: str) -> list[Call]:
    return [one for one in telegram.calls if one.method == method]


def labels_of(store, reviewer) -> list[str]:
    return [one.answer for one in store.labels(reviewer_id=reviewer.id)]


def shown(telegram, user: int, command: str = "/next", chat: int | None = None):
    """A candidate's message, asked for by a user, in private unless a chat is named."""
    where = user if chat is None else chat
    before = len(telegram.sent(where))
    telegram.write(command, user, chat=chat)
    return telegram.wait_for(lambda: telegram.sent(where)[before:])[0]


def test_strangers_are_refused_once_and_label_nothing(telegram, bot, store, maria):
    message = shown(telegram, MARIA)
    for text in ("/next", "hello", "/top 3", "/stats"):
        telegram.write(text, STRANGER)
    telegram.tap(message, "Anomaly", STRANGER)
    telegram.wait_for(lambda: telegram.answers)
    (refusal,) = said(telegram, STRANGER)
    assert refusal.startswith("Sorry, this bot serves the reviewers")
    (answer,) = telegram.answers
    assert answer["text"] == "You are not a reviewer here."
    assert store.labels() == ()


TOO_OLD = Refusal(400, "Bad Request: query is too old and response timeout expired")


@pytest.mark.parametrize("failure", [TOO_OLD, Refusal(502, "Bad Gateway")])
def test_a_stranger_who_cannot_be_refused_is_told_nothing(telegram, bot, store, maria, failure):
    message = shown(telegram, MARIA)
    telegram.refuse = lambda call: failure if call.method == "answerCallbackQuery" else None
    for chat in (message["chat"], {"id": GROUP, "type": "supergroup", "title": "A group"}):
        for button in ("Why?", "More", "Anomaly"):
            telegram.tap(message | {"chat": chat}, button, STRANGER)
    telegram.wait_for(lambda: len(calls(telegram, "answerCallbackQuery")) == 6)
    telegram.refuse = lambda call: (
        Refusal(403, "Forbidden: bot was blocked by the user")
        if call.params.get("chat_id") == str(STRANGER)
        else None
    )
    telegram.write("/top", STRANGER)
    telegram.write("/help", MARIA)
    assert "You answer as <b>Maria</b>" in said(telegram, MARIA, 2)[1]
    assert len(telegram.sent()) == 2
    assert store.labels() == ()


def test_where_nobody_can_be_looked_up_nobody_gets_in(
    telegram, bot, store, maria, monkeypatch, capsys
):
    def fail(*_: object) -> None:
        raise StoreError("the store at /a/secret/place is locked")

    monkeypatch.setattr(store, "chat_reviewer", fail)
    telegram.write("/top", STRANGER)
    telegram.write("/top", MARIA)
    (text,) = said(telegram, MARIA)
    assert said(telegram, STRANGER) == [text]
    assert text == "I cannot look up who you are just now; try again later"
    assert "reviewer_not_looked_up" in capsys.readouterr().out


@pytest.mark.parametrize("method", ["answerCallbackQuery", "editMessageReplyMarkup"])
def test_an_answer_is_stored_whatever_its_acknowledgement_meets(
    telegram, bot, store, maria, method
):
    message = shown(telegram, MARIA)
    telegram.refuse = lambda call: Refusal(502, "Bad Gateway") if call.method == method else None
    telegram.tap(message, "Anomaly", MARIA)
    telegram.wait_for(lambda: calls(telegram, "editMessageReplyMarkup"))
    telegram.write("/help", MARIA)
    assert "You answer as" in said(telegram, MARIA, 2)[1]
    assert labels_of(store, maria) == ["anomaly"]


def test_what_was_answered_elsewhere_meanwhile_is_told(telegram, bot, store, maria):
    message = shown(telegram, MARIA)
    (showing,) = store.showings(maria.id)
    record(store, showing, "bogus", channel="page", token="p")
    telegram.tap(message, "Anomaly", MARIA)
    (answer,) = telegram.wait_for(lambda: telegram.answers)
    assert "was answered meanwhile: bogus" in answer["text"]
    telegram.refuse = lambda call: TOO_OLD if call.method == "answerCallbackQuery" else None
    telegram.tap(message, "Anomaly", MARIA)  # too late to be told by the tap itself
    assert "was answered meanwhile: bogus" in said(telegram, MARIA, 2)[1]
    assert labels_of(store, maria) == ["bogus"]


def test_an_answer_taken_back_elsewhere_has_its_buttons_again(telegram, bot, store, maria):
    telegram.tap(shown(telegram, MARIA), "Anomaly", MARIA)
    telegram.wait_for(lambda: "✓ anomaly" in buttons(telegram.sent(MARIA)[0])[0][0])
    telegram.write("/undo", MARIA)
    said(telegram, MARIA, 2)
    telegram.tap(telegram.sent(MARIA)[0], "✓ anomaly", MARIA)
    telegram.wait_for(lambda: len(telegram.answers) == 2)
    assert telegram.answers[1]["text"] == "This answer was taken back already."
    telegram.wait_for(lambda: buttons(telegram.sent(MARIA)[0])[0] == ["Anomaly", "Ordinary"])
    assert labels_of(store, maria) == ["anomaly", "retracted"]


def test_a_group_that_must_wait_holds_up_nobody_else(telegram, bot, store, maria, julien):
    message = shown(telegram, MARIA)
    goes_on = threading.Event()

    def to_group() -> list[Call]:
        return [one for one in telegram.calls if one.params.get("chat_id") == str(GROUP)]

    def hold(call: Call) -> None:
        if call in to_group():
            goes_on.wait(20)

    telegram.refuse = hold
    telegram.write("/top 3", JULIEN, chat=GROUP)
    group = {"id": GROUP, "type": "supergroup", "title": "A group"}
    telegram.tap(message | {"chat": group}, "Why?", JULIEN)
    telegram.wait_for(lambda: len(to_group()) == 2)
    telegram.tap(message, "Anomaly", MARIA)
    telegram.wait_for(lambda: labels_of(store, maria) == ["anomaly"])
    telegram.wait_for(lambda: len(telegram.answers) == 2)
    assert telegram.sent(GROUP) == []
    goes_on.set()
    telegram.wait_for(lambda: len(telegram.sent(GROUP)) >= 2)


def test_a_member_of_a_group_is_a_stranger_unless_linked(telegram, bot, store, maria):
    telegram.write("/next", STRANGER, chat=GROUP)
    telegram.write("/top 3", MARIA, chat=GROUP)
    (text,) = said(telegram, GROUP)
    assert text.startswith("The strangest ZTF transient objects")
    assert text.count("1 in") == 3


def test_a_wrong_code_is_told_and_five_are_the_most(telegram, bot, store):
    for i in range(6):
        telegram.write(f"/link WRONG{i}", STRANGER)
    texts = said(telegram, STRANGER, 6)
    assert all("is wrong, was used, or is older" in one for one in texts[:5])
    assert "five codes were tried" in texts[5]


def test_a_code_shown_to_a_group_is_spent(telegram, bot, store):
    code = new_link_code(store, store.add_reviewer("Maria")).code
    telegram.write(f"/link {code}", STRANGER, chat=GROUP)
    assert "private chat" in said(telegram, GROUP)[0]
    telegram.write(f"/link {code}", MARIA)
    assert "is wrong, was used" in said(telegram, MARIA)[0]
    assert store.chat_accounts() == ()


@pytest.mark.parametrize("data", ["v0|a|1", "1|a|ztf|99999999999999999999|0", "\x00", "A_2_ZTF"])
def test_a_malformed_callback_is_told_and_changes_nothing(telegram, bot, store, maria, data):
    telegram.send_callback(shown(telegram, MARIA), data, MARIA)
    telegram.wait_for(lambda: telegram.answers)
    assert "another version" in telegram.answers[0]["text"]
    assert store.labels() == ()


def test_an_alert_that_is_not_kept_is_told(telegram, bot, store, maria):
    telegram.send_callback(shown(telegram, MARIA), "1|a|ztf|1|0", MARIA)
    (answer,) = telegram.wait_for(lambda: telegram.answers)
    assert "is not kept" in answer["text"]
    telegram.send_callback(telegram.sent(MARIA)[0], "1|w|ztf|1|0", MARIA)
    assert "is not kept" in said(telegram, MARIA, 2)[1]


def test_a_double_tap_is_one_label(telegram, bot, store, maria):
    message = shown(telegram, MARIA)
    telegram.tap(message, "Ordinary", MARIA)
    telegram.tap(message, "Ordinary", MARIA)
    telegram.wait_for(lambda: len(telegram.answers) == 2)
    telegram.write("/help", MARIA)
    said(telegram, MARIA, 2)
    assert labels_of(store, maria) == ["ordinary"]


def test_an_update_that_comes_twice_counts_once(telegram, bot, store, maria):
    message = shown(telegram, MARIA)
    telegram.tap(message, "Anomaly", MARIA, query="77")
    telegram.wait_for(lambda: labels_of(store, maria) == ["anomaly"])
    telegram.tap(message, "Anomaly", MARIA, query="77")
    telegram.wait_for(lambda: len(calls(telegram, "answerCallbackQuery")) == 2)
    assert labels_of(store, maria) == ["anomaly"]


def test_taps_made_while_the_bot_was_away_count(telegram, at_work, desk, store, maria):
    with at_work(desk):
        message = shown(telegram, MARIA)
    telegram.tap(message, "Bogus", MARIA)
    telegram.refuse = lambda call: (
        Refusal(400, "Bad Request: query is too old and response timeout expired")
        if call.method == "answerCallbackQuery"
        else None
    )
    with at_work(desk):
        telegram.wait_for(lambda: labels_of(store, maria) == ["bogus"])
        telegram.wait_for(lambda: "✓ bogus" in buttons(telegram.sent(MARIA)[0])[0][0])


def test_two_reviewers_answer_one_message_and_the_group_sees_neither(
    telegram, bot, store, maria, julien
):
    message = shown(telegram, MARIA)
    telegram.write(f"/object {store.showings(maria.id)[0].object_id}", JULIEN, chat=GROUP)
    said(telegram, GROUP)
    (message,) = telegram.sent(GROUP)
    telegram.tap(message, "Anomaly", MARIA)
    telegram.tap(message, "Ordinary", JULIEN)
    telegram.wait_for(lambda: len(telegram.answers) == 2)
    assert (labels_of(store, maria), labels_of(store, julien)) == (["anomaly"], ["ordinary"])
    assert telegram.sent(GROUP) == [message]
    assert [one["text"].split(".")[0] for one in telegram.answers] == ["✓ anomaly", "✓ ordinary"]
    telegram.write("/history", MARIA, chat=GROUP)
    assert "in private" in said(telegram, GROUP, 2)[1]
    telegram.write("/undo", MARIA)
    telegram.wait_for(lambda: labels_of(store, maria) == ["anomaly", "retracted"])
    assert labels_of(store, julien) == ["ordinary"]


def test_neighbours_tell_their_answers_in_private_only(telegram, bot, store, maria, julien):
    telegram.tap(shown(telegram, MARIA), "Bogus", MARIA)
    telegram.wait_for(lambda: labels_of(store, maria))
    (label,) = store.labels()
    order = store.order(store.latest_order("ztf", label.population).id)
    other = next(one for one in order.object_id if one != label.object_id)
    for chat in (JULIEN, GROUP):
        message = shown(telegram, JULIEN, f"/object {other}", chat=chat)
        telegram.write(f"/neighbours {other}", JULIEN, chat=chat)
        telegram.tap(message, "More", JULIEN)
        said(telegram, chat, 3)
    for text in said(telegram, JULIEN)[1:]:
        assert f"<code>{label.object_id}</code> bogus" in text
    for text in said(telegram, GROUP)[1:]:
        assert label.object_id in text
        assert "bogus" not in text


def test_an_undo_of_somebody_else_is_refused(telegram, bot, store, maria, julien):
    message = shown(telegram, MARIA)
    telegram.tap(message, "Anomaly", MARIA)
    telegram.wait_for(lambda: labels_of(store, maria))
    (label,) = store.labels()
    telegram.send_callback(message, f"1|z|ztf|{label.alert_id}|{label.id}", JULIEN)
    telegram.send_callback(message, f"1|n|ztf|{label.alert_id}|{label.id}", JULIEN)
    telegram.wait_for(
        lambda: any("somebody else" in one.get("text", "") for one in telegram.answers)
    )
    assert labels_of(store, maria) == ["anomaly"]


def test_questions_are_answered(telegram, bot, store, maria):
    message = shown(telegram, MARIA)
    name = store.showings(maria.id)[0].object_id
    telegram.tap(message, "Why?", MARIA)
    assert f"<b>{name}</b> is strange for\n•" in said(telegram, MARIA, 2)[1]
    telegram.tap(message, "More", MARIA)
    assert "its latest alerts" in said(telegram, MARIA, 3)[2]
    for place, (command, words) in enumerate(
        [
            (f"/why {name}", "is strange for"),
            (f"/neighbours {name}", "Most like"),
            ("/history", "not answered yet"),
            ("/stats", "no answers"),
            ("/watch", "nothing"),
            (f"/watch {name}", "You are told of the new alerts"),
            ("/watch", name),
            (f"/watch {name} now", "or with off to end it"),
            (f"/watch {name} {name}", "name one object"),
            (f"/watch {name.lower()} Off", "no longer watched"),
            (f"/watch {name} off", "is not watched"),
            (f"/watch {name.lower()}", f"new alerts of {name}"),
            (f"/watch {name} OFF", "no longer watched"),
            (f"/why {name.upper()}", "is strange for"),
            ("/mute 8h", "Nothing is sent unasked until"),
            ("/mute 3 D", "Nothing is sent unasked until"),
            ("/mute 400d", "90 days are the most"),
            ("/mute off", "told again"),
            ("/help", "You answer as <b>Maria</b>"),
            # wrong input is explained with an example
            ("/object", "for example /object ZTF18abcdefg"),
            ("/object NGC4993", "nothing is kept of"),
            ("/mute long", "for example /mute 8h"),
            ("/next 5", "for example /next ztf transient"),
            ("/top ten", "for example /top 10 mine"),
            ("/subscribe rarity=5k", "for example rarity=5000"),
            ("/undo", "no answer to take back"),
            ("/dance", "/help tells"),
            ("what is this?", "/help tells"),
        ],
        start=4,
    ):
        telegram.write(command, MARIA)
        assert words in said(telegram, MARIA, place)[-1], command


def test_what_is_no_longer_kept_can_be_watched_no_more(telegram, bot, store, maria):
    store.add_watch(maria.id, f"telegram:{MARIA}", "ztf", "ZTF18goneaaa", told=1)
    telegram.write("/watch ZTF18goneaaa off", MARIA)
    assert said(telegram, MARIA) == ["ZTF18goneaaa is no longer watched."]
    assert store.watches() == ()


def test_a_long_strange_name_breaks_no_message(telegram, bot, store, maria):
    telegram.write("/object <b>&" + "x" * 3000, MARIA)
    assert "nothing is kept of" in said(telegram, MARIA)[0]


def test_commands_are_registered(telegram, bot):
    names = {one["command"] for one in telegram.commands}
    assert {"next", "top", "object", "why", "neighbours", "watch", "subscribe"} <= names
    assert {"mute", "history", "undo", "stats", "help", "link"} <= names


@pytest.fixture
def as_in_service() -> Iterator[None]:
    """The log as the command line sets it up."""
    configure_logging("info", "console")
    yield
    structlog.reset_defaults()


def test_the_token_is_in_no_log(telegram, at_work, desk, maria, caplog, capsys, as_in_service):
    log = ""

    def logged(words: str) -> bool:
        nonlocal log
        log += "".join(capsys.readouterr())
        return words in log

    with caplog.at_level(logging.DEBUG), at_work(desk):
        shown(telegram, MARIA)
        telegram.stop()
        telegram.wait_for(lambda: logged("chat_service_unreachable"))
        telegram.start()
        telegram.refuse = lambda call: (
            Refusal(502, "Bad Gateway") if call.method.startswith("send") else None
        )
        telegram.write("/why what-Maria-wrote", MARIA, name="Marias Family Name")
        telegram.wait_for(lambda: logged("error_not_told"))
        telegram.write("/help", MARIA, name="Marias Family Name")
        telegram.wait_for(lambda: logged("update_failed"))
        telegram.refuse = lambda call: (
            Refusal(401, "Unauthorized") if call.method.startswith("send") else None
        )
        telegram.write("/help", MARIA, name="Marias Family Name")
        telegram.wait_for(lambda: logged("InvalidToken"))
    logged("")
    assert caplog.records
    assert "Traceback (most recent call last)" in log
    for text in (caplog.text, log):
        assert TOKEN.split(":")[1] not in text
        assert "Marias Family Name" not in text
        assert "what-Maria-wrote" not in text


def test_a_refused_token_is_told_in_words(settings):
    bad = settings.model_copy(
        update={"bot": settings.bot.model_copy(update={"token": SecretStr("1:wrong")})}
    )
    with pytest.raises(SourceError, match="check bot.api, bot.token") as caught:
        run_bot(bad)
    assert "wrong" not in str(caught.value)
