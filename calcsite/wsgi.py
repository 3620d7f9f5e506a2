"""The entry point of a web server: `calcsite.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calcsite.settings")

application = get_wsgi_application()
