"""What filters and providers of strangers do to the street, and what they cannot do to it."""

import numpy as np
import pytest

from fink_ad.pipeline.scored import SCORED, WITHHELD
from fink_ad.store.records import KeptFor

CODE = """
import numpy as np

from fink_ad.features import FeatureColumn
from fink_ad.filters import DROP, KEEP, PROMOTE, Verdicts


class Filter:
    version = "1"
    requires = ()
    stage = "before_features"

    def judge(self, batch, features, scores, context):
        ids = batch.numbers("alert_id")
        verdict, reason = np.zeros(len(batch), np.int8), np.full(len(batch), "", object)
        return self.say(batch, ids % 10, verdict, reason, scores)


class DropsThrees(Filter):
    name = "drops_threes"

    def say(self, batch, digit, verdict, reason, scores):
        verdict[digit == 3], reason[digit == 3] = DROP, "is_three"
        return Verdicts(verdict, reason, tags={"odd": digit % 2 == 1})


class DropsSilently(Filter):
    name = "drops_silently"

    def say(self, batch, digit, verdict, reason, scores):
        verdict[digit == 3] = DROP
        return Verdicts(verdict, reason)


class Promotes(Filter):
    name = "promotes"

    def say(self, batch, digit, verdict, reason, scores):
        verdict[digit == 4], reason[digit == 4] = PROMOTE, "near_a_neutrino"
        return Verdicts(verdict, reason, numbers={"sigma": np.where(digit == 4, 3.5, np.nan)})


class PromotesAfter(Promotes):
    name = "promotes_after"
    stage = "after_scoring"

    def say(self, batch, digit, verdict, reason, scores):
        assert np.isfinite(scores).all()
        return super().say(batch, digit, verdict, reason, scores)


class Withholds(Filter):
    name = "withholds"
    stage = "after_scoring"

    def say(self, batch, digit, verdict, reason, scores):
        verdict[:], reason[:] = DROP, "not_tonight"
        return Verdicts(verdict, reason)


class Chokes(Filter):
    name = "chokes"

    def say(self, batch, digit, verdict, reason, scores):
        if (batch.numbers("alert_id") == self.bad).any():
            raise RuntimeError("cannot stomach this one")
        verdict[digit == 3], reason[digit == 3] = DROP, "is_three"
        return Verdicts(verdict, reason, tags={"seen": np.ones(len(batch), bool)})


class ChokesAfter(Chokes):
    name = "chokes_after"
    stage = "after_scoring"


class WrongShape(Filter):
    name = "wrong_shape"

    def say(self, batch, digit, verdict, reason, scores):
        return Verdicts(verdict[:-1], reason)


class WrongCode(Filter):
    name = "wrong_code"

    def say(self, batch, digit, verdict, reason, scores):
        return Verdicts(verdict, reason, population=np.full(len(batch), 7, np.int8))


class NeedsATable(Filter):
    name = "needs_a_table"
    requires = ("catalogue",)

    def say(self, batch, digit, verdict, reason, scores):
        raise AssertionError("never asked")


class Routes(Filter):
    name = "zz_routes"

    def say(self, batch, digit, verdict, reason, scores):
        return Verdicts(verdict, reason, population=(digit == 3).astype(np.int8))


class Features:
    name = "afterglow"
    version = "1"
    requires = ()
    bad = None

    def columns(self, survey, population):
        return (FeatureColumn("afterglow.digit", "", "afterglow", "Last digit of the id."),)

    def applies_to(self, batch, context):
        return np.ones(len(batch), bool)

    def extract(self, batch, context):
        if (batch.numbers("alert_id") == self.bad).any():
            raise RuntimeError("no such star")
        return (batch.numbers("alert_id") % 10).astype(np.float64)[:, None]
"""


@pytest.fixture
def some(packets):
    """Alerts that no filter of ours drops, of which every tenth id ends with 3, and so on."""
    records = packets.records()[:200]
    for number, record in enumerate(records):
        record["candid"] = record["candidate"]["candid"] = 4_000_000_000_000_000_000 + number
        record["candidate"].update(rb=0.9, drb=0.9, nbad=0, mindtoedge=500.0)
    return packets.encode(records)


def run(home, packets, path, **changes):
    return home.run(packets.write_parts(path / "in", 40), **changes)


def ids(home, **wanted):
    with home.store() as store:
        return {view.alert_id % 10 for view in store.candidates(top=None, **wanted)}


def test_dropped_before_the_features_is_counted_and_not_scored(
    install, trained_home, some, tmp_path
):
    install(CODE, filters={"drops_threes": "DropsThrees"})
    home = trained_home("home")
    summary = run(home, some, tmp_path, kept={"random_share": 1.0})
    assert summary.n_filtered["is_three"] > 10
    assert summary.adds_up
    assert not any(row[0] % 10 == 3 for row in home.by_alert() if row[0] >= 4e18)


def test_a_drop_without_a_reason_bears_the_name_of_its_filter(
    install, trained_home, some, tmp_path
):
    install(CODE, filters={"drops_silently": "DropsSilently"})
    summary = run(trained_home("home"), some, tmp_path)
    assert summary.n_filtered["drops_silently"] > 10
    assert summary.adds_up


