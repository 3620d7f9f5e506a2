"""Included under /calendar/."""

from django.urls import path

from appointments.desk.feed_views import feed, recovery_feed

app_name = "calendar_feed"

urlpatterns = [
    path("recovery/<str:secret>.ics", recovery_feed, name="recovery"),
    path("<str:secret>.ics", feed, name="feed"),
]
