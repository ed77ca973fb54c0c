"""The off-site command: real scripts, run as the worker runs them."""

import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from threading import Event, Timer

import pytest

from tests.conftest import sign_in
from tests.factories import make_hook_run, make_user
from tests.processes import finish, start, wait_for
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.backup import hook, operations
from wifiapp.backup.engine import Options
from wifiapp.backup.hook_operations import request_hook, run_due_hook
from wifiapp.backup.hook_queries import find_hook_run
from wifiapp.backup.models import Backup, HookRun
from wifiapp.backup.results import say_nothing
from wifiapp.config import Config, ConfigError
from wifiapp.db import db
from wifiapp.errors import WifiError

BOSS = Actor(user_id=None, email="boss@example.org")


@pytest.fixture
def script(tmp_path):
    """Return a function that writes a program of Python and returns its words."""

    def write(text):
        path = tmp_path / f"hook-{len(list(tmp_path.glob('hook-*')))}.py"
        path.write_text(f"import os, sys, signal, time\n{text}\n")
        return (sys.executable, "-I", str(path))

    return write


def run(words, seconds=20, stop=None, **given):
    return hook.run(words, os.environ | given, seconds, stop or Event())


# -- running a program -----------------------------------------------------------------------


def test_its_words_environment_output_and_exit_code_are_passed_on(script, no_database):
    words = script(
        "print(sys.argv[1:], os.environ['TOLD'], flush=True); sys.stderr.write('oh'); sys.exit(3)"
    )
    ran = run((*words, "two words", "$HOME; ls"), TOLD="this")
    assert ran == hook.Ran(3, "['two words', '$HOME; ls'] this\noh")
    assert not ran.is_good


def test_success_is_exit_code_0(script, no_database):
    assert run(script("")) == hook.Ran(0, "")
    assert run(script("")).is_good


def test_only_the_end_of_a_long_output_is_kept(script, no_database):
    ran = run(script("for i in range(200_000): print('line', i)"))
    assert ran.exit_code == 0
    assert ran.output.splitlines()[-1] == "line 199999"
    assert len(ran.output.splitlines()) == hook.LINES
    one_line = run(script("sys.stdout.write('x' * 1_000_000)"))
    assert len(one_line.output) == hook.BYTES


def test_bytes_that_are_no_text_are_kept_as_well_as_can_be(script, no_database):
    ran = run(script(r"sys.stdout.buffer.write(b'a\xff\0b')"))
    assert ran.output == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("program", ["/no/such/program", "/", "no-such-program-anywhere"])
def test_a_program_that_cannot_be_started_is_named(no_database, program):
    ran = run((program,))
    assert ran.exit_code is None
    assert program in ran.error
    assert "could not be started" in ran.error


def test_one_that_takes_too_long_is_ended_with_all_it_started(script, tmp_path, no_database):
    pid = tmp_path / "pid"
    words = script(
        "child = os.fork()\n"
        f"if child: open({str(pid)!r}, 'w').write(str(child))\n"
        "print('begun', flush=True)\n"
        "signal.pause()"
    )
    ran = run(words, seconds=1)
    assert ran.exit_code == -signal.SIGTERM
    assert (ran.output.split()[0], "was not done after 1 seconds" in ran.error) == ("begun", True)
    wait_for(lambda: _is_gone(int(pid.read_text())))


def test_one_that_will_not_end_is_killed(script, monkeypatch, no_database):
    monkeypatch.setattr(hook, "GRACE", 0.2)
    words = script("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()")
    assert run(words, seconds=1).exit_code == -signal.SIGKILL


def test_a_worker_that_stops_ends_it_at_once(script, no_database):
    stop = Event()
    Timer(0.3, stop.set).start()
    with pytest.raises(hook.Stopped):
        run(script("signal.pause()"), stop=stop)


