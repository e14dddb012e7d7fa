"""`fink-ad ui`: the review page in the browser."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from fink_ad.cli.app import err, out, state_of
from fink_ad.errors import ConfigError

__all__ = ["ui"]


def ui(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65_535, help="Port. Default: setting `ui.port`, 8501."),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(help="Address to listen on. Default: setting `ui.address`, this machine."),
    ] = None,
    learner: Annotated[
        bool, typer.Option(help="Start the learner too, unless one runs already.")
    ] = True,
) -> None:
    """Open the review page: one candidate at a time, one key per answer.

    Runs until Ctrl-C. The learner runs beside it, so that the ranking follows the answers.
    Other machines may reach the page only where people have to sign in; see docs/review-page.md.
    """
    from fink_ad.learn import learner_beside

    state = state_of(context)
    settings = state.settings
    if importlib.util.find_spec("streamlit") is None:
        raise ConfigError("the review page needs streamlit: pip install 'fink-ad[ui]'")
    state.open_store().close()  # a home that cannot be opened is told here, not in the browser
    address, port = address or settings.ui.address, port or settings.ui.port
    words = [sys.executable, "-m", "streamlit", "run", str(_script())]
    for option, value in (
        ("server.address", address),
        ("server.port", str(port)),
        ("server.headless", "true"),
        ("server.fileWatcherType", "none"),
        ("browser.gatherUsageStats", "false"),
        ("client.toolbarMode", "minimal"),
        ("client.showErrorDetails", "none"),
    ):
        words += [f"--{option}", value]
    words += ["--", "--home", str(settings.home.absolute())]
    if state.config_file is not None:
        words += ["--config", str(state.config_file.absolute())]
    out.print(f"review page: http://{address}:{port}  (Ctrl-C ends it)", highlight=False)
    with learner_beside(settings) if learner else nullcontext():
        code = _run(words)
    raise typer.Exit(code)


def _script() -> Path:
    import fink_ad.ui

    return Path(fink_ad.ui.__file__).with_name("app.py")


def _run(words: list[str]) -> int:
    """Run the page until it ends or we are told to end; then it ends, too."""
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL)  # noqa: S603  # our own words
    before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        code = child.wait()
    finally:  # Ctrl-C leaves from here, too
        signal.signal(signal.SIGTERM, before)
        child.terminate()
        child.wait()
    if code > 0:
        err.print(f"the review page ended with code {code}", highlight=False)
    return 1 if code > 0 else 0
