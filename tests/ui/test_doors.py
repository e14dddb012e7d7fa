"""Who gets in: those the store knows, and nobody else."""

from pathlib import Path

import pytest
from streamlit import config

from fink_ad.store import Store
from fink_ad.ui.state import APP


def is_shut(app) -> bool:
    return "session" not in app.session_state and not app.get("plotly_chart")


def test_a_reviewer_is_picked_by_name(open_page) -> None:
    app = open_page(reviewer="")
    assert is_shut(app)
    app.button(key="reviewer_bob").click().run()
    assert app.session_state["session"].reviewer.name == "bob"


def test_a_name_the_store_does_not_know_is_nobody(open_page) -> None:
    assert is_shut(open_page(reviewer="eve"))


def test_who_is_retired_loses_the_page_at_the_next_look(open_page, store: Store) -> None:
    app = open_page(reviewer="bob")
    store.retire_reviewer("bob")
    app.run()
    assert "bob may review here no longer" in app.error[0].value
    assert not app.get("plotly_chart")  # and is not taken for the only one left
    app.button(key="reviewer_ada").click().run()
    assert app.session_state["session"].reviewer.name == "ada"


def test_the_first_one_to_come_gives_a_name(open_page, tmp_path: Path) -> None:
    app = open_page(reviewer="", at=tmp_path / "new")
    app.text_input[0].set_value("  carol ")
    app.button[0].click().run()
    assert app.session_state["session"].reviewer.name == "carol"
    with Store.open(tmp_path / "new") as store:
        assert [(one.name, one.role) for one in store.reviewers()] == [("carol", "operator")]


@pytest.mark.parametrize("address", [None, "0.0.0.0", "10.0.0.7"])  # noqa: S104
def test_on_a_network_nobody_picks_who_they_are(open_page, address: str | None) -> None:
    config.set_option("server.address", address)
    app = open_page()
    assert is_shut(app)
    assert "stays shut" in app.error[0].value


def test_a_trusted_network_is_trusted(open_page, monkeypatch: pytest.MonkeyPatch) -> None:
    config.set_option("server.address", "0.0.0.0")  # noqa: S104
    monkeypatch.setenv("FINK_AD_UI__TRUST_NETWORK", "true")
    assert not is_shut(open_page())


@pytest.mark.parametrize(
    ("user", "gets_in"),
    [
        ({"is_logged_in": False}, False),
        ({"is_logged_in": True, "email": "ada", "email_verified": True}, True),
        ({"is_logged_in": True, "email": "ada", "email_verified": False}, False),
        ({"is_logged_in": True, "email": "eve", "email_verified": True}, False),
        ({"is_logged_in": True, "email": "bob", "email_verified": True}, False),
    ],
)
def test_who_signs_in_is_a_reviewer_only_if_the_store_says_so(
    open_page, store: Store, user: dict[str, object], gets_in: bool
) -> None:
    store.retire_reviewer("bob")
    app = open_page(user=user)
    assert is_shut(app) is not gets_in


def test_who_was_removed_is_told_so_by_name(open_page, store: Store) -> None:
    user = {"is_logged_in": True, "email": "Bob", "email_verified": True}
    app = open_page(user=user)
    assert not is_shut(app)
    store.retire_reviewer("bob")
    app.run()
    assert "bob may review here no longer" in app.error[0].value
    assert [one.label for one in app.button] == ["Sign out"]


def test_somebody_leaves_and_somebody_else_comes(open_page) -> None:
    app = open_page("answers", reviewer="ada")
    app.button(key="leave").click().run()
    assert not app.get("plotly_chart")
    app.button(key="reviewer_bob").click().run()
    assert app.session_state["session"].reviewer.name == "bob"


def test_who_signed_in_can_sign_out(open_page) -> None:
    user = {"is_logged_in": True, "email": "ada", "email_verified": True}
    assert open_page("answers", user=user).button(key="leave").label == "Sign out"


def test_where_all_were_removed_the_next_one_is_no_operator(open_page, store: Store) -> None:
    for name in ("ada", "bob"):
        store.retire_reviewer(name)
    app = open_page(reviewer="")
    assert is_shut(app)
    assert "Nobody may review here any more" in app.error[0].value
    assert not app.text_input


def test_a_page_opened_to_those_who_sign_in_is_shut_without(open_page, monkeypatch) -> None:
    """So that it is, should the file that says how to sign in go while the page runs."""
    monkeypatch.setattr("sys.argv", [str(APP), "--sign-in"])
    app = open_page()
    assert is_shut(app)
    assert "People sign in here" in app.error[0].value


def test_the_first_one_cannot_be_called_like_a_formula(open_page, tmp_path: Path) -> None:
    app = open_page(reviewer="", at=tmp_path / "new")
    app.text_input[0].set_value("=1+1")
    app.button[0].click().run()
    assert "begins like a formula" in app.error[0].value
    assert is_shut(app)
