"""Rolling up only what changed: marks, late data, and the same rows again, byte for byte."""

import threading
from datetime import timedelta
from decimal import Decimal
from itertools import cycle

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from tests.analytics.rolled import NOW, Shop, assert_proven, at, marks, roll_up, rows, table
from tests.factories import make_device, make_profile, make_sale, make_session, make_usage
from wifiapp.analytics import rollup_operations
from wifiapp.analytics.check_queries import check
from wifiapp.analytics.models import RollupState
from wifiapp.analytics.rollup_operations import Days
from wifiapp.audit.models import AuditLog
from wifiapp.db import db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NINE = at("2026-11-16T09:00")
MAC = "AC:DE:48:00:11:22"


@pytest.fixture
def shop():
    return Shop()


def run(statement, **values):
    db.session.flush()
    found = db.session.execute(text(statement), values).rowcount
    db.session.expire_all()
    return found


def plain(moment):
    return moment.replace(tzinfo=None)


# -- what leaves a mark --------------------------------------------------------------------------


def test_what_no_measure_reads_leaves_no_mark(shop):
    token = shop.token(status="ACTIVE", first_used_at=NINE)
    device = make_device(token)
    make_session(device, started_at=NINE)
    make_sale(token, sold_at=NINE)
    roll_up()
    for statement in (
        """UPDATE wifi_tokens SET "lastSyncAt" = now(), "usedDownMb" = 5, "updatedAt" = now()""",
        """UPDATE wifi_token_devices
        SET "lastSeen" = "lastSeen" + interval '90 seconds', "isOnline" = false""",
        """UPDATE device_sessions SET "bytesDown" = 9000, ip = '10.0.0.9'""",
        """UPDATE wifi_token_sales SET "transactionCode" = 'MP1'""",
        """UPDATE wifi_tokens SET status = 'DISABLED'""",
    ):
        assert run(statement) == 1
    assert marks() == []


def test_a_change_marks_the_hours_before_and_after(shop):
    token = shop.token()
    sale = make_sale(token, sold_at=NINE + 5 * MINUTE)
    roll_up()
    run('UPDATE wifi_token_sales SET "soldAt" = :at', at=plain(NINE + 3 * HOUR))
    business = sale.business_id
    assert marks() == [
        (business, plain(NINE), plain(NINE + HOUR), None),
        (business, plain(NINE + 3 * HOUR), plain(NINE + 4 * HOUR), None),
    ]
    roll_up()
    sold = {start for start, row in rows(shop.business).items() if row.tokens_sold}
    assert sold == {NINE + 3 * HOUR}
    assert_proven()


def test_the_end_of_a_session_marks_only_what_it_may_change(shop):
    session = make_session(make_device(shop.token()), started_at=NINE)
    roll_up()
    run(
        """UPDATE device_sessions SET "endedAt" = :at, "endReason" = 'LEFT'""",
        at=plain(NINE + 27 * HOUR),
    )
    assert marks() == [(shop.business.id, plain(NINE + 27 * HOUR), None, None)]
    roll_up()
    assert max(rows(shop.business)) == NINE + 26 * HOUR
    assert session.ended_at
    assert_proven()


def test_many_rows_of_one_statement_leave_few_marks(shop):
    token = shop.token()
    roll_up()
    run(
        """
        INSERT INTO token_usage ("wifiTokenId", "startsAt", "bytesDown")
        SELECT :token, CAST(:start AS timestamp) + n * interval '15 minutes', 1000000
        FROM generate_series(0, 399) AS n
        """,
        token=token.id,
        start=plain(NINE - 100 * HOUR),
    )
    assert marks() == [(shop.business.id, plain(NINE - 100 * HOUR), plain(NINE), None)]
    roll_up()
    assert sum(r.total_bandwidth_down for r in rows(shop.business, "month").values()) == 400
    assert_proven()


def test_a_mark_waits_for_nobody_and_nobody_for_a_mark(own_app, own_database):
    with own_app.app_context():
        shop = Shop()
        tokens = [shop.token().id for _ in range(3)]
        business = shop.business
        roll_up()
        with connect(own_database) as first, connect(own_database) as second:
            sell(first, business.id, tokens[0])
            sell(second, business.id, tokens[1])
            second.commit()
            roll_up()  # while the first sale is not there yet
            assert rows(business)[NINE].tokens_sold == 1
            first.commit()
        assert len(marks()) == 1
        roll_up()
        assert rows(business)[NINE].tokens_sold == 2 and marks() == []
        assert_proven()


@pytest.mark.parametrize("moment", [NINE - timedelta(days=900), at("2026-11-20T20:00")])
def test_what_commits_between_two_of_its_statements_is_counted_whenever_it_was(
    own_app, own_database, monkeypatch, moment
):
    take_marks = rollup_operations._take_marks
    with own_app.app_context(), connect(own_database) as till:
        shop = Shop()
        token, business = shop.token().id, shop.business
        db.session.commit()

        def after_a_sale(*given, **named):
            sell(till, business.id, token, moment)
            till.commit()
            return take_marks(*given, **named)

        monkeypatch.setattr(rollup_operations, "_take_marks", after_a_sale)
        roll_up()
        assert marks() == []
        assert rows(business)[moment].tokens_sold == 1
        assert_proven()


