"""The checksums of working copies that have none yet."""

from django.db import transaction

from calcsite.checksums import checksum
from conditions.composing import compose
from conditions.models import Condition
from conditions.publishing.publishing import locked

BATCH_WORKING_COPIES = 50


def learn_working_copies(most: int = BATCH_WORKING_COPIES) -> int:
    """Store the checksum of up to `most` working copies without one. Returns their number."""
    unknown = Condition.objects.filter(working_checksum="").order_by("pk").values_list("pk", flat=True)[:most]
    return sum(map(_learn_working_copy, unknown))


@transaction.atomic
def _learn_working_copy(pk: int) -> bool:
    says = checksum(compose(locked(pk)))
    return Condition.objects.filter(pk=pk, working_checksum="").update(working_checksum=says) == 1
