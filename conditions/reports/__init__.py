"""Reports for staff: what is late, waits, leads nowhere, or was looked for in vain, each with one click to act.

None of them takes more queries when there are more pages.
"""

from conditions.reports.desk import DESK, FIRST_PAGE, REPORTS, Found, Report, Row, found_for, may_see
from conditions.reports.links import BrokenLink, broken_links
from conditions.reports.numbers import charts_for
from conditions.reports.pages import learn_working_copies
from conditions.reports.readers import Unhelpful, unhelpful

__all__ = [
    "DESK",
    "FIRST_PAGE",
    "REPORTS",
    "BrokenLink",
    "Found",
    "Report",
    "Row",
    "Unhelpful",
    "broken_links",
    "charts_for",
    "found_for",
    "learn_working_copies",
    "may_see",
    "unhelpful",
]
