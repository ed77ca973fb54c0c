"""The WiFi token shop's app; `create_app` is the table of contents."""

from datetime import timedelta

from flask import Flask
from flask_babel import Babel
from flask_migrate import Migrate
from jinja2 import StrictUndefined

from wifiapp import assets, db, errors, formats, logs, models, web
from wifiapp.analytics.check_views import bp as analytics_check
from wifiapp.analytics.commands import analytics as analytics_commands
from wifiapp.analytics.sessions_views import bp as analytics_sessions
from wifiapp.analytics.views import bp as analytics
from wifiapp.api.commands import api_keys as api_key_commands
from wifiapp.api.keys_views import bp as api_keys
from wifiapp.api.views import bp as api
from wifiapp.audit.views import bp as audit
from wifiapp.auth import sessions
from wifiapp.auth.commands import users as user_commands
from wifiapp.auth.users_views import bp as users
from wifiapp.auth.views import bp as auth
from wifiapp.backup.commands import backup as backup_commands
from wifiapp.backup.keys_views import bp as backup_keys
from wifiapp.backup.restore_views import bp as restore
from wifiapp.backup.upkeep_views import bp as upkeep
from wifiapp.backup.views import bp as backup
from wifiapp.businesses.commands import businesses as business_commands
from wifiapp.businesses.views import bp as businesses
from wifiapp.config import ROOT, Config
from wifiapp.dashboard.views import bp as dashboard
from wifiapp.dashboard.week_views import bp as week
from wifiapp.demo.commands import demo as demo_commands
from wifiapp.demo.views import bp as demo
from wifiapp.devices.blocks_views import bp as blocks
from wifiapp.devices.online_views import bp as online
from wifiapp.devices.views import bp as devices
from wifiapp.doctor.commands import doctor as doctor_command
from wifiapp.fleet.views import bp as fleet
from wifiapp.hotspots.boxes_views import bp as boxes
from wifiapp.hotspots.views import bp as hotspots
from wifiapp.jobs.commands import worker as worker_command
from wifiapp.leaks.views import bp as leaks
from wifiapp.presence.commands import hotspots as hotspot_commands  # with `poll` among them
from wifiapp.presence.keys_views import bp as presence_keys
from wifiapp.presence.views import bp as presence
from wifiapp.sales.closings_views import bp as closings
from wifiapp.sales.methods_views import bp as methods
from wifiapp.sales.receipts_views import bp as receipts
from wifiapp.sales.views import bp as sales
from wifiapp.sell.views import bp as sell
from wifiapp.settings.views import bp as settings
from wifiapp.system.views import bp as system
from wifiapp.tokens.batches_views import bp as batches
from wifiapp.tokens.commands import tokens as token_commands
from wifiapp.tokens.imports_views import bp as imports
from wifiapp.tokens.outbox_views import bp as outbox
from wifiapp.tokens.plans_commands import plans as plan_commands
from wifiapp.tokens.plans_views import bp as plans
from wifiapp.tokens.views import bp as tokens
from wifiapp.trail.views import bp as trail
from wifiapp.vouchers.views import bp as vouchers

__all__ = ["create_app", "models"]

BLUEPRINTS = (
    *(auth, users, businesses, audit, dashboard, devices, online, sales),
    *(analytics, analytics_check, analytics_sessions, week),
    *(backup, backup_keys, restore, upkeep, settings, system, demo),
    *(tokens, plans, batches, imports, trail),
    *(hotspots, boxes, fleet),
    *(sell, methods, receipts, closings, vouchers),
    *(api, api_keys, presence, presence_keys, leaks),
    *(outbox, blocks),
)
COMMANDS = (
    user_commands,
    business_commands,
    hotspot_commands,
    plan_commands,
    token_commands,
    api_key_commands,
    analytics_commands,
    backup_commands,
    demo_commands,
    doctor_command,
    worker_command,
)


def create_app(config: Config | None = None) -> Flask:
    """Build the app from the environment, or from `config`."""
    config = config or Config.from_environment()
    app = Flask(
        "wifiapp",
        root_path=str(ROOT / "wifiapp"),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(config.instance),
    )
    app.config.from_mapping(
        WIFIAPP=config,
        TESTING=config.testing,
        SECRET_KEY=config.secret_key,
        SESSION_COOKIE_NAME="wifiapp_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.behind_proxy,
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        WTF_CSRF_TIME_LIMIT=None,  # a till's page may stay open all day; the session ends it
        MAX_CONTENT_LENGTH=1 << 20,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    logs.init_app(app)
    db.init_app(app, config)
    Migrate(app, db.db, directory=str(ROOT / "migrations"), compare_server_default=True)
    Babel(app)
    assets.init_app(app)
    formats.init_app(app)
    errors.init_app(app)
    sessions.init_app(app)
    web.init_app(app, config)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    return app
