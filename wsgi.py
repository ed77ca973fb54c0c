"""gunicorn's door."""

from wifiapp import create_app

app = create_app()
