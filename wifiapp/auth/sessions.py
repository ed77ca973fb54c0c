"""The signed-in person, kept by Flask-Login in a cookie that a password change ends."""

from flask import Flask
from flask_login import LoginManager

manager = LoginManager()


def init_app(app: Flask) -> None:
    manager.init_app(app)
