"""Each class behaves as its source says, seen without noise."""

import numpy as np
import pytest
from scipy.signal import lombscargle

from fink_ad.simulate import CLASSES
from fink_ad.simulate.classes import m_dwarf_flare, supernova_ia, supernova_ii
from fink_ad.simulate.classes.agn import damped_random_walk
from fink_ad.simulate.classes.kilonova import light_curve as kilonova
from fink_ad.simulate.classes.rr_lyrae import saw_tooth

LAST = 61100.4
G, R = np.array([1]), np.array([2])


def magnitudes(flux):
    return -2.5 * np.log10(flux)


def test_shares_of_an_ordinary_night_sum_to_one():
    assert sum(known.share for known in CLASSES.values()) == pytest.approx(1)
    assert all(known.share == 0 for known in CLASSES.values() if known.anomaly)


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_gives_finite_fluxes_and_complete_rows(name, visits_at):
    visits = visits_at(30, np.linspace(LAST - 30, LAST, 41), 1)
    sources = CLASSES[name].draw(np.random.default_rng(1), visits)
    assert sources.diff_flux_njy.shape == (30, 41)
    assert np.isfinite(sources.diff_flux_njy).all()
    assert sources.ref_mag.shape == (30, 2)
    for values in (sources.ref_sep_arcsec, sources.star_galaxy, sources.t0_mjd, sources.since_mjd):
        assert values.shape == (30,)
    assert ((sources.star_galaxy >= 0) & (sources.star_galaxy <= 1)).all()


def test_the_period_of_rr_lyrae_is_in_the_light_curve(visits_at):
    rng = np.random.default_rng(2)
    times = np.sort(LAST - rng.uniform(0, 60, 250))
    sources = CLASSES["rr_lyrae"].draw(rng, visits_at(12, times, 1))
    frequencies = np.linspace(1.0, 3.0, 6000)  # per day
    for flux, period in zip(sources.diff_flux_njy, sources.parameters["period_days"], strict=True):
        power = lombscargle(times, flux - flux.mean(), 2 * np.pi * frequencies)
        assert 1 / frequencies[power.argmax()] == pytest.approx(period, rel=2e-3)


def test_rr_lyrae_brighten_faster_than_they_fade(visits_at):
    offset = saw_tooth(np.linspace(0, 1, 2001))
    assert np.ptp(offset) == pytest.approx(1, rel=1e-3)
    # From the faintest point to the brightest, through the end of the cycle.
    rise = (offset.argmin() - offset.argmax()) % 2000 / 2000
    assert 0 < rise < 0.2
    sources = CLASSES["rr_lyrae"].draw(
        np.random.default_rng(3), visits_at(20, np.linspace(LAST - 1, LAST, 400), 2)
    )
    total = sources.diff_flux_njy + 10 ** (0.4 * (31.4 - sources.ref_mag[:, 1:]))
    swing = np.ptp(magnitudes(total), axis=1)
    # The reference magnitude has an error of 0.02 mag.
    assert swing == pytest.approx(0.72 * sources.parameters["amplitude_g_mag"], abs=0.07)


def test_agn_have_the_structure_function_of_a_damped_random_walk():
    n = 20_000
    lags = np.array([1.0, 10.0, 100.0, 3000.0])
    times = np.broadcast_to(np.concatenate([[0], lags]), (n, 5))
    path = damped_random_walk(np.random.default_rng(4), times, np.full(n, 100.0), np.full(n, 0.3))
    rms = np.sqrt(np.mean((path[:, 1:] - path[:, :1]) ** 2, axis=0))
    assert rms == pytest.approx(0.3 * np.sqrt(1 - np.exp(-lags / 100)), rel=0.03)
    assert path.std(axis=0) == pytest.approx(np.full(5, 0.3 / np.sqrt(2)), rel=0.03)


def test_flares_follow_the_published_template():
    curve = m_dwarf_flare.light_curve
    # Davenport et al. 2014, eqs. 1 and 4, worked by hand.
    by_hand = [0.0, 1 - 0.9705 - 0.04375 + 0.28075 - 0.0703125, 0.992, 0.3685]
    assert curve(np.array([-1.5, -0.5, 0.0, 1.0])) == pytest.approx(by_hand, abs=5e-4)
    grid = np.linspace(-1, 3, 40_001)
    above = grid[curve(grid) > 0.5]
    # The unit of time is the width at half maximum, which the fit meets to a tenth.
    assert np.ptp(above) == pytest.approx(1, abs=0.1)


