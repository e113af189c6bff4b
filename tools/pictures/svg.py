# SPDX-License-Identifier: MIT
"""svg.py - a sheet to draw on

WHAT     Rectangles, lines and words as SVG, with a tooltip for more words. The
         same calls give the same bytes.
"""
from xml.sax.saxutils import escape

INK = "#212529"
SOFT = "#5c6670"
FAINT = "#ced4da"
PAPER = "#ffffff"

SANS = "DejaVu Sans, Verdana, Helvetica, sans-serif"
MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace"

# Missing memory: thin slanted lines.
HATCHES = {"hatch": "#adb5bd", "guard": "#e03131"}


def number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def attributes(values):
    words = []
    for name, value in values.items():
        if value is None:
            continue
        if isinstance(value, (int, float)):
            value = number(value)
        words.append(f'{name.replace("_", "-")}="{escape(value)}"')
    return " ".join(words)


class Sheet:
    """Grows downwards; write() sets the height at the end."""

    def __init__(self, width, title, description):
        self.width = width
        self.title = title
        self.description = description
        self.parts = []

    def add(self, name, inside=None, **values):
        start = f"<{name} {attributes(values)}"
        self.parts.append(start + "/>" if inside is None
                          else f"{start}>{inside}</{name}>")

    def rect(self, x, y, width, height, fill, stroke=None, tip=None, **more):
        inside = tip and f"<title>{escape(tip)}</title>"
        self.add("rect", inside, x=x, y=y, width=width, height=height,
                 fill=fill, stroke=stroke, **more)

    def text(self, x, y, words, size=12, fill=INK, anchor=None, mono=False,
             bold=False):
        self.add("text", escape(words), x=x, y=y, font_size=size, fill=fill,
                 text_anchor=anchor, font_family=MONO if mono else None,
                 font_weight="bold" if bold else None)

    def line(self, x1, y1, x2, y2, stroke=FAINT, **more):
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, **more)

    def polygon(self, points, fill, **more):
        self.add("polygon", points=" ".join(
            f"{number(x)},{number(y)}" for x, y in points), fill=fill, **more)

    def path(self, d, stroke, **more):
        self.add("path", d=d, fill="none", stroke=stroke, **more)

    def heading(self, words, below):
        self.text(24, 38, words, 20, bold=True)
        self.text(24, 60, below, 12.5, SOFT)

    def legend(self, x, y, entries):
        """entries: (fill, stroke, words); in one row."""
        for fill, stroke, words in entries:
            self.rect(x, y - 11, 16, 13, fill, stroke, rx=2)
            self.text(x + 22, y, words, 11.5, SOFT)
            x += 22 + 7.1 * len(words) + 18

    def write(self, height):
        size = attributes({"width": self.width, "height": height,
                           "viewBox": f"0 0 {number(self.width)} "
                                      f"{number(height)}"})
        head = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
                f'font-family="{SANS}" role="img">',
                f"<title>{escape(self.title)}</title>",
                f"<desc>{escape(self.description)}</desc>", "<defs>"]
        for name, colour in HATCHES.items():
            head.append(
                f'<pattern id="{name}" width="6" height="6" '
                'patternUnits="userSpaceOnUse" patternTransform='
                '"rotate(45)"><rect width="6" height="6" fill="#f8f9fa"/>'
                f'<rect width="1.2" height="6" fill="{colour}"/></pattern>')
        head.append('<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" '
                    'markerWidth="7" markerHeight="7" orient="auto">'
                    f'<path d="M0 0L8 4L0 8z" fill="{SOFT}"/></marker>')
        head += ["</defs>", f'<rect width="{number(self.width)}" '
                 f'height="{number(height)}" fill="{PAPER}"/>']
        return "\n".join(head + self.parts + ["</svg>"]) + "\n"


def size_text(size):
    for shift, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size >> shift:
            value = size / (1 << shift)
            digits = 4 if value >= 1000 else 3
            return f"{value:.{digits}g} {unit}"
    return f"{size} bytes"


def spread(wanted, gap):
    """Positions near the wanted ones, in order, at least gap apart."""
    placed = []
    for y in wanted:
        placed.append(max(y, placed[-1] + gap) if placed else y)
    # A word that was pushed too far down pulls its neighbours up again.
    for i in range(len(placed) - 1, -1, -1):
        limit = placed[i + 1] - gap if i + 1 < len(placed) else None
        middle = (placed[i] + wanted[i]) / 2
        if limit is not None:
            middle = min(middle, limit)
        if i == 0 or middle >= placed[i - 1] + gap:
            placed[i] = middle
    return placed
