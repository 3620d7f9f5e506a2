from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    """Django's admin, with our rule of who may enter."""

    default_site = "calcsite.staff.site.StaffSite"
