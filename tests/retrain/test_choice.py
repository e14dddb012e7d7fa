"""An operator's choice among the revisions of one model lasts until the next answer."""

from fink_ad.learn import Cache, Whose, relearn_and_publish
from fink_ad.retrain import promote_model
from fink_ad.store import Store

from .conftest import KEY, Home, mixed


def ranking(store: Store, home: Home) -> str:
    """What ranks after a look by a learner that starts now."""
    settings = home.settings()
    cache = Cache(store, settings.models_dir)
    record = relearn_and_publish(store, settings, Whose(*KEY), cache)
    assert record is not None
    return record.revision_id


def test_the_chosen_revision_ranks_until_the_next_answer(home: Home) -> None:
    with home.store() as store:
        first = ranking(store, home)
        home.answer(mixed, n=3)
        assert ranking(store, home) != first
        promote_model(store, home.settings(), first, "ada")
        assert [ranking(store, home) for _ in range(2)] == [first, first]
        home.answer(lambda ids: ["ordinary"] * len(ids), reviewer="edwin", n=5)
        assert ranking(store, home) != first
