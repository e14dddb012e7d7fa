"""Each class behaves as its source says, seen without noise."""

import numpy as np
import pytest
from scipy.signal import lombscargle

from fink_ad.simulate import CLASSES
from fink_ad.simulate.blackbody import band_flux_njy, bazin, star_colours
from fink_ad.simulate.classes import (
    afterglow,
    asteroid,
    blazar,
    dwarf_nova,
    kilonova,
    m_dwarf_flare,
    microlensing,
    supernova_ia,
    supernova_ii,
)
from fink_ad.simulate.classes.agn import decay_days, structure_mag
from fink_ad.simulate.classes.random_walk import damped_random_walk
from fink_ad.simulate.classes.rr_lyrae import saw_tooth
from fink_ad.simulate.cosmology import distance_modulus, luminosity_distance_mpc
from fink_ad.simulate.dust import EXTINCTION_PER_EBV, colour_excess, extinction_curve
from fink_ad.simulate.keyed import Draws, mix
from fink_ad.simulate.schedule import SLOTS, Visits
from fink_ad.simulate.survey import LSST, ZTF

DATE = 61100.0  # of the events that are drawn
U, G, R, I, Z, Y = range(6)  # noqa: E741 - names of the field
NEAR = 1e-4  # redshift without effect


def visits_at(n_objects, mjd, band):
    """Visits of n objects at given mid-exposure MJD in one band, a code."""
    times = np.broadcast_to(mjd, (n_objects, len(mjd)))
    nights = np.floor(times).astype(np.int64)
    # As many turns a night as there are times in it.
    turn = np.arange(len(mjd)) - np.searchsorted(nights[0], nights[0])
    return Visits(
        mjd=times,
        band=np.full(times.shape, band),
        limit_mag=np.full(times.shape, 21.0),
        seeing_arcsec=np.full(times.shape, 2.0),
        zero_point_mag=np.zeros(times.shape),
        number=nights * SLOTS + turn,
        sequence=np.zeros(times.shape, np.int64),
        observed=np.ones(times.shape, bool),
    )


def draw(name, n_objects, seed=1, survey=ZTF):
    """Objects of a class; events are dated `DATE`."""
    known = CLASSES[name]
    draws = Draws(mix(np.full(n_objects, seed, np.uint64), np.arange(n_objects)))
    date = np.nan if known.window_days is None else DATE
    return known.draw(draws, survey, np.full(n_objects, date))


def magnitudes(flux):
    with np.errstate(divide="ignore"):
        return -2.5 * np.log10(flux)


def rest_frame(evolution, days, band, blanketing=0.0, shape=None):
    """Absolute magnitudes of an evolution in the rest frame."""
    luminosity, temperature = evolution(days)
    bands = np.full(days.shape, band)
    flux = band_flux_njy(luminosity, temperature, NEAR, bands, blanketing)
    if shape is not None:
        flux = flux * shape(days, bands)
    return magnitudes(flux) + 31.4 - distance_modulus(NEAR)


def keyed(n, seed=4):
    return Draws(mix(np.full(n, seed, np.uint64), np.arange(n)))


# Foundations


def test_distances_are_those_of_a_flat_universe():
    # Values of Wright's cosmology calculator for H0 = 70, Omega_m = 0.3.
    assert luminosity_distance_mpc([0.1, 1.0]) == pytest.approx([460.3, 6607.7], rel=1e-4)
    assert distance_modulus(1e-3) == pytest.approx(5 * np.log10(4.2827 * 1.001) + 25, abs=2e-3)


