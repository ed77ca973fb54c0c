import pytest
from argon2 import extract_parameters

from tests.factories import PASSWORD, PASSWORD_HASH
from wifiapp.auth import passwords

pytestmark = pytest.mark.usefixtures("no_database")


def test_a_hash_is_made_with_19_mib_and_two_passes():
    made = extract_parameters(passwords.hashed("nine small boats"))
    assert (made.memory_cost, made.time_cost, made.parallelism) == (19456, 2, 1)


def test_the_decoy_takes_as_long_to_check_as_a_hash_of_today():
    assert not passwords.outdated(passwords.DECOY)


def test_the_right_password_is_told_from_a_wrong_one():
    assert passwords.verify(PASSWORD_HASH, PASSWORD)
    assert not passwords.verify(PASSWORD_HASH, PASSWORD.upper())
    assert not passwords.verify("no hash at all", PASSWORD)


def test_an_accent_is_the_same_however_the_keyboard_composes_it():
    assert passwords.verify(passwords.hashed("cafe\u0301 au lait"), "caf\u00e9 au lait")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short one", "at least 10"),
        ("x" * 201, "at most 200"),
        ("Thandi@Example.org", "email"),
        ("Qwerty12345", "first passwords"),
        ("aaaaaaaaaaaa", "first passwords"),
        ("121212121212", "first passwords"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(password, why):
    assert why in passwords.weakness(password, "thandi@example.org")


def test_words_and_one_time_passwords_are_strong_enough():
    assert passwords.weakness("nine small boats", "thandi@example.org") is None
    assert passwords.weakness(passwords.one_time(), "thandi@example.org") is None


def test_one_time_passwords_are_never_the_same_and_easy_to_read_out():
    made = {passwords.one_time() for _each in range(50)}
    assert len(made) == 50
    assert not set("".join(made)) & set("0O1lI")
