"""The token store of an ESP32: read page by page, and counted."""

from collections.abc import Iterable, Iterator, Sequence

from wifiapp.hotspots.esp32_reading import has_details, is_code, objects, strange
from wifiapp.hotspots.esp32_wire import Answer, Fields, Unknown, Wire, as_count

MOST = 20  # items of any list; more crashes the device
ATTEMPTS = 2  # at a list that changes while it is read


class TokenStore:
    """Asks for tokens; `free_slots` is what the last answer said of it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.free_slots: int | None = None

    async def first_page(self) -> list[Answer]:
        """Return some tokens, which takes the secret."""
        return (await self._page("all", 0))[0]

    async def listing(self, status: str = "all", **query: str) -> tuple[list[Answer], bool]:
        """Return the tokens, and whether none is missing for certain.

        A token that goes while the pages are read moves the next ones up past the reader.
        """
        items: list[Answer] = []
        for _ in range(ATTEMPTS):
            items, is_whole = await self._pages(status, query)
            if is_whole:
                return items, True
        return items, False

    async def info(self, code: str) -> Answer | None:
        """Return the details of a token, None when the device does not know it."""
        try:
            return self.note(await self._wire.get("/api/token/info", {"token": code}))
        except Unknown:
            return None

    async def infos(self, codes: Sequence[str]) -> dict[str, Answer]:
        """Return the details of the tokens that the device names; some may be left out."""
        found = {}
        for chunk in chunks(codes):
            query = {"tokens": ",".join(chunk)}
            answer = await self._wire.get("/api/token/batch_info", query, page=True)
            for item in objects(self.note(answer), "tokens"):
                if item.get("token") in chunk:
                    found[item["token"]] = item
        return found

    async def known(self, codes: Sequence[str]) -> dict[str, Answer]:
        """Return the details of these tokens; one that is absent is certainly not there."""
        codes = [code for code in codes if is_code(code)]
        found = await self.infos(codes) if len(codes) > 1 else {}
        for code in codes:
            if code not in found or not has_details(found[code]):
                item = await self.info(code)
                if item is None:
                    found.pop(code, None)
                elif item.get("token") == code:
                    found[code] = item
                else:
                    raise strange("another token than the one that was asked for")
        return found

    async def _pages(self, status: str, query: dict[str, str]) -> tuple[list[Answer], bool]:
        items: dict[str, Answer] = {}
        totals, offset, has_more = set(), 0, True
        while has_more:
            page, total, has_more = await self._page(status, offset, **query)
            items.update((item["token"], item) for item in page)
            totals.add(total)
            offset += len(page)
            if has_more and (not page or offset > total):
                raise strange("a list without an end")
        return list(items.values()), totals == {len(items)}

    async def _page(self, status: str, offset: int, **query: str) -> tuple[list[Answer], int, bool]:
        whole: Fields = {"status": status, "offset": offset, "limit": MOST, **query}
        answer = await self._wire.get("/api/tokens/list", whole, page=True)
        page = objects(self.note(answer), "tokens")
        total, returned = as_count(answer.get("total_count")), answer.get("returned_count")
        if total is None or returned not in {None, len(page)} or len(page) > MOST:
            raise strange("a list that was not counted right")
        if not all(is_code(item.get("token")) for item in page):
            raise strange("a token without a code")
        return page, total, answer.get("has_more") is True

    def note(self, answer: Answer) -> Answer:
        free = as_count(answer.get("available_slots"))
        self.free_slots = free if free is not None else self.free_slots
        return answer


def chunks(codes: Iterable[str]) -> Iterator[list[str]]:
    """Cut into lists of as many items as the device bears."""
    left = list(codes)
    while left:
        yield left[:MOST]
        del left[:MOST]
