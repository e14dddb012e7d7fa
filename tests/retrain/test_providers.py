"""Old answers survive new features: their columns are computed, and the next model uses them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.learn.answers import labelled_alerts, teaching_answers
from fink_ad.learn.whose import Whose
from fink_ad.pipeline import run
from fink_ad.pipeline.describe import _providers
from fink_ad.retrain import promote_model, retrain, rollback_model
from fink_ad.sources.files import FilesSource

from .conftest import KEY, Home, mixed

CODE = """
import numpy as np

from fink_ad.features import FeatureColumn


class Digit:
    name = "afterglow"
    version = "1"
    requires = ()

    def columns(self, survey, population):
        return (FeatureColumn("afterglow.digit", "", "afterglow", "Last digit of the id."),)

    def applies_to(self, batch, context):
        return np.ones(len(batch), bool)

    def extract(self, batch, context):
        return (batch.numbers("alert_id") % 10).astype(np.float64)[:, None]
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Put a package with a feature provider on the path, as pip would."""

    def put() -> None:
        folder = tmp_path / "strangers"
        info = folder / "strangers-0.7.dist-info"
        info.mkdir(parents=True)
        (folder / "strangers_digit.py").write_text(CODE)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 0.7\n")
        (info / "entry_points.txt").write_text(
            "[fink_ad.features]\nafterglow = strangers_digit:Digit\n"
        )
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, "strangers_digit", raising=False)
        _providers.cache_clear()

    yield put
    monkeypatch.undo()
    _providers.cache_clear()


def test_a_provider_added_later_gives_old_answers_its_columns(
    home: Home, install: Callable[[], None], nights: tuple[Path, ...]
) -> None:
    before = home.active()
    home.answer(mixed, n=20)
    install()
    with home.store() as store:
        outcome = retrain(store, home.settings(), *KEY)
        promote_model(store, home.settings(), outcome.contender, "ada")
        after = home.active()
        assert set(after.schema.names) - set(before.schema.names) == {"afterglow.digit"}
        assert "afterglow.digit" in after.used_columns
        for alerts in (after.reference, after.labelled):
            assert alerts is not None
            values = alerts.values if alerts is after.reference else alerts.table.values
            column = values[:, after.schema.names.index("afterglow.digit")]
            np.testing.assert_array_equal(column, alerts.alert_ids % 10)
            assert len(alerts) >= 20
        # The columns there were before are as they were.
        same = [after.schema.names.index(name) for name in before.schema.names]
        _, old, new = np.intersect1d(
            before.reference.alert_ids, after.reference.alert_ids, return_indices=True
        )
        assert len(old) > 200
        np.testing.assert_allclose(
            after.reference.values[new][:, same], before.reference.values[old], rtol=1e-9
        )
        # All kept alerts have them in the store, and the answers still teach.
        assert set(store.kept_index(*KEY).feature_schema) == {after.schema.hash}
        whose = Whose(*KEY)
        teaching = teaching_answers(store, home.settings().learn, whose)
        labelled = labelled_alerts(store, whose, teaching, after.schema)
        assert labelled is not None
        assert len(labelled) == 20
        # The stream goes on, with the model that was promoted.
        summary = run(FilesSource([nights[0]], batch_size=100), store, home.settings())
        assert summary.n_duplicate or not summary.n_in


def test_a_run_after_a_provider_came_names_the_way_out(
    home: Home, install: Callable[[], None], later: Path
) -> None:
    home.answer(mixed, n=20)
    with home.store() as store:
        outcome = retrain(store, home.settings(), *KEY)
        promote_model(store, home.settings(), outcome.contender, "ada")
        install()
        with pytest.raises(ModelError, match="fink-ad retrain"):
            run(FilesSource([later]), store, home.settings())
        # A model of other features than are extracted now is not let in.
        with pytest.raises(ModelError, match="other features than are extracted now"):
            rollback_model(store, home.settings(), *KEY, "ada")
        new = retrain(store, home.settings(), *KEY)
        promote_model(store, home.settings(), new.contender, "ada")
        summary = run(FilesSource([later]), store, home.settings())
        assert summary.models["ztf/transient"] == new.contender
