"""Vouchers on paper: sheets, the PDF, and what is kept of them."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests.factories import (
    make_batch,
    make_business,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_plan,
    make_token,
    make_user,
)
from wifiapp import clock
from wifiapp.access import COMMAND_LINE
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.tokens.models import WifiToken
from wifiapp.vouchers import operations, pdf, queries


@pytest.fixture
def batch():
    """A batch of 30 tokens, one of them sold."""
    business = make_business(name="Baobab")
    hotspot = make_hotspot(is_manual=True)
    make_hotspot_business(hotspot, business, ssid="Baobab WiFi")
    plan = make_plan(business, name="Day pass", price=Decimal("2.00"))
    batch = make_batch(plan, hotspot, asked=30, made=30)
    for n in range(30):
        status = "SOLD" if n == 0 else "UNUSED"
        make_token(plan=plan, hotspot=hotspot, batch_id=batch.id, status=status)
    db.session.commit()
    return batch


def page(client, batch, **args):
    answer = client.get(f"/tokens/batches/{batch.id}/vouchers", query_string=args)
    assert answer.status_code == 200
    return answer.text


def vouchers(text):
    return text.count('<article class="voucher">')


def ids(text):
    return re.findall(r'name="ids" value="([^"]+)"', text)


def printed():
    query = select(WifiToken.id).where(WifiToken.printed_at.is_not(None))
    return set(db.session.scalars(query))


def test_sheets_hold_the_unsold_tokens_each_once(admin_client, batch):
    sheets = [page(admin_client, batch, sheet=n) for n in (1, 2)]
    assert [vouchers(text) for text in sheets] == [24, 5]
    assert len(set(ids(sheets[0]) + ids(sheets[1]))) == 29
    for shown in ("Baobab WiFi", "Day pass · USD 2.00", "Sheet 1 of 2", "<svg"):
        assert shown in sheets[0], shown
    assert vouchers(page(admin_client, batch, sheet=99)) == 5
    assert vouchers(page(admin_client, batch, sheet=-1)) == 24
    assert vouchers(page(admin_client, batch, sheet="x")) == 24


def test_a_sheet_that_is_printed_gives_way_to_the_next_one(admin_client, batch):
    url = f"/tokens/batches/{batch.id}/printed"
    first = ids(page(admin_client, batch))
    assert admin_client.post(url, data={"ids": first}).status_code == 303
    assert printed() == set(first)
    text = page(admin_client, batch)
    assert vouchers(text) == 5 and "24 vouchers are kept as printed" in text
    assert vouchers(page(admin_client, batch, show="all")) == 24
    admin_client.post(url, data={"all": "1"})
    assert len(printed()) == 29
    assert "Every voucher is printed" in page(admin_client, batch)
    admin_client.post(url)
    assert "No voucher was marked" in page(admin_client, batch)


def test_what_was_printed_stands_in_the_audit_log(batch):
    some = db.session.scalars(select(WifiToken.id).where(WifiToken.batch_id == batch.id)).all()
    foreign = make_token().id
    assert operations.mark_printed(COMMAND_LINE, batch.id, [*some, foreign]) == 29
    assert foreign not in printed()
    entry = db.session.scalar(select(AuditLog).where(AuditLog.action == "batch.print"))
    assert entry.change == {"plan": "Day pass", "vouchers": 29}
    with pytest.raises(NotFound):
        operations.mark_printed(COMMAND_LINE, "nothing", some)


def test_a_batch_that_is_sold_has_nothing_to_print(admin_client):
    batch = make_batch()
    db.session.commit()
    assert "Nothing to print" in page(admin_client, batch)


def test_the_pdf_has_all_sheets_of_the_view(admin_client, batch):
    answer = admin_client.get(f"/tokens/batches/{batch.id}/vouchers.pdf")
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF-")
    assert answer.data.count(b"/Type /Page\n") == 2
    for token in db.session.scalars(select(WifiToken)):
        token.printed_at = clock.now()
    db.session.commit()
    url = f"/tokens/batches/{batch.id}/vouchers.pdf"
    assert admin_client.get(url).data.count(b"/Type /Page\n") == 1, "one empty page"
    assert admin_client.get(f"{url}?show=all").data.count(b"/Type /Page\n") == 2


def test_the_batch_leads_to_its_vouchers(admin_client, batch):
    text = admin_client.get(f"/tokens/batches/{batch.id}").text
    assert f'href="/tokens/batches/{batch.id}/vouchers"' in text


def test_a_batch_of_another_business_is_not_printed(sign_in_as, batch):
    manager = make_user("MANAGER")
    make_membership(manager, make_business())
    client = sign_in_as(manager)
    base = f"/tokens/batches/{batch.id}"
    assert client.get(f"{base}/vouchers").status_code == 404
    assert client.get(f"{base}/vouchers.pdf").status_code == 404
    assert client.post(f"{base}/printed", data={"all": "1"}).status_code == 404
    assert printed() == set()


# -- the PDF alone -----------------------------------------------------------------------------

SHARED = pdf.Print("Kiez Späti", "1 Stunde", "EUR 1.00", ["1. Join", "2. Type the code"])


def test_the_same_vouchers_give_the_same_pdf(no_database):
    found = [pdf.Voucher(["A3K9", "M7P2"], "A3K9M7P2")] * 30
    assert pdf.sheets(SHARED, found) == pdf.sheets(SHARED, found)


@pytest.mark.parametrize("name", ["Café Ñandú", "Кафе", "咖啡", "\U0001f600", "x" * 500, ""])
def test_a_name_in_any_letters_of_any_length_is_printed(no_database, name):
    shared = pdf.Print(name, name, name, [name])
    found = [pdf.Voucher(["ABCDE-FGHJK"], "ABCDE-FGHJK"), pdf.Voucher(["A"], "A")]
    assert pdf.sheets(shared, found).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("text", "shown", "font"),
    [
        ("Späti €", "Späti €", "Helvetica"),
        ("Łódź", "Łódź", "DejaVuSans"),
        ("Кафе Ω", "Кафе Ω", "DejaVuSans"),
        ("Tiệm cà phê", "Tiệm cà phê", "DejaVuSans"),
        ("①咖", "①?", "DejaVuSans"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}", "A", "DejaVuSans"),
    ],
)
def test_letters_are_written_in_a_font_that_has_them(no_database, text, shown, font):
    assert pdf._written(text, pdf.FONT) == (shown, font)
    assert pdf._written(text, pdf.BOLD) == (shown, f"{font}-Bold")


def test_the_pdf_brings_the_letters_that_readers_may_lack(no_database):
    found = [pdf.Voucher(["A3K9", "M7P2"], "A3K9M7P2")] * 30
    cyrillic = pdf.sheets(pdf.Print("Кафе", "1 hour", "USD 1.00", ["Step"]), found)
    assert b"DejaVuSans" in cyrillic and b"/FontFile2" in cyrillic
    assert cyrillic == pdf.sheets(pdf.Print("Кафе", "1 hour", "USD 1.00", ["Step"]), found)
    assert b"/FontFile2" not in pdf.sheets(SHARED, found)


def test_a_sheet_of_the_page_is_a_sheet_of_the_pdf(no_database):
    assert queries.PER_SHEET == pdf.ACROSS * pdf.DOWN
