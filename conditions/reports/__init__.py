"""Reports for staff: what is late, waits, leads nowhere, or was looked for in vain, each with one click to act.

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
