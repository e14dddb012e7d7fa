"""What is due goes out: once, in order, within the limits, whatever happens in between."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes.telegram import Refusal

from fink_ad.review.digests import (
    heartbeat_text,
    queue_digests,
    queue_heartbeat,
    queue_personal,
)
from fink_ad.review.outbox import Outbox
from fink_ad.store.records.notifications import NewNotification, NewSubscription

MARIA, JULIEN, GROUP, OPERATORS = 501, 502, -1001, -1002

pytestmark = pytest.mark.enable_socket


class Push:
    """Puts candidates of the store into the outbox."""

    def __init__(self, store, reviewer, chat: int = MARIA, **changes):
        self.store, self.target = store, f"telegram:{chat}"
        wish = NewSubscription(self.target, reviewer.id, "ztf", "transient", rarity=2.0)
        self.subscription = store.add_subscription(replace(wish, **changes))
        self.order = store.order(store.latest_order("ztf", "transient").id)

    def new(self, rows, **changes) -> int:
        now = datetime.now(UTC)
        return self.store.queue_notifications(
            [
                NewNotification(
                    kind="candidate",
                    target=self.target,
                    survey="ztf",
                    object_id=str(self.order.object_id[row]),
                    model="shared",
                    occasion="first",
                    due_at=now,
                    expires_at=now + timedelta(hours=1),
                    subscription_id=self.subscription.id,
                    alert_id=int(self.order.alert_id[row]),
                    population="transient",
                    night=20260301,
                    one_in=1e6 - row,
                    **changes,
                )
                for row in rows
            ]
        )


def states(store) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in store.notifications(limit=None):
        found[one.state] = found.get(one.state, 0) + 1
    return found


def names(telegram, chat: int = MARIA) -> list[str]:
    """Objects of the messages in a chat, as their buttons tell."""
    return [
        one["reply_markup"]["inline_keyboard"][0][0]["callback_data"].split("|")[3]
        for one in telegram.sent(chat)
        if "reply_markup" in one
    ]


def test_candidates_are_sent_rarest_first_and_tapped(telegram, bot, store, maria):
    push = Push(store, maria)
    push.new([2, 0, 1])
    telegram.wait_for(lambda: states(store) == {"sent": 3})
    assert names(telegram) == [str(one) for one in push.order.alert_id[:3]]
    message = telegram.sent(MARIA)[0]
    assert (
        store.find_message(push.target, str(message["message_id"])).alert_id
        == (push.order.alert_id[0])
    )
    telegram.tap(message, "Anomaly", MARIA)
    telegram.wait_for(lambda: store.labels())
    assert store.labels()[0].channel == "telegram"
    assert store.labels()[0].alert_id == push.order.alert_id[0]


def test_no_more_than_the_limit_of_a_night(telegram, bot, store, maria):
    push = Push(store, maria, per_night=2)
    push.new(range(20))
    telegram.wait_for(lambda: states(store) == {"sent": 2, "surplus": 18})
    assert names(telegram) == [str(one) for one in push.order.alert_id[:2]]


def test_a_storm_of_429_loses_and_doubles_nothing(telegram, bot, store, maria):
    telegram.flood(2)
    Push(store, maria).new(range(4))
    telegram.wait_for(lambda: states(store) == {"sent": 4})
    assert len(set(names(telegram))) == len(names(telegram)) == 4


def test_a_server_that_was_down_gets_everything(telegram, bot, store, maria, monkeypatch):
    monkeypatch.setattr("fink_ad.bots.sender._PAUSE_SECONDS", 0.3)
    telegram.stop()
    Push(store, maria).new(range(3))
    telegram.wait_for(lambda: any(one.detail for one in store.notifications()))
    telegram.start()
    telegram.wait_for(lambda: states(store) == {"sent": 3})
    assert len(set(names(telegram))) == len(names(telegram)) == 3


def test_what_is_refused_is_given_up_and_the_rest_goes_on(telegram, bot, store, maria, julien):
    telegram.refuse = lambda call: (
        Refusal(403, "Forbidden: bot was blocked by the user")
        if call.params.get("chat_id") == str(MARIA)
        else None
    )
    Push(store, maria).new(range(2))
    Push(store, julien, JULIEN).new(range(2))
    telegram.wait_for(lambda: states(store) == {"failed": 2, "sent": 2})
    assert "blocked" in store.notifications("failed")[0].detail
    telegram.wait_for(lambda: telegram.sent(OPERATORS))
    (notice,) = telegram.sent(OPERATORS)
    assert notice["text"] == (
        "Bot: a chat refuses what is sent to it (Forbidden). The log says more."
    )


def test_a_group_that_got_another_number_is_followed(telegram, bot, store, julien):
    grown = -1009
    telegram.refuse = lambda call: (
        Refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=grown)
        if call.params.get("chat_id") == str(GROUP)
        else None
    )
    push = Push(store, julien, GROUP)
    push.new(range(2))
    telegram.wait_for(lambda: states(store) == {"sent": 2})
    assert names(telegram, grown) == [str(one) for one in push.order.alert_id[:2]]
    assert {one.target for one in store.subscriptions()} == {f"telegram:{grown}"}


def test_a_line_that_broke_leaves_a_message_in_doubt(telegram, bot, store, maria, monkeypatch):
    monkeypatch.setattr("fink_ad.bots.sender._PAUSE_SECONDS", 0.1)
    breaks = [True]

    def hang_up(call) -> None:
        if call.method == "sendPhoto" and breaks.pop():
            breaks.append(False)
            raise ConnectionError("the line broke after the message was accepted")

    telegram.after_sending = hang_up
    Push(store, maria).new([0])
    telegram.wait_for(lambda: states(store) == {"sent": 1})
    captions = [one["caption"] for one in telegram.sent(MARIA)]
    assert ["may have been sent before" in one for one in captions] == [False, True]


def test_a_stop_leaves_nothing_on_its_way(telegram, at_work, desk, store, maria):
    Push(store, maria, per_night=100).new(range(40))
    with at_work(desk):
        telegram.wait_for(lambda: telegram.sent(MARIA))
    found = states(store)
    assert set(found) == {"queued", "sent"}
    assert found["sent"] == len(telegram.sent(MARIA)) < 40


def test_what_a_dead_sender_left_is_sent_again_and_says_so(telegram, at_work, desk, store, maria):
    push = Push(store, maria)
    push.new([0])
    now = datetime.now(UTC)
    store._clock = lambda: now - timedelta(hours=0.5)
    assert store.claim_notification(push.target, 1) is None  # not due yet at that time
    store._clock = lambda: now
    push.new([1])
    store.begin_notification(store.claim_notification(push.target, 0.001), 0.001)
    store._clock = lambda: datetime.now(UTC)
    with at_work(desk):
        telegram.wait_for(lambda: states(store) == {"sent": 2})
    captions = [one["caption"] for one in telegram.sent(MARIA)]
    assert ["may have been sent before" in one for one in captions] == [True, False]


def test_a_heartbeat_in_doubt_says_so_too(telegram, at_work, desk, store, maria):
    push = Push(store, maria)
    queue_heartbeat(store, desk.settings, datetime.now(UTC))
    store.begin_notification(store.claim_notification(push.target, 0.001), 0.001)
    with at_work(desk):
        telegram.wait_for(lambda: states(store) == {"sent": 2})
    (mine,), (operators,) = telegram.sent(MARIA), telegram.sent(OPERATORS)
    assert mine["text"] == f"{operators['text']}\nThis message may have been sent before."


def test_ten_thousand_queued_are_ten_sent(telegram, bot, store, maria):
    push = Push(store, maria, per_night=10)
    now = datetime.now(UTC)
    fresh = {"due_at": now, "expires_at": now + timedelta(hours=1)}
    push.new(range(12))
    store.queue_notifications(
        [
            NewNotification(
                "candidate", push.target, "ztf", f"made-up-{i}", "shared", "first",
                subscription_id=push.subscription.id, night=20260301, one_in=float(i + 1), **fresh,
            )
            for i in range(10_000)
        ]
    )  # fmt: skip
    telegram.wait_for(lambda: len(telegram.sent()) == 10, 120)
    telegram.wait_for(lambda: states(store) == {"sent": 10, "surplus": 10_002}, 120)
    assert len(telegram.sent()) == 10


@pytest.fixture
def outbox(desk, clock) -> Outbox:
    return Outbox(desk, clock)


def push_at(push: Push, clock, rows) -> None:
    push.new(rows)
    for one in push.store.notifications("queued"):
        push.store.put_off(one.id, clock(), "")


def test_quiet_hours_hold_back(desk, store, maria, clock, outbox):
    quiet = {"quiet_from": "23:00", "quiet_to": "08:00", "timezone": "Europe/Paris"}
    push = Push(store, maria, **quiet)
    push_at(push, clock, [0])
    clock.time = clock.time.replace(hour=6, minute=59)  # 07:59 in Paris in November
    assert outbox.take(push.target) is None
    clock.time += timedelta(minutes=1)
    assert outbox.take(push.target).notification.alert_id == push.order.alert_id[0]


def heartbeat_of(push: Push, clock, kind: str = "heartbeat", occasion: str = "a") -> None:
    expires = clock() + timedelta(days=1)
    push.store.queue_notifications(
        [NewNotification(kind, push.target, "", "", "shared", occasion, clock(), expires, body="x")]
    )


def test_quiet_hours_hold_back_what_belongs_to_no_subscription(desk, store, maria, clock, outbox):
    push = Push(store, maria, quiet_from="05:00", quiet_to="08:00")
    heartbeat_of(push, clock)
    assert outbox.take(push.target) is None
    heartbeat_of(push, clock, "notice", "b")
    assert outbox.take(push.target).notification.kind == "notice"
    clock.time = clock.time.replace(hour=8)
    assert outbox.take(push.target).notification.kind == "heartbeat"


@pytest.mark.parametrize("gone", ["unlinked", "retired"])
def test_who_is_no_reviewer_any_more_is_told_nothing(desk, store, maria, clock, outbox, gone):
    push = Push(store, maria)
    push_at(push, clock, [0])
    heartbeat_of(push, clock)
    if gone == "unlinked":
        store.unlink_chat(MARIA)
    else:
        store.retire_reviewer("Maria")
    assert outbox.take(push.target) is None
    assert states(store) == {"unwanted": 2}


def test_a_muted_chat_waits(desk, store, maria, clock, outbox):
    push = Push(store, maria)
    push_at(push, clock, [0])
    store.mute_chat(MARIA, clock() + timedelta(hours=8))
    assert outbox.take(push.target) is None
    clock.time += timedelta(hours=8)
    assert outbox.take(push.target) is not None


def test_a_condition_decides(desk, store, maria, clock, outbox):
    push = Push(store, maria, where="n_det > 3 and one_in < 999999")
    push_at(push, clock, range(30))
    sent = []
    while (parcel := outbox.take(push.target)) is not None and len(sent) < 9:
        sent.append(parcel.candidate.n_det)
        outbox.accepted(parcel, "1")
    assert sent
    assert min(sent) > 3
    assert push.order.alert_id[0] not in [one.alert_id for one in store.notifications("sent")]


def test_what_did_not_change_is_not_told_again(desk, store, maria, clock, outbox):
    push = Push(store, maria)
    push_at(push, clock, [0])
    outbox.accepted(outbox.take(push.target), "1")
    again = store.notifications()[0]
    fresh = {"due_at": clock(), "expires_at": clock() + timedelta(hours=1)}
    other = int(push.order.alert_id[1])  # whatever it is, it is not brighter in the same band
    for occasion, one_in in (("again:1", again.one_in), ("again:2", 20 * again.one_in)):
        store.queue_notifications(
            [
                NewNotification(
                    "candidate", push.target, "ztf", again.object_id, "shared", occasion,
                    subscription_id=push.subscription.id, alert_id=other, one_in=one_in, **fresh,
                )
            ]
        )  # fmt: skip
    parcel = outbox.take(push.target)
    assert parcel.notification.occasion == "again:2"
    assert "was 1 in" in parcel.reason


def test_what_one_has_answered_is_not_told(telegram, desk, store, maria, clock, outbox):
    from fink_ad.review.pushed import answer_message

    push = Push(store, maria)
    alert_id = int(push.order.alert_id[0])
    answer_message(
        store, maria, "ztf", alert_id, "ordinary", channel="page", shown_at=clock(), token="t"
    )
    push_at(push, clock, [0])
    assert outbox.take(push.target) is None
    assert store.notifications()[0].state == "unwanted"


def test_a_digest_comes_at_its_hour_once(desk, store, maria, clock, outbox):
    push = Push(store, maria, digest_at="08:30", timezone="Europe/Paris", per_night=3)
    clock.time = clock.time.replace(hour=7, minute=29)
    assert queue_digests(store, desk.settings, clock()) == 0
    clock.time = clock.time.replace(hour=7, minute=31)
    assert queue_digests(store, desk.settings, clock()) == 1
    assert queue_digests(store, desk.settings, clock()) == 0
    sent = []
    while (parcel := outbox.take(push.target)) is not None:
        sent.append(parcel.notification.alert_id)
        outbox.accepted(parcel, str(len(sent)))
    rarest = [one.one_in for one in reversed(store.notifications("sent"))]
    left = [one.one_in for one in store.notifications("surplus")]
    assert len(sent) == 3
    assert left
    assert min(rarest) >= max(left)
    assert set(sent) <= set(push.order.alert_id[:15].tolist())
    clock.time += timedelta(days=1)
    assert queue_digests(store, desk.settings, clock()) == 1
    assert {one.alert_id for one in store.notifications("queued")}.isdisjoint(sent)


def test_without_a_ranking_of_ones_own_nothing_is_told(desk, store, maria, clock):
    Push(store, maria, model=f"reviewer:{maria.id}")
    assert queue_personal(store, desk.settings, clock()) == 0


def test_a_heartbeat_tells_the_counts_once_a_night(telegram, bot, desk, store, maria):
    Push(store, maria)
    now = datetime.now(UTC)
    assert queue_heartbeat(store, desk.settings, now) == 2  # operators are told as well
    assert queue_heartbeat(store, desk.settings, now) == 0
    (message,) = telegram.wait_for(lambda: telegram.sent(MARIA))
    n_in = sum(n for key, n in store.counts().items() if key.kind == "in")
    assert f"{n_in:,} in" in message["text"]
    assert "0 answers" in message["text"]


def test_a_day_without_alerts_says_so(store):
    def told(day: int) -> str:
        return heartbeat_text(store, 20260301, datetime(2026, 3, day, 17, tzinfo=UTC))

    assert told(1).startswith("Night 20260301: ")
    assert told(2).startswith("No new alerts have come in. Night 20260301: ")


def test_a_word_to_the_operators_arrives(telegram, bot, store):
    now = datetime.now(UTC)
    notice = NewNotification(
        "notice", f"telegram:{OPERATORS}", "", "", "shared", "job", now, now + timedelta(hours=1),
        body="Job <retrain> failed",
    )  # fmt: skip
    store.queue_notifications([notice])
    (message,) = telegram.wait_for(lambda: telegram.sent(OPERATORS))
    assert message["text"] == "Job &lt;retrain&gt; failed"
