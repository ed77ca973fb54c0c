"""The embedded PostgreSQL, used as a product: real servers, real kills, real processes."""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from wifiapp.embedded import Embedded, EmbeddedError, binaries, processes

pytestmark = pytest.mark.usefixtures("no_database")

HOLD = """
import sys
from pathlib import Path
from wifiapp.embedded import Embedded
server = Embedded(Path(sys.argv[1]))
print(server.hold(), flush=True)
sys.stdin.read()
"""

WRITE_UNTIL_KILLED = """
import sys, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    for number in range(1_000_000):
        connection.execute("insert into acknowledged values (%s)", [number])
        print(number, flush=True)
"""


def make_folder():
    """Make a folder that the server's account may enter."""
    path = Path(tempfile.mkdtemp(prefix="wifiapp-test-", dir="/tmp"))
    path.chmod(0o755)
    return path


@pytest.fixture
def folder():
    """A folder for servers of the test's own; whatever runs in it is ended."""
    path = make_folder()
    yield path
    for root in path.glob("**/postgres"):
        if (root / "pgdata").exists():
            Embedded(root).stop()
    shutil.rmtree(path)


@pytest.fixture
def own_server(folder):
    """A server not yet made, for a test that breaks it."""
    return Embedded(folder / "postgres")


@pytest.fixture(scope="module")
def kept_server():
    path = make_folder()
    server = Embedded(path / "postgres")
    yield server
    server.stop()
    shutil.rmtree(path)


@pytest.fixture
def server(kept_server):
    """A running server that other tests used before."""
    kept_server.ensure()
    return kept_server


@pytest.fixture
def run():
    """Start scripts that import wifiapp; those that are left at the end are killed."""
    started = []

    def run(script, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def connect(server):
    return psycopg.connect(libpq(server.url), autocommit=True)


def libpq(url):
    return url.replace("+psycopg", "")


def ask(server, question):
    with connect(server) as connection:
        return connection.execute(question).fetchone()[0]


def postmaster(server):
    (pid,) = processes.postmasters(server.place.data)
    return pid


def kill_server(server):
    """End it as a power cut would, and wait until the kernel says it is gone."""
    pid = postmaster(server)
    handle = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([handle], [], [])
    os.close(handle)


def test_a_second_ensure_finds_the_same_server(server):
    first = server.ensure()
    pid = postmaster(server)
    assert server.ensure() == first
    assert postmaster(server) == pid
    assert ask(server, "select current_database()") == "wifiapp"


def test_it_listens_on_a_socket_only_and_asks_for_a_password(server):
    assert ask(server, "show listen_addresses") == ""
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(server.place.sockets), user="wifiapp", dbname="wifiapp")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(libpq(server.url).replace(":", ":x", 2).replace(":x", ":", 1))


def test_what_is_acknowledged_is_durable_by_its_settings(server):
    for setting in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert ask(server, f"show {setting}") == "on"


def test_four_processes_that_make_it_at_once_share_one_server(own_server, run):
    racers = [run(HOLD, own_server.place.root) for _ in range(4)]
    urls = {racer.stdout.readline() for racer in racers}
    assert len(urls) == 1
    assert urls.pop().strip() == own_server.url
    assert len(processes.postmasters(own_server.place.data)) == 1


def test_every_acknowledged_commit_survives_a_kill(server, run):
    with connect(server) as connection:
        connection.execute("create table acknowledged (number integer)")
    writer = run(WRITE_UNTIL_KILLED, libpq(server.url))
    acknowledged = [writer.stdout.readline() for _ in range(200)]
    kill_server(server)
    acknowledged += writer.stdout.read().split()
    server.ensure()
    with connect(server) as connection:
        rows = connection.execute("select number from acknowledged").fetchall()
    assert {int(number) for number in acknowledged} <= {number for (number,) in rows}


def test_a_table_that_was_undone_just_before_a_kill_does_not_stop_the_start(server):
    """PostgreSQL refuses its first recovery then: the file it would make is there already."""
    other, undone = connect(server), psycopg.connect(libpq(server.url))
    wal_writer = ask(server, "select pid from pg_stat_activity where backend_type = 'walwriter'")
    os.kill(wal_writer, signal.SIGSTOP)  # so that the end of the transaction is not written
    undone.execute("create unlogged table undone (number integer)")
    other.execute("create table written_down (number integer)")
    undone.rollback()
    kill_server(server)
    os.kill(wal_writer, signal.SIGKILL)
    other.close()
    undone.close()
    server.ensure()
    assert ask(server, "select count(*) from written_down") == 0


def test_a_stale_pid_of_an_innocent_process_does_not_stop_the_start(server):
    kill_server(server)
    account = server.place.account
    innocent = subprocess.Popen(["tail", "-f", "/dev/null"], **(account.options if account else {}))
    pid_file = server.place.data / "postmaster.pid"
    _, *others = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(innocent.pid), *others]))
    server.ensure()
    assert ask(server, "select 1") == 1
    assert innocent.poll() is None
    innocent.kill()
    innocent.wait()


def test_a_server_whose_socket_was_removed_is_started_again(server):
    (server.place.sockets / processes.SOCKET).unlink()
    server.ensure()
    assert ask(server, "select 1") == 1


def test_a_server_whose_folder_was_removed_leaves_for_a_new_one(own_server):
    own_server.ensure()
    ghost = postmaster(own_server)
    shutil.rmtree(own_server.place.data)
    own_server.ensure()
    assert ask(own_server, "select 1") == 1
    assert postmaster(own_server) != ghost


