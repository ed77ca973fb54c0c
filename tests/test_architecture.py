"""The rules of the house, each one checked on every file they speak of."""

import ast
import re

import pytest

from wifiapp.config import ROOT
from wifiapp.db import Model

APP = ROOT / "wifiapp"
MODULES = sorted(APP.rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FEATURES = {path.parent.name for path in APP.glob("*/__init__.py")}
ROOMS = {"models", "queries", "operations", "forms", "views", "commands"}
LONGEST = 300  # lines

# Each group may import those above it; only the first is so close that its members share.
PEOPLE = {"audit", "auth", "businesses"}
ORDER = (
    {"embedded"},
    PEOPLE,
    {"jobs", "doctor", "settings"},
    {"hotspots"},
    {"tokens"},
    {"sales", "devices"},
    {"analytics", "api", "leaks", "sell", "vouchers"},
    {"backup"},
    {"demo", "polling"},
    {"presence"},
    {"dashboard", "fleet", "system", "trail"},
)
# The doctor and the backup engine see tables as `Model.metadata`, never as what they are for.
KNOWS_NO_TABLE = {"doctor": set(), "backup": PEOPLE | {"doctor", "jobs", "settings"}}

# Modules beside the features that know some, and why.
ABOVE_FEATURES = {
    "__init__": "puts the app together",
    "models": "every table in one import",
    "tasks": "everything the worker does in one import",
    "serve": "starts everything, and makes the first administrator",
    "web": "asks which businesses the signed-in person belongs to",
}

FORBIDDEN = {  # room -> what it may not import
    "models": {"flask", "queries", "operations", "forms", "views", "commands"},
    "queries": {"flask", "operations", "forms", "views", "commands"},
    "operations": {"flask", "forms", "views", "commands"},
    "forms": {"sqlalchemy", "models", "operations", "views", "commands"},
    "views": {"sqlalchemy", "models", "commands"},
    "commands": {"sqlalchemy", "models", "views"},
}

COMMITS = {  # beside the operations
    "backup/scratch.py": "makes and drops schemas of its own on a connection of its own",
}
READS_ENVIRONMENT = {  # beside wifiapp/config.py
    "embedded/cluster.py": "hands PostgreSQL's programs an environment without PG… variables",
}

SLEEPS = {  # among the tests
    "browser/conftest.py": "asks a starting server until it answers",
    "processes.py": "asks a starting server until it answers",
}


def name_of(path):
    return str(path.relative_to(APP))


def each_module(modules=MODULES):
    return pytest.mark.parametrize("path", modules, ids=name_of)


def room_of(path):
    """Return the room, which a longer name ends with (users_views.py), or None."""
    room = path.stem.rsplit("_", 1)[-1]
    return room if room in ROOMS and path.parent != APP else None


def feature_of(path):
    first, *rest = path.relative_to(APP).parts
    return first if rest else None


def imports(path):
    """Yield the dotted name of everything that is imported."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(path):
    """Yield feature and room of each import from a feature."""
    for name in imports(path):
        app, *rest = name.split(".")
        if app == "wifiapp" and len(rest) > 1 and rest[0] in FEATURES:
            room = rest[1].rsplit("_", 1)[-1]
            yield rest[0], room if room in ROOMS else None


def calls(path):
    """Yield each called name as it is written: `db.session.commit`, `datetime.now`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


# -- who may import whom -----------------------------------------------------------------------


@each_module([path for path in MODULES if room_of(path)])
def test_a_room_imports_only_what_it_may(path):
    forbidden = FORBIDDEN[room_of(path)]
    libraries = {re.split(r"[._]", name)[0] for name in imports(path)}
    rooms = {room for _, room in rooms_imported(path)}
    assert not forbidden & (libraries | rooms)


@each_module([path for path in MODULES if room_of(path) == "operations"])
def test_operations_call_no_operations_of_another_feature(path):
    others = {
        feature
        for feature, room in rooms_imported(path)
        if room == "operations" and feature != feature_of(path)
    }
    assert not others, "two public operations are two transactions"


def test_every_feature_has_its_place_in_the_order():
    assert sorted(feature for group in ORDER for feature in group) == sorted(FEATURES)


@each_module([path for path in MODULES if feature_of(path)])
def test_features_import_downward_only(path):
    own = feature_of(path)
    level = next(i for i, group in enumerate(ORDER) if own in group)
    may = {own}.union(*ORDER[:level], PEOPLE if own in PEOPLE else ())
    may &= KNOWS_NO_TABLE.get(own, may) | {own, "embedded"}
    assert {feature for feature, _ in rooms_imported(path)} <= may


@each_module([path for path in MODULES if not feature_of(path)])
def test_what_features_share_knows_no_feature(path):
    known = {feature for feature, _ in rooms_imported(path)} - {"embedded"}
    assert not known or path.stem in ABOVE_FEATURES


def test_the_doctor_names_no_table():
    tables = set(Model.metadata.tables)
    for path in (APP / "doctor").glob("*.py"):
        constants = {
            node.value
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not tables & constants, path


# -- who may do what ---------------------------------------------------------------------------


@each_module()
def test_only_operations_commit(path):
    commits = any(call.endswith(".commit") for call in calls(path))
    assert not commits or room_of(path) == "operations" or name_of(path) in COMMITS


@each_module([path for path in MODULES if room_of(path) == "queries"])
def test_queries_change_nothing(path):
    changing = (".add", ".add_all", ".delete", ".flush", ".merge")
    assert not [call for call in calls(path) if call.startswith("db.") and call.endswith(changing)]


@each_module()
def test_only_the_clock_knows_what_time_it_is(path):
    asks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    assert not asks & set(calls(path)) or name_of(path) == "clock.py"


@each_module()
def test_only_config_reads_the_environment(path):
    reads = re.search(r"os\.environ|getenv", path.read_text())
    assert not reads or name_of(path) in {"config.py", *READS_ENVIRONMENT}


@pytest.mark.parametrize("excused", [COMMITS, READS_ENVIRONMENT], ids=["commits", "environment"])
def test_no_excuse_outlives_what_it_excuses(excused):
    words = {id(COMMITS): ".commit(", id(READS_ENVIRONMENT): "os.environ"}
    for name in excused:
        assert words[id(excused)] in (APP / name).read_text(), name


@each_module([path for path in MODULES if room_of(path) == "views"])
def test_only_asked_page_reads_where_a_list_goes_on(path):
    assert not re.search(r"args.*after|BadCursor", path.read_text()), "see wifiapp/lists.py"


# -- how it is written ---------------------------------------------------------------------------


@each_module()
def test_a_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@each_module()
def test_a_module_can_be_read_in_one_go(path):
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_obeys_the_content_security_policy(path):
    text = path.read_text()
    assert not re.search(r"\sstyle=|<style|javascript:", text), "an inline style"
    assert not re.search(r"<[a-z][^>]*\son[a-z]+=", text), "an inline handler"
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "an inline script"
    assert not re.search(r"\|\s*safe\b", text), "unescaped text"
    assert not re.search(r"(src|href)=\"https?://", text), "something from elsewhere"


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT / "tests")))
def test_tests_neither_skip_nor_sleep_nor_mock(path):
    called = set(calls(path))
    assert not {"pytest.skip", "Mock", "MagicMock"} & called
    assert "time.sleep" not in called or str(path.relative_to(ROOT / "tests")) in SLEEPS
    assert not {name for name in imports(path) if "mock" in name.lower()}
    nodes = ast.walk(ast.parse(path.read_text()))
    marks = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}
    assert not {"pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail"} & marks


@pytest.mark.parametrize("folder", ["wifiapp", "tests", "templates", "migrations", "static/js"])
def test_nothing_is_left_to_be_done(folder):
    unfinished = re.compile("TO" + "DO|FIX" + "ME|XX" + "X")
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in {".py", ".html", ".js"}:
            assert not unfinished.search(path.read_text()), path
