"""What providers lay over a light curve; their faults are told and cost nobody else."""

from types import SimpleNamespace

import numpy as np
import pytest

from fink_ad.alerts import AlertBatch
from fink_ad.config import Settings
from fink_ad.errors import ProviderError
from fink_ad.features import Context, ModelCurve, OffersFigure, Period
from fink_ad.features.offered import offered_curves, offered_period
from fink_ad.review import Desk
from fink_ad.review.object_curve import with_points_of
from fink_ad.review.offering import Offering
from fink_ad.review.overlays import overlays_of
from fink_ad.testing import make_batch

TIMES = np.array([61000.0, 61001.0])


def alert() -> AlertBatch:
    curve = {"mjd_utc": TIMES, "band": "r", "diff_flux_njy": 1000.0, "diff_flux_err_njy": 10.0}
    return make_batch("ztf", [curve])


def line(**changes: object) -> ModelCurve:
    told = {"band": "r", "mjd_utc": TIMES, "diff_flux_njy": TIMES * 0, "label": "flat"}
    return ModelCurve(**(told | changes))  # type: ignore[arg-type]


def provider(name: str = "stranger", requires: tuple[str, ...] = (), **offers: object) -> Offering:
    methods = {key: (lambda *_, value=value: _given(value)) for key, value in offers.items()}
    made = SimpleNamespace(name=name, version="1", requires=requires, **methods)
    return Offering(made, Context())


def _given(value: object) -> object:
    if isinstance(value, Exception):
        raise value
    return value


def test_curves_and_period_come_with_the_name_of_their_provider() -> None:
    found = overlays_of(alert(), [provider(curves=(line(),), period=Period(2.0, "guess"))])
    assert [(one.provider, one.curve.label) for one in found.curves] == [("stranger", "flat")]
    assert found.period == Period(2.0, "guess")
    assert found.failures == ()


def test_an_installed_period_goes_before_the_built_in_one() -> None:
    built_in, installed = Period(2.0, "search"), Period(4.0, "catalogue")
    offers = [provider("a", period=built_in), provider("b", period=installed)]
    assert overlays_of(alert(), offers).period == installed
    assert overlays_of(alert(), [offers[0], provider("b", period=None)]).period == built_in


def test_a_provider_without_its_table_is_not_asked() -> None:
    asked = provider(requires=("notices",), curves=RuntimeError("asked"))
    assert overlays_of(alert(), [asked]).failures == ()


@pytest.mark.parametrize(
    ("offers", "told"),
    [
        ({"curves": RuntimeError("spilt ink")}, "spilt ink"),
        ({"curves": None}, "NoneType"),
        ({"curves": ("line",)}, "str instead of a ModelCurve"),
        ({"curves": (line(band="w"),)}, "band 'w'"),
        ({"curves": (line(mjd_utc=[1.0, 2.0]),)}, "no (n,) float64 array"),
        ({"curves": (line(mjd_utc=TIMES[:1]),)}, "1 times and 2 fluxes"),
        ({"curves": (line(mjd_utc=TIMES[::-1]),)}, "not finite and ascending"),
        ({"curves": (line(mjd_utc=TIMES * np.nan),)}, "not finite and ascending"),
        ({"curves": (line(label=7),)}, "instead of a ModelCurve"),
        ({"curves": (line(),) * 25}, "25 curves"),
        ({"period": ValueError("no sky")}, "no sky"),
        ({"period": 2.0}, "float instead of a Period"),
        ({"period": Period(-1.0, "x")}, "-1.0 days"),
        ({"period": Period(float("nan"), "x")}, "nan days"),
        ({"period": Period("2", "x")}, "'2' days"),  # type: ignore[arg-type]
    ],
)
def test_what_a_provider_does_wrong_is_told_and_costs_nobody_else(offers, told) -> None:
    fault = provider("clumsy", **offers)
    found = overlays_of(alert(), [fault, provider(curves=(line(),))])
    (failure,) = found.failures
    assert failure.startswith("clumsy failed")
    assert told in failure
    assert len(found.curves) == 1
    check = offered_curves if "curves" in offers else offered_period
    with pytest.raises(ProviderError):
        check(fault.provider, alert(), Context())


def test_points_of_other_alerts_are_added_each_once() -> None:
    def curve(times: list[float], ids: list[int], flux: float) -> dict[str, object]:
        return {
            "mjd_utc": times,
            "band": "r",
            "diff_flux_njy": flux,
            "diff_flux_err_njy": 1.0,
            "point_id": ids,
        }

    first = make_batch("ztf", [curve([61000.0, 61001.0], [1, 2], 100.0)], alert_id=[2])
    others = make_batch(
        "ztf",
        [curve([60990.0, 61001.0], [7, 2], 50.0), curve([61005.0], [9], 70.0)],
        alert_id=[7, 9],
    )
    merged = with_points_of(first, others)
    assert len(merged) == 1
    assert merged.numbers("alert_id").tolist() == [2]
    assert merged.points["mjd_utc"].tolist() == [60990.0, 61000.0, 61001.0, 61005.0]
    assert merged.points["diff_flux_njy"].tolist() == [50.0, 100.0, 100.0, 70.0]
    assert with_points_of(first, AlertBatch.empty()) is first


def test_the_desk_gives_providers_all_kept_points_and_asks_once(store, strangest, tmp_path) -> None:
    with Desk(Settings(home=tmp_path / "home")) as desk:
        views = (desk.look(one.survey, one.alert_id) for one in strangest)
        candidate = next(one for one in views if len(one.object_alerts) > 1)
        found = desk.overlays(candidate)
        assert desk.overlays(candidate) is found
    assert len(found.alert.points) >= len(candidate.alert.points)
    assert found.alert.numbers("alert_id")[0] == candidate.alert_id
    assert found.failures == ()


def test_a_provider_is_known_by_its_methods_alone() -> None:
    assert isinstance(provider(figure=None).provider, OffersFigure)
    assert not isinstance(provider(period=None).provider, OffersFigure)
