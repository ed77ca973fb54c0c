"""The pages of the analytics: every number of a chart is in its table and its file."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.analytics.rolled import write
from tests.factories import (
    make_business,
    make_device,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_outage,
    make_plan,
    make_profile,
    make_rollup_state,
    make_sale,
    make_token,
    make_user,
)
from wifiapp.analytics.figures import COLUMNS
from wifiapp.analytics.report import NAMES

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)  # a Sunday, 12:30 in Harare
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TODAY = datetime(2026, 11, 21, 22, tzinfo=UTC)  # midnight in Harare


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def shop():
    business = make_business(name="Corner Shop")
    make_rollup_state(business=business, rolled_up_to=NOW)
    return business


def rolled(shop, start=TODAY, unit="day", **given):
    return write(shop, start, unit, **given)


def sold(shop, at, amount="1.00", channel="DIRECT", system="ESP32", **given):
    """Sell a token of the shop at a moment."""
    plan = make_plan(shop, system=system)
    token = make_token(plan=plan, status="SOLD")
    money = {"sale_amount": Decimal(amount), "sale_channel": channel}
    return make_sale(token, sold_at=at, **money, **given)


def rows(client, figure=None, **args):
    """Return the rows of the JSON, by series and period."""
    wanted = {"figure": figure} if figure else {}
    answer = client.get("/analytics.json", query_string=wanted | args)
    assert answer.status_code == 200
    return {(row["series"], row["period"]): row for row in answer.json["rows"]}


def value(client, figure, series, period, **args):
    return rows(client, figure, **args)[series, period]["value"]


def page(client, **args):
    answer = client.get("/analytics", query_string=args)
    assert answer.status_code == 200
    return answer.text


def table(text, name):
    """Return the cells of a figure's table by the label of the row."""
    card = text.partition(f'id="{name}"')[2].partition("</section>")[0]
    found = {}
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", card, re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        label, *numbers = (re.sub(r"<[^>]+>", " ", cell).strip() for cell in cells)
        found[re.sub(r"\s+", " ", label)] = numbers
    return found


# -- what the numbers are ------------------------------------------------------------------------


def test_revenue_by_channel_is_sales_less_voids_each_at_its_own_moment(admin_client, shop):
    rolled(shop, TODAY - 5 * DAY)
    sold(shop, TODAY - HOUR, "3.00", "POS", voided_at=TODAY + HOUR, void_reason="wrong plan")
    sold(shop, TODAY + HOUR, "2.50", "DIRECT")
    found = rows(admin_client, "channels", period="7-days")
    assert found["POS", "Sat 21 Nov"]["value"] == "3.00"
    assert found["POS", "Sun 22 Nov"]["value"] == "-3.00"
    assert found["DIRECT", "Sun 22 Nov"]["value"] == "2.50"
    assert found["All", "Sun 22 Nov"]["value"] == "-0.50"
    assert found["All", "Sun 22 Nov"]["unit"] == "USD"


def test_the_table_of_the_page_is_the_file(admin_client, shop):
    rolled(shop, TODAY - 20 * DAY)
    rolled(shop, revenue="2.50", unique_devices=4, total_connections=7, total_bandwidth_down=1500)
    sold(shop, TODAY + HOUR, "1234.50", "POS")
    text = page(admin_client)
    assert table(text, "channels")["Sun 22 Nov so far"] == ["1,234.50", "1,234.50"]
    assert table(text, "channels")["Sum"] == ["1,234.50", "1,234.50"]
    assert table(text, "systems")["Sun 22 Nov so far"] == ["2.50", "2.50"]
    assert table(text, "volume")["Sun 22 Nov so far"] == ["1.50", "0.00", "1.50"]  # GB
    assert value(admin_client, "volume", "Down", "Sun 22 Nov") == "1500.00"  # MB
    answer = admin_client.get("/analytics.csv", query_string={"figure": "channels"})
    (line,) = [
        line
        for line in csv.DictReader(io.StringIO(answer.text))
        if (line["series"], line["period"]) == ("POS", "Sun 22 Nov")
    ]
    assert tuple(line) == COLUMNS
    assert (line["value"], line["unit"], line["note"]) == ("1234.50", "USD", "so far")
    assert line["from"] == "2026-11-21T22:00:00Z"


def test_one_file_holds_every_figure(admin_client, shop):
    rolled(shop, device_type_stats={"Android": 2})
    sold(shop, TODAY + HOUR)
    found = {row["figure"] for row in admin_client.get("/analytics.json").json["rows"]}
    assert found == set(NAMES)


