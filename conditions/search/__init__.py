"""Search over live condition pages and questions: ranked, stemmed, and of bounded cost."""

from conditions.search.empty import forget_old_empty, note_empty
from conditions.search.finding import Found, Hit, find
from conditions.search.indexing import forget_condition, index_condition, index_service_faqs, rebuild
from conditions.search.suggesting import Suggestion, suggest

__all__ = [
    "Found",
    "Hit",
    "Suggestion",
    "find",
    "forget_condition",
    "forget_old_empty",
    "index_condition",
    "index_service_faqs",
    "note_empty",
    "rebuild",
    "suggest",
]
