"""Draw docs/house.svg, the picture of the house, from the code: `make house`."""

from html import escape
from pathlib import Path

from house import ROOT, TOP, imported_rooms, read_rooms

PICTURE = ROOT / "docs" / "house.svg"
ROW, COLUMN, NAMES, ABOUT, MARGIN, HEAD = 26, 24, 130, 300, 24, 112  # pixels
LABELS = {TOP: "the rest"}
ABOUT_PACKAGE = {
    "calcsite": "the project: no medicine",
    "conditions": "the content",
    "appointments": "the care",
}
ABOUT_ROOM = {
    "calcsite": {
        "checksums": "canonical checksums of values",
        "errors": "the error whose message users read",
        "stale": "the guard against stale writes",
        "database": "triggers, locks, groups",
        "models": "the clinic's details, people, limits",
        "security": "tokens, limits, discreet logs",
        "mail": "sending with retries, mail to staff",
        "views": "health checks, error pages",
        "signin": "how staff sign in",
        "web": "middleware, pages in memory, uploads",
        "admin": "bases of the admin, people, roles",
        "top": "settings, urls, commands",
    },
    "conditions": {
        "choices": "kinds of sections and tags",
        "months": "dates of reviews",
        "pictures": "what a picture may be",
        "richtext": "cleaning, reading in blocks",
        "models": "working copy, editions, public rows",
        "parts": "the list of a page's parts",
        "composing": "a page from the working copy",
        "search": "index and queries on both databases",
        "lint": "checks of the content, reading age",
        "publishing": "submit, approve, withdraw, render",
        "exchange": "a page as a file",
        "editing": "drafting, the working copy",
        "compare": "two states of a page, word by word",
        "reports": "what staff should look at",
        "public": "the pages that visitors read",
        "starter": "the pages that come with the site",
        "admin": "screens of editors and reviewers",
        "top": "urls, commands, template tags",
    },
    "appointments": {
        "choices": "enumerations",
        "models": "the tables, a module a subject",
        "forms": "fields and the base of forms",
        "governance": "audit, permissions, consents, holds",
        "scheduling": "hours, slots, free times",
        "messages": "the queue of e-mails",
        "access": "links, codes, carers",
        "guidance": "checklist and recovery advice",
        "booking": "from a slot to an appointment",
        "preparation": "tasks, the pack, readiness",
        "documents": "patients' files, checked",
        "opinions": "the written second opinion",
        "recovery": "plans, check-ins, follow-ups",
        "privacy": "export, erasure, retention",
        "desk": "the staff's screens and lists",
        "top": "urls, admin, commands, template tags",
    },
}
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #22302f }
  .small { font-size: 12px; fill: #5b6664 } .package { font-weight: 700; font-size: 15px; fill: #0d5c63 }
  .room { fill: #f4f1ea; stroke: #d8d2c4 } .line { stroke: #e4dfd3 } .dot { fill: #0d5c63 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6e3dc } .small { fill: #a9b2af } .package { fill: #7cc4c4 }
    .room { fill: #1f2827; stroke: #3a4644 } .line { stroke: #2c3735 } .dot { fill: #7cc4c4 }
  }
"""


def draw_package(package: str, rooms: list[str], top: int) -> tuple[list[str], int]:
    """One package: a row for each room, the ground floor last, and a dot for each room that it imports."""
    imported = imported_rooms(package, rooms)
    left = MARGIN + NAMES + ABOUT
    lines = [f'<text class="package" x="{MARGIN}" y="{top + HEAD - 12}">{package}</text>']
    lines.append(f'<text class="small" x="{MARGIN + NAMES}" y="{top + HEAD - 12}">{ABOUT_PACKAGE[package]}</text>')
    for number, room in enumerate(rooms):
        x = left + number * COLUMN + COLUMN // 2
        turned = f'transform="rotate(-55 {x} {top + HEAD - 10})"'
        lines.append(
            f'<text class="small" x="{x}" y="{top + HEAD - 10}" {turned}>{escape(LABELS.get(room, room))}</text>'
        )
    for number, room in enumerate(reversed(rooms)):
        y = top + HEAD + number * ROW
        middle = y + ROW // 2 + 5
        lines.append(
            f'<rect class="room" x="{MARGIN - 8}" y="{y + 1}" width="{NAMES + ABOUT - 8}" height="{ROW - 2}" rx="3"/>'
        )
        lines.append(f'<text x="{MARGIN}" y="{middle}">{escape(LABELS.get(room, room))}</text>')
        lines.append(
            f'<text class="small" x="{MARGIN + NAMES}" y="{middle}">{escape(ABOUT_ROOM[package][room])}</text>'
        )
        end = left + len(rooms) * COLUMN
        lines.append(f'<line class="line" x1="{left}" x2="{end}" y1="{y + ROW // 2}" y2="{y + ROW // 2}"/>')
        for there in imported[room]:
            x = left + rooms.index(there) * COLUMN + COLUMN // 2
            lines.append(
                f'<circle class="dot" cx="{x}" cy="{y + ROW // 2}" r="5">'
                f"<title>{package}.{room} imports {package}.{there}</title></circle>"
            )
    return lines, top + HEAD + len(rooms) * ROW


def draw_house() -> str:
    """The whole picture. A dot right of a room's name says that it imports the room above the dot."""
    rooms, top = read_rooms(), 0
    lines = [f'<text class="small" x="{MARGIN}" y="24">A dot: the room on the left imports the room above it.</text>']
    for package in reversed(rooms):  # care stands on the content, both stand on the project
        drawn, top = draw_package(package, rooms[package], top)
        lines += drawn
    width = MARGIN + NAMES + ABOUT + max(map(len, rooms.values())) * COLUMN + 60
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top + MARGIN}" role="img" '
        f'aria-label="The rooms of the house and their imports">\n<style>{STYLE}</style>\n'
        + "\n".join(lines)
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    Path(PICTURE).write_text(draw_house())
