"""Run a stub by hand: python -m tests.hotspots.stubs esp32 --port 8090."""

import argparse
import threading

from tests.hotspots import stubs

KINDS = {"esp32": stubs.Esp32Stub, "r710": stubs.R710Stub}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.hotspots.stubs")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    with KINDS[given.kind](given.port) as box:
        print(f"{given.kind} at {box.address}", *box.how_to_sign_in(), sep="\n", flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()
