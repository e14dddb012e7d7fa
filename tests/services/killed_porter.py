"""A process that serves a door and is killed. Usage: ``python killed_porter.py HOME URL HOW``.

HOW is ``random`` to be killed from outside, or ``unmarked`` to die as soon as the other side has
a parcel, before that is written down.
"""

import os
import signal
import sys
import time
from pathlib import Path

from pydantic import SecretStr

from fink_ad.config import BotSettings, Settings
from fink_ad.review import outbox
from fink_ad.review.desk import Desk
from fink_ad.review.doors import Doors

outbox.CLAIM_SECONDS = 0.5  # what a dead sender held is in doubt soon


class DyingOutbox(outbox.Outbox):
    """Dies with the first parcel that was not in doubt."""

    def accepted(self, parcel: outbox.Parcel, message_id: str) -> None:
        if not parcel.notification.in_doubt:
            os.kill(os.getpid(), signal.SIGKILL)
        super().accepted(parcel, message_id)


def main(home: str, url: str, how: str) -> None:
    settings = Settings(home=Path(home), bot=BotSettings(doors={"topic": SecretStr(url)}))
    kind = DyingOutbox if how == "unmarked" else outbox.Outbox
    with Desk(settings) as desk:
        doors = Doors(kind(desk), settings)
        while True:
            doors.empty("door:topic")
            time.sleep(0.05)


main(*sys.argv[1:])