def connect(url):
    plain_url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain_url, options="-c timezone=UTC -c lock_timeout=5s")


def sell(connection, business_id, token_id, moment=NINE):
    connection.execute(
        """
        INSERT INTO wifi_token_sales (id, "businessId", "wifiTokenId", "saleAmount", "soldAt")
        VALUES (gen_random_uuid(), %s, %s, 1.25, %s)
        """,
        (business_id, token_id, plain(moment)),
    )


def test_what_tills_and_polls_write_while_it_rolls_up_is_counted_exactly(own_app, own_database):
    with own_app.app_context():
        shop = Shop()
        tokens = [shop.token().id for _ in range(90)]
        device = make_device(db.session.get(type(shop.token()), tokens[0]))
        make_session(device, started_at=NINE)
        business, business_id = shop.business, shop.business.id
        db.session.commit()
        start = threading.Barrier(4)

        def work(mine):
            with connect(own_database) as connection:
                start.wait()
                for n, token in enumerate(mine):
                    sell(connection, business_id, token, NINE + (n % 7) * 13 * HOUR)
                    connection.execute(
                        """
                        INSERT INTO token_usage VALUES (%s, %s, 1000000, 10000)
                        ON CONFLICT ("wifiTokenId", "startsAt") DO UPDATE
                        SET "bytesDown" = token_usage."bytesDown" + excluded."bytesDown"
                        """,
                        (tokens[0], plain(NINE + (n % 5) * 15 * MINUTE)),
                    )
                    come_and_go(connection, token, NINE + (n % 4) * 40 * HOUR)
                    connection.commit()

        threads = [
            threading.Thread(target=work, args=(tokens[n::3],), daemon=True) for n in range(3)
        ]
        for thread in threads:
            thread.start()
        start.wait()
        rounds = cycle((False, False, True))
        while any(thread.is_alive() for thread in threads):
            roll_up(longer=next(rounds))
            assert not check(None, None, NOW).mismatches
            db.session.rollback()
        roll_up()
        (month,) = [r for r in rows(business, "month").values() if r.tokens_sold]
        assert (month.tokens_sold, month.total_revenue) == (90, Decimal("112.50"))
        assert month.total_bandwidth_down == 90
        assert_proven()
        before = table()
        run("DELETE FROM wifi_usage_analytics")
        roll_up(again=Days())
        assert table() == before


def come_and_go(connection, token_id, moment):
    """Let a device of its own come with the token, and go when the token is over."""
    values = {"id": token_id, "mac": f"AC:DE:48:{token_id[:2]}:{token_id[2:4]}:{token_id[4:6]}"}
    values |= {"came": plain(moment), "went": plain(moment + 26 * HOUR)}
    for statement in COMING_AND_GOING:
        connection.execute(statement, values | {"mac": values["mac"].upper()})
        connection.commit()


COMING_AND_GOING = (
    """
    INSERT INTO wifi_token_devices (id, "wifiTokenId", "macAddress", "firstSeen", "lastSeen")
    VALUES (%(id)s, %(id)s, %(mac)s, %(came)s, %(came)s)
    """,
    """
    INSERT INTO device_sessions (id, "wifiTokenDeviceId", "startedAt")
    VALUES (%(id)s, %(id)s, %(came)s)
    """,
    """UPDATE wifi_tokens SET "firstUsedAt" = %(came)s WHERE id = %(id)s""",
    """
    UPDATE device_sessions SET "endedAt" = %(went)s, "endReason" = 'EXPIRED' WHERE id = %(id)s
    """,
    """UPDATE wifi_tokens SET status = 'EXPIRED', "expiresAt" = %(went)s WHERE id = %(id)s""",
)


def test_one_process_at_a_time_rolls_up(own_app, own_database):
    with own_app.app_context():
        Shop()
        db.session.commit()
        with connect(own_database) as other:
            other.execute("SELECT pg_advisory_xact_lock(hashtextextended('wifiapp roll-up', 0))")
            assert roll_up(waits=False) is None
        assert roll_up(waits=False)


# -- the same rows again -------------------------------------------------------------------------


def test_rolled_up_again_or_anew_the_table_is_the_same_to_the_byte(shop):
    make_sale(shop.token(), sold_at=NINE)
    make_session(make_device(shop.token(status="ACTIVE")), started_at=NINE)
    roll_up()
    before = table()
    assert roll_up().rows == 0
    assert roll_up(NOW + 5 * MINUTE, again=Days()).rows == 0  # open sessions end as they did
    assert table() == before
    run("DELETE FROM wifi_usage_analytics")
    assert roll_up(NOW + 5 * MINUTE, again=Days()).rows == len(before)
    assert table() == before


