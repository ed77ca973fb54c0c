"""A till that sells as fast as it can, as `python -m tests.bench.seller URL FOLDER SECONDS PLANS`.

It says "ready", waits for a line, sells of the plans in turn for so many
seconds, and prints how many it sold.
"""

import itertools
import sys
import time
from pathlib import Path

from tests.conftest import make_config
from wifiapp import create_app
from wifiapp.access import COMMAND_LINE
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.sales.operations import sell_token
from wifiapp.sales.orders import Order

WARM = 20  # sales after which every statement is prepared


def main(url, folder, seconds, *plans):
    app = create_app(make_config(Path(folder), url))

    turns = itertools.cycle(plans)

    def sell():
        sell_token(COMMAND_LINE, Order(next(turns), key=new_id()))
        db.session.remove()  # as a request does when it ends

    with app.app_context():
        for _ in range(WARM):
            sell()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        sold, end = 0, time.monotonic() + float(seconds)
        while time.monotonic() < end:
            sell()
            sold += 1
        sys.stdout.write(f"{sold}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
