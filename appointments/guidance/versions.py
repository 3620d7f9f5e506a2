"""The checklist and the guidance for everybody: changing the words, reviewing them, and who holds old ones.

The rule about versions is here and nowhere else: whoever changes the words of an item makes its next version, and what
a clinician said of the words before is gone with them. Patients hold copies, which no change here moves. A *safety
change* says that the words before must no longer be followed: then those who hold them are found, told, and given the
new words, each by somebody who may see them.
"""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from appointments.choices import TaskStatus
from appointments.governance import audit
from appointments.governance.permissions import appointments_of
from appointments.messages import messaging
from appointments.models import (
    Appointment,
    AuditEntry,
    ChecklistItem,
    PlanGuidance,
    PreparationTask,
    RecoveryGuidance,
)
from calcsite.models import StaffProfile

Item = ChecklistItem | RecoveryGuidance
Copy = PreparationTask | PlanGuidance

COPIES: dict[type[Item], type[Copy]] = {ChecklistItem: PreparationTask, RecoveryGuidance: PlanGuidance}
APPOINTMENT = {PreparationTask: "appointment", PlanGuidance: "plan__appointment"}
WHOM = {ChecklistItem: ("condition_id",), RecoveryGuidance: ("condition_id", "treatment")}
UNREVIEWED = {"reviewed_by": None, "reviewed_at": None, "reviewer": ""}
DETAIL = "Words that must no longer be followed were replaced"


class GuidanceError(Exception):
    """It cannot be done like this, or not any more. The message says why, in words for staff."""


@transaction.atomic
def save(*, item: Item, by: AbstractUser, is_safety_change: bool = False) -> None:
    """Store an item as staff wrote it. Raises GuidanceError when somebody else has changed it since it was read.

    Changed words, and a change of who they are for, are a new version that nobody has reviewed. With
    `is_safety_change` no version before this one is safe to follow any more.
    """
    if item._state.adding:
        item.changed_by = by
        item.save()
        return
    kind = type(item)
    stored = kind.objects.filter(pk=item.pk, version=item.version).first()
    values = {name: getattr(item, name) for name in (*kind.WORDS, *WHOM[kind])}
    if stored and any(getattr(stored, name) != value for name, value in values.items()):
        values |= UNREVIEWED | {"version": item.version + 1, "changed_by": by}
    if is_safety_change:
        values["safe_from"] = values.get("version", item.version)
    as_read = kind.objects.filter(pk=item.pk, version=item.version)
    if as_read.update(position=item.position, **values) != 1:
        raise GuidanceError("Somebody else has changed it meanwhile. Open it again, and look at what they wrote.")
    item.refresh_from_db()


@transaction.atomic
def review(*, item: Item, version: int, by: AbstractUser, at: datetime | None = None) -> None:
    """Say as a clinician that one version of the words is right. The public reads the name of the account.

    Raises GuidanceError for whoever changed the words last, without a name, and when the words are others by now.
    """
    clinician = StaffProfile.of(by)
    if not clinician.name:
        raise GuidanceError("A review needs the clinician’s name. An administrator fills it in on your account.")
    as_read = type(item).objects.filter(pk=item.pk, version=version)
    if as_read.filter(changed_by=by).exists():
        raise GuidanceError("You have changed these words yourself. Somebody else has to read them.")
    said = {"reviewed_by": by, "reviewed_at": at or timezone.now(), "reviewer": ", ".join(filter(None, clinician))}
    if as_read.exclude(changed_by=by).update(**said) != 1:
        raise GuidanceError("The words were changed after you opened them. Read them again.")


def copies(item: Item, at: datetime | None = None) -> models.QuerySet[Copy]:
    """The copies of an item that patients go by, in whatever words."""
    return COPIES[type(item)].objects.in_use(at).filter(source=item)


def holders(item: Item, at: datetime | None = None) -> models.QuerySet[Copy]:
    """The copies of an item that patients still go by, in words that must no longer be followed."""
    return COPIES[type(item)].objects.in_use(at).outdated(item)


def held_by_patients_of(user: AbstractUser, item: Item, at: datetime | None = None) -> models.QuerySet[Copy]:
    """Those of them whose patient `user` may see, the next appointment first."""
    path = APPOINTMENT[COPIES[type(item)]]
    seen = holders(item, at).filter(**{f"{path}__in": appointments_of(user)})
    found = seen.select_related(f"{path}__slot__clinician", f"{path}__type")
    return found.order_by(f"{path}__slot__starts", "pk")


def appointment_of(copy: Copy) -> Appointment:
    """The appointment of the patient who holds a copy."""
    return copy.appointment if isinstance(copy, PreparationTask) else copy.plan.appointment


@transaction.atomic
def replace(*, copy: Copy, by: AbstractUser, tell: bool, at: datetime | None = None) -> None:
    """Give a patient the words of today instead of those that must no longer be followed; with `tell`, write to them.

    What they had marked as done by the old words is to be done again. Nothing medical is in the message. Raises
    GuidanceError when the copy has safe words by now, MessagingError when there is no address to write to.
    """
    now, kind = at or timezone.now(), type(copy)
    source = kind._meta.get_field("source").related_model.objects.filter(pk=copy.source_id).first()
    unsafe = kind.objects.unsafe().filter(pk=copy.pk)
    values = {name: getattr(source, name) for name in (*source.WORDS, "version")} if source else {}
    if not source or unsafe.update(**values) != 1:
        raise GuidanceError("This patient has the new words already.")
    if kind is PreparationTask:
        done = PreparationTask.objects.filter(pk=copy.pk, status=TaskStatus.DONE)
        done.update(status=TaskStatus.TO_DO, changed_at=now)
    appointment = appointment_of(copy)
    audit.record(AuditEntry.Action.CHANGED, appointment, by=by, detail=DETAIL)
    if tell:
        text = render_to_string("appointments/guidance/safety_message.txt", {"copy": copy})
        messaging.send_from_staff(appointment=appointment, text=text, by=by, at=now)
