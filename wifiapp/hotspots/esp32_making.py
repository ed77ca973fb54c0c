"""Making tokens on an ESP32, which is not to be repeated: a lost answer is looked up."""

from wifiapp.hotspots.driver import (
    Full,
    HotspotError,
    Made,
    MadeToken,
    Order,
    Rejected,
    Unreachable,
    Unsure,
)
from wifiapp.hotspots.esp32_reading import is_code, objects
from wifiapp.hotspots.esp32_store import MOST, TokenStore
from wifiapp.hotspots.esp32_wire import Answer, Fields, Wire, as_count

MINUTES = (30, 43200)


async def make(wire: Wire, store: TokenStore, order: Order) -> Made:
    """Make the tokens of an order, as many as the device takes at once after one another."""
    _check(order)
    codes: list[str] = []
    error: HotspotError | None = None
    while len(codes) < order.count and error is None:
        asked = min(MOST, order.count - len(codes))
        try:
            made = await _create(wire, store, order, asked)
            if not made:
                error = Full("It made no more tokens.", store.free_slots or 0)
        except Unsure as lost:
            made, error = await _left_behind(store, order, codes, asked, lost)
        except HotspotError as refusal:
            made, error = [], refusal
            store.free_slots = refusal.free_slots if isinstance(refusal, Full) else store.free_slots
        codes += made
    return Made(tuple(MadeToken(code) for code in codes), error, store.free_slots)


def _check(order: Order) -> None:
    if not MINUTES[0] <= order.minutes <= MINUTES[1]:
        raise Rejected(f"An ESP32 counts {MINUTES[0]} to {MINUTES[1]} minutes.")
    if order.count < 1:
        raise Rejected("Nothing was ordered.")


async def _create(wire: Wire, store: TokenStore, order: Order, asked: int) -> list[str]:
    """Ask for tokens and return their codes; raise `Unsure` when they are not told."""
    form: Fields = {
        "duration": order.minutes,
        "bandwidth_down": order.download_mb or 0,
        "bandwidth_up": order.upload_mb or 0,
        "businessId": order.business_id,
    }
    if asked == 1:
        answer = await wire.post("/api/token", form)
        items, told = [answer], 1
    else:
        answer = await wire.post("/api/tokens/bulk_create", {"count": asked, **form}, page=True)
        told = as_count(answer.get("tokens_created")) or 0
        try:
            items = objects(answer, "tokens") if told else []
        except Unreachable:
            items = []
    store.note(answer)
    codes = {str(item["token"]) for item in items if is_code(item.get("token"))}
    if len(codes) != told or told > asked:
        raise Unsure("It said that it made tokens, but not which.")
    return sorted(codes)


async def _left_behind(
    store: TokenStore, order: Order, made: list[str], asked: int, lost: Unsure
) -> tuple[list[str], HotspotError | None]:
    """Return the tokens that a lost answer was about, and what is to be said of the others.

    They are the unused ones of the business with these terms that nobody knows.
    """
    known = order.known | set(made)
    try:
        items, is_whole = await store.listing("unused", business_id=order.business_id)
        if not is_whole:
            return [], lost
        new = [item for item in items if item["token"] not in known and _has_terms(item, order)]
        new.sort(key=lambda item: as_count(item.get("created")) or 0, reverse=True)
        found = [item["token"] for item in new if await _is_of(store, item, order.business_id)]
    except HotspotError:
        return [], lost
    found = found[:asked]
    if len(found) == asked:
        return found, None
    return found, Unreachable(
        "Its answer was lost, so what it had made was looked up: "
        f"{len(found)} of {asked} tokens. The others were not made."
    )


def _has_terms(item: Answer, order: Order) -> bool:
    terms = {
        "status": "unused",
        "duration_minutes": order.minutes,
        "bandwidth_down_mb": order.download_mb or 0,
        "bandwidth_up_mb": order.upload_mb or 0,
    }
    return all(item.get(name, value) == value for name, value in terms.items())


async def _is_of(store: TokenStore, item: Answer, business_id: str) -> bool:
    """Tell whose token it is; firmwares that leave the business out of lists have it elsewhere."""
    if not item.get("businessId"):
        item = await store.info(item["token"]) or {}
    return item.get("businessId") == business_id