@pytest.mark.parametrize("name", ["Promotes", "PromotesAfter"])
def test_promoted_is_a_candidate_whatever_its_score(install, trained_home, some, tmp_path, name):
    install(CODE, filters={name.lower().replace("after", "_after"): name})
    home = trained_home("home")
    summary = run(home, some, tmp_path)
    with home.store() as store:
        views = store.candidates(top=None, best_per_object=False)
    promoted = [view for view in views if view.reasons == ("near_a_neutrino",)]
    assert summary.n_candidates >= len(promoted) > 10
    assert {view.alert_id % 10 for view in promoted} == {4}
    assert min(view.one_in for view in promoted) < 5


def test_withheld_is_scored_and_no_candidate(install, trained_home, some, tmp_path):
    install(CODE, filters={"withholds": "Withholds"})
    home = trained_home("home")
    summary = run(home, some, tmp_path)
    assert summary.n_withheld == summary.n_scored > 100
    assert summary.n_candidates == 0
    assert summary.adds_up
    assert len([row for row in home.by_alert() if row[0] >= 4e18]) == summary.n_scored
    with home.store() as store:
        kept = store.kept("ztf", range(4 * 10**18, 4 * 10**18 + 200))
    assert not any(record.kept_for & (KeptFor.CANDIDATE | KeptFor.TOP) for record in kept)


def test_the_first_verdict_counts(install, trained_home, some, tmp_path):
    """Filters are asked by name: the withholding one comes last."""
    install(CODE, filters={"promotes_after": "PromotesAfter", "withholds": "Withholds"})
    home = trained_home("home")
    summary = run(home, some, tmp_path)
    assert ids(home, night=20260301) == {4}
    assert 0 < summary.n_withheld < summary.n_scored


@pytest.mark.parametrize("name", ["Chokes", "ChokesAfter"])
def test_a_filter_that_fails_on_one_alert_costs_its_verdict_on_that_one(
    install, trained_home, some, tmp_path, name
):
    bad = 4_000_000_000_000_000_003
    code = CODE.replace('name = "chokes"', f'name = "chokes"\n    bad = {bad}')
    registered = name.lower().replace("after", "_after")
    install(code, filters={registered: name})
    home = trained_home("home")
    summary = run(home, some, tmp_path)
    assert summary.n_provider_failures[registered] == 1
    assert summary.adds_up
    n_dropped = summary.n_filtered["is_three"] + summary.n_withheld
    assert n_dropped > 10
    assert bad in [row[0] for row in home.by_alert()]


@pytest.mark.parametrize("name", ["wrong_shape", "wrong_code", "needs_a_table"])
def test_a_filter_that_breaks_its_contract_says_nothing_and_is_counted(
    install, trained_home, some, tmp_path, name
):
    install(CODE, filters={name: name.title().replace("_", "")})
    summary = run(trained_home("home"), some, tmp_path)
    assert summary.n_provider_failures[name] == summary.n_in == 200
    assert summary.n_scored > 100
    assert summary.adds_up


def test_alerts_are_scored_in_the_population_they_are_routed_to(
    install, trained_home, some, tmp_path
):
    install(CODE, filters={"zz_routes": "Routes"})
    home = trained_home("home")
    run(home, some, tmp_path)
    found = {row[0] % 10: row[1] for row in home.by_alert(["population"]) if row[0] >= 4e18}
    assert found == {digit: "solar_system" if digit == 3 else "transient" for digit in range(10)}


def test_a_provider_that_fails_on_one_alert_costs_its_columns_of_that_one(
    install, home, some, tmp_path
):
    bad = 4_000_000_000_000_000_007
    install(CODE.replace("bad = None", f"bad = {bad}"), features={"afterglow": "Features"})
    summary = run(home, some, tmp_path)
    assert summary.n_provider_failures == {"afterglow": 1}
    found = dict(home.by_alert(['"afterglow.digit"']))
    assert np.isnan(found.pop(bad))
    assert all(digit == alert_id % 10 for alert_id, digit in found.items())
    assert len(found) == summary.n_scored - 1


def test_a_provisional_model_of_other_features_is_replaced(install, home, some, tmp_path):
    first = home.run(some[:50].write(tmp_path / "a.avro"))
    assert first.provisional
    install(CODE, features={"afterglow": "Features"})
    second = home.run(some[50:100].write(tmp_path / "b.avro"))
    assert second.provisional
    assert second.models["ztf/transient"] != first.models["ztf/transient"]


def test_fates_and_tags_are_told_row_by_row(install, trained, some, tmp_path):
    from fink_ad.features import Context
    from fink_ad.forest import Model
    from fink_ad.pipeline import RANKINGS, Ranking, Rankings, process
    from fink_ad.sources.files import FilesSource

    install(CODE, filters={"drops_threes": "DropsThrees", "promotes_after": "PromotesAfter"})
    loaded = [Model.load(folder) for folder in (trained.path / "models").iterdir()]
    by_key = {(model.survey, model.population): Ranking(model, {}) for model in loaded}
    context = Context({}, "", {RANKINGS: Rankings(by_key, 1000.0, 0.01)})
    source = FilesSource([some.write(tmp_path / "a.avro")])
    (survey,) = next(source.batches({})).surveys
    scored = process(survey.alerts, context)
    digits = scored.numbers("alert_id") % 10
    fates = scored.numbers("fate")
    assert WITHHELD not in fates
    assert not (fates[digits == 3] == SCORED).any()
    for digit, fate, tags, numbers in zip(
        digits,
        fates,
        scored.record_batch.column("tags").to_pylist(),
        scored.record_batch.column("numbers").to_pylist(),
        strict=True,
    ):
        assert ("odd" in tags) == (digit % 2 == 1)
        assert numbers == ([("sigma", 3.5)] if digit == 4 and fate == SCORED else [])
