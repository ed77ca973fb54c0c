"""`python -m wifiapp.embedded {start,stop,url,status}`: the embedded server by hand."""

import argparse
import sys

from wifiapp.config import Config, ConfigError
from wifiapp.embedded import Embedded, EmbeddedError


def main() -> int:
    """Do what the word says; exit 1 with one line when it cannot be done or nothing runs."""
    parser = argparse.ArgumentParser(prog="python -m wifiapp.embedded", description=__doc__)
    parser.add_argument("action", choices=("start", "stop", "url", "status"))
    action = parser.parse_args().action
    try:
        server = Embedded(Config.from_environment().instance / "postgres")
        if action == "stop":
            server.stop()
        elif action == "status":
            running = server.running()
            sys.stdout.write(f"{'running' if running else 'stopped'}: {server.place.data}\n")
            return 0 if running else 1
        else:
            url = server.ensure()
            sys.stdout.write(f"{url}\n" if action == "url" else f"running: {server.place.data}\n")
    except (ConfigError, EmbeddedError) as error:
        sys.stderr.write(f"wifiapp: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
