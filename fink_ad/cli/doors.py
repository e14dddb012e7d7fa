"""`fink-ad doors`: what goes out by Kafka, e-mail, webhooks and files; no chat is needed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fink_ad.cli.app import out, print_json, shown, state_of
from fink_ad.errors import ConfigError, ReviewError

if TYPE_CHECKING:
    from fink_ad.config import Settings
    from fink_ad.store import ReviewerRecord, Store

__all__ = ["doors_app"]

doors_app = typer.Typer(
    help="Other ways out than the chat: Kafka, e-mail, webhooks, files; set in `[bot.doors]`.",
    no_args_is_help=True,
)

_EXAMPLE = (
    "fink-ad doors subscribe {name} ztf transient rarity=5000 limit=10 digest=08:00"
    " quiet=23:00-07:00 zone=Europe/Paris 'where=abs(b_deg) > 30'"
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Door, as `[bot.doors]` calls it.")]


@doors_app.command(name="list")
def list_(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the doors, what is sent there, and what waits or failed."""
    state = state_of(context)
    with state.open_store() as store:
        rows = [_row(store, state.settings, name) for name in sorted(state.settings.bot.doors)]
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print("No doors. Name one in the settings, under \\[bot.doors].", highlight=False)
        return
    table = Table("door", "by", "sent", "waiting", "", box=None, pad_edge=False)
    for row in rows:
        wishes = "; ".join(row["wishes"]) or "nothing is asked for"
        cells = (row["name"], row["kind"], str(row["sent"]), str(row["waiting"]), wishes)
        table.add_row(*(shown(cell) for cell in cells))
        if row["problem"]:
            table.add_row("", "", "", "", shown(row["problem"]), style="yellow")
    out.print(table)


@doors_app.command()
def subscribe(
    context: typer.Context,
    name: Name,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORDS]...",
            help="What is wanted, as in `/subscribe` of the bot: "
            "`ztf transient rarity=5000 limit=20 'where=abs(b_deg) > 30'`.",
            show_default=False,
        ),
    ] = None,
    reviewer: Annotated[
        str | None,
        typer.Option(help="Operator who asks. Default: the only one.", show_default=False),
    ] = None,
) -> None:
    """Send candidates through a door from now on; the same list again replaces the wish."""
    from fink_ad.review.conditions import check_condition
    from fink_ad.review.desk import Desk
    from fink_ad.review.lists import review_lists
    from fink_ad.review.subscriptions import in_words, read_subscription

    settings = state_of(context).settings
    target = _target(settings, name)
    if words == ["off"]:
        raise ReviewError(f"to end what is sent: fink-ad doors unsubscribe {name}")
    with Desk(settings) as desk:
        store = desk.store
        who = _operator(store, reviewer)
        lists = review_lists(store) or (("ztf", "transient"),)
        example = _EXAMPLE.format(name=name)
        text = shlex.join(words or [])
        wish = read_subscription(text, target, who.id, *lists[0], example=example)
        if wish.target != target:
            raise ReviewError("at= means nothing here: the door is named already")
        if wish.model != "shared" and not who.personal:
            raise ReviewError(f"{who.name!r} has no model of their own; leave out model=mine")
        check_condition(desk, wish)
        stored = store.add_subscription(wish)
    out.print(f"{shown(name)}: {shown(in_words(stored))}", highlight=False)


@doors_app.command()
def unsubscribe(context: typer.Context, name: Name) -> None:
    """Send nothing more through a door, also if it is not in the settings any more."""
    target = f"door:{name}"
    with state_of(context).open_store() as store:
        wishes = store.subscriptions(target)
        if not wishes:
            raise ReviewError(f"nothing is sent through {name!r}; see fink-ad doors list")
        for one in wishes:
            store.end_subscription(one.id, target)
    out.print(f"{shown(name)}: nothing is sent any more", highlight=False)


@doors_app.command()
def send(context: typer.Context) -> None:
    """Send what is due through all doors once and end, as for a line of cron.

    `fink-ad scheduler` and `fink-ad bot` do so all the time.
    """
    from fink_ad.review.desk import Desk
    from fink_ad.review.doors import send_doors
    from fink_ad.review.outbox import Outbox

    settings = state_of(context).settings
    with Desk(settings) as desk:
        n = send_doors(Outbox(desk), settings)
    out.print(f"{n} sent", highlight=False)


@doors_app.command(name="try")
def try_(context: typer.Context, name: Name) -> None:
    """Send a word of trial through a door, and say what became of it."""
    from fink_ad.review.doors import try_door

    settings = state_of(context).settings
    _target(settings, name)
    message_id = try_door(settings, name)
    out.print(f"{shown(name)}: accepted as {shown(message_id)}", highlight=False)


def _row(store: Store, settings: Settings, name: str) -> dict[str, Any]:
    from fink_ad.review.askers import why_lapsed
    from fink_ad.review.doors import kind_of
    from fink_ad.review.subscriptions import in_words

    target = f"door:{name}"
    waiting = store.notifications("queued", target, limit=None)
    wishes = store.subscriptions(target)
    lapsed = [why_lapsed(store, settings, target, one.reviewer_id) for one in wishes]
    problems = [f"not sent: {why}" for why in lapsed if why]
    problems += [one.detail for one in waiting if one.detail]
    return {
        "name": name,
        "kind": kind_of(settings, name),
        "wishes": [in_words(one) for one in wishes],
        "sent": len(store.notifications("sent", target, limit=None)),
        "waiting": len(waiting),
        "problem": next(iter(problems), ""),
    }


def _target(settings: Settings, name: str) -> str:
    from fink_ad.config import nearest

    if name not in settings.bot.doors:
        known = sorted(settings.bot.doors)
        raise ConfigError(
            f"there is no door {name!r} in the settings{nearest(name, known)}; [bot.doors] has them"
        )
    return f"door:{name}"


def _operator(store: Store, name: str | None) -> ReviewerRecord:
    if name is not None:
        found = store.find_reviewer(name)
        if found.role != "operator" or not found.active:
            raise ReviewError(f"{name!r} is no operator; fink-ad reviewers change --role operator")
        return found
    operators = [one for one in store.reviewers() if one.active and one.role == "operator"]
    if len(operators) != 1:
        raise ReviewError(
            f"there are {len(operators)} operators: say who asks, with --reviewer NAME; "
            "fink-ad reviewers add NAME --role operator adds one"
        )
    return operators[0]
