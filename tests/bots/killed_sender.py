"""A sender that a test kills. Usage: ``python killed_sender.py HOME API_URL TOKEN``."""

import asyncio
import sys
from pathlib import Path

from fink_ad.bots.app import build_application
from fink_ad.bots.run import running
from fink_ad.config import BotSettings, Settings
from fink_ad.review import outbox
from fink_ad.review.desk import Desk

outbox.CLAIM_SECONDS = 0.5  # what a dead sender held is in doubt soon


async def main(home: str, api: str, token: str) -> None:
    settings = Settings(home=Path(home), bot=BotSettings(token=token, api=api))
    with Desk(settings) as desk:
        async with running(build_application(desk)):
            await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
