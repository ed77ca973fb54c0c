"""One run of the engine in a process of its own, as `python -m tests.bench.ours WHAT URL FILE`.

Prints what it took as JSON: seconds, CPU seconds of this process, MB of memory when the app was
ready and at the peak, and what the engine says itself.
"""

import json
import resource
import sys
import time
from pathlib import Path

from tests.conftest import make_config
from wifiapp import create_app
from wifiapp.backup import engine
from wifiapp.doctor.examination import examine_now


def peak():
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(what, url, path):
    app = create_app(make_config(path.parent, url))
    with app.app_context():
        config = app.config["WIFIAPP"]
        examine_now()  # as the app does when it starts; what it learns it keeps
        rest, wall, cpu = peak(), time.perf_counter(), time.process_time()
        if what == "create":
            result = engine.create(config, engine.Options(), path.parent, made_by="the bench")
        else:
            result = getattr(engine, what)(config, path)
        took = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    took |= {"rest": rest, "peak": peak(), "lock": getattr(result, "lock_milliseconds", None)}
    if what == "create":
        took["size"] = result.size
        result.path.rename(path)
    sys.stdout.write(json.dumps(took) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
