"""Charts: the coordinates of their parts, and the summary in words."""

import pytest
from django.template.loader import render_to_string

from calcsite.charts import BOTTOM, LEFT, RIGHT, TOP, Point, bar_chart, line_chart

XSS = "<script>alert(1)</script>"


def line(*numbers: int | None, highest: int = 100):
    points: list[Point] = [(f"week {place}", number) for place, number in enumerate(numbers, start=1)]
    return line_chart("share", "Share", points, period="Week", highest=highest, show=lambda number: f"{number}%")


def bars(*numbers: int):
    points: list[Point] = [(f"month {place}", number) for place, number in enumerate(numbers, start=1)]
    return bar_chart("due", "Due", points, period="Month")


def test_a_line_goes_from_corner_to_corner():
    assert line(0, 100).lines == [f"{LEFT},{BOTTOM} {RIGHT},{TOP}"]


def test_a_line_breaks_at_missing_numbers_and_a_lone_number_is_a_point():
    chart = line(10, 20, None, 30, None, 40, 50)
    assert [len(part.split()) for part in chart.lines] == [2, 2]
    assert len(chart.marks) == 5


def test_a_number_above_the_scale_stays_in_the_picture():
    assert line(150, 100).marks[0].y == TOP


def test_bars_stand_on_the_axis_the_highest_as_high_as_there_is_room():
    chart = bars(2, 0, 4)
    assert [bar.height for bar in chart.marks] == [(BOTTOM - TOP) // 2, 0, BOTTOM - TOP]
    assert {bar.y + bar.height for bar in chart.marks} == {BOTTOM}
    assert chart.marks[0].x >= LEFT
    assert chart.marks[-1].x + chart.marks[-1].width <= RIGHT


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        (line(), "There are no numbers yet."),
        (line(None, None), "There are no numbers yet."),
        (line(None, 7), "7% (week 2)."),
        (line(50, None, 20, 80), "From 50% (week 1) to 80% (week 4). The lowest was 20%, the highest 80%."),
        (bars(), "There are none."),
        (bars(0, 0), "There are none."),
        (bars(1, 3, 3), "7 in all. The highest bar is 3 (month 2)."),
    ],
)
def test_a_chart_has_a_summary_in_words(chart, words):
    assert chart.summary == words


@pytest.mark.parametrize("template", ["line", "bar"])
def test_a_picture_is_named_described_and_followed_by_its_numbers(template):
    chart = line(50, None) if template == "line" else bars(50, 0)
    html = render_to_string(f"partials/_{template}_chart.html", {"chart": chart})
    assert 'role="img"' in html
    for part in ("title", "summary"):
        assert f'id="chart-{chart.key}-{part}"' in html
        assert f"chart-{chart.key}-{part}" in html.partition('aria-labelledby="')[2].partition('"')[0]
    assert html.count('<th scope="row">') == 2
    assert ("no number" in html) == (template == "line")
    assert "style=" not in html


@pytest.mark.parametrize("template", ["line", "bar"])
def test_words_in_a_picture_are_no_markup(template):
    make = bar_chart if template == "bar" else lambda *args, **rest: line_chart(*args, highest=1, **rest)
    chart = make("key", XSS, [(XSS, 1), (XSS, 1)], period=XSS)
    assert XSS not in render_to_string(f"partials/_{template}_chart.html", {"chart": chart})