def test_both_systems_are_added_up_and_one_can_be_chosen(admin_client, shop):
    rolled(shop, revenue="2.00", total_connections=3, system="ESP32")
    rolled(shop, revenue="5.00", total_connections=4, system="R710")
    sold(shop, TODAY + HOUR, "2.00")
    sold(shop, TODAY + HOUR, "5.00", system="R710")
    assert value(admin_client, "systems", "All", "Sun 22 Nov") == "7.00"
    assert value(admin_client, "devices", "Connections", "Sun 22 Nov") == 7
    assert value(admin_client, "devices", "Connections", "Sun 22 Nov", system="R710") == 4
    assert value(admin_client, "channels", "All", "Sun 22 Nov", system="r710") == "5.00"


def test_new_devices_are_those_their_shop_never_saw_before(admin_client, shop):
    tokens = {each: make_token(plan=make_plan(shop, system=each)) for each in ("ESP32", "R710")}
    elsewhere = make_business(name="Elsewhere")
    for business, mac, seen in (
        (shop, "AA:BB:CC:00:00:01", TODAY - 40 * DAY),
        (shop, "AA:BB:CC:00:00:02", TODAY + HOUR),
        (elsewhere, "AA:BB:CC:00:00:02", TODAY - 40 * DAY),  # to the other shop it is not new
    ):
        make_profile(business, mac_address=mac, created_at=seen)
    make_device(tokens["R710"], mac_address="AA:BB:CC:00:00:02", first_seen=TODAY + HOUR)
    for system in tokens:
        rolled(shop, unique_devices=1, system=system)
    found = rows(admin_client, "devices", business=shop.id)
    assert found["New", "Sun 22 Nov"]["value"] == 1
    assert found["Returning", "Sun 22 Nov"]["value"] == 1
    assert found["All", "Sun 22 Nov"]["value"] == 2
    assert value(admin_client, "devices", "New", "Sun 22 Nov", business=shop.id, system="R710") == 1
    assert (
        value(admin_client, "devices", "New", "Sun 22 Nov", business=shop.id, system="ESP32") == 0
    )


def test_all_real_shops_of_one_zone_count_a_device_once(admin_client, shop):
    second = make_business(name="Second Shop")
    make_rollup_state(business=second, rolled_up_to=NOW)
    for each in (shop, second):
        rolled(each, unique_devices=3)
    rolled(None, unique_devices=4, device_type_stats={"Android": 4})
    make_profile(shop, mac_address="AA:BB:CC:00:00:01", created_at=TODAY - 40 * DAY)
    make_profile(second, mac_address="AA:BB:CC:00:00:01", created_at=TODAY + HOUR)
    make_profile(second, mac_address="AA:BB:CC:00:00:02", created_at=TODAY + HOUR)
    assert value(admin_client, "devices", "All", "Sun 22 Nov") == 4
    assert value(admin_client, "devices", "New", "Sun 22 Nov") == 1
    assert value(admin_client, "devices", "New", "Sun 22 Nov", business=second.id) == 2
    assert value(admin_client, "types", "Android", "Sun 22 Nov") == 4
    assert value(admin_client, "devices", "All", "Sun 22 Nov", business=shop.id) == 3


def test_a_manager_sees_the_own_shops_and_no_sum_of_all(sign_in_as, shop):
    manager, second = make_user("MANAGER"), make_business(name="Second Shop")
    stranger = make_business(name="Elsewhere")
    for each in (shop, second):
        make_membership(manager, each)
    for each in (shop, second, stranger):
        rolled(each, unique_devices=3, revenue="1.00")
        sold(each, TODAY + HOUR, "1.00")
    client = sign_in_as(manager)
    assert value(client, "devices", "All", "Sun 22 Nov") == 6
    assert value(client, "channels", "All", "Sun 22 Nov") == "2.00"
    assert "Elsewhere" not in page(client)
    refused = client.get("/analytics.json", query_string={"business": stranger.id})
    assert refused.status_code == 400
    assert "There is no such business" in page(client, business=stranger.id)


