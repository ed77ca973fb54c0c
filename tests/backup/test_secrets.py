"""What opens a hotspot is in no archive in the clear, and comes back for the same key alone."""

import zipfile

import pytest

from tests.backup.archives import EVERYTHING, call, config_of, execute, make_archive
from tests.factories import make_hotspot
from wifiapp.backup import engine
from wifiapp.db import db
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.secrets import Sealed, seal, unseal

SECRET = "open sesame 4711"


@pytest.fixture
def path(own_app):
    with own_app.app_context():
        make_hotspot(id="box", secret_encrypted=seal(SECRET))
        db.session.commit()
    return make_archive(own_app, EVERYTHING).path


def secret_of(app):
    with app.app_context():
        return unseal(db.session.get(Hotspot, "box").secret_encrypted)


def test_an_archive_holds_neither_the_secret_nor_the_key_that_opens_it(own_app, path):
    with zipfile.ZipFile(path) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"box" in content
    for secret in (SECRET, config_of(own_app).secret_key):
        assert secret.encode() not in content


def test_the_secret_comes_back_and_opens(own_app, path):
    execute(own_app, "DELETE FROM hotspots")
    call(own_app, engine.restore, path)
    assert secret_of(own_app) == SECRET


def test_with_another_key_it_says_that_it_must_be_entered_again(own_app, path, app_on):
    other = app_on(config_of(own_app).database_url, secret_key="another secret")
    (note,) = call(other, engine.restore, path).notes
    assert "must be typed in again" in note
    with pytest.raises(Sealed, match="enter the secret again"):
        secret_of(other)