def test_what_the_worker_has_blocked_is_not_blocked_for_it(script, no_database):
    """The worker blocks SIGTERM for itself; `timeout` and the like inside a script need it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        ran = run(script("print(signal.pthread_sigmask(signal.SIG_BLOCK, []))"))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert ran.output == "set()"


def test_what_it_leaves_in_the_background_holds_nobody_up(script, no_database):
    words = script("if os.fork(): sys.exit(0)\nsignal.alarm(5)\nsignal.pause()")
    assert run(words, seconds=3) == hook.Ran(0, "")


def _is_gone(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"  # nobody in a container may be there to bury it


# -- after a backup --------------------------------------------------------------------------


@pytest.fixture
def shop(own_app, config_with, script, tmp_path):
    """A function that gives a configuration whose command is this program."""

    def with_hook(text, **given):
        config = config_with(own_app, backup_hook=script(text), **given)
        own_app.config["WIFIAPP"] = config
        return config

    with own_app.app_context():
        yield with_hook


def make(config):
    backup = operations.create_backup(config, Options(), say_nothing)
    db.session.rollback()
    return backup


SEND = """
import json, shutil
shutil.copy(sys.argv[-1], {folder!r})
told = dict((k, v) for k, v in os.environ.items() if k.startswith("WIFIAPP_BACKUP_"))
print(json.dumps([sys.argv[1:], told, sorted(os.environ)]))
"""


def test_each_proved_backup_is_sent_once_with_its_facts_and_no_secret(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hush")
    monkeypatch.setenv("DATABASE_URL", "postgresql://hush")
    monkeypatch.setenv("MINE", "kept")
    target = tmp_path / "elsewhere"
    target.mkdir()
    config = shop(SEND.format(folder=str(target)))
    backup = make(config)
    told = run_due_hook(config, Event())
    assert told == {"backup": backup.id, "exit_code": 0, "error": None}
    assert run_due_hook(config, Event()) is None
    sent = find_hook_run(backup.id)
    words, facts, names = json.loads(sent.output)
    assert words[-1] == str(config.backup_dir / backup.file_name)
    assert (target / backup.file_name).read_bytes() == Path(words[-1]).read_bytes()
    assert facts["WIFIAPP_BACKUP_SHA256"] == backup.sha256
    assert facts["WIFIAPP_BACKUP_SIZE"] == str(backup.size)
    assert facts["WIFIAPP_BACKUP_ID"] == backup.id
    assert "MINE" in names
    assert not {"SECRET_KEY", "DATABASE_URL"} & set(names)
    assert sent.started_at <= sent.finished_at


def test_a_command_that_fails_takes_nothing_from_the_backup(shop):
    config = shop("print('no route to host'); sys.exit(7)")
    backup = make(config)
    assert run_due_hook(config, Event())["exit_code"] == 7
    sent = find_hook_run(backup.id)
    assert (sent.exit_code, sent.output, sent.error) == (7, "no route to host", None)
    row = db.session.get(Backup, backup.id)
    assert (row.status, row.error) == ("VERIFIED", None)
    assert (config.backup_dir / row.file_name).exists()


def test_another_proof_of_the_same_archive_sends_nothing_again(shop):
    config = shop("")
    backup = make(config)
    run_due_hook(config, Event())
    operations.request_check(config, backup.id, BOSS)
    assert operations.run_queued(config, Event())["status"] == "VERIFIED"
    assert run_due_hook(config, Event()) is None


def test_without_a_command_nothing_is_due(own_app):
    with own_app.app_context():
        make(own_app.config["WIFIAPP"])
        assert db.session.query(HookRun).count() == 0


def test_it_is_run_again_when_somebody_asks(shop):
    config = shop("sys.exit(1)")
    backup = make(config)
    run_due_hook(config, Event())
    request_hook(config, backup.id, BOSS)
    with pytest.raises(WifiError, match="waits or runs"):
        request_hook(config, backup.id, BOSS)
    db.session.rollback()
    assert run_due_hook(config, Event())["exit_code"] == 1
    assert db.session.query(HookRun).count() == 2


def test_a_run_that_was_stopped_is_begun_again(shop):
    config = shop("signal.pause()", backup_hook_seconds=1)
    backup = make(config)
    stop = Event()
    stop.set()
    assert run_due_hook(config, stop) is None
    db.session.rollback()
    assert find_hook_run(backup.id).finished_at is None
    db.session.rollback()
    assert "was not done after 1 seconds" in run_due_hook(config, Event())["error"]


def test_a_run_whose_archive_or_command_is_gone_ends_and_says_so(shop, config_with, own_app):
    config = shop("")
    first, second = make(config), make(config)
    (config.backup_dir / first.file_name).unlink()
    assert "no longer in" in run_due_hook(config, Event(), first.id)["error"]
    without = config_with(own_app, backup_hook=())
    assert "BACKUP_HOOK is not set" in run_due_hook(without, Event(), second.id)["error"]


def test_a_worker_killed_in_the_middle_leaves_the_run_to_the_next(shop, tmp_path, monkeypatch):
    mark = tmp_path / "mark"
    config = shop(
        f"if os.path.exists({str(mark)!r}): sys.exit(0)\n"
        f"open({str(mark)!r}, 'w').close()\nsignal.alarm(15)\nsignal.pause()"
    )
    backup = make(config)
    monkeypatch.setenv("BACKUP_HOOK", " ".join(config.backup_hook))
    worker = start(config.database_url, config.instance, "worker")
    wait_for(mark.exists)
    finish(worker, signal.SIGKILL)
    assert find_hook_run(backup.id).finished_at is None
    db.session.rollback()
    ended = wait_for(lambda: run_due_hook(config, Event()))
    assert ended["exit_code"] == 0


# -- what people see -------------------------------------------------------------------------


def test_the_page_of_the_backup_shows_how_it_went_and_runs_it_again(shop, own_app):
    config = shop("print('no <route>'); sys.exit(7)")
    backup = make(config)
    client = sign_in(own_app.test_client(), make_user("ADMIN"))
    db.session.commit()
    page = f"/backups/{backup.id}"
    assert "Queued" in client.get(page).text.partition('id="offsite"')[2]
    run_due_hook(config, Event())
    text = client.get(page).text.partition('id="offsite"')[2]
    for said in (
        "The backup itself is as good as before",
        "no &lt;route&gt;",
        "Failed",
        "Run it again",
    ):
        assert said in text
    answer = client.post(f"{page}/send", follow_redirects=True)
    assert "The off-site command was asked for." in answer.text
    assert run_due_hook(config, Event())["exit_code"] == 7
    assert "Failed" in client.get("/backups").text.partition("Off-site copy")[2]


def test_create_on_the_command_line_runs_it_and_tells(shop, own_app):
    shop("print('sent', os.path.basename(sys.argv[-1])); sys.exit(9)")
    db.session.rollback()
    result = own_app.test_cli_runner().invoke(args=["backup", "create"])
    assert result.exit_code == 0
    assert "The backup is made, but the off-site command failed: it ended with 9." in result.stderr
    assert "sent wifiapp-all-" in result.stderr
    assert "sent" not in result.stdout


def test_a_request_that_cannot_be_met_is_told(admin_client):
    now = clock.now()
    backup = make_hook_run(started_at=now - timedelta(seconds=5), finished_at=now).backup_id
    answer = admin_client.post(f"/backups/{backup}/send", follow_redirects=True)
    assert "There is no off-site command." in answer.text
    assert admin_client.post("/backups/nothing/send").status_code == 404


def test_the_command_is_split_like_a_shell_does_and_refused_when_it_cannot_be(
    monkeypatch, tmp_path, no_database
):
    monkeypatch.setenv("WIFIAPP_INSTANCE", str(tmp_path))
    monkeypatch.setenv("BACKUP_HOOK", "rclone copy 'my remote:x'")
    assert Config.from_environment().backup_hook == ("rclone", "copy", "my remote:x")
    monkeypatch.setenv("BACKUP_HOOK_SECONDS", "0")
    with pytest.raises(ConfigError, match="BACKUP_HOOK_SECONDS"):
        Config.from_environment()
    monkeypatch.setenv("BACKUP_HOOK", "rclone 'copy")
    with pytest.raises(ConfigError, match="BACKUP_HOOK is no command"):
        Config.from_environment()
