"""Who may have what sent where: one's own chat, groups, channels, doors."""

import pytest
from pydantic import SecretStr

from fink_ad.review.desk import Desk

MARIA, JULIEN, GROUP, CHANNEL, ELSEWHERE = 501, 502, -1001, -100555, -100666

pytestmark = pytest.mark.enable_socket


class Ask:
    """Writes to the bot, and returns what it answers."""

    def __init__(self, telegram) -> None:
        self.telegram = telegram

    def __call__(self, text: str, user: int, chat: int | None = None) -> str:
        where = user if chat is None else chat
        before = len(self.telegram.sent(where))
        self.telegram.write(text, user, chat=chat)
        return self.telegram.wait_for(lambda: self.telegram.sent(where)[before:])[0]["text"]


@pytest.fixture
def ask(telegram) -> Ask:
    telegram.open_channel(CHANNEL, "transients", posting=True)
    telegram.open_channel(ELSEWHERE, "elsewhere", posting=False)
    return Ask(telegram)


def targets(store) -> list[str]:
    return sorted({one.target for one in store.subscriptions()})


def test_a_reviewer_subscribes_and_ends_it(ask, bot, store, maria):
    assert "Nothing is sent here unasked" in ask("/subscribe", MARIA)
    for condition in ("n_det &gt 3", "n_dte > 3", "import os"):
        told = ask(f'/subscribe limit=3 where="{condition}"', MARIA)
        assert "for example" in told, condition
    assert targets(store) == []
    told = ask('/subscribe limit=3 where="abs(b_deg) < 91 and statistics.stetson_K_g != 7"', MARIA)
    assert "Sent here:" in told, told
    told = ask("/subscribe\nrarity=5000 limit=3 quiet=23:00-07:00 zone=Europe/Paris", MARIA)
    assert "Sent here:" in told
    assert "at least 1 in 5,000, at most 3 a night" in told
    assert targets(store) == [f"telegram:{MARIA}"]
    assert "no model of your own" in ask("/subscribe model=mine", MARIA)
    assert "for example /subscribe" in ask("/subscribe often", MARIA)
    assert "Nothing is sent here unasked" in ask("/subscribe off", MARIA)
    assert targets(store) == []


def test_operators_subscribe_groups_and_channels_and_nobody_else(ask, bot, store, maria, julien):
    assert "operators alone" in ask("/subscribe", MARIA, GROUP)
    assert "operators alone" in ask("/subscribe at=@transients", MARIA)
    assert "operators alone" in ask("/subscribe off at=@transients", MARIA)
    assert targets(store) == []
    assert "Sent here:" in ask("/subscribe rarity=100", JULIEN, GROUP)
    told = ask("/subscribe rarity=10000 at=@transients", JULIEN)
    assert f"<code>{CHANNEL}</code> (All about transients)" in told
    assert f"/subscribe off at={CHANNEL}" in told
    assert targets(store) == [f"telegram:{GROUP}", f"telegram:{CHANNEL}"]
    listed = ask("/subscribe", JULIEN)
    assert "Nothing is sent here" in listed
    assert str(GROUP) in listed
    assert str(CHANNEL) in listed
    assert str(CHANNEL) not in ask("/subscribe", MARIA)
    assert "Nothing is sent to" in ask(f"/subscribe off at={CHANNEL}", JULIEN)
    assert targets(store) == [f"telegram:{GROUP}"]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("@elsewhere", "make me a member"),
        (str(ELSEWHERE), "make me a member"),
        ("@nowhere_at_all", "make me a member"),
        ("-100777", "make me a member"),
        ("501", "subscribed by its owner"),
        ("telegram:501", "subscribed by its owner"),
        ("https://example.org", "write at=@channel"),
        ("door:team", "there are no doors"),
    ],
)
def test_where_nothing_can_be_sent_is_told(ask, bot, telegram, store, julien, place, said):
    telegram.unknown.add(-100777)
    assert said in ask(f"/subscribe at={place}", JULIEN)
    assert targets(store) == []


def test_what_is_gone_can_be_ended(ask, telegram, at_work, desk, julien):
    doors = {"team": SecretStr("json://localhost")}
    opened = desk.settings.model_copy(
        update={"bot": desk.settings.bot.model_copy(update={"doors": doors})}
    )
    with Desk(opened) as with_door, at_work(with_door):
        ask("/subscribe at=door:team", JULIEN)
        ask("/subscribe at=@transients", JULIEN)
    assert targets(desk.store) == ["door:team", f"telegram:{CHANNEL}"]
    telegram.posting.clear()
    with at_work(desk):
        ask("/subscribe off at=door:team", JULIEN)
        ask(f"/subscribe off at={CHANNEL}", JULIEN)
    assert targets(desk.store) == []
