"""The file that says how people sign in: read where it is right, explained where it is not."""

from pathlib import Path

import pytest

from fink_ad.errors import ConfigError
from fink_ad.ui.sign_in import FILE_NAME, read_sign_in

SECRET = "5ecret" * 8
RIGHT = {
    "redirect_uri": "https://review.example.org/oauth2callback",
    "cookie_secret": SECRET,
    "client_id": "fink_ad",
    "client_secret": SECRET,
    "server_metadata_url": "https://issuer.example.org/.well-known/openid-configuration",
}


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / FILE_NAME
    path.write_text(text)
    path.chmod(mode)
    return path


def section(**changes: object) -> str:
    fields = {name: value for name, value in (RIGHT | changes).items() if value is not None}
    return "[auth]\n" + "".join(f"{name} = {value!r}\n" for name, value in fields.items())


@pytest.mark.parametrize(
    ("back", "address"),
    [
        ("https://review.example.org/oauth2callback", "https://review.example.org"),
        ("https://example.org:8443/ad/oauth2callback", "https://example.org:8443/ad"),
        ("http://localhost:{port}/oauth2callback", "http://localhost:9000"),
        ("http://[::1]:8501/oauth2callback", "http://[::1]:8501"),
    ],
)
def test_people_sign_in_where_the_provider_sends_them_back(
    tmp_path: Path, back: str, address: str
) -> None:
    assert read_sign_in(written(tmp_path, section(redirect_uri=back)), 9000) == address


def test_without_the_section_nobody_has_to_sign_in(tmp_path: Path) -> None:
    assert read_sign_in(tmp_path / FILE_NAME, 8501) is None
    assert read_sign_in(written(tmp_path, "[other]\n", 0o644), 8501) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[auth\n", "is not TOML"),
        ("auth = 3\n", "no section"),
        ("\udcff", "cannot read"),
        (section(client_secret=None, cookie_secret=""), "lacks cookie_secret, client_secret"),
        (section(client_id="..."), "lacks client_id"),
        (section(client_id=7), "client_id in .* is no text"),
        (section(cookie_secret="short"), "cookie_secret .* can be guessed"),
        (section(server_metadata_url="http://issuer.example.org/x"), "no https:// address"),
        (section(server_metadata_url="issuer.example.org"), "no https:// address"),
        (section(redirect_uri="https://[::1/oauth2callback"), "no https:// address"),
        (section(redirect_uri="https://a.org:x/oauth2callback"), "no https:// address"),
        (section(redirect_uri="https://a.org/"), "must end with /oauth2callback"),
        (section(redirect_uri="https://a.org/oauth2callback?x=1"), "must end with"),
        (section(cookie_secrets=SECRET), "'cookie_secrets', which means nothing"),
        (section() + "[auth.google]\nclient_id = 'x'\n", "'google', .* of one provider"),
    ],
)
def test_what_is_wrong_is_told_without_a_secret(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(text, errors="surrogateescape")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=told) as error:
        read_sign_in(path, 8501)
    assert str(path) in str(error.value)
    assert SECRET not in str(error.value)


def test_secrets_that_everybody_may_read_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="chmod o= "):
        read_sign_in(written(tmp_path, section(), 0o644), 8501)
    assert read_sign_in(written(tmp_path, section(), 0o640), 8501) is not None
