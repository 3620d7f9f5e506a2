"""Numbers over time, as small pictures for the first page of the admin."""

from datetime import date, timedelta

from django.contrib.auth.models import AbstractUser
from django.db.models import Count, Q
from django.db.models.functions import TruncMonth, TruncWeek
from django.utils import timezone
from django.utils.formats import date_format

from calcsite.charts import Chart, bar_chart, line_chart
from conditions.models import Condition, EmptySearch, Feedback
from conditions.months import months_after
from conditions.reports.desk import EDITOR, REVIEWER, SEARCHES
from conditions.reports.readers import midnight

WEEKS, MONTHS, SEARCH_WEEKS = 26, 12, 12


def charts_for(user: AbstractUser, on: date) -> list[Chart]:
    """The charts that a user has the permissions for and that have numbers, one query each."""
    charts = []
    if user.has_perm(EDITOR) or user.has_perm(REVIEWER):
        charts += [helpful_by_week(on), reviews_by_month(on)]
    if user.has_perm(SEARCHES):
        charts.append(searches_by_week(on))
    return [chart for chart in charts if any(mark.shown != "0" for mark in chart.marks)]


def _weeks(on: date, count: int) -> list[date]:
    """The Mondays of the last weeks, the one of this week included."""
    monday = on - timedelta(days=on.weekday())
    return [monday - timedelta(weeks=back) for back in reversed(range(count))]


def _week(monday: date) -> str:
    return f"week of {date_format(monday, 'j F Y')}"


def helpful_by_week(on: date) -> Chart:
    """The share of readers who said that a page had helped them; a week without answers has none."""
    weeks = _weeks(on, WEEKS)
    answers = Feedback.objects.filter(created_at__gte=midnight(weeks[0])).order_by()
    counted = answers.annotate(week=TruncWeek("created_at")).values("week")
    counts = counted.annotate(answers=Count("pk"), helped=Count("pk", filter=Q(helpful=True)))
    shares = {timezone.localdate(row["week"]): round(100 * row["helped"] / row["answers"]) for row in counts}
    points = [(_week(week), shares.get(week)) for week in weeks]
    title = "Readers who found a page helpful"
    return line_chart("helpful", title, points, period="Week", highest=100, show=lambda share: f"{share}%")


def reviews_by_month(on: date) -> Chart:
    """How many live pages fall due for review in each of the next months, this one included."""
    months = [months_after(on.replace(day=1), later) for later in range(MONTHS + 1)]
    due = Condition.objects.filter(
        live_edition__review_due_on__gte=months[0], live_edition__review_due_on__lt=months[-1]
    ).order_by()
    by_month = due.annotate(month=TruncMonth("live_edition__review_due_on")).values("month")
    counts = dict(by_month.values_list("month", Count("pk")))
    points = [(date_format(month, "F Y"), counts.get(month, 0)) for month in months[:-1]]
    return bar_chart("reviews", "Reviews falling due", points, period="Month")


def searches_by_week(on: date) -> Chart:
    """How many different searches found nothing, by the week in which each was last made."""
    weeks = _weeks(on, SEARCH_WEEKS)
    recent = EmptySearch.objects.filter(last_on__gte=weeks[0]).order_by()
    by_week = recent.annotate(week=TruncWeek("last_on")).values("week")
    counts = dict(by_week.values_list("week", Count("pk")))
    points = [(_week(week), counts.get(week, 0)) for week in weeks]
    return bar_chart("searches", "Searches that found nothing, by when last made", points, period="Week")
