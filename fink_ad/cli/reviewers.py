"""`fink-ad reviewers`: who may answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from fink_ad.cli.app import out, print_json, shown, state_of
from fink_ad.errors import ConfigError, ReviewError

if TYPE_CHECKING:
    from fink_ad.store import ReviewerRecord

__all__ = ["checked_name", "reviewers_app"]

reviewers_app = typer.Typer(help="People who may answer about candidates.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the person; unique.")]
RoleOption = Annotated[
    Literal["reviewer", "operator"] | None,
    typer.Option(help="An operator also runs the place. New people: reviewer.", show_default=False),
]
Personal = Annotated[
    bool | None,
    typer.Option(
        "--personal/--shared",
        help="Learn a ranking of their own from them, or only the shared one. New people: shared.",
        show_default=False,
    ),
]


@reviewers_app.command()
def add(
    context: typer.Context, name: Name, role: RoleOption = None, personal: Personal = None
) -> None:
    """Let a person answer; one who was removed may answer again."""
    with state_of(context).open_store() as store:
        _say(store.add_reviewer(checked_name(name), role, personal))


@reviewers_app.command()
def change(
    context: typer.Context, name: Name, role: RoleOption = None, personal: Personal = None
) -> None:
    """Give a person another role, or a ranking of their own; what is not named stays."""
    if role is None and personal is None:
        raise ConfigError("nothing to change: name --role, --personal or --shared")
    with state_of(context).open_store() as store:
        _say(store.change_reviewer(name, role=role, personal=personal))


@reviewers_app.command()
def remove(context: typer.Context, name: Name) -> None:
    """Let a person answer no longer; the answers given stay, and go on teaching."""
    from fink_ad.store import standing_labels

    with state_of(context).open_store() as store:
        store.retire_reviewer(name)
        everybody = store.reviewers()
        given = store.labels(reviewer_id=store.find_reviewer(name).id)
    count = len(standing_labels(given))
    kept = f"; what they answered stays ({count:,}), and goes on teaching" if count else ""
    out.print(f"{shown(name)} may answer no longer{kept}", highlight=False)
    if not any(one.active and one.role == "operator" for one in everybody):
        out.print("No operator is left: fink-ad reviewers change NAME --role operator")


@reviewers_app.command(name="list")
def list_(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List everybody, with the number of answers that stand."""
    from fink_ad.store import standing_labels

    with state_of(context).open_store() as store:
        reviewers = store.reviewers()
        events = store.labels()
        chats = Counter(one.reviewer_id for one in store.chat_accounts())
    counts = Counter(one.reviewer_id for one in standing_labels(events))
    if as_json:
        print_json(
            [
                asdict(one)
                | {
                    "created_at": one.created_at.isoformat(),
                    "answers": counts[one.id],
                    "chats": chats[one.id],
                }
                for one in reviewers
            ]
        )
        return
    if not reviewers:
        out.print("Nobody yet. [bold]fink-ad reviewers add NAME[/bold] adds somebody.")
        return
    table = Table("name", "role", "ranking", box=None, pad_edge=False)
    table.add_column("answers", justify="right")
    table.add_column("chat")
    table.add_column("since", no_wrap=True)
    for one in reviewers:
        table.add_row(
            shown(one.name),
            one.role if one.active else "removed",
            "their own" if one.personal else "shared",
            f"{counts[one.id]:,}",
            "linked" if chats[one.id] else "",
            f"{one.created_at:%Y-%m-%d}",
        )
    out.print(table)


@reviewers_app.command()
def link(context: typer.Context, name: Name) -> None:
    """Print a code that links the person's chat, once, within ten minutes."""
    from fink_ad.review.accounts import new_link_code

    with state_of(context).open_store() as store:
        code = new_link_code(store, store.find_reviewer(name))
    out.print(f"/link {code.code}", highlight=False)
    out.print(
        f"To be sent to the bot in private before {code.expires_at:%H:%M} UTC; it serves once.",
        highlight=False,
    )


def checked_name(name: str) -> str:
    """Return the name of a new person as it is stored.

    Raises
    ------
    ConfigError
        If it is none, see `fink_ad.review.people.checked_name`.
    """
    from fink_ad.review import people

    try:
        return people.checked_name(name)
    except ReviewError as error:
        raise ConfigError(str(error)) from error


def _say(one: ReviewerRecord) -> None:
    ranking = "a ranking of their own" if one.personal else "the shared ranking"
    gone = "" if one.active else "; removed, so they may not answer: fink-ad reviewers add"
    out.print(f"{shown(one.name)}: {one.role}, {ranking}{gone}", highlight=False, soft_wrap=True)
