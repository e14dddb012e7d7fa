"""A store with a small simulated night and its order, a fake Bot API, and the bot between."""

import asyncio
import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.telegram import TOKEN, FakeTelegram

from fink_ad.bots.app import build_application
from fink_ad.bots.run import running
from fink_ad.config import BotSettings, Settings
from fink_ad.learn import Learner
from fink_ad.pipeline import run
from fink_ad.review.accounts import new_link_code
from fink_ad.review.desk import Desk
from fink_ad.sources.files import FilesSource
from fink_ad.store import ReviewerRecord, Store

NIGHT = Path(__file__).parents[2] / "data" / "ztf_night_20260301.avro"
MARIA, JULIEN, STRANGER, GROUP, OPERATORS = 501, 502, 666, -1001, -1002


@pytest.fixture(scope="session")
def _ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("ran") / "home"
    settings = Settings(home=home)
    with Store.open(home) as store:
        run(FilesSource([NIGHT]), store, settings)
        Learner(store, settings).run_once()
    return home


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as fake:
        yield fake


@pytest.fixture
def settings(_ran: Path, tmp_path: Path, telegram: FakeTelegram) -> Settings:
    home = tmp_path / "home"
    shutil.copytree(_ran, home)
    api = telegram.base_url.removesuffix("/bot")
    return Settings(
        home=home,
        bot=BotSettings(token=TOKEN, api=api, relearn_seconds=0, operators_chat=OPERATORS),
    )


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    with Desk(settings) as opened:
        yield opened


@pytest.fixture
def store(desk: Desk) -> Store:
    return desk.store


@pytest.fixture
def maria(store: Store) -> ReviewerRecord:
    """A reviewer whose chat is linked."""
    return linked(store, "Maria", MARIA)


@pytest.fixture
def julien(store: Store) -> ReviewerRecord:
    return linked(store, "Julien", JULIEN, role="operator")


def linked(store: Store, name: str, user: int, role: str | None = None) -> ReviewerRecord:
    reviewer = store.add_reviewer(name, role)  # type: ignore[arg-type]
    code = new_link_code(store, reviewer).code
    store.link_chat(user, user, _sha256(code))
    return reviewer


def _sha256(code: str) -> str:
    return hashlib.sha256(code.replace("-", "").encode()).hexdigest()


class Clock:
    """A clock that tests turn."""

    def __init__(self, time: datetime) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock(store: Store) -> Clock:
    """The clock of the store, an early morning in November."""
    clock = Clock(datetime(2026, 11, 2, 6, 0, tzinfo=UTC))
    store._clock = clock
    return clock


class Running:
    """The bot at work in a thread of its own."""

    def __init__(self, desk: Desk, clock: Callable[[], datetime] | None = None) -> None:
        self.application = build_application(desk, clock)
        self._loop = asyncio.new_event_loop()
        self._up, self._error = threading.Event(), None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._up.wait(60)
        if self._error:
            raise self._error

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._stop = asyncio.Event()
        try:
            self._loop.run_until_complete(self._main())
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._up.set()
            self._loop.close()

    async def _main(self) -> None:
        async with running(self.application) as self.sender:
            self._up.set()
            await self._stop.wait()

    def stop(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        assert not self._thread.is_alive()


@contextmanager
def _at_work(desk: Desk, clock: Callable[[], datetime] | None = None) -> Iterator[Running]:
    bot = Running(desk, clock)
    try:
        yield bot
    finally:
        bot.stop()


@pytest.fixture
def at_work() -> Callable[..., AbstractContextManager[Running]]:
    """The bot at work while the context lasts."""
    return _at_work


@pytest.fixture
def bot(desk: Desk) -> Iterator[Running]:
    with _at_work(desk) as running_bot:
        yield running_bot