def test_made_up_shops_count_only_when_they_are_chosen_or_alone(admin_client):
    demo = make_business(name="Demo", is_demo=True)
    rolled(demo, revenue="9.00")
    sold(demo, TODAY + HOUR, "9.00")
    assert value(admin_client, "channels", "All", "Sun 22 Nov") == "9.00"
    real = make_business(name="Real")
    rolled(real, revenue="1.00")
    sold(real, TODAY + HOUR, "1.00")
    assert value(admin_client, "channels", "All", "Sun 22 Nov") == "1.00"
    assert value(admin_client, "channels", "All", "Sun 22 Nov", business=demo.id) == "9.00"


def test_money_of_two_currencies_is_never_added_up(admin_client, shop):
    other = make_business(name="Duka", currency="KES")
    for each, amount in ((shop, "2.00"), (other, "300.00")):
        rolled(each, revenue=amount)
        sold(each, TODAY + HOUR, amount)
    assert value(admin_client, "channels", "All", "Sun 22 Nov") == "2.00"
    assert value(admin_client, "channels", "All", "Sun 22 Nov", currency="KES") == "300.00"
    assert value(admin_client, "systems", "All", "Sun 22 Nov", currency="KES") == "300.00"
    assert "KES 300.00" in page(admin_client)  # by business


def test_tokens_go_from_made_to_expired(admin_client, shop):
    counts = {"tokens_generated": 50, "tokens_sold": 20, "tokens_used": 15, "tokens_expired": 9}
    rolled(shop, **counts)
    found = rows(admin_client, "tokens")
    assert [row["value"] for row in found.values()] == [50, 20, 15, 9]


def test_the_hours_of_the_week_are_averages_of_the_hours_that_were_seen(admin_client, shop):
    eight = TODAY + 8 * HOUR
    rolled(shop, TODAY - 27 * DAY, "day")
    for week, connections in enumerate((6, 3, 0, 1)):
        rolled(shop, eight - week * 7 * DAY, "hour", total_connections=connections)
    rolled(shop, TODAY + 12 * HOUR, "hour", total_connections=9)  # not over
    found = rows(admin_client, "hours")
    assert found["Sun", "08:00"]["value"] == "2.5"
    assert found["Sun", "12:00"]["value"] == "0.0"  # three Sundays before, and nobody came
    assert found["Mon", "08:00"]["value"] == "0.0"
    narrow = rows(admin_client, "hours", period="7-days")
    assert narrow["Sun", "08:00"]["value"] == "2.5"  # four weeks at least


# -- what nobody knows ---------------------------------------------------------------------------


def test_silence_of_all_hotspots_is_no_data_and_hatched(admin_client, shop):
    box = make_hotspot(name="Counter")
    make_hotspot_business(box, shop)
    outage = {"started_at": TODAY - 2 * DAY, "ended_at": TODAY - DAY + 2 * HOUR}
    make_outage(box, **outage)
    rolled(shop, TODAY - 10 * DAY)
    rolled(shop, TODAY - DAY, unique_devices=5)
    found = rows(admin_client, "devices", period="7-days")
    assert found["All", "Fri 20 Nov"]["value"] is None
    assert found["All", "Fri 20 Nov"]["note"] == "no data: hotspots silent"
    assert found["All", "Sat 21 Nov"]["value"] == 5
    assert found["All", "Sat 21 Nov"]["note"] == "2 h 00 min without data"
    text = page(admin_client, period="7-days")
    assert '"gaps": [4]' in text.replace("&#34;", '"')
    assert table(text, "devices")["Fri 20 Nov no data: hotspots silent"][0] == "\N{EN DASH}"


def test_one_hotspot_that_answers_is_enough(admin_client, shop):
    silent, heard = make_hotspot(), make_hotspot()
    for box in (silent, heard):
        make_hotspot_business(box, shop)
    make_outage(silent, started_at=TODAY - 2 * DAY, ended_at=None)
    rolled(shop, TODAY - 10 * DAY)
    assert rows(admin_client, "devices")["All", "Sat 21 Nov"]["note"] is None


def test_a_system_that_is_silent_leaves_the_other_ones_numbers(admin_client, shop):
    silent, heard = make_hotspot(), make_hotspot(system="R710")
    for box in (silent, heard):
        make_hotspot_business(box, shop)
    make_outage(silent, started_at=TODAY - 2 * DAY, ended_at=TODAY)
    rolled(shop, TODAY - 10 * DAY)
    rolled(shop, TODAY - DAY, unique_devices=5, system="R710")
    row = rows(admin_client, "devices")["All", "Sat 21 Nov"]
    assert (row["value"], row["note"]) == (5, "1 d 00 h without data")
    alone = rows(admin_client, "devices", system="ESP32")["All", "Sat 21 Nov"]
    assert (alone["value"], alone["note"]) == (None, "no data: hotspots silent")