def test_black_bodies_hold_their_luminosity():
    # Integrated over all wavelengths the flux is L / (4 pi d^2): sum fine bands by hand.
    import fink_ad.simulate.blackbody as module

    wavelength = np.geomspace(500, 3e5, 4000)
    before = module.WAVELENGTH_A, module.WIDTH_A
    try:
        module.WAVELENGTH_A, module.WIDTH_A = wavelength, np.zeros(4000)
        flux = band_flux_njy(1e43, 8000.0, NEAR, np.arange(4000)) * 1e-32
    finally:
        module.WAVELENGTH_A, module.WIDTH_A = before
    total = np.trapezoid(flux * 2.99792458e18 / wavelength**2, wavelength)
    distance_cm = luminosity_distance_mpc(NEAR) * 3.0856775814913673e24
    assert total == pytest.approx(1e43 / (4 * np.pi * distance_cm**2), rel=1e-3)


def test_redshift_reddens_and_dims_as_photons_per_hertz():
    band = np.array([G, R])
    for z in (0.1, 0.5):
        # Equal (1 + z) / T at the same rest wavelength: a black body of T / (1 + z).
        flux = band_flux_njy(1e43, 9000.0, z, band)
        cooler = band_flux_njy(1e43, 9000.0 / (1 + z), NEAR, band)
        assert flux[0] / flux[1] == pytest.approx(cooler[0] / cooler[1], rel=3e-4)
    assert star_colours(5778.0)[0, G] == pytest.approx(0.45, abs=0.08)  # the Sun, g - r


def test_blanketing_takes_the_ultraviolet_only():
    for band, least in ((U, 0.2), (R, 0.0)):
        plain = band_flux_njy(1e43, 12000.0, 0.3, np.array([band]))
        dimmed = band_flux_njy(1e43, 12000.0, 0.3, np.array([band]), 3.0)
        assert magnitudes(dimmed / plain)[0] == pytest.approx(least, abs=0.6 if least else 1e-9)
        assert (dimmed < plain)[0] == bool(least)


def test_dust_reddens_by_the_standard_curve():
    # CCM for R_V = 3.1: A(V) = 3.1 E(B-V), A(B) one more.
    assert extinction_curve(5494.5) == pytest.approx(3.1, rel=5e-3)
    assert extinction_curve(4400.0) == pytest.approx(4.1, abs=0.06)
    assert (np.diff(EXTINCTION_PER_EBV) < 0).all()
    pole, plane = colour_excess(np.arange(0, 360.0), 89.0), colour_excess(np.arange(0, 360.0), 2.0)
    assert 0.01 < np.median(pole) < 0.03
    assert np.median(plane) > 0.3


def test_shares_of_an_ordinary_night_sum_to_one():
    assert sum(known.share for known in CLASSES.values()) == pytest.approx(1)
    assert all(known.share == 0 for known in CLASSES.values() if known.anomaly)


@pytest.mark.parametrize("survey", [ZTF, LSST], ids=["ztf", "lsst"])
@pytest.mark.parametrize("name", CLASSES)
def test_every_class_gives_finite_fluxes_and_complete_rows(name, survey):
    sources = draw(name, 40, survey=survey)
    for band in (U, G, Y):
        flux = sources.flux(visits_at(40, np.linspace(DATE - 400, DATE + 40, 97), band))
        assert flux.shape == (40, 97)
        assert np.isfinite(flux).all()
    assert sources.ref_mag.shape == (40, 6)
    for values in (sources.ref_sep_arcsec, sources.star_galaxy, sources.t0_mjd, sources.since_mjd):
        assert values.shape == (40,)
    assert ((sources.star_galaxy >= 0) & (sources.star_galaxy <= 1)).all()
    assert all(len(values) == 40 for values in sources.parameters.values())
    again = draw(name, 40, survey=survey)
    visits = visits_at(40, np.array([DATE + 0.3]), R)
    assert np.array_equal(sources.flux(visits), again.flux(visits))


@pytest.mark.parametrize("name", CLASSES)
def test_a_night_alone_is_the_night_among_others(name):
    sources = draw(name, 20)
    times = np.linspace(DATE - 30, DATE + 1, 63)
    many = sources.flux(visits_at(20, times, G))
    for i in (0, 31, 62):
        visits = visits_at(20, times, G).at(np.arange(20))
        one = type(visits)(**{k: v[:, i : i + 1] for k, v in vars(visits).items()})
        if (
            name == "bogus"
        ):  # shown at the visit nearest to its moment: which ones are there matters
            continue
        assert sources.flux(one)[:, 0] == pytest.approx(many[:, i], rel=1e-9, abs=1e-9)


