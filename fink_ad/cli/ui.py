"""`fink-ad ui`: the review page in the browser."""

from __future__ import annotations

import errno
import importlib.util
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from fink_ad.cli.app import err, out, state_of
from fink_ad.errors import ConfigError, FinkAdError

if TYPE_CHECKING:
    from fink_ad.config import Settings

__all__ = ["ui"]

_CODE = (
    "from fink_ad.cli.attached import end_with_input; end_with_input(); "
    "import runpy; runpy.run_module('streamlit', run_name='__main__', alter_sys=True)"
)
_END_S = 10.0  # for which the page may say goodbye to its readers


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
    Other machines may reach the page only where people have to sign in, as `secrets.toml` in
    the home folder says; see docs/review-page.md.
    """
    from fink_ad.learn import learner_beside
    from fink_ad.review.offering import offering_providers

    state = state_of(context)
    settings = state.settings
    if importlib.util.find_spec("streamlit") is None:
        raise ConfigError("the review page needs streamlit: pip install 'fink-ad[ui]'")
    # What every page would fail of is told here instead of in the browser.
    state.open_store().close()
    offering_providers(settings)
    address, port = address or settings.ui.address, port or settings.ui.port
    entrance = _entrance(settings, address, port)
    _check_free(address, port)
    words = [sys.executable, "-P", "-c", _CODE, "run", str(_script())]
    for option, value in _options(settings, address, port, entrance):
        words += [f"--{option}", value]
    words += ["--", "--home", str(settings.home.absolute())]
    if state.config_file is not None:
        words += ["--config", str(state.config_file.absolute())]
    if entrance:
        words.append("--sign-in")
    seen = entrance or f"http://{_host(address)}:{port}"
    out.print(f"review page: {seen}  (Ctrl-C ends it)", highlight=False, soft_wrap=True)
    with learner_beside(settings) if learner else nullcontext():
        code = _run(words)
    raise typer.Exit(code)


def _entrance(settings: Settings, address: str, port: int) -> str:
    """Return the address at which people sign in; empty where whoever is here need not."""
    from fink_ad.ui.addresses import is_local
    from fink_ad.ui.sign_in import FILE_NAME, read_sign_in

    path = settings.home.absolute() / FILE_NAME
    entrance = read_sign_in(path, port)
    if entrance is not None:
        return entrance
    how = f"say how in [auth] of {path} (docs/review-page.md)"
    if settings.ui.people:
        raise ConfigError(f"ui.people names who signs in, but nobody can: {how}")
    if not (is_local(address) or settings.ui.trust_network):
        raise ConfigError(
            f"on {address} others reach the page, so people have to sign in: {how}, listen on "
            "127.0.0.1, or set ui.trust_network where only people you trust can reach it"
        )
    return ""


def _options(
    settings: Settings, address: str, port: int, entrance: str
) -> Iterator[tuple[str, str]]:
    """Say how Streamlit serves the page, whatever its own files and variables say."""
    from fink_ad.ui.sign_in import FILE_NAME

    yield "server.address", address
    yield "server.port", str(port)
    yield "server.headless", "true"
    yield "server.fileWatcherType", "none"
    yield "browser.gatherUsageStats", "false"
    yield "client.toolbarMode", "minimal"
    yield "client.showErrorDetails", "none"
    # A whole round of the garbage collector after every run held up all sessions for longer than
    # the run itself had taken; Python makes its own rounds when there is garbage.
    yield "runner.postScriptGC", "false"
    yield "secrets.files", str(settings.home.absolute() / FILE_NAME)
    if entrance:  # where a proxy may call us by another name
        parts = urlsplit(entrance)
        yield "server.corsAllowedOrigins", f"{parts.scheme}://{parts.netloc}"
    elif not settings.ui.trust_network:  # no name that a stranger's page could give to this machine
        for name in {"localhost": 0, "127.0.0.1": 0, "[::1]": 0, _host(address): 0}:
            yield "server.allowedHosts", name


def _host(address: str) -> str:
    """Return an address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address


def _check_free(address: str, port: int) -> None:
    """Find out now whether the page can listen there, as Streamlit will.

    Raises
    ------
    ConfigError
        If there is no such address here.
    FinkAdError
        If somebody else listens there, perhaps for a moment only.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            probe.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise FinkAdError(
                f"port {port} of {address} is in use, perhaps by another review page: end that, "
                "or name another port with --port or setting ui.port"
            ) from error
        raise ConfigError(
            f"the review page cannot listen on {address}, port {port}: {error.strerror or error}; "
            "see --address and --port"
        ) from error


def _script() -> Path:
    import fink_ad.ui

    return Path(fink_ad.ui.__file__).with_name("app.py")


def _run(words: list[str]) -> int:
    """Run the page until it ends or we are told to end; then it ends, too.

    Its standard input is a pipe of ours, by which it also notices if we are killed.
    """
    child = subprocess.Popen(  # noqa: S603  # our own words
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us
    )
    before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        code = child.wait()
    finally:  # Ctrl-C leaves from here, too
        signal.signal(signal.SIGTERM, before)
        _end(child)
    if code > 0:
        err.print(f"the review page ended with code {code}", highlight=False)
    return 1 if code > 0 else 0


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    child.terminate()
    try:
        child.wait(_END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
