"""A patient's own pages, under /appointment/. No address tells one appointment from another."""

from django.urls import path

from appointments.views import code, patient, recovery, waiting

app_name = "patient"

urlpatterns = [
    path("", patient.home, name="home"),
    path("time/", patient.times, name="times"),
    path("time/<int:pk>/", patient.move, name="move"),
    path("cancel/", patient.cancel, name="cancel"),
    path("cancelled/", patient.cancelled, name="cancelled"),
    path("code/", code.confirm, name="confirm"),
    path("code/send/", code.send_code, name="send_code"),
    path("calendar.ics", patient.calendar, name="calendar"),
    path("waiting/", waiting.waiting, name="waiting"),
    path("offer/", waiting.offer, name="offer"),
    path("recovery/", recovery.plan, name="recovery"),
    path("recovery/check-in/", recovery.check_in, name="check_in"),
    path("recovery/calendar/", recovery.calendar, name="recovery_calendar"),
    path("close/", patient.close, name="close"),
    path("link/", patient.link, name="link"),
    path("link/sent/", patient.link_sent, name="link_sent"),
    path("open/", patient.open_link, name="open"),
    # Last: a token is 43 characters, and none of the words above.
    path("<str:token>/", patient.arrive, name="arrive"),
    path("<str:token>/<path:rest>", patient.arrive),  # what a mail program took for part of the link
]