def test_a_manual_hotspot_tells_nothing_that_could_be_missing(admin_client, shop):
    box = make_hotspot(is_manual=True, address="")
    make_hotspot_business(box, shop)
    make_outage(box, started_at=TODAY - 2 * DAY, ended_at=None)
    rolled(shop, TODAY - 10 * DAY)
    assert rows(admin_client, "devices")["All", "Sat 21 Nov"]["note"] is None


def test_before_the_first_data_there_is_no_nought(admin_client, shop):
    rolled(shop, TODAY - 2 * DAY)
    sold(shop, TODAY - DAY)
    found = rows(admin_client, "channels", period="7-days")
    assert found["DIRECT", "Thu 19 Nov"]["value"] is None
    assert found["DIRECT", "Thu 19 Nov"]["note"] == "before the first data"
    assert found["DIRECT", "Fri 20 Nov"]["value"] == "0.00"


def test_the_stamp_is_red_with_the_reason_when_the_rollup_is_late(admin_client, shop):
    rolled(shop)
    assert "rolled up to 12:30" in page(admin_client)
    other = make_business(name="Late")
    make_rollup_state(business=other, rolled_up_to=NOW - timedelta(minutes=6))
    late = page(admin_client, business=other.id)
    assert re.search(r'tone-bad">.*rolled up to 12:24 only: the worker is not running', late)
    never = page(admin_client, business=make_business(name="New").id)
    assert "not rolled up yet: the worker is not running" in never


# -- ranges --------------------------------------------------------------------------------------


def test_the_range_before_stands_beside_when_it_is_wanted(admin_client, shop):
    rolled(shop, TODAY - 40 * DAY)
    rolled(shop, TODAY - DAY, revenue="6.00")
    rolled(shop, TODAY - 8 * DAY, revenue="4.00")
    sold(shop, TODAY - DAY, "6.00")
    text = page(admin_client, period="7-days", compare="before")
    assert table(text, "channels")["Sat 21 Nov"] == ["6.00", "6.00", "4.00"]
    assert "+50% vs before" in text
    assert '"before": true' in text


def test_only_full_periods_are_compared(admin_client, shop):
    rolled(shop, TODAY - 40 * DAY)
    rolled(shop, TODAY, revenue="1.00")  # not over
    rolled(shop, TODAY - DAY, revenue="4.00")
    rolled(shop, TODAY - 7 * DAY, revenue="8.00")  # a week before today
    rolled(shop, TODAY - 8 * DAY, revenue="4.00")
    assert "as before" in page(admin_client, period="7-days")


@pytest.mark.parametrize(
    ("args", "periods"),
    [
        ({}, 30),
        ({"period": "7-days"}, 7),
        ({"period": "month"}, 22),
        ({"period": "last-month"}, 31),
        ({"by": "hour"}, 13),
        ({"by": "hour", "period": "2-days"}, 37),
        ({"by": "week"}, 13),
        ({"by": "week", "period": "52-weeks"}, 52),
        ({"by": "month", "period": "24-months"}, 24),
        ({"from": "2026-11-10", "to": "2026-11-12"}, 3),
        ({"by": "week", "from": "2026-11-10", "to": "2026-11-16"}, 2),
    ],
)
def test_a_range_has_its_periods(admin_client, shop, args, periods):
    rolled(shop, TODAY - 800 * DAY)
    for days_ago in (0, 11, 40):
        rolled(shop, TODAY - days_ago * DAY, args.get("by", "day"), unique_devices=1)
    text = page(admin_client, **args)
    assert len(table(text, "devices")) == periods + 2  # the heading and the sum
    found = {row["period"] for row in rows(admin_client, "devices", **args).values()}
    assert len(found) == periods


def test_a_long_range_shows_its_newest_periods_and_the_file_has_all(admin_client, shop):
    rolled(shop, TODAY - 100 * DAY)
    rolled(shop, unique_devices=1)
    text = page(admin_client, **{"from": "2020-01-01"})
    assert len(table(text, "devices")) == 53 + 2
    assert "The range is longer than a page" in text
    assert re.search(r'href="[^"]*to=2026-10-01[^"]*">Earlier', text)
    found = {
        row["period"] for row in rows(admin_client, "devices", **{"from": "2020-01-01"}).values()
    }
    assert len(found) == 101  # and no endless list of nothing before them


