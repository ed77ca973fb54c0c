"""Everything the worker does, and how often, in one import."""

from collections.abc import Mapping
from functools import partial
from threading import Event
from typing import Any

from wifiapp import clock
from wifiapp.analytics.retention_operations import drop_due
from wifiapp.analytics.rollup_operations import roll_up_due, roll_up_longer_due
from wifiapp.backup import hook_operations as hooks
from wifiapp.backup import operations as backups
from wifiapp.backup import restore_operations as restores
from wifiapp.backup import restore_work_operations as restoring
from wifiapp.backup import retention_operations as retention
from wifiapp.backup import schedule_operations as schedule
from wifiapp.backup.hold import unless_shut
from wifiapp.config import Config
from wifiapp.demo import operations as demo
from wifiapp.devices.blocks import ALL_KINDS
from wifiapp.jobs import operations as jobs
from wifiapp.jobs.worker import Task
from wifiapp.polling import push_operations as pushes
from wifiapp.polling.poller import poll_due
from wifiapp.tokens import batches_operations as batches
from wifiapp.tokens import device_batches_operations as device_batches
from wifiapp.tokens import expiry_operations as expiry
from wifiapp.tokens import keeper_operations as keeper
from wifiapp.tokens import outbox_operations as outbox


def tasks(config: Config) -> list[Task]:
    """List the worker's tasks, each with the seconds between two runs."""
    # What changes the shop's data waits while a restore is under way: it would be lost.
    return [
        Task("backup", 1, partial(backups.run_queued, config)),
        Task("restore", 1, partial(restoring.run_waiting, config)),
        Task("tokens", 1, unless_shut(batches.run_queued)),
        Task("device tokens", 1, unless_shut(device_batches.run_due)),
        Task("commands", 1, unless_shut(partial(outbox.run_due, ALL_KINDS))),
        Task("stock", 10, unless_shut(keeper.keep_stock)),
        Task("expiry", 15, unless_shut(expiry.expire_due)),
        Task("poll", 1, _poll),  # asks at each write
        Task("silence", 5, unless_shut(pushes.note_silent)),
        Task("daily", 5, lambda _stop: schedule.ask_for_daily(config, clock.now())),
        Task("hook", 2, partial(hooks.run_due_hook, config)),
        Task("prune", 10, lambda _stop: retention.prune_after_success(config, clock.now())),
        Task("interrupted", 5, partial(_end_interrupted, config)),
        Task("sweep", 600, partial(_sweep, config)),
        Task("analytics", 60, unless_shut(roll_up_due), share=0.1),
        Task("weeks and months", 60, unless_shut(roll_up_longer_due), share=0.02),
        Task("sessions", 3600, unless_shut(drop_due)),
        Task("demo", 30, unless_shut(_keep_demo_alive)),
    ]


def _end_interrupted(config: Config, _stop: Event) -> Mapping[str, Any] | None:
    ended = backups.end_interrupted(config)
    given_up = restores.end_interrupted(config)
    return {"backups": ended, "restores": given_up} if ended or given_up else None


def _sweep(config: Config, _stop: Event) -> Mapping[str, Any] | None:
    backups.clean_up(config)
    swept = jobs.sweep(clock.now()) + restores.clean_up(config, clock.now())
    return {"rows": swept} if swept else None


def _keep_demo_alive(_stop: Event) -> Mapping[str, Any] | None:
    demo.keep_demo_alive(clock.now())
    return None  # a heartbeat is nothing to log


def _poll(stop: Event) -> Mapping[str, Any] | None:
    poll_due(stop)
    return None  # each look is in the tables