# Periodic stars


@pytest.mark.parametrize(
    ("name", "lowest", "highest", "span", "harmonic"),
    [
        ("rr_lyrae", 1.0, 3.0, 60, 1),
        ("cepheid", 1 / 70, 1.0, 400, 1),
        ("eclipsing_binary", 1 / 25, 10.0, 60, 2),
        ("long_period_variable", 1 / 600, 1 / 90, 3000, 1),
    ],
)
def test_the_period_is_in_the_light_curve(name, lowest, highest, span, harmonic):
    rng = np.random.default_rng(2)
    times = np.sort(DATE - rng.uniform(0, span, 300))
    sources = draw(name, 12)
    flux = sources.flux(visits_at(12, times, G))
    frequencies = np.linspace(lowest, highest, 6000)  # per day
    found = []
    for one, period in zip(flux, sources.parameters["period_days"], strict=True):
        power = lombscargle(times, one - one.mean(), 2 * np.pi * frequencies)
        ratio = period * frequencies[power.argmax()]
        # The strongest wave may be the second harmonic of two like dips.
        found.append(min(abs(ratio / n - 1) for n in range(1, harmonic + 1)) < 0.01)
    assert np.mean(found) > 0.8


def test_rr_lyrae_brighten_faster_than_they_fade():
    offset = saw_tooth(np.linspace(0, 1, 2001))
    assert np.ptp(offset) == pytest.approx(1, rel=1e-3)
    # From the faintest point to the brightest, through the end of the cycle.
    rise = (offset.argmin() - offset.argmax()) % 2000 / 2000
    assert 0 < rise < 0.2
    sources = draw("rr_lyrae", 20)
    flux = sources.flux(visits_at(20, np.linspace(DATE - 1, DATE, 400), R))
    total = flux + 10 ** (0.4 * (31.4 - sources.ref_mag[:, R : R + 1]))
    swing = np.ptp(magnitudes(total), axis=1)
    assert swing == pytest.approx(0.72 * sources.parameters["amplitude_g_mag"], abs=0.01)


def test_eclipsing_binaries_dip_by_their_depth():
    sources = draw("eclipsing_binary", 30)
    flux = sources.flux(visits_at(30, np.linspace(DATE - 45, DATE, 9000), G))
    mean = 10 ** (0.4 * (31.4 - sources.ref_mag[:, G : G + 1]))
    swing = np.ptp(magnitudes(1 + flux / mean), axis=1)
    primary = sources.parameters["primary_mag"]
    assert (swing > 0.95 * primary).all()
    assert (swing < primary + 0.25).all()


def test_young_stars_redden_in_their_dips():
    sources = draw("young_star", 30)
    depth = {}
    for band in (G, R, I):
        flux = sources.flux(visits_at(30, np.linspace(DATE - 60, DATE, 3000), band))
        mean = 10 ** (0.4 * (31.4 - sources.ref_mag[:, band : band + 1]))
        depth[band] = magnitudes(1 + flux / mean).max(axis=1)
    assert (depth[G] > depth[R]).all()
    assert (depth[R] > depth[I]).all()
    assert (depth[G] < 2.2).all()


# Random walks


def test_random_walks_have_the_structure_function_of_damped_ones():
    n = 12_000
    lags = np.array([1.0, 10.0, 100.0, 3000.0])
    times = np.broadcast_to(np.concatenate([[0], lags]), (n, 5)) + DATE
    path = damped_random_walk(keyed(n), times, np.full(n, 100.0))
    rms = np.sqrt(np.mean((path[:, 1:] - path[:, :1]) ** 2, axis=0))
    assert rms == pytest.approx(np.sqrt(2 * (1 - np.exp(-lags / 100))), rel=0.03)
    assert path.std(axis=0) == pytest.approx(np.ones(5), rel=0.03)
    # Close to normal, although of few waves.
    assert np.mean(path[:, 0] ** 4) == pytest.approx(3, abs=0.15)


