"""The little Markdown of the runbooks, as HTML: headings, paragraphs, lists, *stress*, **names**, `code`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

ITEM = re.compile(r"(?:\d+\.|-) ")
SPANS = ((r"`([^`]+)`", r"<code>\1</code>"), (r"\*\*([^*]+)\*\*", r"<b>\1</b>"), (r"\*([^*]+)\*", r"<em>\1</em>"))


def to_html(text: str) -> str:
    """Return the text as HTML; whatever else it holds is shown as it stands.

    >>> to_html("# A & B\\n\\n1. one\\n2. *two*\\n   lines")
    '<h1>A &amp; B</h1><ol><li>one</li><li><em>two</em> lines</li></ol>'
    """
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    return "".join(_block(block) for block in blocks)


def _block(block: str) -> str:
    heading = re.fullmatch(r"(#{1,4}) (.+)", block.strip())
    if heading:
        level = len(heading.group(1))
        return "<h%d>%s</h%d>" % (level, _spans(heading.group(2)), level)
    if ITEM.match(block):
        tag = "ul" if block.startswith("-") else "ol"
        return "<%s>%s</%s>" % (tag, "".join("<li>%s</li>" % _spans(item) for item in _items(block.split("\n"))), tag)
    return "<p>%s</p>" % _spans(" ".join(block.split()))


def _items(lines: Iterable[str]) -> Iterator[str]:
    item = ""
    for line in lines:
        match = ITEM.match(line)
        if match and item:
            yield item
        item = line[match.end() :] if match else "%s %s" % (item, line.strip())
    yield item


def _spans(text: str) -> str:
    html = escape(text.strip(), quote=False)
    for pattern, tag in SPANS:
        html = re.sub(pattern, tag, html)
    return html
