"""Versions of the checklist and of the guidance for recovery: changes, reviews, and copies with outdated words.

Each change of an item's words makes its next version, which is unreviewed. Patients hold copies, which no change here
moves. After a *safety change* the older words must no longer be followed: staff find the copies with such words, and
replace them patient by patient.
"""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from appointments.choices import TaskStatus
from appointments.governance import audit
from appointments.governance.permissions import appointments_of
from appointments.messages import queue
from appointments.models import (
    Appointment,
    AuditEntry,
    ChecklistItem,
    PlanGuidance,
    PreparationTask,
    RecoveryGuidance,
)
from calcsite.errors import UserFacingError
from calcsite.models import StaffProfile
from calcsite.stale import StaleError, fingerprint, refuse_stale

Item = ChecklistItem | RecoveryGuidance
Copy = PreparationTask | PlanGuidance

COPIES: dict[type[Item], type[Copy]] = {ChecklistItem: PreparationTask, RecoveryGuidance: PlanGuidance}
APPOINTMENT = {PreparationTask: "appointment", PlanGuidance: "plan__appointment"}
AUDIENCE = {ChecklistItem: ("condition_id",), RecoveryGuidance: ("condition_id", "treatment")}
UNREVIEWED = {"reviewed_by": None, "reviewed_at": None, "reviewer": ""}
REPLACED = "Words that must no longer be followed were replaced"


def fingerprint_of(item: Item) -> str:
    """The fingerprint of an item's current version. A review and a new position do not change it."""
    return fingerprint(item, ignore={"position", "safe_from", *UNREVIEWED})


@transaction.atomic
def save(*, item: Item, by: AbstractUser, is_safety_change: bool = False) -> None:
    """Save an item as staff wrote it. A change of its words, condition or treatment makes a new, unreviewed version.

    With `is_safety_change` no version before this one is safe to follow any more. Raises StaleError when the stored
    version is not the one that was read.
    """
    if item._state.adding:
        item.changed_by = by
        item.save()
        return
    model = type(item)
    stored = model.objects.filter(pk=item.pk, version=item.version).first()
    values = {name: getattr(item, name) for name in (*model.WORDS, *AUDIENCE[model])}
    if stored and any(getattr(stored, name) != value for name, value in values.items()):
        values |= UNREVIEWED | {"version": item.version + 1, "changed_by": by}
    if is_safety_change:
        values["safe_from"] = values.get("version", item.version)
    as_read = model.objects.filter(pk=item.pk, version=item.version)
    if as_read.update(position=item.position, **values) != 1:
        raise StaleError("Somebody else has changed it meanwhile. Open it again, and look at what they wrote.")
    item.refresh_from_db()


@transaction.atomic
def review(*, item: Item, seen: str, by: AbstractUser, at: datetime | None = None) -> None:
    """Record the clinician's review of an item's words. The public reads the name of the account.

    Raises StaleError when the item is not in the state `seen`, and UserFacingError when `by` wrote the words or their
    account has no name.
    """
    clinician = StaffProfile.of(by)
    if not clinician.name:
        raise UserFacingError("A review needs the clinician’s name. An administrator fills it in on your account.")
    stored = type(item).objects.select_for_update(no_key=True).get(pk=item.pk)
    refuse_stale(
        seen, fingerprint_of(stored), problem="The words were changed after you opened them. Read them again."
    )
    if stored.changed_by_id == by.pk:
        raise UserFacingError("You have changed these words yourself. Somebody else has to read them.")
    reviewed = {"reviewed_by": by, "reviewed_at": at or timezone.now(), "reviewer": ", ".join(filter(None, clinician))}
    type(item).objects.filter(pk=item.pk).update(**reviewed)


def copies(item: Item, at: datetime | None = None) -> models.QuerySet[Copy]:
    """The copies of an item that patients follow, in any version."""
    return COPIES[type(item)].objects.in_use(at).filter(source=item)


def holders(item: Item, at: datetime | None = None) -> models.QuerySet[Copy]:
    """The copies of an item that patients follow and that are no longer safe to follow."""
    return COPIES[type(item)].objects.in_use(at).outdated(item)


def held_by_patients_of(user: AbstractUser, item: Item, at: datetime | None = None) -> models.QuerySet[Copy]:
    """The unsafe copies of patients that `user` may see, the next appointment first."""
    path = APPOINTMENT[COPIES[type(item)]]
    visible = holders(item, at).filter(**{f"{path}__in": appointments_of(user)})
    found = visible.select_related(f"{path}__slot__clinician", f"{path}__appointment_type")
    return found.order_by(f"{path}__slot__starts", "pk")


def appointment_of(copy: Copy) -> Appointment:
    """The appointment of a copy's patient."""
    return copy.appointment if isinstance(copy, PreparationTask) else copy.plan.appointment


@transaction.atomic
def replace(*, copy: Copy, by: AbstractUser, tell: bool, at: datetime | None = None) -> None:
    """Replace the unsafe words of a copy by the current ones; with `tell`, send the patient a message.

    A task that was done by the old words is to do again. The message holds nothing medical. Raises UserFacingError
    when the words of the copy are safe, and UserFacingError when the patient has no e-mail address.
    """
    now, model = at or timezone.now(), type(copy)
    source = model._meta.get_field("source").related_model.objects.filter(pk=copy.source_id).first()
    unsafe = model.objects.unsafe().filter(pk=copy.pk)
    values = {name: getattr(source, name) for name in (*source.WORDS, "version")} if source else {}
    if not source or unsafe.update(**values) != 1:
        raise UserFacingError("This patient has the new words already.")
    if model is PreparationTask:
        done = PreparationTask.objects.filter(pk=copy.pk, status=TaskStatus.DONE)
        done.update(status=TaskStatus.TO_DO, changed_at=now)
    appointment = appointment_of(copy)
    audit.record(AuditEntry.Action.CHANGED, appointment, by=by, detail=REPLACED)
    if tell:
        text = render_to_string("appointments/guidance/safety_message.txt", {"copy": copy})
        queue.send_from_staff(appointment=appointment, text=text, by=by, at=now)
