"""`fink-ad review`: look at candidates and answer, in a terminal."""

from __future__ import annotations

import getpass
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from fink_ad.cli.app import out, shown, state_of
from fink_ad.cli.review_session import Session
from fink_ad.errors import ConfigError, ReviewError, StoreError

if TYPE_CHECKING:
    import subprocess

    from fink_ad.review.desk import Desk
    from fink_ad.store import ReviewerRecord, Store

__all__ = ["review"]

_FIRST_ORDER_S = 120.0


def review(
    context: typer.Context,
    reviewer: Annotated[
        str | None,
        typer.Option(help="Who you are. Default: your login name.", show_default=False),
    ] = None,
    survey: Annotated[
        str | None, typer.Option(help="Survey: ztf, lsst. Default: what there is most of.")
    ] = None,
    population: Annotated[
        str | None, typer.Option(help="transient or solar_system. Default: transient.")
    ] = None,
    learner: Annotated[
        bool, typer.Option(help="Start a learner beside, unless one is at work already.")
    ] = True,
) -> None:
    """Look at candidates one by one and answer: anomaly, ordinary, bogus or unsure.

    Each answer changes the ranking within seconds. In a terminal one key is an answer; with
    standard input from a file or pipe one line is: a key or its word, as y or anomaly.
    """
    from fink_ad.learn import learner_beside
    from fink_ad.review.desk import Desk

    settings = state_of(context).settings
    with Desk(settings) as desk:
        who = _reviewer(desk.store, reviewer)
        key = _list(desk.store, survey, population)
        stuck = _problem(desk, who, key)
        if stuck:
            out.print(f"The ranking stays as it is: {shown(stuck)}", highlight=False)
        with learner_beside(settings) if learner else nullcontext() as child:
            _wait_for_order(desk, who, key, child, patient=learner and not stuck)
            Session(desk, who, *key, stuck=stuck).run()


def _reviewer(store: Store, name: str | None) -> ReviewerRecord:
    """Return who reviews; the first of all is made on the way."""
    from fink_ad.cli.reviewers import checked_name

    reviewers = [one for one in store.reviewers() if one.active]
    if not store.reviewers():
        made = store.add_reviewer(checked_name(name or _login()))
        out.print(f"You are the first reviewer: {shown(made.name)}.", highlight=False)
        return made
    if name is not None:
        found = store.find_reviewer(name)
        if not found.active:
            raise ReviewError(
                f"{name!r} may answer no longer; fink-ad reviewers add lets them again"
            )
        return found
    by_name = {one.name: one for one in reviewers}
    if _login() in by_name:
        return by_name[_login()]
    if len(reviewers) == 1:
        out.print(f"Reviewing as {shown(reviewers[0].name)}.", highlight=False)
        return reviewers[0]
    known = ", ".join(by_name) or "nobody"
    raise ConfigError(f"who are you? Say --reviewer NAME; there is {known}")


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such thing where users have no names
        return "reviewer"


def _list(store: Store, survey: str | None, population: str | None) -> tuple[str, str]:
    from fink_ad.alerts import POPULATIONS, SURVEYS
    from fink_ad.review import review_lists

    for what, word, known in (
        ("survey", survey, SURVEYS),
        ("population", population, POPULATIONS),
    ):
        if word is not None and word not in known:
            raise ConfigError(f"no {what} {word!r}; there are {', '.join(known)}")
    for key in review_lists(store):
        if survey in (None, key[0]) and population in (None, key[1]):
            return key
    wanted = " ".join(word for word in (survey, population) if word) or "these"
    raise ReviewError(
        f"there is no model of {wanted} alerts yet; fink-ad run --source files PATH... makes one"
    )


def _problem(desk: Desk, who: ReviewerRecord, key: tuple[str, str]) -> str:
    """Say why no learner can make a new ranking, if the settings tell; else nothing."""
    from fink_ad.learn.conditions import condition_problem
    from fink_ad.learn.whose import Whose

    active = desk.store.active_model(*key)
    model = None if active is None else desk.model(active.revision.id)
    if model is None:
        return ""
    whose = Whose(*key, who.id if who.personal else None)
    return condition_problem(desk.store, desk.settings, whose, model.schema)


def _wait_for_order(
    desk: Desk,
    who: ReviewerRecord,
    key: tuple[str, str],
    child: subprocess.Popen[bytes] | None,
    patient: bool,
) -> None:
    """Wait until there is a first ranking, which a learner makes."""
    from fink_ad.learn.launch import LOG_NAME
    from fink_ad.review import ranking_state

    last = time.monotonic() + (_FIRST_ORDER_S if patient else 0.0)
    told = False
    while ranking_state(desk.store, who, *key).order_id is None:
        log = desk.settings.home / LOG_NAME
        if child is not None and child.poll() is not None:
            raise StoreError(f"the learner ended without a ranking; see {log}")
        if time.monotonic() > last:
            raise StoreError(f"no ranking of {' '.join(key)} alerts yet; fink-ad learn makes one")
        if not told:
            out.print("Ranking the kept alerts...", highlight=False)
            told = True
        time.sleep(0.1)
