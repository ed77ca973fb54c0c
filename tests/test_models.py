"""The models: names, scopes, and what the tables themselves refuse."""

import importlib
import re

import pytest
from sqlalchemy import CheckConstraint, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.factories import FACTORIES, make_rollup, make_sale, make_user
from wifiapp import clock, models
from wifiapp.config import ROOT
from wifiapp.db import Model, db

TABLES = sorted(Model.metadata.tables.values(), key=lambda table: table.name)
SCOPES = {"system", "business", "audit", "never"}


def ids(table):
    return table.name


# -- names and scopes ------------------------------------------------------------------------


def test_no_table_is_forgotten():
    for room in (ROOT / "wifiapp").glob("*/models.py"):
        importlib.import_module(".".join(room.relative_to(ROOT).with_suffix("").parts))
    assert {mapper.class_.__name__ for mapper in Model.registry.mappers} == set(models.__all__)


def test_columns_are_camel_case_and_attributes_snake_case():
    for mapper in Model.registry.mappers:
        for attribute in mapper.column_attrs:
            assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", attribute.key)
            assert re.fullmatch(r"[a-z][a-z0-9]*([A-Z][a-z0-9]*)*", attribute.columns[0].name)


@pytest.mark.parametrize("table", TABLES, ids=ids)
def test_names_are_whole_within_postgresql_s_63_bytes(table):
    for named in (*table.constraints, *table.indexes):
        assert named.name and len(str(named.name).encode()) <= 63, named


@pytest.mark.parametrize("table", TABLES, ids=ids)
def test_each_table_has_a_scope_in_the_archive_and_a_reason_to_be_left_out(table):
    assert table.info["archive"] in SCOPES
    assert bool(table.info["reason"]) == (table.info["archive"] == "never")


@pytest.mark.parametrize("table", TABLES, ids=ids)
def test_an_archived_table_refers_only_to_tables_that_are_archived_with_it(table):
    """A foreign key out of the archive could not be restored."""
    order = {"never": 0, "audit": 1, "business": 2, "system": 3}
    for key in table.foreign_keys:
        assert order[key.column.table.info["archive"]] >= order[table.info["archive"]], key


def test_money_is_numeric_and_times_are_plain_timestamps():
    query = text(
        "SELECT DISTINCT data_type FROM information_schema.columns WHERE table_schema = 'public'"
    )
    types = set(db.session.scalars(query))
    assert not types & {"money", "real", "double precision", "timestamp with time zone", "json"}


# -- CHECKs ----------------------------------------------------------------------------------

