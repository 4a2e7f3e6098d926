"""The few HTML elements that the demo's report is made of. Text given to them is escaped; `Html` marks what
is not text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


class Html(str):
    """Markup made in this package, put into the page as it is."""


Content = str | int | Html


@dataclass(frozen=True)
class Column:
    """A table's column: what stands over it, and whether its cells are numbers (then they are aligned
    right)."""

    heading: Content
    unit: str = ""
    is_number: bool = True


def text(content: Content) -> str:
    """Return the markup of a content.

    Examples
    --------
    >>> text("a < b"), text(Html("<b>a</b>")), text(7)
    ('a &lt; b', '<b>a</b>', '7')
    """
    return content if isinstance(content, Html) else escape(str(content))


def element(name: str, *contents: Content, **attributes: str) -> Html:
    """Build an element; ``class_`` stands for the attribute class.

    Examples
    --------
    >>> element("p", "1 < 2", class_="note")
    '<p class="note">1 &lt; 2</p>'
    """
    listed = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{listed}>{''.join(map(text, contents))}</{name}>")


def number(value: float | None, digits: int = 5) -> str:
    """Format a quantity with significant digits and without padding; a dash for what does not exist.

    Examples
    --------
    >>> number(12.3456789), number(2.0), number(1234567.0), number(0.000421465823), number(None)
    ('12.346', '2', '1234567', '0.00042147', '–')
    """
    if value is None:
        return "–"
    if abs(value) >= 10**digits:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def short(text: str) -> Html:
    """Shorten an address or a hash for a table; the whole of it is its title.

    Examples
    --------
    >>> short("0x00112233445566778899")
    '<span class="hash" title="0x00112233445566778899">0x0011…8899</span>'
    """
    return element("span", f"{text[:6]}…{text[-4:]}" if len(text) > 12 else text, class_="hash", title=text)


def section(heading: str, *contents: Content) -> Html:
    """Build a section with its heading."""
    return element("section", element("h2", heading), *contents)


def table(columns: Sequence[Column], rows: Iterable[Sequence[Content]], caption: str = "") -> Html:
    """Build a table that scrolls sideways in itself where the page is narrower; its first column stays in
    sight."""
    head = element(
        "tr",
        *(
            element(
                "th",
                column.heading,
                *([element("small", column.unit)] if column.unit else []),
                scope="col",
                class_="number" if column.is_number else "word",
            )
            for column in columns
        ),
    )
    body = [
        element(
            "tr",
            *(
                element("td", cell, class_="number" if column.is_number else "word")
                for column, cell in zip(columns, row)
            ),
        )
        for row in rows
    ]
    parts = [element("caption", caption)] if caption else []
    whole = element("table", *parts, element("thead", head), element("tbody", *body))
    return element("div", whole, class_="scroll", tabindex="0")


def figure(caption: str, svg: str) -> Html:
    """Build a figure of an ``<svg>`` element made by `_report_plots`."""
    return element("figure", element("figcaption", caption), Html(svg))


def page(title: str, *contents: Content) -> str:
    """Build the whole document. It names no other file, so it can be mailed and printed as it is."""
    head = element(
        "head",
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", title),
        element("style", Html(_CSS)),
    )
    return (
        f"<!DOCTYPE html>\n{element('html', head, element('body', element('main', *contents)), lang='en')}\n"
    )


_CSS = """
:root {
  color-scheme: light; --ink: #1b1f24; --soft: #59626d; --line: #d5dae0; --wash: #f5f7f9; --good: #2f7d4f;
  --bad: #b3261e;
}
* { box-sizing: border-box; }
body {
  margin: 0; background: #fff; color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
}
main { max-width: 1320px; margin: 0 auto; padding: 1.25rem clamp(0.75rem, 3vw, 2.5rem) 3rem; }
h1 { font-size: clamp(1.45rem, 4vw, 2.1rem); line-height: 1.2; margin: 0.5rem 0 0.25rem; }
h2 {
  font-size: 1.2rem; margin: 2.4rem 0 0.6rem; padding-bottom: 0.25rem;
  border-bottom: 1px solid var(--line);
}
h3 { font-size: 1rem; margin: 1.6rem 0 0.2rem; }
p { margin: 0.3rem 0 0.7rem; max-width: 80ch; }
.soft, figcaption, caption, th small { color: var(--soft); }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
code, .hash {
  font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 0.92em; overflow-wrap: anywhere;
}
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 0.75rem;
  margin: 1.1rem 0 0;
}
.tile { border: 1px solid var(--line); border-radius: 6px; padding: 0.55rem 0.8rem; background: var(--wash); }
.tile b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; line-height: 1.3; }
.tile > span { color: var(--soft); font-size: 0.85rem; }
.plots {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 360px), 1fr));
  gap: 1.2rem 1.6rem;
}
figure { margin: 0; break-inside: avoid; }
figcaption { font-size: 0.9rem; margin-bottom: 0.2rem; }
svg {
  display: block; width: 100%; height: auto; max-width: 560px; stroke-linejoin: round;
  stroke-linecap: butt;
}
.scroll { overflow-x: auto; margin: 0.4rem 0 0.8rem; }
table { border-collapse: collapse; font-size: 0.8rem; line-height: 1.35; }
caption { text-align: left; padding-bottom: 0.3rem; }
th, td {
  padding: 0.28rem 0.4rem; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: top;
}
thead th { vertical-align: bottom; border-bottom: 2px solid var(--line); font-weight: 600; background: #fff; }
th small { display: block; font-weight: 400; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.word { text-align: left; }
.wrap { display: inline-block; min-width: 7rem; max-width: 11rem; white-space: normal; line-height: 1.2; }
th:first-child, td:first-child { position: sticky; left: 0; background: #fff; }
tbody tr:nth-child(even) td { background: var(--wash); }
.bar {
  display: block; width: clamp(90px, 18vw, 260px); background: var(--wash); border: 1px solid var(--line);
  height: 0.8rem;
}
.bar i { display: block; height: 100%; background: #0a5c9e; }
details { margin: 0.4rem 0; }
summary { cursor: pointer; color: #0a5c9e; }
@media print {
  @page { size: A4 landscape; margin: 10mm; }
  body { font-size: 10px; }
  main { max-width: none; padding: 0; }
  table { font-size: 7.5px; }
  th, td { padding: 1px 3px; }
  .scroll { overflow: visible; }
  .plots { grid-template-columns: repeat(3, 1fr); }
  .bar i, .tile, td { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2, h3 { break-after: avoid; }
  tr { break-inside: avoid; }
}
"""
