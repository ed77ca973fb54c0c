"""The check: what differs is named with its period and its rows; what is waiting is no mismatch."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.analytics.rolled import NOW, Shop, assert_proven, at, roll_up
from tests.factories import make_device, make_profile, make_sale, make_session, make_usage
from wifiapp import clock
from wifiapp.analytics import check_queries, rollup_operations
from wifiapp.analytics.check_queries import check
from wifiapp.analytics.check_rows import select_rows
from wifiapp.analytics.rollup_operations import Days
from wifiapp.db import db

HOUR = timedelta(hours=1)
NINE = at("2026-11-16T09:00")


@pytest.fixture
def shop():
    """A shop in which every measure has something to count, rolled up."""
    shop = Shop()
    token = shop.token(
        created_at=NINE,
        first_used_at=NINE,
        expires_at=NINE,
        status="EXPIRED",
    )
    make_sale(token, sold_at=NINE, sale_amount=Decimal("2.50"))
    make_usage(token, starts_at=NINE, bytes_down=9_000_000, bytes_up=2_000_000)
    device = make_device(token)
    make_session(device, started_at=NINE, ended_at=NINE + HOUR / 2, end_reason="LEFT")
    make_profile(shop.business, mac_address=device.mac_address, device_type="Android")
    roll_up()
    assert_proven()
    return shop


def tamper(change, kind="hour", rows=1):
    statement = f"""
        UPDATE wifi_usage_analytics SET {change}
        WHERE "businessId" IS NOT NULL AND "periodType" = :kind
    """
    assert db.session.execute(text(statement), {"kind": kind}).rowcount == rows


def found():
    return check(None, None, NOW).mismatches


MEASURES = {
    "tokensGenerated": '"tokensGenerated" = 2',
    "tokensSold": '"tokensSold" = 0',
    "tokensUsed": '"tokensUsed" = 2',
    "tokensExpired": '"tokensExpired" = 2',
    "totalRevenue": '"totalRevenue" = 2.51, "esp32Revenue" = 2.51',
    "uniqueDevices": '"uniqueDevices" = 2',
    "totalConnections": '"totalConnections" = 2',
    "avgConnectionDuration": '"avgConnectionDuration" = NULL',
    "totalBandwidthDown": '"totalBandwidthDown" = 9.01',
    "totalBandwidthUp": '"totalBandwidthUp" = 2.01',
    "deviceTypeStats": """"deviceTypeStats" = '{"Android": 2}'""",
}


@pytest.mark.parametrize("kind", ["hour", "day", "week", "month"])
@pytest.mark.parametrize("measure", MEASURES)
def test_a_number_that_was_changed_is_named_with_its_period_and_its_rows(shop, measure, kind):
    tamper(MEASURES[measure], kind)
    named = [it for it in found() if it.measure == measure and it.against in {"raw", "types"}]
    (it,) = named
    assert (it.kind, it.scope, it.system) == (kind, shop.business.id, "ESP32")
    assert it.start <= NINE < it.end and it.says != it.counted
    assert len(db.session.execute(text(select_rows(it).replace(":", r"\:"))).all()) == 1


@pytest.mark.parametrize(
    ("change", "against"),
    [
        ('"totalRevenue" = 9, "esp32Revenue" = 9', {"raw", "hours", "sales"}),
        ('"periodStart" = "periodStart" + interval \'1 minute\'', {"raw", "calendar", "types"}),
        ('"periodEnd" = "periodEnd" - interval \'1 minute\'', {"raw", "calendar"}),
    ],
)
def test_a_day_is_held_against_the_rows_its_hours_the_sales_page_and_the_calendar(
    shop, change, against
):
    tamper(change, "day")
    assert against <= {it.against for it in found()}


@pytest.mark.usefixtures("shop")
def test_a_row_too_few_and_a_row_too_many_are_named():
    db.session.execute(text("DELETE FROM wifi_usage_analytics WHERE \"periodType\" = 'week'"))
    assert {it.kind for it in found()} == {"week"}
    roll_up(again=Days())
    assert_proven()


@pytest.mark.parametrize(
    ("day", "month"), [("2026-10-31", "2026-10-01"), ("2026-11-01", "2026-11-01")]
)
def test_a_week_in_two_months_is_compared_once_whichever_of_its_days_are_asked_for(day, month):
    shop, two_ahead = Shop(), 2 * HOUR  # of the shop's clock
    for each in ("2026-10-31", "2026-11-01"):
        shop.token(created_at=at(f"{each}T09:00"))
    roll_up()
    add = 'UPDATE wifi_usage_analytics SET "tokensGenerated" = "tokensGenerated" + 1'
    db.session.execute(text(add))
    asked = date.fromisoformat(day)
    named = check(asked, asked, NOW).mismatches
    assert [(it.kind, it.start) for it in named if it.scope and it.against == "raw"] == [
        ("hour", at(f"{day}T09:00")),
        ("day", at(f"{day}T00:00") - two_ahead),
        ("week", at("2026-10-26T00:00") - two_ahead),
        ("month", at(f"{month}T00:00") - two_ahead),
    ]


def test_what_was_changed_since_is_waiting_and_no_mismatch(shop):
    make_sale(shop.token(), sold_at=NINE + HOUR)
    db.session.flush()
    verdict = check(None, None, NOW)
    assert verdict.waiting and not verdict.mismatches
    tamper('"tokensSold" = 7')  # in an hour that nothing waits for
    assert [it.start for it in found()] == [NINE]


def test_what_differs_is_named_though_more_than_fits_before_it_changed_meanwhile(shop, monkeypatch):
    """The first numbers of a step are of an hour that is sold in while the check goes on."""
    shop.token(created_at=NINE + HOUR)
    roll_up()
    tamper('"tokensGenerated" = 7, "tokensUsed" = 7, "tokensExpired" = 7', rows=2)
    monkeypatch.setattr(check_queries, "MOST", 2)

    def sell(done, _of):
        if not done:
            make_sale(shop.token(), sold_at=NINE)
            db.session.flush()

    verdict = check(None, None, NOW, sell)
    assert {(it.kind, it.start) for it in verdict.mismatches} == {("hour", NINE + HOUR)}
    assert verdict.has_more


# -- the command ---------------------------------------------------------------------------------


@pytest.fixture
def run(app):
    """Return a function that runs `flask analytics …`."""
    db.session.commit()
    return lambda *words: app.test_cli_runner().invoke(args=["analytics", *words])


def test_the_command_rolls_up_what_waits_and_says_that_nothing_differs(shop, run):
    make_sale(shop.token(), sold_at=clock.now() - HOUR)
    db.session.commit()
    result = run("check")
    assert result.exit_code == 0 and "Nothing differs" in result.output
    assert json.loads(run("check", "--json").output)["waiting"] == 0


def test_the_command_does_not_call_equal_what_changed_while_it_counted(shop, app, monkeypatch):
    monkeypatch.setattr(rollup_operations, "roll_up", lambda _now: None)
    mark = 'INSERT INTO rollup_marks (id, "businessId") VALUES (gen_random_uuid(), :business)'
    db.session.execute(text(mark), {"business": shop.business.id})
    db.session.commit()
    words = ["analytics", "check", "--from", "2026-11-16", "--to", "2026-11-16"]
    result = app.test_cli_runner().invoke(args=words)
    assert "Nothing was compared" in result.output and "Nothing differs" not in result.output
    assert "periods were left out" in result.output


def test_the_command_names_what_differs_and_exits_with_1(shop, run):
    tamper('"tokensSold" = 7')
    db.session.commit()
    result = run("check", "--from", "2026-11-16", "--to", "2026-11-16")
    assert result.exit_code == 1
    assert f"tokensSold of {shop.business.name} on ESP32, hour from 2026-11-16 09:00" in (
        result.output
    )
    first, *others = json.loads(run("check", "--json").output)["mismatches"]
    assert (first["measure"], first["rolledUp"], first["counted"]) == ("tokensSold", "7", "1")
    assert {row["against"] for row in others} == {"hours"}


def test_the_command_rebuilds_what_it_is_told(shop, run):
    tamper('"tokensSold" = 7')
    db.session.commit()
    assert json.loads(run("rollup", "--json").output)["rows"] == 0
    result = run("rollup", "--rebuild", "--from", "2026-11-16", "--to", "2026-11-16")
    assert "1 row changed" in result.output and shop
    assert run("check").exit_code == 0
    assert run("rollup", "--from", "2026-11-16").exit_code == 2
    assert run("rollup", "--rebuild", "--from", "2026-11-16", "--to", "2026-11-15").exit_code == 2


# -- the page ------------------------------------------------------------------------------------


def test_the_page_says_that_nothing_differs_or_what_does(shop, admin_client):
    day = "/analytics/check?from=2026-11-16&to=2026-11-16"
    assert b"Nothing differs" in admin_client.get(day).data
    tamper('"tokensSold" = 7')
    db.session.commit()
    page = admin_client.get(day).text
    assert "Numbers that differ: 4" in page and "Tokens sold" in page
    assert shop.business.name in page and "wifi_token_sales" in page
    rows = admin_client.get(day.replace("?", ".json?")).json["rows"]
    assert (rows[0]["measure"], rows[0]["rolledUp"]) == ("tokensSold", "7")
    assert "tokensSold" in admin_client.get(day.replace("?", ".csv?")).text


def test_the_page_says_when_everything_changed_since(shop, admin_client):
    mark = 'INSERT INTO rollup_marks (id, "businessId") VALUES (gen_random_uuid(), :business)'
    db.session.execute(text(mark), {"business": shop.business.id})
    db.session.commit()
    page = admin_client.get("/analytics/check?from=2026-11-16&to=2026-11-16").text
    assert "Nothing was compared" in page and "Nothing was rolled up yet" not in page


def test_days_that_will_not_do_get_a_message_beside_the_field(admin_client):
    page = admin_client.get("/analytics/check?from=2026-01-01&to=2026-11-16").text
    assert "A page checks 3 months at most" in page
    page = admin_client.get("/analytics/check?from=2026-11-16&to=2026-11-01").text
    assert "The last day came before the first" in page
    assert admin_client.get("/analytics/check.csv?from=x").status_code == 400
    assert "Nothing was rolled up yet" in admin_client.get("/analytics/check").text
