"""The door for gunicorn and `flask --app wsgi`."""

from wifiapp import create_app

app = create_app()
