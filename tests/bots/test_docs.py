"""What docs/bot.md says is true: commands, words, settings and fields are those there are."""

import re
import shlex
from pathlib import Path

import typer

from fink_ad.bots.app import _HANDLERS
from fink_ad.bots.linking import HELP
from fink_ad.cli import app
from fink_ad.config import BotSettings
from fink_ad.review.subscriptions import _KEYS, read_subscription
from fink_ad.store.records.notifications import NewSubscription

TEXT = (Path(__file__).parents[2] / "docs" / "bot.md").read_text()


def rows(under: str) -> list[list[str]]:
    """Cells of the first table after some words."""
    table = re.search(r"(?:^\|.*\n)+", TEXT[TEXT.index(under) :], re.MULTILINE)
    assert table
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_command_is_told_and_is_one():
    told = set(re.findall(r"`/([a-z]+)", "".join(row[0] for row in rows("## Commands"))))
    known = {name for name, _ in _HANDLERS}
    assert told == known
    assert {name for name, _ in HELP} <= known
    elsewhere = set(re.findall(r"(?:`|    )/([a-z]+)", TEXT)) - {"newbot", "etc"}
    assert elsewhere <= known


def test_every_command_of_a_shell_is_one():
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    told = set(re.findall(r"(?:`|    )fink-ad ([a-z-]+)", TEXT))
    assert told >= {"bot", "up", "reviewers"}
    assert told <= set(known)
    assert "link" in known["reviewers"].commands


def test_every_example_of_a_subscription_is_understood():
    examples = re.findall(r"^    /subscribe (.+)$", TEXT, re.MULTILINE)
    plain = NewSubscription("telegram:1", 7, "ztf", "transient")
    assert len(examples) >= 6
    for one in examples:
        assert read_subscription(one, "telegram:1", 7, "ztf", "transient") != plain, one
    words = shlex.split(" ".join(examples))
    assert {word.partition("=")[0] for word in words if "=" in word} == set(_KEYS)


def test_the_words_of_a_subscription_and_their_defaults_are_told():
    told = {re.match(r"`([a-z]+)=?", row[0])[1]: row[-1] for row in rows("| word |")}  # type: ignore[index]
    assert set(_KEYS) <= set(told)
    plain = NewSubscription("telegram:1", 7, "ztf", "transient")
    assert (float(told["rarity"]), int(told["limit"])) == (plain.rarity, plain.per_night)
    assert (told["model"], told["zone"]) == (plain.model, plain.timezone)


def test_every_setting_is_one():
    fields = set(BotSettings.model_fields)
    in_blocks = "\n".join(re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL))
    bot = in_blocks.partition("[bot.doors]")[0]
    named = set(re.findall(r"^ *([a-z_]+) = ", bot, re.MULTILINE))
    named |= set(re.findall(r"`bot\.([a-z_]+)", TEXT))
    named |= {one.lower() for one in re.findall(r"FINK_AD_BOT__([A-Z_]+)", TEXT)}
    assert named >= {"token", "token_file", "webhook", "webhook_secret", "keep_days"}
    assert named <= fields
    assert f"`bot.keep_days` ({BotSettings().keep_days})" in TEXT
