"""The push of the README, run as it stands there against a running server."""

import json
import os
import re
import subprocess

from sqlalchemy import select

from tests.browser.conftest import running_server
from tests.factories import (
    make_business,
    make_hotspot,
    make_hotspot_business,
    make_plan,
    make_token,
)
from wifiapp.access import COMMAND_LINE
from wifiapp.config import ROOT
from wifiapp.db import db
from wifiapp.devices.models import WifiTokenDevice
from wifiapp.presence import operations


def script():
    section = (ROOT / "README.md").read_text().partition("## Push who is online")[2]
    return re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1]


def test_the_push_of_the_readme_is_taken_in(own_app, own_database, tmp_path):
    with own_app.app_context():
        shop = make_business()
        hotspot = make_hotspot(is_manual=True, address="", status="NEW", last_contact_at=None)
        make_hotspot_business(hotspot, shop)
        plan = make_plan(shop)
        for code in ("A3K9M7P2", "B4M2N8Q5"):
            make_token(plan=plan, hotspot=hotspot, token=code, status="SOLD")
        _key, text = operations.make_key(COMMAND_LINE, hotspot.id)
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
    assert (ran.stderr, ran.returncode) == ("", 0)
    answer = json.loads(ran.stdout)
    assert (answer["taken"], answer["refused"]) == (2, [])
    with own_app.app_context():
        device = WifiTokenDevice
        query = select(device.mac_address, device.is_online).order_by(device.mac_address)
        assert db.session.execute(query).all() == [
            ("AC:DE:48:00:11:22", True),
            ("AC:DE:48:00:11:33", False),
        ]
