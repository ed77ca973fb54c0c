"""An answer of a Ruckus that is longer than any memory should hold."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from wifiapp.hotspots import r710_wire
from wifiapp.hotspots.driver import Unreachable

pytestmark = pytest.mark.usefixtures("no_database")


async def endless(request):
    """Answer by pieces, without a word on how many they are."""
    reply = web.StreamResponse()
    await reply.prepare(request)
    for _ in range(100):
        await reply.write(b"x" * 100)
    return reply


def test_an_answer_that_does_not_say_how_long_it_is_is_cut_off(monkeypatch):
    monkeypatch.setattr(r710_wire, "LARGEST", 5_000)

    async def ask_for_it():
        app = web.Application()
        app.router.add_get("/", endless)
        async with (
            TestServer(app) as server,
            aiohttp.ClientSession(response_class=r710_wire._Reply) as session,
            session.get(server.make_url("/")) as answer,
        ):
            await answer.text()

    with pytest.raises(Unreachable, match="longer than any answer"):
        asyncio.run(ask_for_it())
