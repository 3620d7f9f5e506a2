"""Reports for staff: overdue reviews, waiting editions, broken links, searches that found nothing, and others.

None of them takes more queries when there are more pages.
"""

from conditions.reports.desk import DESK, FIRST_PAGE, REPORTS, found_for, may_see
from conditions.reports.numbers import charts_for
from conditions.reports.pages import learn_working_copies

__all__ = [
    "DESK",
    "FIRST_PAGE",
    "REPORTS",
    "charts_for",
    "found_for",
    "learn_working_copies",
    "may_see",
]
