"""The token of the bot: from the settings, the environment or a file, and nowhere else."""

from __future__ import annotations

from fink_ad.config import BotSettings
from fink_ad.errors import ConfigError

__all__ = ["bot_token"]


def bot_token(settings: BotSettings) -> str:
    """Return the token that opens the Bot API.

    Raises
    ------
    ConfigError
        If there is none, or its file cannot be read; the token is never part of the message.
    """
    token = settings.token.get_secret_value().strip()
    if token:
        return token
    if settings.token_file is None:
        raise ConfigError(
            "the bot has no token; get one from @BotFather and set FINK_AD_BOT__TOKEN, or put it"
            " into a file of your own and name that in setting bot.token_file"
        )
    try:
        token = settings.token_file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read bot.token_file {settings.token_file}: {error}") from error
    if not token:
        raise ConfigError(f"bot.token_file {settings.token_file} is empty")
    return token
