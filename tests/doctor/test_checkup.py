"""The doctor on a sound schema that is damaged on purpose, inside a transaction."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wifiapp.db import db
from wifiapp.doctor.catalogue import read_catalogue
from wifiapp.doctor.checkup import UPGRADE, examine
from wifiapp.doctor.comparison import compare
from wifiapp.doctor.expectation import driver, from_models_reloaded

# what was done -> what the doctor must say, and nothing else
DAMAGE = {
    'ALTER TABLE hotspots DROP COLUMN "freeSlots"': ["missing column hotspots.freeSlots"],
    'ALTER TABLE backups DROP COLUMN "createdAt"': [
        "missing column backups.createdAt",
        "missing index backups.backups_createdAt_idx",
    ],
    "ALTER TABLE hotspots ADD COLUMN note text": ["extra column hotspots.note"],
    "ALTER TABLE users ALTER COLUMN role TYPE varchar(12)": ["different type users.role"],
    "ALTER TABLE wifi_tokens ALTER COLUMN price TYPE numeric(10,2)": [
        "different type wifi_tokens.price"
    ],
    'ALTER TABLE wifi_token_devices ALTER COLUMN "createdAt" TYPE timestamptz': [
        "different type wifi_token_devices.createdAt"
    ],
    'ALTER TABLE backups ALTER COLUMN "rowsDone" DROP DEFAULT, '
    'ALTER COLUMN "rowsDone" TYPE text, ALTER COLUMN "rowsDone" SET DEFAULT \'none\'': [
        "different type backups.rowsDone",
        "different default backups.rowsDone",
    ],
    'ALTER TABLE businesses ALTER COLUMN name TYPE text COLLATE "C"': [
        "different type businesses.name"
    ],
    'ALTER TABLE wifi_token_sales ALTER COLUMN "saleChannel" DROP DEFAULT': [
        "missing default wifi_token_sales.saleChannel"
    ],
    "ALTER TABLE hotspots ALTER COLUMN name SET DEFAULT 'Hotspot'": ["extra default hotspots.name"],
    'ALTER TABLE hotspots ALTER COLUMN "pollInterval" SET DEFAULT 60': [
        "different default hotspots.pollInterval"
    ],
    'ALTER TABLE memberships ALTER COLUMN "userId" DROP NOT NULL': [
        "different not null memberships.userId"
    ],
    'ALTER TABLE wifi_tokens ALTER COLUMN "downloadMb" SET NOT NULL': [
        "different not null wifi_tokens.downloadMb"
    ],
    'ALTER TABLE hotspots ALTER COLUMN "clockOffset" SET NOT NULL, '
    'ALTER COLUMN "clockOffset" ADD GENERATED ALWAYS AS IDENTITY': [
        "extra generated hotspots.clockOffset",
        "different not null hotspots.clockOffset",
    ],
    "ALTER TABLE wifi_token_devices RESET (fillfactor)": ["missing storage wifi_token_devices"],
    'DROP INDEX "wifi_token_devices_isOnline_idx"': [
        "missing index wifi_token_devices.wifi_token_devices_isOnline_idx"
    ],
    'DROP INDEX "wifi_token_sales_wifiTokenId_live_key"; '
    'CREATE UNIQUE INDEX "wifi_token_sales_wifiTokenId_live_key" '
    'ON wifi_token_sales ("wifiTokenId")': [
        "different index wifi_token_sales.wifi_token_sales_wifiTokenId_live_key"
    ],
    "DROP INDEX wifi_tokens_token_idx; CREATE INDEX wifi_tokens_token_idx ON wifi_tokens (token)": [
        "different index wifi_tokens.wifi_tokens_token_idx"
    ],
    "DROP INDEX users_email_key; CREATE UNIQUE INDEX users_email_key ON users (email)": [
        "different index users.users_email_key"
    ],
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'audit_logs_action_idx'::regclass": [
        "different index audit_logs.audit_logs_action_idx"
    ],
    "CREATE INDEX my_idx ON users (name)": ["extra index users.my_idx"],
    "CREATE UNIQUE INDEX my_key ON hotspots (name)": ["extra index hotspots.my_key"],
    "ALTER TABLE wifi_usage_analytics DROP CONSTRAINT wifi_usage_analytics_period_key, "
    "ADD CONSTRAINT wifi_usage_analytics_period_key "
    'UNIQUE ("periodType", "periodStart", system, "businessId")': [
        "different unique wifi_usage_analytics.wifi_usage_analytics_period_key"
    ],
    'ALTER TABLE wifi_tokens DROP CONSTRAINT "wifi_tokens_hotspotId_token_key"': [
        "missing unique wifi_tokens.wifi_tokens_hotspotId_token_key"
    ],
    "ALTER TABLE worker_states DROP CONSTRAINT worker_states_pkey": [
        "missing primary key worker_states.worker_states_pkey"
    ],
    'ALTER TABLE wifi_token_devices DROP CONSTRAINT "wifi_token_devices_wifiTokenId_fkey", '
    'ADD CONSTRAINT "wifi_token_devices_wifiTokenId_fkey" '
    'FOREIGN KEY ("wifiTokenId") REFERENCES wifi_tokens (id)': [
        "different foreign key wifi_token_devices.wifi_token_devices_wifiTokenId_fkey"
    ],
    'ALTER TABLE wifi_token_sales DROP CONSTRAINT "wifi_token_sales_soldBy_fkey"': [
        "missing foreign key wifi_token_sales.wifi_token_sales_soldBy_fkey"
    ],
    'ALTER TABLE wifi_token_sales DROP CONSTRAINT "wifi_token_sales_voidedBy_fkey", '
    'ADD CONSTRAINT "wifi_token_sales_voidedBy_fkey" FOREIGN KEY ("voidedBy") '
    "REFERENCES users (id) ON DELETE RESTRICT NOT VALID": [
        "different foreign key wifi_token_sales.wifi_token_sales_voidedBy_fkey"
    ],
    'ALTER TABLE wifi_token_sales DROP CONSTRAINT "wifi_token_sales_saleAmount_check"': [
        "missing check wifi_token_sales.wifi_token_sales_saleAmount_check"
    ],
    "ALTER TABLE token_configurations DROP CONSTRAINT token_configurations_price_check, "
    "ADD CONSTRAINT token_configurations_price_check CHECK (price > 0)": [
        "different check token_configurations.token_configurations_price_check"
    ],
    "ALTER TABLE businesses ADD CONSTRAINT short CHECK (length(name) < 9)": [
        "extra check businesses.short"
    ],
    "ALTER TABLE worker_states SET UNLOGGED": ["different unlogged worker_states"],
    "DROP TRIGGER audit_logs_append_only ON audit_logs": [
        "missing trigger audit_logs.audit_logs_append_only"
    ],
    "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
    "CREATE TRIGGER nothing BEFORE INSERT ON device_profiles "
    "FOR EACH ROW EXECUTE FUNCTION nothing()": [
        "extra trigger device_profiles.nothing",
        "extra function nothing()",
    ],
    "CREATE OR REPLACE FUNCTION audit_logs_append_only() RETURNS trigger "
    "LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'": ["different function audit_logs_append_only()"],
    "CREATE TABLE mine (id int PRIMARY KEY, plan text REFERENCES token_configurations)": [
        "extra table mine"
    ],
    "CREATE VIEW busy AS SELECT 1 AS one": ["extra view busy"],
    "DROP TABLE device_sessions": ["missing table device_sessions"],
}
HARMLESS = {
    "extra index users.my_idx",
    "extra table mine",
    "extra view busy",
    "missing storage wifi_token_devices",
}


def run(*statements):
    for statement in statements:
        driver(db.session.connection()).execute(statement.encode())


def doctor():
    return examine(db.session.connection())


def said(differences):
    return [f"{each.problem} {each.kind} {each.where}" for each in differences]


def test_nothing_differs_on_a_database_that_the_migrations_built():
    report = doctor()
    assert report.is_clean and not report.is_sick
    assert report.mends == report.pending == ()
    assert report.revision == report.heads[0]


@pytest.mark.parametrize("damage", DAMAGE)
def test_each_damage_is_named_exactly_and_its_statements_undo_it(damage):
    run(damage)
    report = doctor()
    assert sorted(said(report.differences)) == sorted(DAMAGE[damage])
    assert report.is_sick == (not HARMLESS & set(DAMAGE[damage]))
    run(*report.mends)
    assert doctor().is_clean


def test_all_damages_at_once_are_all_named_at_once_and_mended_in_one_go():
    run(*DAMAGE)
    report = doctor()
    assert sorted(said(report.differences)) == sorted(
        itertools.chain.from_iterable(DAMAGE.values())
    )
    run(*report.mends)
    assert doctor().is_clean


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chosen=st.sets(st.sampled_from(sorted(DAMAGE)), min_size=2, max_size=6))
def test_any_few_damages_together_are_named_and_mended(chosen):
    with db.session.begin_nested() as savepoint:
        run(*chosen)
        report = doctor()
        assert len(report.differences) == sum(len(DAMAGE[damage]) for damage in chosen)
        run(*report.mends)
        assert doctor().is_clean
        savepoint.rollback()


def test_every_part_that_the_models_have_is_missed_when_it_is_gone_and_can_be_made_again():
    connection = db.session.connection()
    models = from_models_reloaded(connection)
    for part in models.parts:
        with connection.begin_nested() as savepoint:
            run(part.drop + (" CASCADE" if part.kind in {"primary key", "function"} else ""))
            differences = compare(models, read_catalogue(driver(connection), "public"))
            assert part.name in {each.name for each in differences}
            assert {each.problem for each in differences} == {"missing"}
            run(*(each.mend for each in differences))
            assert compare(models, read_catalogue(driver(connection), "public")) == []
            savepoint.rollback()


def test_every_column_that_the_models_have_is_missed_when_it_is_gone_and_can_be_made_again():
    connection = db.session.connection()
    models = from_models_reloaded(connection)
    for table in models.tables.values():
        for column in table.columns:
            with connection.begin_nested() as savepoint:
                run(f'ALTER TABLE {table.name} DROP COLUMN "{column}" CASCADE')
                differences = compare(models, read_catalogue(driver(connection), "public"))
                assert ("column", table.name, column) in {each.key for each in differences}
                run(*(each.mend for each in differences))
                assert compare(models, read_catalogue(driver(connection), "public")) == []
                savepoint.rollback()


def test_a_schema_of_nothing_can_be_made_whole_by_the_statements_alone():
    connection = db.session.connection()
    models = from_models_reloaded(connection)
    run("CREATE SCHEMA bare", "SET LOCAL search_path TO bare")
    differences = compare(models, read_catalogue(driver(connection), "bare"))
    assert {each.table for each in differences if each.kind == "table"} == set(models.tables)
    run(*(each.mend for each in differences))
    assert compare(models, read_catalogue(driver(connection), "bare")) == []


def test_checks_that_went_through_a_dump_are_no_differences():
    connection = db.session.connection()
    checks = read_catalogue(driver(connection), "public").parts_of("check")
    run(*(check.replace for check in checks))
    again = read_catalogue(driver(connection), "public").parts_of("check")
    assert {check.definition for check in checks} != {check.definition for check in again}
    assert doctor().is_clean


def test_what_does_not_belong_is_set_aside_with_its_rows_and_never_dropped():
    run("CREATE TABLE mine AS SELECT 1 AS one")
    (extra,) = doctor().differences
    assert "DROP" not in extra.mend and not extra.blocks
    run(extra.mend)
    assert db.session.execute(db.text("SELECT one FROM set_aside.mine")).scalar() == 1


def test_a_value_that_does_not_fit_the_mended_type_is_refused_and_not_cut():
    run("ALTER TABLE hotspot_businesses ALTER COLUMN ssid TYPE text")
    (wrong,) = doctor().differences
    assert "::" not in wrong.mend  # an explicit cast to varchar(32) would cut


def test_a_revision_that_nobody_knows_is_a_newer_wifiapp_s_and_no_statement_is_offered():
    run("UPDATE alembic_version SET version_num = '29990101000000'", "DROP TABLE device_sessions")
    report = doctor()
    assert said(report.differences) == [
        "different revision schema",
        "missing table device_sessions",
    ]
    assert report.mends == ("Install the newer wifiapp",)
    assert report.is_sick


def test_tables_that_were_made_without_migrations_are_stamped_and_not_made_twice():
    run("DROP TABLE alembic_version")
    (difference,) = doctor().differences
    assert difference.kind == "revision"
    assert difference.mend == f"flask db stamp {doctor().heads[0]}"


def test_an_old_stamp_on_a_new_schema_is_told_from_an_old_schema():
    run("UPDATE alembic_version SET version_num = '20260113000001'")
    (difference,) = doctor().differences
    assert difference.mend.startswith("flask db stamp ")


def test_a_damage_beside_a_pending_migration_gets_its_statement_and_the_rest_the_upgrade():
    run(
        "DROP TABLE device_sessions",
        'DROP INDEX "wifi_token_sales_voidedAt_idx"',
        'DROP INDEX "wifi_token_devices_firstSeen_idx"',
        "ALTER TABLE users DROP CONSTRAINT users_role_check",
        "UPDATE alembic_version SET version_num = '20261122200000'",
    )
    report = doctor()
    mends = {f"{each.kind} {each.where}": each.mend for each in report.differences}
    assert mends["table device_sessions"] == UPGRADE
    assert mends["revision schema"] == UPGRADE
    assert mends["check users.users_role_check"].startswith("ALTER TABLE")
    assert report.mends[-1] == UPGRADE


def test_an_empty_database_lacks_everything_and_one_command_mends_it(empty_database, app_on):
    with app_on(empty_database).app_context():
        report = doctor()
    tables = {each.table for each in report.differences if each.kind == "table"}
    assert tables == set(db.metadata.tables)
    assert report.mends == (UPGRADE,)
    assert report.revision is None


def test_a_role_that_may_not_create_is_told_the_grant():
    run("CREATE ROLE wifiapp_small", "SET LOCAL ROLE wifiapp_small")
    (difference,) = doctor().differences
    assert difference.mend.startswith("GRANT CREATE ON DATABASE")
    assert difference.blocks


def test_a_session_in_another_zone_than_utc_is_a_difference():
    run("SET LOCAL timezone TO 'Africa/Harare'")
    assert said(doctor().differences) == ["different server time zone"]


def test_the_examination_leaves_no_trace():
    before = db.session.execute(db.text("SELECT count(*) FROM pg_class")).scalar()
    doctor()
    assert db.session.execute(db.text("SELECT count(*) FROM pg_class")).scalar() == before
    assert db.session.execute(db.text("SHOW search_path")).scalar() == '"$user", public'