def test_bright_quasars_vary_less_and_blue_light_more():
    at_4000 = np.array([4000.0])
    assert structure_mag(at_4000, -23.0, 9.0) == pytest.approx(10**-0.51)
    assert structure_mag(at_4000, -26.0, 9.0) < structure_mag(at_4000, -23.0, 9.0)
    assert structure_mag(np.array([2000.0]), -23.0, 9.0) > structure_mag(at_4000, -23.0, 9.0)
    assert decay_days(at_4000, -23.0, 9.0) == pytest.approx(10**2.4)


def test_blazar_flares_rise_faster_than_they_fall_and_keep_their_colour():
    n, times = 200, np.linspace(DATE, DATE + 200, 4001)
    flares = blazar.flare_mag(
        keyed(n),
        np.broadcast_to(times, (n, 4001)),
        np.full(n, 200.0),
        np.full(n, 3.0),
        np.full(n, 2.0),
    )
    assert (flares > 0).all()
    assert (flares.max(axis=1) > 0.39).mean() > 0.7
    peak = flares.argmax(axis=1)
    inside = (peak > 400) & (peak < 3400)
    rows = np.flatnonzero(inside)
    rise = flares[rows, peak[rows] - 200] / flares[rows, peak[rows]]
    fall = flares[rows, peak[rows] + 200] / flares[rows, peak[rows]]
    assert np.median(rise) < np.median(fall)
    sources = draw("blazar", 10)
    ratio = [sources.flux(visits_at(10, times, band)) for band in (G, I)]
    ref = [10 ** (-0.4 * sources.ref_mag[:, band : band + 1]) for band in (G, I)]
    assert ratio[0] / ref[0] == pytest.approx(ratio[1] / ref[1], rel=1e-9)


# Outbursts of stars


def test_flares_follow_the_published_template():
    curve = m_dwarf_flare.light_curve
    # Davenport et al. 2014, eqs. 1 and 4, worked by hand.
    by_hand = [0.0, 1 - 0.9705 - 0.04375 + 0.28075 - 0.0703125, 0.992, 0.3685]
    assert curve(np.array([-1.5, -0.5, 0.0, 1.0])) == pytest.approx(by_hand, abs=5e-4)
    grid = np.linspace(-1, 3, 40_001)
    above = grid[curve(grid) > 0.5]
    # The unit of time is the width at half maximum, which the fit meets to a tenth.
    assert np.ptp(above) == pytest.approx(1, abs=0.1)
    sources = draw("m_dwarf_flare", 50)
    peak = visits_at(50, sources.t0_mjd[:1], G)
    blue = sources.flux(peak)[0, 0] / sources.flux(visits_at(50, sources.t0_mjd[:1], R))[0, 0]
    assert blue == pytest.approx(10 ** (-0.4 * star_colours(10000.0)[0, G]), rel=1e-6)


def test_dwarf_novae_rise_in_a_day_and_return():
    days = np.linspace(-1, 30, 3101)
    curve = dwarf_nova.outburst(days, 3.0, 4.0)
    assert curve.max() == pytest.approx(3)
    assert curve[days <= 0].max() == 0
    assert curve[np.abs(days - 1.0).argmin()] == pytest.approx(3, abs=0.02)
    assert curve[np.abs(days - 7.0).argmin()] == pytest.approx(2.0, abs=0.02)
    sources = draw("dwarf_nova", 40)
    flux = sources.flux(visits_at(40, np.linspace(DATE - 2000, DATE, 4000), G))
    assert (flux >= 0).all()
    starts = ((flux[:, 1:] > 0) & (flux[:, :-1] == 0)).sum(axis=1)
    assert starts == pytest.approx(2000 / sources.parameters["cycle_days"], rel=0.4, abs=3)


