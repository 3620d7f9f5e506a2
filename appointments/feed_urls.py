"""Included under /calendar/."""

from django.urls import path

from appointments.feed_views import feed

app_name = "calendar_feed"

urlpatterns = [
    path("<str:secret>.ics", feed, name="feed"),
]
