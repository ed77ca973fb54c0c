"""The script of the README, run as it stands there against a running server."""

import os
import re
import subprocess

from sqlalchemy import select

from tests.browser.conftest import running_server
from tests.factories import make_business, make_plan, make_token
from wifiapp.access import COMMAND_LINE
from wifiapp.api import operations
from wifiapp.config import ROOT
from wifiapp.db import db
from wifiapp.sales.models import WifiTokenSale


def script():
    section = (ROOT / "README.md").read_text().partition("## Sell from a script")[2]
    return re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1]


def test_the_script_of_the_readme_sells_a_token(own_app, own_database, tmp_path):
    with own_app.app_context():
        shop = make_business()
        make_token(plan=make_plan(shop), token="A3K9M7P2")
        _key, text = operations.add_key(COMMAND_LINE, shop.id, "Script", ["read", "sell"])
    with running_server(tmp_path / "server", own_database) as server:
        environment = {**os.environ, "API": f"{server.url}/api/v1", "KEY": text}
        ran = subprocess.run(
            ["sh", "-eu", "-c", script()],
            check=False,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (ran.stdout.strip(), ran.stderr, ran.returncode) == ("A3K9M7P2", "", 0)
    with own_app.app_context():
        sale = db.session.scalar(select(WifiTokenSale))
        assert (sale.sale_channel, sale.payment_method, sale.receipt_number) == ("POS", "CASH", 1)
