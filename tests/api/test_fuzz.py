"""The API against its own document: whatever is sent, the answer is one that it promises."""

import contextvars

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.factories import make_presence_key, make_sale, make_token
from wifiapp.api import document, keys, operations
from wifiapp.presence import operations as presence

OPERATIONS = [
    pytest.param(path, verb, id=operation["operationId"])
    for path, verbs in document.described()["paths"].items()
    for verb, operation in verbs.items()
]


@pytest.fixture
def schema(app, monkeypatch):
    """The document as the app serves it, and the way to the app."""
    for each in (operations, presence):
        monkeypatch.setattr(each, "PER_MINUTE", 10**6)

    def afresh(environ, start_response):
        # The test's own app context must not lend its `g` to a request.
        return contextvars.Context().run(app, environ, start_response)

    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", afresh)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("path", "verb"), OPERATIONS)
def test_every_answer_is_one_that_the_document_promises(schema, till, shop, plan, path, verb, mode):
    sale = make_sale(make_token(plan=plan, status="SOLD"))
    portal = keys.make(keys.PORTAL)
    make_presence_key(text=portal, prefix=keys.prefix(portal))
    key = portal if path == "/presence" else till.key
    cases = schema[path][verb].as_strategy(generation_mode=mode)

    @given(case=cases, known=st.booleans())
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case, known):
        if known and mode is GenerationMode.POSITIVE:  # rows that exist, so that views get on
            if "sale_id" in case.path_parameters:
                case.path_parameters["sale_id"] = sale.id
            if path == "/sales":
                case.body["planId"] = plan.id
        if mode is GenerationMode.NEGATIVE and case.query:  # a list of nothing is not sent at all
            assume(all(value not in ([], {}) for value in case.query.values()))
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"})

    ask()
