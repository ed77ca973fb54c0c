"""What would happen without each guard: the tests of the guards would be red, not green by luck.

Each test takes one guard away, and sees the harm done that it is there to prevent.
"""

import json
import os
import signal

import pytest

from tests.backup.archives import (
    altered,
    call,
    contents,
    execute,
    fill,
    make_archive,
    schemas,
    with_manifest,
)
from tests.backup.test_restore import rewritten
from tests.factories import make_device, make_sale, make_user
from wifiapp.backup import (
    creating,
    engine,
    loading,
    reading,
    restoring,
    selection,
    swapping,
    writing,
)
from wifiapp.backup.engine import BackupError, Damaged


def nothing(*_, **__):
    return None


# -- the schema, and what of it travels --------------------------------------------------------


def test_without_the_doctor_gaps_would_be_named_one_at_a_time(own_app, monkeypatch):
    fill(own_app, make_user)
    execute(own_app, "DROP TABLE wifi_usage_analytics, device_sessions")
    monkeypatch.setattr(creating, "require_sound", nothing)
    with pytest.raises(KeyError) as caught:
        make_archive(own_app)
    assert str(caught.value) in {"'wifi_usage_analytics'", "'device_sessions'"}


def test_a_table_left_out_of_the_list_would_be_gone_after_a_restore(own_app, monkeypatch):
    fill(own_app, make_device)
    archived = selection.archived_tables

    def forgetful(metadata):
        return [table for table in archived(metadata) if table.name != "device_profiles"]

    for module in (selection, loading):
        monkeypatch.setattr(module, "archived_tables", forgetful)
    fill(own_app)
    call(own_app, engine.restore, make_archive(own_app).path)
    assert contents(own_app, ["device_profiles"]) == {"device_profiles": []}


# -- what is in the file ------------------------------------------------------------------------


def forged(app):
    """Return an archive in which somebody changed a value and every sum but the digest."""
    fill(app, make_user)
    return rewritten(make_archive(app).path, "users", lambda rows: rows.replace(b"User", b"Usor"))


def test_without_the_digests_other_values_would_be_restored(own_app, monkeypatch):
    path = forged(own_app)
    (said,) = (t for t in engine.inspect(path).tables if t.name == "users")
    digest = loading.rows_and_digest

    def as_announced(connection, columns, source):
        rows, found = digest(connection, columns, source)
        return (rows, said.digest) if source == '"users"' else (rows, found)

    monkeypatch.setattr(loading, "rows_and_digest", as_announced)
    call(own_app, engine.restore, path)
    assert "Usor" in contents(own_app, ["users"])["users"][0]


def test_without_the_sums_of_the_members_a_changed_file_would_pass_the_check(own_app, monkeypatch):
    fill(own_app, make_user)
    path = make_archive(own_app).path
    changed = altered(
        path,
        lambda members: members.update(
            {"tables/users.csv": members["tables/users.csv"].replace(b"User", b"Usor")}
        ),
    )
    monkeypatch.setattr(
        reading.Archive, "blocks", lambda self, table: reading._read(self._zip, table.member)
    )
    assert engine.check(changed).rows == engine.inspect(path).rows


@pytest.mark.parametrize("name", ["../../etc/passwd", "tables/more.csv"])
def test_without_the_list_of_members_a_stranger_would_come_along(own_app, monkeypatch, name):
    fill(own_app, make_user)
    path = altered(make_archive(own_app).path, lambda members: members.update({name: b"x"}))
    monkeypatch.setattr(reading, "_check_contents", nothing)
    assert engine.check(path).rows == 1


def test_without_the_count_of_bytes_more_would_be_read_than_was_announced(own_app, monkeypatch):
    fill(own_app, *[make_user] * 50)
    path = make_archive(own_app).path

    def lie(said):
        next(t for t in said["tables"] if t["name"] == "users")["bytes"] = 10

    lying = altered(path, with_manifest(lie))
    with pytest.raises(Damaged):
        engine.check(lying)
    monkeypatch.setattr(reading, "_check_contents", nothing)
    with pytest.raises(Damaged, match="longer than the 10 bytes announced"):
        engine.check(lying)


def test_without_the_ratio_a_bomb_would_be_unpacked(own_app, monkeypatch):
    fill(own_app, make_user)
    monkeypatch.setattr(reading, "BOMB_SIZE", 1 << 20)
    size, opened, read = 2 << 20, [], reading._read

    def plant(members):
        with_manifest(lambda said: said["tables"][0].update(bytes=size))(members)
        name = json.loads(members["manifest.json"])["tables"][0]["name"]
        members[f"tables/{name}.csv"] = bytes(size)

    def note(archive, name):
        opened.append(name)
        return read(archive, name)

    bomb = altered(make_archive(own_app).path, plant)
    monkeypatch.setattr(reading, "_read", note)
    with pytest.raises(Damaged, match="claims to hold more"):
        engine.check(bomb)
    assert opened == ["manifest.json"]
    monkeypatch.setattr(reading, "BOMB_RATIO", size)
    with pytest.raises(Damaged):
        engine.check(bomb)
    assert opened[-1].startswith("tables/")