# constraint -> a change of a good row that it must refuse
REFUSED = {
    "api_keys_scopes_check": '"mayRead" = false',
    "backup_routines_attempts_check": "attempts = -1",
    "backups_startedBy_check": "\"startedBy\" = 'NOBODY'",
    "backups_status_check": "status = 'LOST'",
    "day_closings_countedCash_check": '"countedCash" = -0.01',
    "day_closings_endsAt_check": '"endsAt" = "startsAt"',
    "day_closings_number_check": '"number" = 0',
    "device_blocks_macAddress_check": "\"macAddress\" = 'ac:de:48:00:11:22'",
    "device_profiles_macAddress_check": "\"macAddress\" = 'ac:de:48:00:11:22'",
    "device_sessions_endReason_check": '"endReason" = \'BORED\', "endedAt" = "startedAt"',
    "device_sessions_endedAt_check": (
        '"endReason" = \'LEFT\', "endedAt" = "startedAt" - interval \'1 second\''
    ),
    "device_sessions_ended_check": '"endedAt" = "startedAt"',
    "hotspot_outages_endedAt_check": '"endedAt" = "startedAt" - interval \'1 second\'',
    "hotspot_commands_attempts_check": "attempts = -1",
    "hotspot_commands_kind_check": "kind = 'DANCE'",
    "hotspot_commands_macAddress_check": (
        '"wifiTokenId" = NULL, "macAddress" = \'ac:de:48:00:11:22\''
    ),
    "hotspot_commands_status_check": "status = 'LOST'",
    "hotspot_commands_target_check": '"wifiTokenId" = NULL',
    "hotspots_status_check": "status = 'TIRED'",
    "hotspots_system_check": "system = 'R650'",
    "restores_startedBy_check": "\"startedBy\" = 'NOBODY'",
    "restores_status_check": "status = 'LOST'",
    "payment_methods_feeMinimum_check": '"feeMinimum" = -0.01',
    "payment_methods_feePercent_check": '"feePercent" = 100.01',
    "payment_methods_kind_check": "kind = 'BARTER'",
    "rollup_marks_endsAt_check": '"endsAt" = "startsAt"',
    "rollup_states_periodsFrom_check": '"periodsFrom" = "sessionsFrom" + interval \'1 second\'',
    "token_batches_asked_check": "asked = 0",
    "token_batches_calledFor_check": '"calledFor" = 1',
    "token_batches_made_check": "made = asked + 1",
    "token_batches_price_check": "price = -0.01",
    "token_batches_source_check": "source = 'FOUND'",
    "token_batches_status_check": "status = 'LOST'",
    "token_batches_system_check": "system = 'esp32'",
    "token_configurations_minStock_check": '"minStock" = 0, "refillTo" = 10',
    "token_configurations_price_check": "price = -0.01",
    "token_configurations_refillTo_check": '"minStock" = 10, "refillTo" = 9',
    "token_configurations_stock_check": '"minStock" = 10',
    "token_configurations_system_check": "system = 'esp32'",
    "token_usage_bytesDown_check": '"bytesDown" = -1',
    "token_usage_bytesUp_check": '"bytesUp" = -1',
    "token_usage_startsAt_check": '"startsAt" = "startsAt" + interval \'1 second\'',
    "users_role_check": "role = 'OWNER'",
    "wifi_token_devices_macAddress_check": "\"macAddress\" = 'AC-DE-48-00-11-22'",
    "wifi_token_sales_fee_check": "fee = -0.01",
    "wifi_token_sales_giftReason_check": '"giftReason" = \'a friend\', "saleAmount" = 1',
    "wifi_token_sales_saleAmount_check": '"saleAmount" = -0.01',
    "wifi_token_sales_tendered_check": '"tendered" = "saleAmount" + "fee" - 0.01',
    "wifi_token_sales_voidReason_check": "\"voidReason\" = 'by mistake'",
    "wifi_tokens_price_check": "price = -1",
    "wifi_tokens_status_check": "status = 'AVAILABLE'",
    "wifi_tokens_system_check": "system = ''",
    "wifi_usage_analytics_periodEnd_check": '"periodEnd" = "periodStart"',
    "wifi_usage_analytics_periodType_check": "\"periodType\" = 'year'",
    "wifi_usage_analytics_system_check": "system = 'ALL'",
    "wifi_usage_analytics_totalRevenue_check": '"totalRevenue" = 1, "esp32Revenue" = 2',
}


def checks():
    """Return each CHECK of the models by its name in the database, with its table."""
    return {
        str(constraint.name): table
        for table in TABLES
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }


def test_each_check_of_the_models_is_listed_here_with_what_it_refuses():
    assert checks().keys() == REFUSED.keys()


@pytest.mark.parametrize("name", REFUSED)
def test_a_check_refuses_a_bad_row_and_names_itself(name):
    table = checks()[name]
    model = next(model for model in FACTORIES if model.__table__ is table)
    row = FACTORIES[model]()
    key = next(iter(table.primary_key))  # of a row that stands alone, one column is enough
    attribute = model.__mapper__.get_property_by_column(key).key
    change = text(f'UPDATE {table.name} SET {REFUSED[name]} WHERE "{key.name}" = :id')
    with pytest.raises(IntegrityError) as refusal:
        db.session.execute(change, {"id": getattr(row, attribute)})
    assert refusal.value.orig.diag.constraint_name == name


# -- what else the tables refuse ---------------------------------------------------------------


def test_an_email_is_one_account_in_any_case():
    make_user(email="Thandi@example.org")
    with pytest.raises(IntegrityError, match="users_email_key"):
        make_user(email="thandi@EXAMPLE.org")


def test_a_token_has_one_sale_that_is_not_void_and_any_number_of_voids():
    void = {"voided_at": clock.now(), "void_reason": "wrong plan"}
    first = make_sale(**void)
    token = db.session.get(models.WifiToken, first.wifi_token_id)
    make_sale(token, **void)
    make_sale(token)
    with pytest.raises(IntegrityError, match="wifi_token_sales_wifiTokenId_live_key"):
        make_sale(token)


def test_a_period_of_all_businesses_stands_once_although_its_business_is_null():
    first = make_rollup(business_id=None)
    with pytest.raises(IntegrityError, match="wifi_usage_analytics_period_key"):
        make_rollup(
            business_id=None,
            period_start=first.period_start,
            period_end=first.period_end,
            system=first.system,
        )


