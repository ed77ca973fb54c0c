import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import make_audit_log, make_business, make_user
from wifiapp import clock
from wifiapp.access import COMMAND_LINE
from wifiapp.auth import users_operations
from wifiapp.db import db

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def entry(**given):
    made = make_audit_log(**{"at": NOON} | given)
    db.session.commit()
    return made


def emails(client, **query):
    """Return who the view names, as its file does."""
    answer = client.get("/audit.json", query_string=query)
    assert answer.status_code == 200
    return [row["user"] for row in json.loads(answer.data)["rows"]]


def test_an_empty_log_says_what_will_stand_there(admin_client):
    assert "Nothing was written down yet" in admin_client.get("/audit").text


def test_a_change_is_told_in_words(admin_client):
    user = make_user("SELLER")
    db.session.commit()
    users_operations.change_user(
        COMMAND_LINE, user.id, name=user.name, role="MANAGER", business_ids=()
    )
    page = admin_client.get("/audit").text
    assert "User: change" in page and "command line" in page
    assert "<del>SELLER</del>" in page and "MANAGER" in page


def test_a_change_is_text_and_never_markup(admin_client):
    entry(change={"<b>name</b>": "<script>alert(1)</script>"}, user_email="<i>")
    page = admin_client.get("/audit").text
    assert "<script>alert" not in page and "<i>" not in page and "<b>name" not in page


@pytest.mark.parametrize(
    "wanted", ["ann", "ANN@", "192.0.2.9", "row-9", "Thandi", "user.di", "re-9"]
)
def test_a_search_finds_who_what_where_from_which_row_and_what_changed(admin_client, wanted):
    entry(
        user_email="ann@example.org",
        ip="192.0.2.9",
        entity_id="row-9",
        change={"name": "Thandi"},
        action="user.disable",
        request_id="re-9",
    )
    entry(user_email="bob@example.org", action="backup.create", entity="backup", change=None)
    assert emails(admin_client, q=wanted) == ["ann@example.org"]


@pytest.mark.parametrize("wanted", ["%", "_", "\\", "a%b"])
def test_a_search_takes_every_character_for_itself(admin_client, wanted):
    entry(change=None)
    assert emails(admin_client, q=wanted) == []


def test_action_kind_and_business_narrow_the_view(admin_client):
    shop = make_business()
    entry(user_email="a@x.org", action="user.create", entity="user")
    entry(user_email="b@x.org", action="sale.void", entity="sale", business_id=shop.id)
    assert emails(admin_client, action="user.create") == ["a@x.org"]
    assert emails(admin_client, entity="sale") == ["b@x.org"]
    assert emails(admin_client, business=shop.id) == ["b@x.org"]
    page = admin_client.get("/audit", query_string={"business": shop.id}).text
    assert shop.name in page and "Sale: void" in page


def test_days_are_those_of_the_shop_and_both_ends_count(admin_client):
    make_business(timezone="Africa/Harare")  # two hours before UTC
    entry(at=datetime(2026, 2, 28, 21, 59, 59, tzinfo=UTC), user_email="before@x.org")
    entry(at=datetime(2026, 2, 28, 22, 0, tzinfo=UTC), user_email="first@x.org")
    entry(at=datetime(2026, 3, 1, 21, 59, 59, tzinfo=UTC), user_email="last@x.org")
    entry(at=datetime(2026, 3, 1, 22, 0, tzinfo=UTC), user_email="after@x.org")
    day = {"from": "2026-03-01", "to": "2026-03-01"}
    assert emails(admin_client, **day) == ["last@x.org", "first@x.org"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"action": "no.such"}, "There is no such action"),
        ({"entity": "nothing"}, "nothing of this kind"),
        ({"business": "nowhere"}, "There is no such business"),
        ({"from": "yesterday"}, "Enter a day such as"),
        ({"to": "2026-02-30"}, "Enter a day such as"),
        ({"from": "0001-01-01"}, "Choose a day between"),
        ({"to": "9999-12-31"}, "Choose a day between"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "before the first one"),
        ({"q": "x" * 101}, "at most 100 characters"),
    ],
)
def test_a_bad_filter_gets_its_message_and_the_page_still_works(admin_client, query, message):
    entry(user_email="ann@example.org", at=datetime(2026, 3, 5, tzinfo=UTC))
    page = admin_client.get("/audit", query_string=query)
    assert page.status_code == 200
    assert message in page.text
    assert "ann@example.org" in page.text
    assert admin_client.get("/audit.csv", query_string=query).status_code == 400


@pytest.mark.parametrize("query", ["endpoint=x&_external=1&_scheme=javascript", "q=%00", "q=%ff"])
def test_what_else_stands_in_the_address_does_no_harm(admin_client, query):
    entry()
    page = admin_client.get(f"/audit?{query}")
    assert page.status_code == 200 and "javascript" not in page.text


def test_pages_follow_each_other_without_a_gap_or_a_row_twice(admin_client):
    for each in range(120):
        make_audit_log(at=NOON - timedelta(seconds=each // 3), user_email=f"{each}@x.org")
    db.session.commit()
    url, seen = "/audit", []
    while url:
        page = admin_client.get(url).text
        seen += [part.partition("@x.org")[0] for part in page.split('Who">')[1:]]
        url = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
        url = url.replace("&amp;", "&") if 'rel="next"' in page else None
    assert len(seen) == len(set(seen)) == 120
    assert emails(admin_client) == [f"{each}@x.org" for each in seen]


def test_a_damaged_page_address_begins_anew(admin_client):
    entry(user_email="ann@example.org")
    page = admin_client.get("/audit?after=garbage")
    assert page.status_code == 200
    assert "damaged" in page.text and "ann@example.org" in page.text


def test_the_files_hold_exactly_the_rows_of_the_view(admin_client):
    entry(user_email="=cmd()@x.org", action="user.create", change={"name": "Ann"}, ip="192.0.2.9")
    entry(user_email="b@x.org", action="user.disable")
    answer = admin_client.get("/audit.csv?action=user.create")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["user"] for row in rows] == ["'=cmd()@x.org"]
    assert rows[0]["at"] == "2026-03-01T12:00:00Z"
    assert json.loads(rows[0]["change"]) == {"name": "Ann"}
    found = json.loads(admin_client.get("/audit.json?action=user.create").data)["rows"]
    assert found[0]["user"] == "=cmd()@x.org"
    assert found[0]["change"] == {"name": "Ann"}


def test_the_page_offers_the_files_of_its_own_view(admin_client):
    entry(action="user.create")
    page = admin_client.get("/audit?action=user.create&to=2026-03-01").text
    assert "/audit.csv?action=user.create&amp;to=2026-03-01" in page


def test_the_times_are_those_of_the_shop(admin_client):
    make_business(timezone="Africa/Harare")
    entry()
    assert "1 Mar 2026, 14:00" in admin_client.get("/audit").text


def test_an_entry_of_now_is_in_the_log_of_today(admin_client):
    entry(at=clock.now(), user_email="ann@example.org")
    today = clock.now().date().isoformat()
    assert emails(admin_client, **{"from": today, "to": today}) == ["ann@example.org"]
