from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.apps import AuthConfig


class StaffAdminConfig(AdminConfig):
    """Django's admin, with our rule of who may enter."""

    default_site = "calcsite.signin.site.StaffSite"


class StaffAccountsConfig(AuthConfig):
    """Django's accounts, under the name that the admin shows."""

    verbose_name = "Staff"
