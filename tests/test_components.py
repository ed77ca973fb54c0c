import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel
from jinja2 import StrictUndefined
from wtforms import BooleanField, Form, PasswordField, RadioField, SelectField, StringField

from wifiapp import assets, formats

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
ERRORS = sorted({path.name for path in (TEMPLATES / "errors").glob("*.html")} - {"base.html"})


@pytest.fixture(scope="module")
def bare():
    """The look alone: no database, no session, nobody signed in."""
    app = Flask(
        __name__,
        template_folder=str(TEMPLATES),
        static_folder=str(ROOT / "static"),
        static_url_path="/static",
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Babel(app)
    assets.init_app(app)
    formats.init_app(app)
    return app


@pytest.fixture
def render(bare):
    def render(source, **context):
        with bare.test_request_context():
            return render_template_string(source, **context)

    return render


class Invitation(Form):
    email = StringField("Email", description="Their own.")
    password = PasswordField("Password")
    role = RadioField("Role", choices=["Admin", "Seller"])
    plan = SelectField("Plan", choices=["1 hour", "1 day"])
    demo = BooleanField("Demo data")


FIELD = '{% from "components/forms.html" import field %}{{ field(it) }}'


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_page_needs_no_database_session_or_user(bare, name):
    with bare.test_request_context():
        page = bare.jinja_env.get_template(f"errors/{name}").render(
            schema_report=lambda: None,  # what everyone but an administrator is told
            status=500,
            message="A <b> message",
            request_id="0123abcd",
        )
    assert page.startswith("<!doctype html>") and page.count("<h1>") == 1
    assert "<b>" not in page and "0123abcd" in page


@pytest.mark.parametrize("name", sorted(Invitation()._fields))
def test_every_field_has_a_label_for_its_input(render, name):
    html = render(FIELD, it=Invitation()[name])
    labels = set(re.findall(r'<label for="([^"]+)"', html))
    assert labels == set(re.findall(r'<(?:input|select)[^>]* id="([^"]+)"', html))


def test_an_error_is_beside_its_field_and_named_by_it(render):
    form = Invitation(data={"email": "no<body>"})
    form.email.errors = ["Not an address."]
    html = render(FIELD, it=form.email)
    assert 'aria-describedby="email-help email-error"' in html and 'aria-invalid="true"' in html
    assert re.search(r'id="email-error">.*Not an address\.', html)
    assert 'value="no&lt;body&gt;"' in html


def test_a_field_without_help_or_error_names_neither(render):
    html = render(FIELD, it=Invitation().plan)
    assert "aria-describedby" not in html and "aria-invalid" not in html


@pytest.mark.parametrize("state", [*formats.STATES, "Something new"])
def test_a_state_is_a_word_and_an_icon_never_colour_alone(render, state):
    html = render('{% from "components/status.html" import badge %}{{ badge(state) }}', state=state)
    assert re.search(r"<i class=[^>]+></i>[A-Z][a-z ]+</span>", html)


def test_an_empty_table_is_its_explanation(render):
    html = render(
        '{% from "components/table.html" import data_table %}'
        '{% call data_table(["A"], caption="Things", is_empty=True, empty="Nothing yet") %}'
        "{% endcall %}"
    )
    assert html.strip() == "Nothing yet"


def test_a_chart_has_its_numbers_and_draws_nothing_where_nothing_is_known(render):
    html = render(
        '{% from "components/chart.html" import chart %}'
        '{{ chart("c", "line", ["Mon", "Tue"], [{"label": "It\'s", "data": [3, none]}], "Sold") }}'
    )
    assert "[3, null]" in html and "data-chart='{" in html and "It\\u0027s" in html
    assert '<td class="numeric">3</td><td' not in html and f">{formats.NOTHING}</td>" in html


def test_a_moment_is_machine_readable_and_none_is_a_dash(render):
    source = (
        '{% from "components/time.html" import time_full %}{{ time_full(at, "Africa/Harare") }}'
    )
    at = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
    assert 'datetime="2026-11-22T12:05:00+00:00"' in render(source, at=at)
    assert "22 Nov 2026, 14:05" in render(source, at=at)
    assert render(source, at=None) == formats.NOTHING


def test_every_macro_for_pages_is_in_the_list_of_components():
    listed = (TEMPLATES / "components/README.md").read_text()
    inner = {"logo", "brand", "nav_list", "themes", "account", "banner", "flashes", "numbers"}
    inner |= {"described_by", "notes", "choices", "checkbox"}  # called by other components only
    for path in (TEMPLATES / "components").glob("*.html"):
        for macro in re.findall(r"{% macro (\w+)", path.read_text()):
            assert macro in inner or f"`{macro}(" in listed, f"{path.name}: {macro}"
