"""Starter content: the checklist, the guidance for recovery, and questions to choose from.

Written for this site and unreviewed, as the pages say. Loading is all or nothing. A file is skipped if the site has
any row of its kind.
"""

from pathlib import Path

from django.db import models, transaction

from appointments.models import ChecklistItem, QuestionPrompt, RecoveryGuidance
from conditions.exchange.files import ExchangeFile
from conditions.models import Condition

FOLDER = Path(__file__).parent / "starter_texts"
POSITION_STEP = 10  # leaves room to insert items
FILES: dict[str, tuple[type[models.Model], set[str], set[str]]] = {
    "checklist.yaml": (ChecklistItem, {"tool", "days_before", "title", "text"}, set()),
    "recovery.yaml": (RecoveryGuidance, {"title", "text", "first_day"}, {"last_day", "normal", "do", "dont"}),
    "questions.yaml": (QuestionPrompt, {"text"}, set()),
}


@transaction.atomic
def load(folder: Path = FOLDER) -> int:
    """Load the kinds without any row. Returns the number of new rows. Raises ExchangeError on a mistake."""
    return sum(_load(ExchangeFile.at(folder / name), *kind) for name, kind in FILES.items())


def _load(file: ExchangeFile, model: type[models.Model], required: set[str], optional: set[str]) -> int:
    if model.objects.exists():
        return 0
    by_slug = {condition.slug: condition for condition in Condition.objects.all()}
    found = file.items("", required=required, allowed=required | optional | {"condition"})
    # Items about a condition that this site does not have are skipped.
    wanted = [(where, fields) for where, fields in found if fields.get("condition") in {None, *by_slug}]
    for number, (where, fields) in enumerate(wanted, 1):
        texts = {name: file.text(value, f"{where}{name}") for name, value in fields.items()}
        condition = by_slug.get(texts.pop("condition", None))
        file.save(model(condition=condition, position=number * POSITION_STEP, **texts), where)
    return len(wanted)
