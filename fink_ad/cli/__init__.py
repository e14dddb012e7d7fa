"""The command line: one file per command, nothing but talking in them."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from fink_ad.cli.app import app, printable
from fink_ad.cli.benchmark import benchmark
from fink_ad.cli.bot import bot
from fink_ad.cli.candidates import candidates
from fink_ad.cli.catalogs import catalogs_app
from fink_ad.cli.config import config_app
from fink_ad.cli.counts import counts
from fink_ad.cli.db import db_app
from fink_ad.cli.dead_letters import dead_letters_app
from fink_ad.cli.demo import demo
from fink_ad.cli.doctor import doctor
from fink_ad.cli.doors import doors_app
from fink_ad.cli.features import features
from fink_ad.cli.history import history_app
from fink_ad.cli.labels import labels_app
from fink_ad.cli.learn import learn
from fink_ad.cli.models import models_app
from fink_ad.cli.plugins import plugins
from fink_ad.cli.progress import exit_at_once
from fink_ad.cli.purge import purge
from fink_ad.cli.rehearse import rehearse
from fink_ad.cli.retrain import retrain
from fink_ad.cli.review import review
from fink_ad.cli.reviewers import reviewers_app
from fink_ad.cli.run import run
from fink_ad.cli.scheduler import scheduler
from fink_ad.cli.score import score
from fink_ad.cli.show import show
from fink_ad.cli.simulate import simulate
from fink_ad.cli.ui import ui
from fink_ad.cli.up import up
from fink_ad.errors import ConfigError, FinkAdError

__all__ = ["app", "main"]

for command in (
    run,
    candidates,
    review,
    learn,
    show,
    features,
    score,
    simulate,
    rehearse,
    demo,
    plugins,
    benchmark,
    retrain,
    scheduler,
    doctor,
    counts,
    purge,
    ui,
    bot,
    up,
):
    app.command()(command)
app.add_typer(catalogs_app, name="catalogs")
app.add_typer(config_app, name="config")
app.add_typer(db_app, name="db")
app.add_typer(dead_letters_app, name="dead-letters")
app.add_typer(doors_app, name="doors")
app.add_typer(history_app, name="history")
app.add_typer(labels_app, name="labels")
app.add_typer(models_app, name="models")
app.add_typer(reviewers_app, name="reviewers")


def main() -> None:
    """Run the command line; exit codes: 0 done, 1 the work failed, 2 bad usage, 130 Ctrl-C."""
    if sys.stderr is None:  # closed by who started us: the work goes on without words
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  # for the life of the process
    # Typer would end with 1; and a plug-in's `except Exception` must not swallow the wish.
    before = signal.signal(signal.SIGINT, exit_at_once)
    try:
        app(prog_name="fink-ad")
    except ConfigError as error:
        sys.exit(_say(error, 2))
    except FinkAdError as error:
        sys.exit(_say(error, 1))
    except BrokenPipeError:
        # The reader of our output went away, as `head` does: nothing is wrong.
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # our own files are guarded: what is left is the output itself
        sys.exit(_say(FinkAdError(f"cannot write the output: {error.strerror or error}"), 1))
    finally:
        signal.signal(signal.SIGINT, before)


def _say(error: FinkAdError, code: int) -> int:
    print(f"fink-ad: {printable(' '.join(str(error).split()))}", file=sys.stderr)  # noqa: T201
    return code
