import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import literal, select

from tests.factories import make_token
from wifiapp.db import db
from wifiapp.tokens import codes, queries
from wifiapp.tokens.models import WifiToken, as_typed

pytestmark = pytest.mark.usefixtures("transaction")
ASCII = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=20)


def test_a_code_has_eight_signs_that_nobody_mistakes():
    made = {codes.make() for _ in range(2000)}
    assert len(made) == 2000
    assert {len(code) for code in made} == {8}
    assert set("".join(made)) == set(codes.ALPHABET)
    assert not set("IO01L") & set(codes.ALPHABET)
    assert len(set(codes.ALPHABET)) == 31


def test_codes_come_from_the_source_for_secrets(monkeypatch):
    monkeypatch.setattr(secrets, "choice", lambda signs: signs[-1])
    assert codes.make() == "99999999"


def test_no_two_of_our_codes_look_alike():
    assert len({codes.typed(sign) for sign in codes.ALPHABET}) == 31


@pytest.mark.parametrize(
    ("code", "groups"),
    [
        ("A3K9M7P2", ["A3K9", "M7P2"]),
        ("ABCDE-FGHJK", ["ABCDE-FGHJK"]),
        ("ABCDE", ["ABCDE"]),
        ("ABCDEF", ["ABCD", "EF"]),
    ],
)
def test_a_code_is_shown_in_groups(code, groups):
    assert codes.groups(code) == groups


@pytest.mark.parametrize(
    "text", ["a3k9m7p2", "A3K9-M7P2", " a3k9 m7p2 ", "A3-K9-M7-P2", "a3k9\tm7p2"]
)
def test_case_blanks_and_dashes_do_not_matter(text):
    assert codes.typed(text) == codes.typed("A3K9M7P2") == "A3K9M7P2"


def test_the_chance_of_a_guess_is_stated():
    assert codes.POSSIBLE == 852_891_037_441
    assert codes.odds(0) is None
    assert codes.odds(1000) == 852_891_037


@given(ASCII)
def test_the_index_reads_a_code_as_the_page_does(app, text):
    code = "".join(text.upper().split())
    with app.app_context():
        query = select(as_typed).select_from(select(literal(code).label("token")).subquery())
        assert db.session.scalar(query) == codes.typed(code)


# -- finding ---------------------------------------------------------------------------------


def test_a_code_is_found_however_it_is_typed():
    token = make_token(token="ABCDE-23456")
    for text in ("abcde23456", "ABCDE-23456", "abcde 23456"):
        assert [row.id for row in queries.find_by_code(text)] == [token.id]
    assert queries.find_by_code("abcde") == queries.find_by_code("nul\0") == []


def test_look_alikes_find_the_one_code_they_can_mean():
    token = make_token(token="L0LA2222")
    assert [row.id for row in queries.find_by_code("1oia2222")] == [token.id]


def test_the_exact_code_comes_before_one_that_looks_like_it():
    exact, other = make_token(token="O0O0AAAA"), make_token(token="0000AAAA")
    assert [row.id for row in queries.find_by_code("o0o0aaaa")] == [exact.id]
    assert {row.id for row in queries.find_by_code("OOOOAAAA")} == {exact.id, other.id}


def test_the_search_uses_its_index():
    make_token()
    db.session.execute(db.text("SET LOCAL enable_seqscan = off"))
    query = select(WifiToken.id).where(as_typed.like("A3K9%"))
    compiled = query.compile(db.session.connection(), compile_kwargs={"literal_binds": True})
    plan = "\n".join(db.session.scalars(db.text(f"EXPLAIN {compiled}")))
    assert "wifi_tokens_typed_idx" in plan
