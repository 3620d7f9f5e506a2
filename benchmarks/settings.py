"""The site's own settings, with the control beside the site's addresses."""

from calcsite.settings import *  # noqa: F403
from calcsite.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks"]
ROOT_URLCONF = "benchmarks.urls"
