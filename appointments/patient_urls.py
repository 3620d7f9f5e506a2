"""A patient's own pages, under /appointment/. No address tells one appointment from another."""

from django.urls import path

from appointments.views import carer, code, patient, rights, waiting

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
    path("my-data/", rights.my_data, name="my_data"),
    path("my-data/download/", rights.download, name="my_data_download"),
    path("my-data/erase/", rights.erase, name="my_data_erase"),
    path("my-data/keep/", rights.keep, name="my_data_keep"),
    path("my-data/agreed/<slug:kind>/", rights.consent, name="my_data_consent"),
    path("carer/", carer.carer, name="carer"),
    path("carer/<int:pk>/end/", carer.end, name="carer_end"),
    path("carer/open/", carer.open_link, name="carer_open"),
    path("carer/page/", carer.carer_page, name="carer_page"),
    path("carer/close/", carer.close, name="carer_close"),
    # After the words above, as below.
    path("carer/<str:token>/", carer.arrive, name="carer_arrive"),
    path("carer/<str:token>/<path:rest>", carer.arrive),
    path("close/", patient.close, name="close"),
    path("link/", patient.link, name="link"),
    path("link/sent/", patient.link_sent, name="link_sent"),
    path("open/", patient.open_link, name="open"),
    # Last: a token is 43 characters, and none of the words above.
    path("<str:token>/", patient.arrive, name="arrive"),
    path("<str:token>/<path:rest>", patient.arrive),  # what a mail program took for part of the link
]
