"""Stale saves of content: the guarded forms with the locks of drafting, and the difference in words."""

from typing import Any

from calcsite.admin import guarding
from conditions.compare.fields import differences
from conditions.editing import drafting
from conditions.models import Condition, PageEvent
from conditions.parts import SHARED_ROWS, of_shape

LINKS = {part.field for part in of_shape(*SHARED_ROWS)}


class GuardedForm(guarding.GuardedForm):
    """Locks the conditions of a question or a tag before the row itself, as every verb does."""

    def stored_state(self) -> str:
        return self.fingerprint(drafting.locked_for_saving(self.instance))


class WorkingCopyForm(guarding.GuardedForm):
    """The form of a condition. On a save its instance is read under the lock (`ConditionAdmin.get_object`)."""

    fingerprint = staticmethod(drafting.fingerprint)

    def stored_state(self) -> str:
        return self.state

    def clean(self) -> dict[str, Any]:
        """Leaves out tags and related pages that are as they were, so that they are not written again."""
        unchanged = LINKS - set(self.changed_data) if self.instance.pk else set()
        return {name: value for name, value in super().clean().items() if name not in unchanged}


class GuardedAdmin(guarding.GuardedAdmin):
    form = GuardedForm
    differences = staticmethod(differences)

    def last_save(self, row: Any) -> PageEvent | None:
        return row.events.writing().select_related("by").first() if isinstance(row, Condition) else None