@pytest.mark.parametrize("change", ["UPDATE audit_logs SET action = ''", "DELETE FROM audit_logs"])
def test_the_audit_log_only_grows(change):
    with pytest.raises(DBAPIError, match="The audit log only grows"):
        db.session.execute(text(change))


@pytest.mark.parametrize("table", ["businesses", "hotspots", "token_configurations", "wifi_tokens"])
def test_no_deletion_takes_a_sale_with_it(table):
    make_sale()
    with pytest.raises(IntegrityError, match=r"violates RESTRICT|violates foreign key"):
        db.session.execute(text(f"DELETE FROM {table}"))


# -- the tables that were asked for, column by column ------------------------------------------

TEXT, VARCHAR, STAMP = "text", "character varying", "timestamp without time zone"
MONEY, ZERO = ("numeric", 12, 2), "0"
NOW, NO = "now()", None

# column: type (with length or precision), nullable, default
ASKED = {
    "wifi_token_devices": {
        "id": (TEXT, False, NO),
        "wifiTokenId": (TEXT, False, NO),
        "macAddress": ((VARCHAR, 17), False, NO),
        "isOnline": ("boolean", False, "false"),
        "currentIp": ((VARCHAR, 45), True, NO),
        "firstSeen": (STAMP, False, NO),
        "lastSeen": (STAMP, False, NO),
        "createdAt": (STAMP, False, NOW),
        "updatedAt": (STAMP, False, NOW),
    },
    "wifi_token_sales": {"saleChannel": (TEXT, False, "'DIRECT'::text")},
    "wifi_usage_analytics": {
        "id": (TEXT, False, NO),
        "periodType": ((VARCHAR, 10), False, NO),
        "periodStart": (STAMP, False, NO),
        "periodEnd": (STAMP, False, NO),
        "system": ((VARCHAR, 10), False, NO),
        "businessId": (TEXT, True, NO),
        "uniqueDevices": ("integer", False, ZERO),
        "totalConnections": ("integer", False, ZERO),
        "avgConnectionDuration": (MONEY, True, NO),
        "tokensGenerated": ("integer", False, ZERO),
        "tokensSold": ("integer", False, ZERO),
        "tokensUsed": ("integer", False, ZERO),
        "tokensExpired": ("integer", False, ZERO),
        "totalRevenue": (MONEY, False, ZERO),
        "esp32Revenue": (MONEY, False, ZERO),
        "r710Revenue": (MONEY, False, ZERO),
        "totalBandwidthDown": (MONEY, False, ZERO),
        "totalBandwidthUp": (MONEY, False, ZERO),
        "deviceTypeStats": ("jsonb", True, NO),
        "createdAt": (STAMP, False, NOW),
        "updatedAt": (STAMP, False, NOW),
    },
}


def columns_of(table):
    """Return the columns as information_schema has them."""
    query = text(
        """
        SELECT column_name, data_type, character_maximum_length AS length, numeric_precision,
               numeric_scale, is_nullable = 'YES' AS nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name = :table
        """
    )
    found = {}
    for row in db.session.execute(query, {"table": table}):
        kind = row.data_type
        if row.length:
            kind = (kind, row.length)
        elif kind == "numeric":
            kind = (kind, row.numeric_precision, row.numeric_scale)
        found[row.column_name] = (kind, row.nullable, row.column_default)
    return found


@pytest.mark.parametrize("table", ["wifi_token_devices", "wifi_usage_analytics"])
def test_a_table_has_exactly_the_columns_that_were_asked_for(table):
    assert columns_of(table) == ASKED[table]


def test_sales_have_the_channel_that_was_asked_for():
    assert columns_of("wifi_token_sales").items() >= ASKED["wifi_token_sales"].items()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("wifi_token_devices", "wifiTokenId"),
        ("wifi_token_devices", "macAddress"),
        ("wifi_token_devices", "isOnline"),
        ("wifi_token_sales", "saleChannel"),
        ("wifi_usage_analytics", "periodStart"),
        ("wifi_usage_analytics", "periodEnd"),
        ("wifi_usage_analytics", "system"),
        ("wifi_usage_analytics", "businessId"),
        ("wifi_usage_analytics", "periodType"),
    ],
)
def test_the_indexes_that_were_asked_for_begin_with_their_column(table, column):
    definitions = db.session.scalars(
        text("SELECT indexdef FROM pg_indexes WHERE tablename = :table"), {"table": table}
    )
    wanted = re.compile(rf'INDEX "?{table}_{column}_idx"? .*\("?{column}"?[,)]')
    assert any(wanted.search(definition) for definition in definitions)