def test_microlensing_follows_paczynski():
    times = np.linspace(-3, 3, 601)
    curve = microlensing.magnification(times, 0.1)
    assert curve.max() == pytest.approx((0.01 + 2) / (0.1 * np.sqrt(4.01)))
    assert curve == pytest.approx(curve[::-1])
    assert microlensing.magnification(np.array([0.0]), 1.0)[0] == pytest.approx(3 / np.sqrt(5))
    sources = draw("microlensing", 20)
    span = np.linspace(DATE - 300, DATE + 300, 1201)
    gains = []
    for band in (G, I):
        flux = sources.flux(visits_at(20, span, band))
        assert (flux > 0).all()
        assert flux == pytest.approx(flux[:, ::-1], rel=1e-6)
        gains.append(flux / 10 ** (-0.4 * sources.ref_mag[:, band : band + 1]))
    assert gains[0] == pytest.approx(gains[1], rel=1e-9)


def test_r_crb_fade_below_the_reference_by_their_depth():
    sources = draw("r_crb", 30)
    times = np.linspace(DATE - 10, DATE + 130, 1401)
    fading = {}
    for band in (G, R):
        flux = sources.flux(visits_at(30, times, band))
        reference = 10 ** (0.4 * (31.4 - sources.ref_mag[:, band : band + 1]))
        assert (flux <= 0).all()
        fading[band] = magnitudes(1 + flux / reference)
    assert fading[G].max(axis=1) == pytest.approx(sources.parameters["depth_mag_g"], rel=0.01)
    assert (fading[R].max(axis=1) < fading[G].max(axis=1)).all()
    # The way back is slower than the way down.
    assert (fading[G].argmax(axis=1) < 350).all()
    assert (fading[G][:, -1] < 0.35 * fading[G].max(axis=1)).all()


# Explosions


def test_a_type_ia_supernova_declines_faster_in_g_and_has_a_second_maximum_in_i():
    days = np.linspace(-18, 60, 7801)
    curves = {
        band: rest_frame(
            supernova_ia.evolution,
            days,
            band,
            supernova_ia.BLANKETING,
            supernova_ia.second_maximum,
        )
        for band in (G, R, I)
    }
    decline = {}
    for band, curve in curves.items():
        # Of the first maximum: within a week of that of the luminosity.
        first = np.flatnonzero(np.abs(days) < 7)
        peak = first[curve[first].argmin()]
        decline[band] = curve[np.searchsorted(days, days[peak] + 15)] - curve[peak]
        assert abs(days[peak]) < 5
    assert curves[G].min() == pytest.approx(-19.3, abs=0.15)
    assert 0.75 < decline[G] < 1.15
    assert 0.35 < decline[R] < 0.85
    i = curves[I]
    turns = np.flatnonzero(np.diff(np.sign(np.diff(i)))) + 1
    maxima = [days[k] for k in turns if i[k] < i[k - 1] and i[k] < i[k + 1]]
    assert len(maxima) == 2
    assert 18 < maxima[1] - maxima[0] < 32
    g = curves[G]
    turns = np.flatnonzero(np.diff(np.sign(np.diff(g))))
    assert len(turns) == 1


def test_slower_type_ia_supernovae_are_brighter():
    sources = draw("supernova_ia", 4000)
    flux = sources.flux(visits_at(4000, np.array([DATE]), G))[:, 0]
    z, dimming = sources.parameters["redshift"], sources.parameters["dimming_mag"]
    absolute = magnitudes(flux) + 31.4 - distance_modulus(z) - dimming
    near = z < 0.06
    slope = np.polyfit(sources.parameters["stretch"][near], absolute[near], 1)[0]
    assert slope == pytest.approx(-1.4, abs=0.2)


