"""Records that patients and staff add to an appointment, and those that are still missing."""

import secrets
from typing import Any

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.utils import timezone

from appointments.choices import FileKind
from appointments.models.appointments import Appointment


class PrivateFiles(Storage):
    """Storage outside the web root, without an address. Looked up at each use, so that settings decide where it is."""

    def __getattribute__(self, name: str) -> Any:
        return getattr(storages["private"], name)


def private_files() -> Storage:
    return PrivateFiles()


def generated_name(document: "Document", name: str) -> str:
    """A path of 192 random bits in up to 256 folders, with no part of the sender's file name."""
    token = secrets.token_hex(24)
    return f"documents/{token[:2]}/{token}"


class Document(models.Model):
    """One file. `kind` is the kind of its content; `name` is the sender's file name, made harmless."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=20, choices=FileKind)
    name = models.CharField(max_length=150)
    description = models.CharField("what it is", max_length=200, blank=True)
    file = models.FileField(storage=private_files, upload_to=generated_name, max_length=120)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: the patient.",
    )

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["appointment", "sha256"], name="a_file_is_added_once")]

    def __str__(self) -> str:
        return self.name


class DocumentRequestQuerySet(models.QuerySet):
    def missing(self) -> "DocumentRequestQuerySet":
        """Requests that are neither met nor waived (as `is_missing`)."""
        return self.filter(met_by=None, waived_at=None)


class DocumentRequest(models.Model):
    """A record that the clinic requests. It is met by a document."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="document_requests")
    what = models.CharField(max_length=200, help_text="“The CT scan of March, and its report.”")
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    met_by = models.ForeignKey(Document, on_delete=models.SET_NULL, null=True, blank=True, related_name="meets")
    waived_at = models.DateTimeField(null=True, blank=True, help_text="When staff said that it is not needed.")

    objects = DocumentRequestQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "pk"]

    def __str__(self) -> str:
        return self.what

    @property
    def is_missing(self) -> bool:
        return self.met_by_id is None and self.waived_at is None
