"""`fink-ad bot`: candidates in the chat, answers back."""

from __future__ import annotations

import importlib.util
from contextlib import nullcontext
from typing import Annotated

import typer

from fink_ad.cli.app import out, state_of
from fink_ad.errors import ConfigError

__all__ = ["bot"]


def bot(
    context: typer.Context,
    learner: Annotated[
        bool, typer.Option(help="Start the learner too, unless one runs already.")
    ] = True,
) -> None:
    """Run the Telegram bot: candidates go to the reviewers, their answers come back.

    Runs until Ctrl-C or SIGTERM. It needs a token from @BotFather, in `FINK_AD_BOT__TOKEN` or in
    the file that setting `bot.token_file` names. Reviewers link their chat once, with the code
    that `fink-ad reviewers link NAME` prints. Answers given while the bot was down count when
    it runs again.
    """
    if importlib.util.find_spec("telegram") is None:
        raise ConfigError("the bot needs python-telegram-bot: pip install 'fink-ad[bot]'")
    from fink_ad.bots.run import run_bot
    from fink_ad.bots.token import bot_token
    from fink_ad.learn import learner_beside

    settings = state_of(context).settings
    bot_token(settings.bot)  # what is missing is told before anything starts
    state_of(context).open_store().close()
    out.print("the bot runs (Ctrl-C ends it)", highlight=False)
    with learner_beside(settings) if learner else nullcontext():
        run_bot(settings)