def test_a_type_ii_supernova_has_a_plateau_and_a_drop():
    days = np.array([20.0, 80.0, 115.0, 150.0, 200.0, -1.0])
    g, r = (rest_frame(supernova_ii.evolution, days, band) for band in (G, R))
    assert r[1] - r[0] < 0.8
    assert r[2] - r[1] > 1.5
    assert g[1] - g[0] > r[1] - r[0] + 0.3  # it reddens
    assert (r[4] - r[3]) / 50 == pytest.approx(0.0098, abs=1e-3)
    assert np.isinf(r[5])
    assert -18 < r[0] < -16


def test_a_kilonova_fades_and_reddens_within_days():
    days = np.array([0.5, 1.5, 3.5, 4.5])
    g, i = (rest_frame(kilonova.evolution, days, band) for band in (G, I))
    assert -16.5 < g[0] < -15
    assert (g[1] - g[0]) > 0.8
    # AT 2017gfo: more than a magnitude a day in g at first, and g - i from 0 to beyond 1.
    assert np.diff(g - i).min() > 0
    assert (g - i)[0] < 0.3
    assert (g - i)[-1] > 1.5
    assert np.isinf(rest_frame(kilonova.evolution, np.array([-0.1]), G)[0])


def test_double_peaked_supernovae_have_two_peaks():
    sources = draw("double_peaked_supernova", 20)
    times = np.linspace(DATE - 20, DATE + 10, 600)
    flux = sources.flux(visits_at(20, times, G))
    lead = sources.parameters["lead_days"] * (1 + sources.parameters["redshift"])
    valleys = []
    for one, days in zip(flux, lead, strict=True):
        middle = DATE - days / 2
        trough = one[(times > DATE - days + 2) & (times < DATE)].min()
        valleys.append(trough < 0.9 * min(one[times < middle].max(), one[times >= middle].max()))
    assert np.mean(valleys) > 0.85


def test_slow_risers_only_brighten_at_one_colour():
    sources = draw("slow_riser", 20)
    times = np.linspace(DATE - 50, DATE, 50)
    flux = sources.flux(visits_at(20, times, R))
    assert (np.diff(flux, axis=1) > 0).all()
    assert (np.ptp(magnitudes(flux), axis=1) < 1.1).all()
    blue = sources.flux(visits_at(20, times, G)) / flux
    assert blue == pytest.approx(blue[0, 0], rel=1e-9)
    assert blue[0, 0] > 1
    assert np.isinf(sources.ref_mag).all()


def test_tidal_disruptions_stay_blue_and_central():
    sources = draw("tidal_disruption_event", 50)
    late = visits_at(50, np.array([DATE, DATE + 60.0]), G)
    red = visits_at(50, np.array([DATE, DATE + 60.0]), R)
    colour = magnitudes(sources.flux(late) / sources.flux(red))
    assert colour[:, 0] == pytest.approx(colour[:, 1])
    assert np.median(colour) < 0.0
    assert np.median(sources.ref_sep_arcsec) < 0.2


def test_superluminous_supernovae_are_slow_and_luminous():
    sources = draw("superluminous_supernova", 200)
    days = np.linspace(-150, 250, 801)
    flux = sources.flux(visits_at(200, DATE + days, G))
    absolute = (
        magnitudes(flux.max(axis=1)) + 31.4 - distance_modulus(sources.parameters["redshift"])
    )
    assert -22.5 < np.median(absolute) < -20
    half = np.array([np.ptp(days[one > one.max() / 2]) for one in flux])
    assert np.median(half / (1 + sources.parameters["redshift"])) > 35


