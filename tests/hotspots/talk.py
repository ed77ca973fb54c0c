"""One conversation with a stub, by the driver of its kind."""

import asyncio

from wifiapp.hotspots import drivers


def ask(box, action, **given):
    """Return what `action(driver)` comes to; `given` is what is not as registered."""

    async def talk():
        async with drivers.connect(box.access(**given)) as driver:
            return await action(driver)

    return asyncio.run(talk())


def look(box, watched=()):
    return ask(box, lambda driver: driver.look(watched))


def seen(box, code, watched=()):
    """Return the token in a look, or None."""
    return {token.code: token for token in look(box, watched).tokens}.get(code)
