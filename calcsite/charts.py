"""Line and bar charts of numbers over time: the coordinates of an SVG, and a summary in words.

The templates `partials/_line_chart.html` and `partials/_bar_chart.html` draw them. Coordinates are whole numbers in a
view box of WIDTH by HEIGHT, from the top left corner.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 340, 130
LEFT, RIGHT, TOP, BOTTOM = 34, 334, 10, 106  # of the plot area; labels are to the left of it and below

Point = tuple[str, int | None]


@dataclass(frozen=True)
class Mark:
    """One number: its label, its text, and the coordinates of its point, or of the corner and size of its bar."""

    label: str
    shown: str
    x: int
    y: int
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Chart:
    """A chart with its words. `lines` are the points of polylines, which are broken at missing numbers.

    `period` is the length of time of a mark (a week, a month), `rows` are all numbers as text, and `highest` is the
    number at the top of the scale.
    """

    key: str
    title: str
    summary: str
    period: str
    marks: list[Mark]
    rows: list[tuple[str, str]]
    highest: str
    is_line: bool = False
    lines: list[str] = field(default_factory=list)

    view_box = f"0 0 {WIDTH} {HEIGHT}"
    left, right, top, bottom, height = LEFT, RIGHT, TOP, BOTTOM, HEIGHT

    @property
    def first(self) -> str:
        return self.rows[0][0] if self.rows else ""

    @property
    def last(self) -> str:
        return self.rows[-1][0] if self.rows else ""


def line_chart(
    key: str, title: str, points: Sequence[Point], *, period: str, highest: int, show: Callable[[int], str] = str
) -> Chart:
    """A line through numbers from 0 to `highest`. None is a missing number, and not a zero."""
    step = (RIGHT - LEFT) / max(len(points) - 1, 1)
    runs: list[list[Mark]] = [[]]
    for place, (label, number) in enumerate(points):
        if number is None:
            runs.append([])
        else:
            runs[-1].append(Mark(label, show(number), round(LEFT + place * step), _y(number, highest)))
    lines = [" ".join(f"{mark.x},{mark.y}" for mark in run) for run in runs if len(run) > 1]
    marks = [mark for run in runs for mark in run]
    return Chart(
        key, title, _range_sentence(points, show), period, marks, _rows(points, show), show(highest), True, lines
    )


def bar_chart(
    key: str, title: str, points: Sequence[Point], *, period: str, show: Callable[[int], str] = str
) -> Chart:
    """A bar for each number, scaled so that the highest fills the plot area."""
    highest = max((number or 0 for _, number in points), default=0)
    step = (RIGHT - LEFT) / max(len(points), 1)
    marks = []
    for place, (label, number) in enumerate(points):
        y = _y(number or 0, highest)
        x, width = round(LEFT + (place + 0.15) * step), round(step * 0.7)
        marks.append(Mark(label, show(number or 0), x, y, width, BOTTOM - y))
    return Chart(key, title, _total_sentence(points, show), period, marks, _rows(points, show), show(highest))


def _y(number: int, highest: int) -> int:
    return round(BOTTOM - (BOTTOM - TOP) * min(number / highest, 1)) if highest else BOTTOM


def _rows(points: Sequence[Point], show: Callable[[int], str]) -> list[tuple[str, str]]:
    return [(label, "no number" if number is None else show(number)) for label, number in points]


def _range_sentence(points: Sequence[Point], show: Callable[[int], str]) -> str:
    """The first and last, lowest and highest number, in a sentence."""
    known = [(label, number) for label, number in points if number is not None]
    if not known:
        return "There are no numbers yet."
    (first, start), (last, end) = known[0], known[-1]
    if len(known) == 1:
        return f"{show(start)} ({first})."
    numbers = [number for _, number in known]
    edges = f"The lowest was {show(min(numbers))}, the highest {show(max(numbers))}."
    return f"From {show(start)} ({first}) to {show(end)} ({last}). {edges}"


def _total_sentence(points: Sequence[Point], show: Callable[[int], str]) -> str:
    """The total and the highest number, in a sentence."""
    total = sum(number or 0 for _, number in points)
    if not total:
        return "There are none."
    label, most = max(points, key=lambda point: point[1] or 0)
    return f"{show(total)} in all. The highest bar is {show(most)} ({label})."
