"""Signing in at a real OpenID provider: it says who somebody is, the store says who may."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.openid import METADATA, openid_provider
from playwright.sync_api import Browser, Page

from fink_ad.store import Store

from .conftest import ANSWER_BUTTONS, served
from .test_review import answer

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

SECRETS = {"cookie_secret": "c0" * 32, "client_secret": "s3cret-of-the-client"}
PEOPLE = (
    {"sub": "1", "email": "Ada@example.org", "email_verified": True},
    {"sub": "2", "email": "bob@elsewhere.org"},  # known by issuer and subject
    {"sub": "3", "email": "eve@example.org", "email_verified": True},
    {"sub": "4", "email": "ada@example.org", "email_verified": False},
)
NOBODY = "You are signed in, but no reviewer here"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with openid_provider(*PEOPLE) as address:
        yield address


@pytest.fixture(scope="module")
def signing_home(template: Path, issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Path(shutil.copytree(template, tmp_path_factory.mktemp("sign_in") / "home"))
    lines = [
        "[auth]",
        'redirect_uri = "http://127.0.0.1:{port}/oauth2callback"',
        'client_id = "fink_ad"',
        f'server_metadata_url = "{issuer}{METADATA}"',
        *(f'{name} = "{value}"' for name, value in SECRETS.items()),
    ]
    secrets = home / "secrets.toml"
    secrets.touch(0o600)
    secrets.write_text("\n".join(lines))
    (home / "fink-ad.toml").write_text(
        f'[ui.people]\n"ada@example.org" = "ada"\n"{issuer} 2" = "bob"\n'
    )
    return home


@pytest.fixture(scope="module")
def store(signing_home: Path) -> Iterator[Store]:
    with Store.open(signing_home) as opened:
        opened.add_reviewer("bob")
        yield opened


@pytest.fixture(scope="module")
def url(signing_home: Path, store: Store) -> Iterator[str]:
    # On all addresses: only a sign-in opens the page there.
    with served(signing_home, "--no-learner", "--address", "0.0.0.0") as address:  # noqa: S104
        yield address


SignIn = Callable[[str], Page]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def sign_in(page: Page, url: str, issuer: str) -> SignIn:
    """Press the button, choose an account at the provider, and come back."""

    def as_(subject: str) -> Page:
        page.goto(url)
        page.get_by_role("button", name="Sign in").click(timeout=60_000)
        page.wait_for_url(f"{issuer}/**", timeout=60_000)
        page.get_by_role("button", name=subject, exact=True).click()
        page.wait_for_url(f"{url}/", timeout=60_000)
        return page

    return as_


def test_who_is_known_answers_and_who_is_removed_does_not(
    sign_in: SignIn, store: Store, signing_home: Path
) -> None:
    page = sign_in("1")
    page.wait_for_selector(ANSWER_BUTTONS, timeout=60_000)
    page.get_by_text("ada · ").wait_for()
    ada = store.find_reviewer("ada")
    answer(page, "y")
    assert [one.reviewer_id for one in store.labels()] == [ada.id]
    store.retire_reviewer("ada")
    page.keyboard.press("y")
    page.get_by_text("ada may review here no longer").wait_for(timeout=60_000)
    assert page.locator(ANSWER_BUTTONS).count() == 0
    page.reload()  # the cookie still says who it is
    page.get_by_text("ada may review here no longer").wait_for(timeout=60_000)
    assert len(store.labels()) == 1
    store.add_reviewer("ada")
    page.reload()
    page.wait_for_selector(ANSWER_BUTTONS, timeout=60_000)
    log = (signing_home / "page.log").read_text()
    assert not [name for name, value in SECRETS.items() if value in log]


def test_issuer_and_subject_make_a_reviewer_who_is_no_operator(sign_in: SignIn, url: str) -> None:
    page = sign_in("2")
    page.wait_for_selector(ANSWER_BUTTONS, timeout=60_000)
    page.get_by_text("bob · ").wait_for()
    page.goto(f"{url}/models?reviewer=ada")  # an address makes nobody somebody else
    page.get_by_text("Operators can go back to an earlier model").wait_for(timeout=60_000)
    assert page.locator(".st-key-roll_back").count() == 0


@pytest.mark.parametrize("subject", ["3", "4"], ids=["unknown", "unverified e-mail"])
def test_who_is_not_known_is_told_so_and_can_leave(
    sign_in: SignIn, issuer: str, subject: str
) -> None:
    page = sign_in(subject)
    page.get_by_text(NOBODY).wait_for(timeout=60_000)
    assert page.locator(ANSWER_BUTTONS).count() == 0
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{issuer}/**", timeout=60_000)
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="Sign in").wait_for(timeout=60_000)


def test_who_is_refused_at_the_provider_stays_outside(page: Page, url: str, issuer: str) -> None:
    page.goto(f"{url}/?object=ZTF&reviewer=ada")
    page.get_by_role("button", name="Sign in").click(timeout=60_000)
    page.wait_for_url(f"{issuer}/**", timeout=60_000)
    page.get_by_role("button", name="Deny").click()
    page.wait_for_url(f"{url}/", timeout=60_000)
    page.get_by_role("button", name="Sign in").wait_for(timeout=60_000)
    assert page.get_by_role("textbox").count() == 0