def test_days_that_are_rebuilt_are_mended_and_no_others(shop):
    for days in (0, 1, 2):
        make_sale(shop.token(), sold_at=NINE + 24 * days * HOUR, sale_amount=Decimal(1))
    roll_up()
    run('UPDATE wifi_usage_analytics SET "tokensSold" = 9 WHERE "periodType" = \'hour\'')
    roll_up(again=Days(NINE.date(), NINE.date()))
    found = [row.tokens_sold for start, row in sorted(rows(shop.business).items()) if start >= NINE]
    assert found[0] == 1 and 9 in found[1:]


def test_rows_that_nobody_rolled_up_are_taken_away(shop):
    make_sale(shop.token(), sold_at=NINE)
    roll_up()
    before = table()
    run(
        """
        INSERT INTO wifi_usage_analytics (id, "periodType", "periodStart", "periodEnd", system)
        VALUES ('x', 'hour', '2019-05-05 10:20', '2019-05-05 11:20', 'ESP32')
        """
    )
    roll_up(again=Days())
    assert table() == before


# -- what goes on by itself ------------------------------------------------------------------------


def test_an_open_session_goes_on_without_a_mark_also_over_days_nobody_rolled_up(shop):
    make_session(make_device(shop.token()), started_at=NINE + 30 * MINUTE)
    roll_up(NINE + 40 * MINUTE)
    assert rows(shop.business)[NINE].avg_connection_duration == 10
    roll_up(NINE + 45 * MINUTE)
    assert rows(shop.business)[NINE].avg_connection_duration == 15
    roll_up(NINE + 50 * HOUR)
    hours = [row for row in rows(shop.business).values() if row.unique_devices]
    assert len(hours) == 50 and rows(shop.business)[NINE].avg_connection_duration == 30
    assert_proven(NINE + 50 * HOUR)


def test_a_clock_that_goes_back_takes_back_what_was_counted_ahead(shop):
    make_session(make_device(shop.token()), started_at=NINE)
    roll_up(NINE + 9 * HOUR)
    roll_up(NINE + 2 * HOUR)
    assert len([row for row in rows(shop.business).values() if row.unique_devices]) == 2
    assert_proven(NINE + 2 * HOUR)


def test_a_device_s_type_that_is_learned_later_counts_in_all_its_periods(shop):
    make_session(make_device(shop.token(), mac_address=MAC), started_at=NINE)
    run("""UPDATE device_sessions SET "endedAt" = "startedAt", "endReason" = 'LEFT'""")
    roll_up()
    make_profile(shop.business, mac_address=MAC, device_type="Windows")
    roll_up()
    assert rows(shop.business)[NINE].device_type_stats == {"Windows": 1}
    run("UPDATE device_profiles SET \"deviceType\" = 'Android'")
    roll_up()
    assert rows()[NINE].device_type_stats == {"Android": 1}
    assert_proven()


# -- zones and demo -----------------------------------------------------------------------------


def test_another_zone_cuts_all_periods_anew_and_is_recorded(shop):
    make_sale(shop.token(), sold_at=at("2026-11-16T21:30"), sale_amount=Decimal(4))
    roll_up()
    assert at("2026-11-15T22:00") in rows(shop.business, "day")
    run("UPDATE businesses SET timezone = 'Asia/Kathmandu'")
    roll_up()
    days = {s for s, row in rows(shop.business, "day").items() if row.tokens_sold}
    assert days == {at("2026-11-16T18:15")}
    entry = db.session.query(AuditLog).filter_by(business_id=shop.business.id).one()
    assert entry.action == "analytics.zone"
    assert entry.change == {"timezone": ["Africa/Harare", "Asia/Kathmandu"]}
    assert_proven()


def test_a_shop_that_becomes_a_demo_leaves_the_sums_of_all_and_comes_back(shop):
    make_sale(shop.token(), sold_at=NINE)
    roll_up()
    assert NINE in rows()
    run('UPDATE businesses SET "isDemo" = true')
    roll_up()
    assert rows() == {} and NINE in rows(shop.business)
    assert_proven()
    run('UPDATE businesses SET "isDemo" = false')
    roll_up()
    assert NINE in rows()
    assert_proven()


def test_what_was_restored_without_its_progress_is_rolled_up_anew(shop):
    make_sale(shop.token(), sold_at=NINE)
    roll_up()
    before = table()
    run("DELETE FROM rollup_states")
    run('DELETE FROM wifi_usage_analytics WHERE "businessId" IS NULL')
    roll_up()
    assert table() == before and db.session.query(RollupState).count() == 2


def test_a_row_in_another_century_stops_nothing(shop):
    make_sale(shop.token(), sold_at=at("1970-01-01T00:00"))
    make_sale(shop.token(), sold_at=at("2999-01-01T00:00"))
    make_sale(shop.token(), sold_at=NINE)
    make_usage(shop.token(), starts_at=at("2031-01-01T00:00"))
    roll_up()
    assert sum(row.tokens_sold for row in rows(shop.business, "month").values()) == 1
    assert at("2031-01-01T00:00") in rows(shop.business)


def test_what_was_ahead_of_the_clock_and_is_corrected_leaves_no_week_behind(shop):
    sale = make_sale(shop.token(), sold_at=NOW + timedelta(days=9))
    roll_up()
    sale.sold_at = NINE
    roll_up(longer=False)
    roll_up()
    assert_proven()