def test_a_half_made_cluster_is_made_again(own_server):
    own_server.place.settle()
    (own_server.place.path / "init-killed").mkdir()
    (own_server.place.path / "password").write_text("")
    own_server.ensure()
    assert ask(own_server, "select 1") == 1
    assert not (own_server.place.path / "init-killed").exists()


def test_the_last_process_that_holds_it_stops_it(server, run):
    first, second = run(HOLD, server.place.root), run(HOLD, server.place.root)
    for process in (first, second):
        process.stdout.readline()
    first.communicate()
    assert server.running()
    second.communicate()
    assert not server.running()


def test_a_fork_of_the_holder_does_not_stop_it(server, run):
    fork = HOLD.replace("sys.stdin", "import os\nif os.fork():\n os.wait(); print()\n sys.stdin")
    holder = run(fork.replace("print()", "print(flush=True)"), server.place.root)
    holder.stdout.readline()
    holder.stdout.readline()
    assert server.running()
    holder.communicate()
    assert not server.running()


def test_a_killed_holder_does_not_keep_others_from_stopping_it(server, run):
    killed, last = run(HOLD, server.place.root), run(HOLD, server.place.root)
    for process in (killed, last):
        process.stdout.readline()
    killed.kill()
    killed.wait()
    last.communicate()
    assert not server.running()


def test_a_holder_gets_a_new_server_when_the_old_one_was_killed(server):
    server.hold()
    try:
        kill_server(server)
        server.hold()
        assert ask(server, "select 1") == 1
    finally:
        server.release()
    assert not server.running()


def test_a_path_that_no_socket_can_have_works_too(folder):
    deep = folder / "Käthe's, shop" / ("long" * 30)
    deep.mkdir(parents=True)
    server = Embedded(deep / "postgres")
    server.ensure()
    assert ask(server, "select 1") == 1
    server.stop()
    shutil.rmtree(server.place.sockets)


def test_data_of_another_major_version_is_refused_and_kept(own_server):
    own_server.ensure()
    own_server.stop()
    version = own_server.place.data / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 16.*Your data was not changed"):
        own_server.ensure()
    assert version.read_text() == "16\n"


def test_a_missing_wheel_is_told_with_what_to_do(own_server, monkeypatch):
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_package")
    with pytest.raises(EmbeddedError, match="Set DATABASE_URL"):
        own_server.ensure()


def test_a_server_that_does_not_start_says_why_in_one_line(own_server):
    own_server.ensure()
    own_server.stop()
    with (own_server.place.data / "postgresql.auto.conf").open("a") as settings:
        settings.write("shared_buffers = 'much'\n")
    with pytest.raises(EmbeddedError, match="contains errors") as raised:
        own_server.ensure()
    assert "\n" not in str(raised.value)


def test_the_command_starts_tells_and_stops(folder):
    def command(action):
        return subprocess.run(
            [sys.executable, "-m", "wifiapp.embedded", action],
            env=os.environ | {"WIFIAPP_INSTANCE": str(folder)},
            cwd=Path(__file__).parent.parent,
            capture_output=True,
            text=True,
            check=False,
        )

    assert command("status").returncode == 1
    assert command("start").returncode == 0
    assert command("status").stdout.startswith("running")
    with psycopg.connect(libpq(command("url").stdout.strip())) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert command("stop").returncode == 0
    assert command("status").returncode == 1


if os.geteuid() == 0:  # only root must run the server as somebody else

    @pytest.fixture
    def closed(folder):
        """A folder that only root may enter, as /root is."""
        path = folder / "closed"
        path.mkdir(mode=0o700)
        return path

    def test_under_a_folder_closed_to_its_account_the_data_lives_elsewhere(folder, closed):
        server = Embedded(closed / "postgres", relocate_base=folder / "base")
        server.ensure()
        assert ask(server, "select 1") == 1
        assert (closed / "postgres").is_symlink()
        assert server.place.data.is_relative_to(folder / "base")
        assert closed.stat().st_mode & 0o777 == 0o700
        server.stop()

    def test_a_fresh_clone_at_the_same_path_begins_empty_and_keeps_the_old_data(folder, closed):
        server = Embedded(closed / "postgres", relocate_base=folder / "base")
        server.ensure()
        old = server.place.data
        server.stop()
        (closed / "postgres").unlink()
        server.ensure()
        assert server.place.data != old
        assert (old / "PG_VERSION").exists()
        server.stop()

    def test_a_link_to_lost_data_is_not_taken_for_a_new_installation(folder, closed):
        (closed / "postgres").symlink_to(folder / "unplugged")
        with pytest.raises(EmbeddedError, match="not where"):
            Embedded(closed / "postgres").ensure()

    def test_binaries_that_its_account_cannot_reach_are_copied(folder, closed, monkeypatch):
        wheel = binaries._site_packages()
        for part in (binaries.BIN.parent, Path(f"{binaries.PACKAGE}.libs")):
            shutil.copytree(wheel / part, closed / part, symlinks=True)
        monkeypatch.setattr(binaries, "_site_packages", lambda: closed)
        (folder / "postgres").mkdir()
        (folder / "postgres" / "postgresql-0-0").mkdir()
        (folder / "postgres").chmod(0o755)
        server = Embedded(folder / "postgres")
        server.ensure()
        program = Path(f"/proc/{postmaster(server)}/exe").readlink()
        assert program.is_relative_to(folder)
        assert not (folder / "postgres" / "postgresql-0-0").exists()