def test_a_full_page_stays_below_its_weight(admin_client, shop):
    """The client of the tests refuses a page over 60 KB."""
    kinds = ["Android", "Apple iOS", "Linux", "Windows", "macOS", "ChromeOS", "Console"]
    for week in range(53):
        start = TODAY - timedelta(days=6) - week * 7 * DAY
        stats = dict.fromkeys(kinds, 1000 + week)
        rolled(
            shop, start, "week", revenue="12345.60", unique_devices=7000, device_type_stats=stats
        )
        for channel in ("DIRECT", "POS", "WHATSAPP", "AGENT", "ONLINE"):
            sold(shop, start + HOUR, "12345.60", channel)
    rolled(shop, TODAY - 800 * DAY)
    text = page(admin_client, by="week", compare="before", **{"from": "2025-11-24"})
    assert len(table(text, "channels")) == 52 + 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"by": "year"}, "There are no such periods."),
        ({"period": "52-weeks"}, "There is no such range here."),
        ({"system": "R999"}, "There is no such system."),
        ({"from": "yesterday"}, "Enter a day such as 2026-11-22."),
        ({"from": "2026-11-12", "to": "2026-11-10"}, "The last day came before the first"),
        ({"period": "custom"}, "Choose a day."),
        ({"compare": "all"}, "There is nothing like that to compare with."),
    ],
)
def test_a_bad_filter_is_said_on_the_page_and_refused_in_a_file(admin_client, shop, args, message):
    rolled(shop)
    assert message in page(admin_client, **args)
    answer = admin_client.get("/analytics.csv", query_string=args)
    assert answer.status_code == 400
    assert message in answer.text


def test_a_figure_that_does_not_exist_is_not_found(admin_client, shop):
    assert admin_client.get("/analytics.csv?figure=profit").status_code == 404


def test_without_a_shop_the_page_says_what_to_do(admin_client):
    assert "No business yet" in page(admin_client)


@pytest.mark.parametrize("zone", ["Africa/Cairo", "Australia/Lord_Howe", "Europe/London"])
@pytest.mark.parametrize("day", ["2026-10-30", "2026-10-25", "2026-04-24", "2026-04-05"])
def test_days_on_which_the_clock_changes_have_a_page(admin_client, zone, day):
    shop = make_business(timezone=zone)
    make_rollup_state(business=shop, rolled_up_to=NOW)
    rolled(shop, TODAY - 800 * DAY)
    sold(shop, datetime.fromisoformat(f"{day}T01:30:00+00:00"))
    args = {"by": "hour", "from": day, "to": day}
    found = rows(admin_client, "channels", **args)
    assert sum(Decimal(row["value"]) for (name, _), row in found.items() if name == "All") == 1
    page(admin_client, **args)


# -- it agrees with the sales page ---------------------------------------------------------------


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_channels_of_any_range_are_those_of_the_sales_page(admin_client, data):
    shop = make_business(timezone=data.draw(st.sampled_from(["Africa/Cairo", "Asia/Kolkata"])))
    rolled(shop, TODAY - 90 * DAY)
    moments = st.integers(0, 40 * 24 * 60).map(lambda ago: NOW - timedelta(minutes=ago))
    for at in data.draw(st.lists(moments, min_size=1, max_size=12)):
        amount = str(data.draw(st.decimals(0, 500, places=2)))
        channel = data.draw(st.sampled_from(["DIRECT", "POS", "=1+1"]))
        after = data.draw(st.none() | st.integers(0, 9 * 24 * 60))
        void = {} if after is None else {"void_reason": "x"}
        if after is not None:
            void["voided_at"] = min(NOW, at + timedelta(minutes=after))
        sold(shop, at, amount, channel, **void)
    first = data.draw(st.dates(date(2026, 10, 20), date(2026, 11, 22)))
    days = {"business": shop.id, "from": first.isoformat(), "to": "2026-11-22"}
    wanted = {}
    for row in admin_client.get("/sales.json", query_string=days).json["rows"]:
        wanted[row["channel"]] = wanted.get(row["channel"], 0) + Decimal(row["amount"])
    for unit in ("hour", "day"):
        found = {}
        for row in rows(admin_client, "channels", by=unit, **days).values():
            found[row["series"]] = found.get(row["series"], 0) + Decimal(row["value"] or 0)
        total = found.pop("All", 0)
        assert found == wanted
        assert total == sum(wanted.values())