def test_a_type_ia_supernova_declines_by_about_a_magnitude_in_15_days():
    days = np.linspace(-20, 60, 8001)
    g = supernova_ia.light_curve(days, G)
    r = supernova_ia.light_curve(days, R)
    assert abs(days[g.argmax()]) < 0.5
    at = {day: np.searchsorted(days, day) for day in (0, 8, 15, 22, 28)}
    assert 0.7 < magnitudes(g[at[15]] / g[at[0]]) < 1.2
    assert magnitudes(r[at[15]] / r[at[0]]) < magnitudes(g[at[15]] / g[at[0]])
    # The shoulder in r: the fading slows down, then resumes.
    assert magnitudes(r[at[28]] / r[at[22]]) / 6 < magnitudes(r[at[15]] / r[at[8]]) / 7
    assert supernova_ia.light_curve(np.array([-400.0]), G)[0] < 1e-12


def test_a_type_ii_supernova_has_a_plateau_and_a_drop():
    def mag(day, fid):
        return magnitudes(supernova_ii.light_curve(np.array([day]), fid, 0.008, 95.0))[0]

    assert mag(80.0, R) - mag(20.0, R) < 0.7
    assert mag(115.0, R) - mag(80.0, R) > 1.5
    assert mag(80.0, G) - mag(20.0, G) > mag(80.0, R) - mag(20.0, R) + 0.5
    assert supernova_ii.light_curve(np.array([-1.0]), R, 0.008, 95.0)[0] == 0


def test_a_kilonova_fades_within_days():
    g = magnitudes(kilonova(np.array([0.5, 1.5, 3.5]), G))
    assert np.diff(g) == pytest.approx([1.3, 2.6])
    assert kilonova(np.array([-0.1]), G)[0] == 0


def test_double_peaked_supernovae_have_two_peaks(visits_at):
    times = np.linspace(LAST - 30, LAST, 600)
    sources = CLASSES["double_peaked_supernova"].draw(
        np.random.default_rng(6), visits_at(20, times, 1)
    )
    lead = sources.parameters["lead_days"]
    for flux, main, days in zip(sources.diff_flux_njy, sources.t0_mjd, lead, strict=True):
        middle = main - days / 2
        first, second = flux[times < middle], flux[times >= middle]
        if times[0] > main - days + 0.5:
            continue  # began before the history
        trough = flux[(times > main - days + 2) & (times < main)].min()
        assert trough < 0.8 * first.max()
        assert trough < 0.8 * second.max()


def test_slow_risers_only_brighten(visits_at):
    sources = CLASSES["slow_riser"].draw(
        np.random.default_rng(7), visits_at(20, np.linspace(LAST - 30, LAST, 50), 2)
    )
    assert (np.diff(sources.diff_flux_njy, axis=1) > 0).all()
    change = np.ptp(magnitudes(sources.diff_flux_njy), axis=1)
    assert (change < 2.5).all()
    assert np.isinf(sources.ref_mag).all()


def test_r_crb_fade_below_the_reference_by_their_depth(visits_at):
    times = np.linspace(LAST - 40, LAST, 200)
    sources = CLASSES["r_crb"].draw(np.random.default_rng(8), visits_at(20, times, 1))
    reference = 10 ** (0.4 * (31.4 - sources.ref_mag[:, :1]))
    assert (sources.diff_flux_njy <= 0).all()
    assert (reference + sources.diff_flux_njy > 0).all()
    whole = times[-1] > sources.t0_mjd + sources.parameters["descent_days"]
    assert whole.any()
    fading = magnitudes((1 + sources.diff_flux_njy / reference)[:, -1])
    assert fading[whole] == pytest.approx(sources.parameters["depth_mag_g"][whole], rel=1e-6)


def test_bogus_come_once_unless_they_are_dipoles(visits_at):
    sources = CLASSES["bogus"].draw(
        np.random.default_rng(9), visits_at(400, np.linspace(LAST - 30, LAST, 60), 1)
    )
    shown = (sources.diff_flux_njy != 0).sum(axis=1)
    dipole = sources.parameters["dipole"]
    assert (shown[~dipole] == 1).all()
    assert shown[dipole].mean() > 3
    assert 0.3 < (sources.diff_flux_njy < 0).sum() / shown.sum() < 0.7
