from django.contrib import admin
from django.http import HttpRequest

from calcsite.models import ClinicDetails


@admin.register(ClinicDetails)
class ClinicDetailsAdmin(admin.ModelAdmin):
    """The single row of clinic details, made at set-up: it can be changed, not added or deleted."""

    list_display = ["name", "telephone", "email", "is_demonstration"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not ClinicDetails.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: ClinicDetails | None = None) -> bool:
        return False
