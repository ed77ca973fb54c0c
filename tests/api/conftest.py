import pytest

from tests.factories import make_api_key, make_business, make_plan, make_token
from wifiapp.api import keys
from wifiapp.db import db


class Till:
    """A program with a key; it keeps no cookies and sends JSON."""

    def __init__(self, client, key):
        self.client, self.key = client, key

    def ask(self, method, path, **given):
        headers = {"Authorization": f"Bearer {self.key}"} | given.pop("headers", {})
        return self.client.open(
            f"/api/v1{path}", method=method, headers=headers, csrf=False, **given
        )

    def get(self, path, **query):
        return self.ask("GET", path, query_string=query)

    def sell(self, plan, key="one", **given):
        body = {"planId": plan.id, **given}
        return self.ask("POST", "/sales", json=body, headers={"Idempotency-Key": key})

    def void(self, sale_id, reason="wrong plan"):
        return self.ask("POST", f"/sales/{sale_id}/void", json={"reason": reason})


@pytest.fixture
def shop():
    return make_business(name="Corner Shop", currency="USD")


@pytest.fixture
def plan(shop):
    plan = make_plan(shop, name="1 hour")
    for code in ("A3K9M7P2", "B4M2N8Q5"):
        make_token(plan=plan, token=code)
    return plan


@pytest.fixture
def till_of(app):
    """Return a function that gives a till with a key of the business."""

    def make(business, *scopes, **given):
        text = keys.make()
        may = {f"may_{scope}": scope in scopes for scope in keys.SCOPES}
        make_api_key(business, text, **may | given)
        db.session.commit()
        return Till(app.test_client(), text)

    return make


@pytest.fixture
def till(till_of, shop, plan):
    return till_of(shop, "read", "sell", "void")
