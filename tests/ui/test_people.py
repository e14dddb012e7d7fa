"""Who is who: deny by default, and believe no e-mail that is not verified."""

from datetime import UTC, datetime

import pytest

from fink_ad.review import ReviewerRecord
from fink_ad.ui.addresses import is_local
from fink_ad.ui.people import identify

ADA, BOB = (
    ReviewerRecord(number, name, True, datetime(2026, 1, 1, tzinfo=UTC))
    for number, name in ((1, "ada@example.org"), (2, "bob"))
)
PEOPLE = {"https://issuer 42": "bob", "Bob@example.org": "bob", "eve@example.org": "gone"}


@pytest.mark.parametrize(
    ("claims", "who"),
    [
        ({"email": "ADA@example.org", "email_verified": True}, ADA),
        ({"email": "ada@example.org", "email_verified": False}, None),
        ({"email": "ada@example.org"}, None),
        ({"email": "ada@example.org", "email_verified": "true"}, None),
        ({"email": "bob@example.org", "email_verified": True}, BOB),
        ({"email": "eve@example.org", "email_verified": True}, None),
        ({"email": "new@example.org", "email_verified": True}, None),
        ({"iss": "https://issuer", "sub": "42"}, BOB),
        ({"iss": "https://other", "sub": "42"}, None),
        ({"iss": "https://issuer", "sub": ""}, None),
        ({}, None),
    ],
)
def test_a_reviewer_is_known_by_subject_or_verified_mail(
    claims: dict[str, object], who: ReviewerRecord | None
) -> None:
    assert identify(claims, PEOPLE, [ADA, BOB]) == who


def test_who_is_retired_is_nobody() -> None:
    claims = {"email": "ada@example.org", "email_verified": True}
    assert identify(claims, PEOPLE, [BOB]) is None


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104  # the point of the test
        ("192.168.1.5", False),
        ("localhost.example.org", False),
        (None, False),
        ("", False),
    ],
)
def test_only_this_machine_is_local(address: str | None, local: bool) -> None:
    assert is_local(address) is local
