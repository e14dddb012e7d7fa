"""The application object and what all commands share: settings, consoles."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

import fink_ad
from fink_ad.config import LoadedSettings, Settings, load_settings

if TYPE_CHECKING:
    from fink_ad.store import Store

__all__ = ["State", "app", "err", "out", "print_json", "printable", "shown", "state_of"]

app = typer.Typer(
    name="fink-ad",
    help=(
        "Find what nobody has seen yet in streams of astronomical alerts.\n\n"
        "Alerts are read, described by features, ranked by an isolation forest, and the "
        "strangest are stored as candidates. Start with `fink-ad demo`, or with "
        "`fink-ad run --source files PATH...` on your own packets.\n\n"
        "Exit codes: 0 done, 1 the work failed, 2 bad usage, 130 stopped by Ctrl-C."
    ),
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

out = Console()
err = Console(stderr=True)


@dataclass(frozen=True)
class State:
    """What the options before the command said."""

    config_file: Path | None
    overrides: dict[str, Any]

    @cached_property
    def loaded(self) -> LoadedSettings:
        """Settings in force, with their origin."""
        from fink_ad.telemetry import configure_logging

        loaded = load_settings(self.config_file, self.overrides)
        configure_logging(loaded.settings.log_level, loaded.settings.log_format)
        return loaded

    @property
    def settings(self) -> Settings:
        """Settings in force."""
        return self.loaded.settings

    def open_store(self) -> Store:
        """Open the store of the home folder, bringing its database up to date."""
        from fink_ad.store import Store

        return Store.open(self.settings.home, self.settings.database_url or None)


def printable(text: str) -> str:
    """Make a stranger's text safe for a terminal: what does not print becomes ``\ufffd``."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def shown(text: str) -> str:
    """Make a stranger's text safe for a rich console: neither control codes nor markup."""
    return escape(printable(text))


def print_json(form: object) -> None:
    """Print JSON for a script: no colours, whatever the terminal or the environment says."""
    typer.echo(json.dumps(form, indent=2))


def state_of(context: typer.Context) -> State:
    """Return the state that the application callback made."""
    state = context.find_root().obj
    if not isinstance(state, State):  # a programming mistake, not a user's
        raise TypeError("the application callback did not run")
    return state


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"fink-ad {fink_ad.__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _callback(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            help="Folder of all state: database, history, models. "
            "Default: `fink_ad` in your data folder.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Settings file. Default: `fink-ad.toml` here, else in the home folder.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    context.obj = State(config, {"home": home})
