"""A night runs, a message comes, a tap teaches, the next message knows it."""

from pathlib import Path

import pytest

from fink_ad.config import BotSettings, RankingSettings, Settings
from fink_ad.learn import learner_beside
from fink_ad.pipeline import run
from fink_ad.review.accounts import link_account, new_link_code
from fink_ad.review.desk import Desk
from fink_ad.sources.files import FilesSource
from fink_ad.store.records.notifications import NewSubscription

from fakes.telegram import TOKEN  # isort: skip

NIGHT = Path(__file__).parents[2] / "data" / "ztf_night_20260301.avro"
MARIA = 501

pytestmark = pytest.mark.enable_socket


def test_from_the_packets_to_the_next_candidate(telegram, at_work, tmp_path):
    api = telegram.base_url.removesuffix("/bot")
    settings = Settings(
        home=tmp_path / "home",
        bot=BotSettings(token=TOKEN, api=api, relearn_seconds=60),
        ranking=RankingSettings(candidate_rarity=50),
    )
    with Desk(settings) as desk, at_work(desk), learner_beside(settings):
        store = desk.store

        def order(known: int = 0):
            """The newest order, once it knows an answer."""
            found = store.latest_order("ztf", "transient")
            return found if found is not None and found.label_position >= known else None

        maria = store.add_reviewer("Maria")
        link_account(store, MARIA, MARIA, new_link_code(store, maria).code)
        store.add_subscription(
            NewSubscription(
                f"telegram:{MARIA}", maria.id, "ztf", "transient", per_night=2, rarity=50
            )
        )
        run(FilesSource([NIGHT]), store, settings)
        telegram.wait_for(lambda: len(store.notifications("sent")) == 2)
        first = telegram.sent(MARIA)[0]
        sent = [one.object_id for one in store.notifications("sent")]
        assert store.candidates(1, survey="ztf", population="transient")[0].object_id in sent

        before = telegram.wait_for(order)
        telegram.tap(first, "Anomaly", MARIA)
        telegram.wait_for(lambda: "✓" in str(telegram.sent(MARIA)[0]["reply_markup"]))
        telegram.tap(telegram.sent(MARIA)[0], "Next", MARIA)
        (label,) = store.labels()
        learned = telegram.wait_for(lambda: order(label.id))
        assert learned.revision_id != before.revision_id

        telegram.wait_for(lambda: len(telegram.sent(MARIA)) == 3)
        (showing,) = store.showings(maria.id)
        assert showing.model_revision == learned.revision_id
        assert showing.object_id != label.object_id
