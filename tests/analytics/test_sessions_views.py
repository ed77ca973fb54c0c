"""The page of the connections kept: what would go is shown first, and only then changed."""

from datetime import timedelta
from threading import Event

import pytest
import time_machine

from tests.analytics.rolled import Shop, at, roll_up
from tests.factories import make_device, make_session, make_user
from wifiapp.analytics.retention_operations import drop_due
from wifiapp.analytics.retention_queries import get_kept_months
from wifiapp.audit.models import AuditLog
from wifiapp.db import db

PAGE = "/analytics/sessions"
NOW = at("2026-11-20T18:42")
BAD = ["", "3", "121", "-4", "4.5", "many", "9" * 300]


@pytest.fixture(autouse=True)
def shop():
    """A shop with three connections: of last year, of June and of this month."""
    with time_machine.travel(NOW, tick=False):
        shop = Shop()
        for day in ("2025-12-24T10:00", "2026-06-30T22:30", "2026-11-16T09:00"):
            device, ended = make_device(shop.token()), at(day) + timedelta(hours=1)
            make_session(device, started_at=at(day), ended_at=ended, end_reason="LEFT")
        roll_up(NOW)
        yield shop


def changes():
    """Return what the audit log says of changed settings."""
    return [it.change for it in db.session.query(AuditLog).filter_by(action="settings.change")]


def test_connections_are_kept_for_ever_unless_somebody_says_otherwise(admin_client):
    text = admin_client.get(PAGE).text
    assert "<dd>For ever</dd>" in text
    assert 'name="months"' in text and 'value="12"' in text
    assert "What would go" not in text and "Keep them for ever" not in text


@pytest.mark.parametrize(
    ("months", "rows", "before"),
    [(4, "2 of 3", "1 Jul 2026"), (5, "1 of 3", "1 Jun 2026"), (12, "0 of 3", "1 Nov 2025")],
)
def test_a_preview_counts_what_would_go_and_changes_nothing(admin_client, months, rows, before):
    text = admin_client.get(f"{PAGE}?months={months}").text
    assert f"<dd>{rows}</dd>" in text and before in text
    assert f"What would go with {months} months" in text
    assert ("This cannot be undone" in text) == (months != 12)
    assert ("Nothing would go today" in text) == (months == 12)
    assert get_kept_months() is None and changes() == []


def test_what_is_saved_is_shown_audited_and_done_by_the_worker(admin_client):
    answer = admin_client.post(PAGE, data={"months": "4"}, follow_redirects=True)
    assert "Kept for 4 months." in answer.text and "<dd>4 months</dd>" in answer.text
    assert "What goes next" in answer.text and "<dd>2 of 3</dd>" in answer.text
    assert changes() == [{"months_of_sessions": {"from": None, "to": 4}}]
    assert drop_due(Event()) == {"rows": 2}
    text = admin_client.get(PAGE).text
    assert "What ended before Wed 1 Jul 2026" in text and "<dd>0 of 1</dd>" in text
    assert "Months of sessions" in admin_client.get("/audit").text


def test_for_ever_can_be_chosen_again_and_nothing_goes(admin_client):
    admin_client.post(PAGE, data={"months": "4"})
    db.session.commit()
    answer = admin_client.post(f"{PAGE}/for-ever", follow_redirects=True)
    assert "Kept for ever." in answer.text and "<dd>For ever</dd>" in answer.text
    assert drop_due(Event()) is None and get_kept_months() is None
    assert changes()[-1] == {"months_of_sessions": {"from": 4, "to": None}}


def test_saving_what_is_there_already_changes_nothing(admin_client):
    admin_client.post(PAGE, data={"months": "6"})
    answer = admin_client.post(PAGE, data={"months": "6"}, follow_redirects=True)
    assert "Nothing was changed." in answer.text and len(changes()) == 1
    assert "Keep 6 months" not in answer.text


@pytest.mark.parametrize("typed", BAD)
def test_bad_months_get_their_message_once_beside_the_field(admin_client, typed):
    asked = admin_client.get(PAGE, query_string={"months": typed})
    sent = admin_client.post(PAGE, data={"months": typed})
    assert (asked.status_code, sent.status_code) == (200, 422)
    for answer in (asked, sent):
        assert answer.text.count("Type a whole number of months from 4 to 120.") == 1
        assert f'type="text" value="{typed[:200]}"' in answer.text
        assert "What would go" not in answer.text
    assert get_kept_months() is None and changes() == []


def test_a_form_without_months_saves_nothing(admin_client):
    assert admin_client.post(PAGE).status_code == 422
    assert get_kept_months() is None


@pytest.mark.parametrize("role", ["MANAGER", "SELLER"])
def test_the_page_is_for_administrators(sign_in_as, role):
    client = sign_in_as(make_user(role))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, data={"months": "4"}).status_code == 403
    assert client.post(f"{PAGE}/for-ever").status_code == 403
    assert get_kept_months() is None


@pytest.mark.parametrize("page", ["/settings", "/analytics/check"])
def test_the_page_is_found_from_the_settings_and_the_check(admin_client, page):
    assert f'href="{PAGE}"' in admin_client.get(page).text
