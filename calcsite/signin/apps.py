from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.apps import AuthConfig


class StaffAdminConfig(AdminConfig):
    """Django's admin, with the site class of this project."""

    default_site = "calcsite.signin.site.StaffSite"


class StaffAccountsConfig(AuthConfig):
    """Django's auth app, under the name that the admin shows."""

    verbose_name = "Staff"