def test_afterglows_keep_their_colour_and_follow_power_laws():
    sources = draw("afterglow", 20)
    times = DATE + np.geomspace(0.01, 20, 50)
    g, r = (sources.flux(visits_at(20, times, band)) for band in (G, R))
    # p = 2.2 between the breaks: F ~ nu^-0.6.
    assert magnitudes(g / r) == pytest.approx(1.5 * np.log10(6173 / 4742), abs=1e-9)
    t = np.array([1e-2, 1.1e-2, 100.0, 110.0])
    on_axis = np.log(afterglow.light_curve(t, 1.0, 0.0))
    slopes = np.diff(on_axis)[[0, 2]] / np.log(1.1)
    assert slopes == pytest.approx([-0.9, -2.2], abs=0.02)
    beside = afterglow.light_curve(np.geomspace(0.01, 100, 500), 1.0, 1.8)
    peak = np.geomspace(0.01, 100, 500)[beside.argmax()]
    assert 1 < peak < 1.8 ** (8 / 3) * 1.5
    assert (beside <= afterglow.light_curve(np.geomspace(0.01, 100, 500), 1.0, 0.0) + 1e-12).all()


@pytest.mark.parametrize("width", [(3.0, 12.0), (5.0, 60.0)])
def test_the_rise_and_fall_peaks_at_zero(width):
    days = np.linspace(-30, 30, 6001)
    curve = bazin(days, *width)
    assert curve.max() == pytest.approx(1)
    assert abs(days[curve.argmax()]) < 0.02
    assert bazin(np.array([-4000.0]), *width)[0] < 1e-100


# The solar system, and what is nowhere


def test_the_phase_curve_has_its_slope_and_its_surge():
    dim = asteroid.phase_dimming
    assert dim(0.0, 0.15) == pytest.approx(0, abs=1e-9)
    # G = 0.15: 0.031 mag/deg between 10 and 20 degrees, steeper below 2 (Bowell et al. 1989).
    linear = (dim(20.0, 0.15) - dim(10.0, 0.15)) / 10
    assert 0.028 < linear < 0.042
    assert dim(1.0, 0.15) > 3 * linear
    assert dim(20.0, 0.4) < dim(20.0, 0.0)


def test_asteroids_move_obey_geometry_and_stay_near_the_ecliptic():
    bodies = keyed(3000)
    ra, dec, phase, helio, topo = asteroid.geometry(bodies, np.full(3000, DATE))
    later, later_dec, *_ = asteroid.geometry(bodies, np.full(3000, DATE + 1))
    motion = np.hypot((later - ra + 180) % 360 - 180, later_dec - dec) * 3600
    assert np.quantile(motion, 0.02) > 20  # arcseconds in a day; some are at a turning point
    assert np.median(motion) < 2000
    assert (np.abs(dec) < 60).all()
    assert (topo >= helio - 1.001).all()
    assert (topo <= helio + 1.001).all()
    assert phase.max() < 30  # seen from 1 au, for orbits beyond 2.1
    opposite = topo < helio - 0.95
    assert phase[opposite].max() < 15


def test_a_body_keeps_its_name_and_brightness_from_night_to_night():
    known, draws = CLASSES["asteroid"], keyed(50)
    one, other = (known.draw(draws, ZTF, np.full(50, DATE + n + 0.25)) for n in (0, 3))
    assert np.array_equal(one.bodies.designation, other.bodies.designation)
    assert np.array_equal(one.parameters["absolute_mag_v"], other.parameters["absolute_mag_v"])
    assert np.abs(one.bodies.predicted_mag - other.bodies.predicted_mag).max() < 0.3


def test_bogus_come_once_and_bad_subtractions_return():
    times = np.concatenate([DATE + n + np.array([0.15, 0.25, 0.45]) for n in range(-30, 1)])
    bogus = draw("bogus", 400)
    assert ((bogus.flux(visits_at(400, times, G)) != 0).sum(axis=1) == 1).all()
    assert set(bogus.artefact.tolist()) == {b"cosmic_ray", b"ghost", b"edge"}
    bad = draw("bad_subtraction", 400)
    flux = bad.flux(visits_at(400, times, G))
    assert (flux != 0).sum(axis=1).mean() > 5
    assert 0.4 < (flux < 0).sum() / (flux != 0).sum() < 0.6
    assert set(bad.artefact.tolist()) == {b"dipole", b"saturated"}
