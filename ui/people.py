"""Who is looking: a person known to the store, or nobody.

Signing in says who somebody is; whether they may review is for the store to say, on every run of
the page again. Without a configured sign-in everybody who reaches the page picks a name, which is
why it then answers on this machine only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from fink_ad.config import UiSettings
from fink_ad.review import ReviewerRecord, Store
from fink_ad.review.people import checked_name
from fink_ad.ui.addresses import is_local
from fink_ad.ui.state import must_sign_in
from fink_ad.ui.text import escaped

__all__ = ["current_reviewer", "identify", "leave_button"]

_PICKED = "picked_reviewer"


def current_reviewer(store: Store, settings: UiSettings) -> ReviewerRecord:
    """Return the reviewer of this session; what they see otherwise is a door, not the page."""
    claims = _claims()
    if claims is None and not must_sign_in():
        return _pick(store, settings)
    if claims is None:  # the file that said how is gone: nobody comes in instead of everybody
        st.error(
            "People sign in here, but how is not known any more. An operator finds out by starting "
            "`fink-ad ui` anew."
        )
        st.stop()
    if not claims.get("is_logged_in"):
        st.title("fink_ad review")
        st.button("Sign in", on_click=st.login, type="primary")
        st.stop()
    reviewer = identify(claims, settings.people, store.reviewers())
    if reviewer is None or not reviewer.active:
        st.title("fink_ad review")
        if reviewer is None:
            st.error("You are signed in, but no reviewer here. Ask an operator to add you.")
        else:
            st.error(_removed(reviewer))
        st.button("Sign out", on_click=st.logout)
        st.stop()
    return reviewer


def leave_button() -> None:
    """Draw the way out: to the provider, or to the names of those who may review here."""
    if _claims() is None:
        st.button("Somebody else", key="leave", on_click=_remember, args=("",))
    else:
        st.button("Sign out", key="leave", on_click=st.logout)


def identify(
    claims: Mapping[str, Any], people: Mapping[str, str], reviewers: Sequence[ReviewerRecord]
) -> ReviewerRecord | None:
    """Return the reviewer that somebody signed in is, or None.

    Parameters
    ----------
    claims : mapping
        What the identity provider says: ``iss`` and ``sub``, ``email`` and ``email_verified``
        (OpenID Connect Core 1.0, 5.1). An e-mail that is not verified says nothing.
    people : mapping of str to str
        Reviewers' names by "issuer subject" or by e-mail.
    reviewers : sequence of ReviewerRecord
        Those who may review or might. One whose name is the e-mail itself needs no entry in
        `people`.
    """
    by_name = {one.name.casefold(): one for one in reviewers}
    known = {key.casefold(): name.casefold() for key, name in people.items()}
    issuer, subject = str(claims.get("iss") or ""), str(claims.get("sub") or "")
    if issuer and subject and f"{issuer} {subject}" in people:
        return by_name.get(people[f"{issuer} {subject}"].casefold())
    email = str(claims.get("email") or "").casefold()
    if not email or claims.get("email_verified") is not True:
        return None
    return by_name.get(known.get(email, email))


def _claims() -> Mapping[str, Any] | None:
    """Return what the identity provider says; None where none is configured."""
    try:
        is_logged_in = st.user.is_logged_in
    except AttributeError:
        return None
    return {**st.user.to_dict(), "is_logged_in": is_logged_in}


def _pick(store: Store, settings: UiSettings) -> ReviewerRecord:
    """Let somebody at this machine say who they are."""
    address = st.get_option("server.address")
    if not (is_local(address) or settings.trust_network):
        st.error(
            f"This page listens on {address or 'all addresses'}, but nobody has to sign in, so it "
            "stays shut. Configure a sign-in (docs/review-page.md), listen on 127.0.0.1, or "
            "say trust_network = true where only people you trust can reach it."
        )
        st.stop()
    everybody = {one.name: one for one in store.reviewers()}
    by_name = {name: one for name, one in everybody.items() if one.active}
    picked = st.session_state.get(_PICKED, st.query_params.get("reviewer"))
    if picked != "" and picked not in everybody and len(by_name) == 1:
        picked = next(iter(by_name))
    if picked in by_name:
        st.session_state[_PICKED] = picked
        return by_name[picked]
    if picked in everybody:  # nobody becomes somebody else without saying so
        st.error(_removed(everybody[picked]))
    elif everybody and not by_name:
        st.error("Nobody may review here any more: `fink-ad reviewers add NAME` lets somebody.")
    if by_name:
        st.title("Who are you?")
    for name in by_name:
        st.button(escaped(name), key=f"reviewer_{name}", on_click=_remember, args=(name,))
    if not everybody:
        _first_reviewer(store)
    st.stop()


def _removed(one: ReviewerRecord) -> str:
    return (
        f"{escaped(one.name)} may review here no longer. What was answered stays; an operator can "
        "let you back."
    )


def _first_reviewer(store: Store) -> None:
    st.title("Who are you?")
    st.write("Nobody reviews here yet. Answers are kept under a name: yours, for example.")
    with st.form("first reviewer"):
        name = st.text_input("Your name", max_chars=50).strip()
        if st.form_submit_button("Begin", type="primary") and name:
            _remember(store.add_first_reviewer(checked_name(name)).name)
            st.rerun()


def _remember(name: str) -> None:
    st.session_state[_PICKED] = name
