import pytest

from wifiapp.tokens.models import STATUSES
from wifiapp.tokens.states import NEXT, REFUSALS, Event, Forbidden, after, is_possible

EVERY = [(state, event) for state in STATUSES for event in Event]


def test_every_event_in_every_state_leads_on_or_is_refused_in_words():
    assert NEXT.keys() | REFUSALS.keys() == set(EVERY)
    assert not NEXT.keys() & REFUSALS.keys()


@pytest.mark.parametrize(("state", "event"), NEXT, ids=str)
def test_a_possible_event_leads_to_its_state(state, event):
    assert after(state, event) == NEXT[state, event] in STATUSES
    assert is_possible(state, event)


@pytest.mark.parametrize(("state", "event"), REFUSALS, ids=str)
def test_a_forbidden_event_says_why(state, event):
    with pytest.raises(Forbidden, match=r"^It .*\.$"):
        after(state, event)
    assert not is_possible(state, event)


def test_a_token_lives_from_stock_to_its_end():
    state = "UNUSED"
    for event in (Event.SELL, Event.VOID, Event.SELL, Event.USE, Event.USE, Event.EXPIRE):
        state = after(state, event)
    assert state == "EXPIRED"


def test_a_voided_token_goes_back_to_stock_only_if_it_was_never_used():
    assert after("SOLD", Event.VOID) == "UNUSED"
    assert after("SOLD", Event.VOID, used=True) == "ACTIVE"
    for state in ("ACTIVE", "EXPIRED", "DISABLED"):
        assert after(state, Event.VOID, used=True) == state


def test_nothing_comes_back_from_the_end():
    for state in ("EXPIRED", "DISABLED"):
        assert {NEXT[each] for each in NEXT if each[0] == state} == {state}


def test_a_token_that_its_hotspot_lost_is_not_sold_any_more():
    assert [after(state, Event.LOSE) for state in ("UNUSED", "SOLD", "ACTIVE")] == [
        "DISABLED",
        "DISABLED",
        "EXPIRED",
    ]
