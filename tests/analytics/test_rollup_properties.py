"""Random histories: whatever changes, rolling up only that equals rolling up everything."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.analytics.rolled import NOW, Shop, assert_proven, marks, roll_up, table
from tests.factories import make_device, make_profile, make_sale, make_session, make_usage
from wifiapp.analytics.check_queries import check
from wifiapp.analytics.rollup_operations import Days
from wifiapp.db import db
from wifiapp.devices.models import DeviceProfile, TokenUsage

ZONES = ("Africa/Harare", "Africa/Cairo", "Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe")
START = NOW - timedelta(days=50)  # Lord Howe, Cairo and London have moved their clocks since
POLL = timedelta(seconds=90)
MACS = ["AC:DE:48:00:00:01", "AC:DE:48:00:00:02", "AC:DE:48:00:00:03"]

moments = st.integers(0, 50 * 96).map(lambda n: START + n * timedelta(minutes=15)) | st.timedeltas(
    timedelta(), timedelta(days=50)
).map(lambda length: START + length)


class History:
    """Shops to which anything happens; what is drawn picks among what is there."""

    def __init__(self, draw):
        self.draw = draw
        zones = draw(st.lists(st.sampled_from(ZONES), min_size=2, max_size=2))
        self.shops = [Shop(timezone=zone) for zone in zones] + [Shop(is_demo=True)]
        self.tokens, self.sales, self.devices, self.sessions = [], [], [], []
        self.now = START
        for shop in self.shops:
            for hotspot in shop.hotspots.values():
                hotspot.last_contact_at = START

    def any(self, found, make):
        return self.draw(st.sampled_from(found)) if found else make()

    def moment(self):
        return self.draw(moments)

    def token(self):
        shop = self.draw(st.sampled_from(self.shops))
        system = self.draw(st.sampled_from(("ESP32", "R710")))
        self.tokens.append(shop.token(system, created_at=self.moment()))
        return self.tokens[-1]

    def use(self):
        self.any(self.tokens, self.token).first_used_at = self.moment()

    def expire(self):
        token = self.any(self.tokens, self.token)
        token.status = self.draw(st.sampled_from(("EXPIRED", "ACTIVE", "DISABLED")))
        name = self.draw(st.sampled_from(("ended_at", "expires_at", "redeem_by")))
        setattr(token, name, self.draw(st.none() | moments))

    def sell(self):
        token = self.any(self.tokens, self.token)
        if all(sale.voided_at for sale in self.sales if sale.wifi_token_id == token.id):
            amount = Decimal(self.draw(st.integers(0, 900))) / 100
            self.sales.append(make_sale(token, sold_at=self.moment(), sale_amount=amount))

    def void(self):
        if self.sales:
            sale = self.draw(st.sampled_from(self.sales))
            sale.voided_at, sale.void_reason = self.moment(), "x"

    def correct(self):
        if self.sales:
            self.draw(st.sampled_from(self.sales)).sold_at = self.moment()

    def device(self):
        token, mac = self.any(self.tokens, self.token), self.draw(st.sampled_from(MACS))
        for device in self.devices:
            if (device.wifi_token_id, device.mac_address) == (token.id, mac):
                return device
        seen = min(self.moment(), self.now)
        self.devices.append(make_device(token, mac_address=mac, last_seen=seen))
        return self.devices[-1]

    def hear(self):
        """Let a hotspot tell of some of its devices, often after a long silence."""
        self.now += self.draw(st.timedeltas(timedelta(), timedelta(days=2)))
        shop = self.draw(st.sampled_from(self.shops))
        hotspot = shop.hotspots[self.draw(st.sampled_from(("ESP32", "R710")))]
        hotspot.last_contact_at = self.now
        tokens = {token.id for token in self.tokens if token.hotspot_id == hotspot.id}
        for device in self.devices:
            is_poll = self.now - device.last_seen > POLL
            if device.wifi_token_id in tokens and is_poll and self.draw(st.booleans()):
                device.last_seen = self.now

    def ask(self):
        """Let a hotspot be asked more or less often, or not at all."""
        shop = self.draw(st.sampled_from(self.shops))
        hotspot = shop.hotspots[self.draw(st.sampled_from(("ESP32", "R710")))]
        hotspot.poll_interval = self.draw(st.sampled_from((30, 900, 3600)))
        hotspot.is_active = self.draw(st.booleans())

    def come(self):
        device = self.device()
        if all(s.ended_at for s in self.sessions if s.wifi_token_device_id == device.id):
            self.sessions.append(make_session(device, started_at=self.moment()))

    def leave(self):
        if self.sessions:
            session = self.draw(st.sampled_from(self.sessions))
            length = self.draw(st.timedeltas(timedelta(), timedelta(days=3)))
            session.ended_at, session.end_reason = session.started_at + length, "LEFT"

    def forget(self):
        if self.sessions:
            db.session.delete(self.sessions.pop())

    def learn(self):
        token, mac = self.any(self.tokens, self.token), self.draw(st.sampled_from(MACS))
        query = db.session.query(DeviceProfile)
        profile = query.filter_by(business_id=token.business_id, mac_address=mac).first()
        if profile is None:
            business = next(s.business for s in self.shops if s.business.id == token.business_id)
            profile = make_profile(business, mac_address=mac)
        profile.device_type = self.draw(st.sampled_from((None, "Android", "Apple iOS")))

    def grow(self):
        token, moment = self.any(self.tokens, self.token), self.moment()
        quarter = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
        size = self.draw(st.integers(0, 10**9))
        usage = db.session.get(TokenUsage, (token.id, quarter))
        if usage is None:
            make_usage(token, starts_at=quarter, bytes_down=size, bytes_up=size // 7)
        else:
            usage.bytes_down += size

    def move(self):
        shop = self.draw(st.sampled_from(self.shops))
        shop.business.timezone = self.draw(st.sampled_from(ZONES))

    def play(self):
        shop = self.draw(st.sampled_from(self.shops))
        shop.business.is_demo = not shop.business.is_demo

    def roll_up(self):
        self.now += self.draw(st.timedeltas(timedelta(), timedelta(days=9)))
        roll_up(self.now)

    def roll_up_hours_and_days(self):
        self.now += self.draw(st.timedeltas(timedelta(), timedelta(days=9)))
        roll_up(self.now, longer=False)
        assert check(None, None, self.now).mismatches == []


CHANGES = sorted(
    name for name in vars(History) if not name.startswith("_") and name not in {"any", "moment"}
)
ROLL_UPS = ("roll_up", "roll_up_hours_and_days")  # more often than anything else


@settings(
    max_examples=25,
    phases=(Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data(), st.lists(st.sampled_from((*CHANGES, *ROLL_UPS)), min_size=8, max_size=40))
def test_any_history_rolled_up_bit_by_bit_is_what_the_raw_rows_say(data, changes):
    savepoint = db.engines[None].begin_nested()  # each example begins with an empty database
    try:
        history = History(data.draw)
        for change in changes:
            getattr(history, change)()
            db.session.flush()
        history.roll_up()
        assert marks() == []
        assert_proven(history.now)
        before = table()
        db.session.execute(db.text("DELETE FROM wifi_usage_analytics"))
        roll_up(history.now, again=Days())
        assert table() == before
    finally:
        db.session.remove()
        savepoint.rollback()
