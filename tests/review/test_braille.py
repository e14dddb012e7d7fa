"""The light curve in characters: where points fall, what the axes say, and its width."""

import numpy as np
import pytest

from fink_ad.review.braille import braille_curve
from fink_ad.testing import make_batch, sample_batch


def alert(flux, kind="detection", band="r", days=None, **more):
    flux = np.asarray(flux, float)
    n = len(flux)
    curve = {
        "mjd_utc": 61000.0 + (np.arange(n) if days is None else np.asarray(days)),
        "band": band,
        "kind": kind,
        "diff_flux_njy": flux,
        "diff_flux_err_njy": np.full(n, 100.0),
        "point_id": np.arange(n) + 1,
    } | more
    return make_batch("ztf", [curve], alert_id=np.array([n]))


def row_of(drawn, character):
    return [number for number, row in enumerate(drawn.rows) if character in row]


def test_bright_is_up_and_late_is_right():
    drawn = braille_curve(alert([1e4, 2e4, 4e4, 8e4]), marks="letters")
    letters = [(row.index("r"), number) for number, row in enumerate(drawn.rows) if "r" in row]
    assert [number for _, number in sorted(letters)] == sorted(
        (number for _, number in letters), reverse=True
    )
    assert len(letters) == 3
    assert drawn.rows[0].index("◉") > max(column for column, _ in letters)
    assert "magnitude" in drawn.title
    assert float(drawn.axis[0].split()[0]) < float(drawn.axis[-1].split()[0])
    assert 31.4 - 2.5 * np.log10(8e4) == pytest.approx(float(drawn.axis[0].split()[0]), abs=0.2)


def test_negative_flux_is_drawn_signed_and_said():
    drawn = braille_curve(alert([5e4, 2e4, -1e4, -4e4]))
    assert "signed: 2 of 4 detections" in drawn.title
    assert "µJy" in drawn.title
    assert row_of(drawn, "◉") == [9]
    (zero,) = row_of(drawn, "·")
    assert row_of(drawn, "◉")[0] > zero > 0
    assert float(drawn.axis[-1].split()[0]) < 0 < float(drawn.axis[0].split()[0])


def test_one_wild_flux_hides_nothing():
    flux = np.append(np.tile([1e3, -1e3], 50), -1e7)
    drawn = braille_curve(alert(np.roll(flux, 30)))
    assert "nJy" in drawn.title
    assert -5e3 < float(drawn.axis[-1].split()[0]) < -1e3
    assert drawn.rows[-1].strip("\u2800")


def test_every_line_fits_the_width_asked_for():
    for width in (40, 80, 120):
        for one in range(6):
            batch = sample_batch("lsst", 6, 200, seed=1).take(np.array([one]))
            drawn = braille_curve(batch, width=width, height=6)
            assert {len(row) for row in drawn.rows} == {width - 8}
            assert len(drawn.rows) == len(drawn.axis) == len(drawn.bands) == 6
            if width >= 80:
                assert max(map(len, str(drawn).splitlines())) <= width


def test_limits_and_bands_are_told_apart():
    batch = alert(
        [np.nan, 3e4, 4e4, 4.1e4],
        kind=["limit", "detection", "detection", "detection"],
        band=["g", "g", "r", "r"],
        limit_flux_njy=np.array([2e4, np.nan, np.nan, np.nan]),
    )
    drawn = braille_curve(batch)
    (row,) = row_of(drawn, "v")
    place = drawn.rows[row].index("v")
    assert drawn.bands[row][place] == "g"
    assert drawn.legend == "g 1 r 2, v limit 1, ◉ this alert"
    assert {"g", "r"} <= set("".join(drawn.bands))


def test_a_character_of_several_bands_has_no_band():
    batch = alert([4e4, 4e4, 9e4], band=["g", "r", "i"], days=[0, 0, 20])
    drawn = braille_curve(batch)
    assert "g" not in "".join(drawn.bands)
    assert "r" not in "".join(drawn.bands)


def test_faint_forced_photometry_has_no_magnitude_to_draw():
    batch = alert([1e4, 150.0, -500.0, 2e4], kind=["detection", "forced", "forced", "detection"])
    drawn = braille_curve(batch)
    assert "magnitude" in drawn.title
    assert "forced" not in drawn.legend


@pytest.mark.parametrize(
    "flux", [[1e4], [-1e4], [np.nan], [0.0], [1e30, 1e-30], [1e4] * 500, [1e4, 1e4]]
)
def test_no_light_curve_is_too_odd(flux):
    drawn = braille_curve(alert(flux))
    assert len(drawn.rows) == 10
    assert "nan" not in str(drawn)


def test_nothing_detected_is_said():
    batch = alert([np.nan], kind="limit", limit_flux_njy=np.array([2e4]))
    assert "nothing detected" in braille_curve(batch).legend


def test_total_flux_can_be_drawn():
    batch = alert([-1e4, -2e4], total_flux_njy=np.array([9e4, 8e4]))
    assert braille_curve(batch, flux="total").title.startswith("total flux, AB magnitude")
