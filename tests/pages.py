"""What must hold for every HTML page, checked on each one that a test opens."""

from collections import Counter
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.open, self.title, self.wrong = Counter(), [], "", []
        self.labels, self.controls = set(), []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in given:
            self.ids[given["id"]] += 1
        if "style" in given or any(name.startswith("on") for name in given):
            self.wrong.append(f"inline style or handler in {self.get_starttag_text()}")
        if tag == "script" and "src" not in given:
            self.wrong.append("inline script")
        if tag == "style":
            self.wrong.append("inline style sheet")
        if tag == "img" and "alt" not in given:
            self.wrong.append("image without alt")
        if tag == "form" and given.get("method", "get").lower() == "post":
            self.controls.append("form")
        if tag == "input" and given.get("name") == "csrf_token":
            self.controls.append("token")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-3:]}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] == ["title"] and "svg" not in self.open:
            self.title += data


def check_page(response):
    """Fail when the page breaks a rule of every page."""
    text = response.get_data(as_text=True)
    page = _Page()
    page.feed(text)
    assert not page.wrong, page.wrong
    assert not page.open, f"never closed: {page.open}"
    assert [i for i, n in page.ids.items() if n > 1] == [], "an id stands twice"
    assert page.controls.count("form") == page.controls.count("token"), "a POST form without token"
    if text.lstrip().lower().startswith("<!doctype"):
        assert page.title.strip(), "a page without a title"
        assert len(text.encode()) < 60_000, "a page over 60 KB"
    assert "'none'" in response.headers["Content-Security-Policy"]