# -- all or nothing ------------------------------------------------------------------------------


def test_without_its_foreign_keys_a_restore_would_bring_orphans(own_app, monkeypatch):
    fill(own_app, make_device)
    path = rewritten(
        make_archive(own_app).path, "businesses", lambda rows: rows.split(b"\n", 1)[0] + b"\n"
    )
    parts_of = loading.Catalogue.parts_of

    def without_foreign_keys(self, *kinds, **given):
        return [part for part in parts_of(self, *kinds, **given) if part.kind != "foreign key"]

    monkeypatch.setattr(loading.Catalogue, "parts_of", without_foreign_keys)
    monkeypatch.setattr(restoring, "require_sound", nothing)  # the doctor would miss them, too
    call(own_app, engine.restore, path)
    assert execute(own_app, "SELECT count(*) FROM businesses") == [(0,)]
    assert execute(own_app, "SELECT count(*) FROM wifi_tokens") == [(1,)]


def test_without_its_transaction_a_swap_that_fails_would_stay_half_done(own_app, monkeypatch):
    fill(own_app, make_sale)
    path = make_archive(own_app).path
    fill(own_app, make_sale)
    before = contents(own_app)

    def fail(*_):
        raise BackupError("Something went wrong in the middle.")

    with pytest.raises(BackupError):
        call(own_app, engine.restore, path, also=fail)
    assert contents(own_app) == before
    monkeypatch.setattr(swapping.Swap, "_refuse_strays", lambda swap: swap._execute("COMMIT"))
    with pytest.raises(BackupError):
        call(own_app, engine.restore, path, also=fail)
    assert contents(own_app) != before


def test_without_the_look_at_strays_live_tables_would_lean_on_kept_ones(own_app, monkeypatch):
    execute(own_app, "CREATE TABLE notes (id int, sale text REFERENCES wifi_token_sales)")
    fill(own_app, make_sale)
    path = make_archive_beside_strangers(own_app, monkeypatch)
    monkeypatch.setattr(swapping.Swap, "_refuse_strays", nothing)
    kept = call(own_app, engine.restore, path).kept_as
    leans = "SELECT confrelid::regclass::text FROM pg_constraint WHERE conname = 'notes_sale_fkey'"
    assert execute(own_app, leans) == [(f"{kept}.wifi_token_sales",)]


def make_archive_beside_strangers(app, monkeypatch):
    with monkeypatch.context() as changed:
        changed.setattr(creating, "require_sound", nothing)
        return make_archive(app).path


# -- what dead runs leave --------------------------------------------------------------------------


def killed_in(stage, run):
    """Let a fork do the run, and end without any farewell when it comes to the stage."""
    pid = os.fork()
    if not pid:
        try:
            run(lambda progress: progress.stage == stage and os.kill(os.getpid(), signal.SIGKILL))
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_without_its_other_name_half_an_archive_would_look_like_one(own_app, monkeypatch):
    fill(own_app, make_user)
    folder = own_app.config["WIFIAPP"].backup_dir
    killed_in("copying", lambda die: make_archive(own_app, report=die))
    assert not list(folder.glob("*.zip")) and list(folder.glob("*.part"))
    monkeypatch.setattr(writing, "PART", "")
    killed_in("copying", lambda die: make_archive(own_app, report=die))
    (half,) = folder.glob("*.zip")
    with pytest.raises(BackupError):
        engine.check(half)


def test_without_being_looked_for_what_dead_runs_wrote_would_stay(own_app, monkeypatch):
    fill(own_app, make_user)
    folder = own_app.config["WIFIAPP"].backup_dir
    killed_in("copying", lambda die: make_archive(own_app, report=die))
    monkeypatch.setattr(restoring, "remove_dead_parts", nothing)
    call(own_app, engine.clean_up)
    assert len(list(folder.glob("*.part"))) == 1
    monkeypatch.undo()
    call(own_app, engine.clean_up)
    assert not list(folder.glob("*.part"))


def test_without_sweeping_the_schemas_of_dead_runs_would_stay(own_app, monkeypatch):
    fill(own_app, make_user)
    path = make_archive(own_app).path
    killed_in("loading", lambda die: call(own_app, engine.verify, path, die))
    monkeypatch.setattr(restoring, "sweep", nothing)
    call(own_app, engine.clean_up)
    assert len(schemas(own_app)) == 1
    monkeypatch.undo()
    call(own_app, engine.clean_up)
    assert schemas(own_app) == []
