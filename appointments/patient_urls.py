"""A patient's own pages, under /appointment/. No address tells one appointment from another."""

from django.urls import URLPattern, path

from appointments.access import carer_views, views
from appointments.booking import patient_views
from appointments.documents import views as documents
from appointments.opinions import views as opinion
from appointments.preparation import views as preparation
from appointments.preparation.lists import LISTS, SINGLES
from appointments.privacy import views as rights
from appointments.recovery import follow_up_views
from appointments.recovery import views as recovery

app_name = "patient"


def of_list(tool: str) -> list[URLPattern]:
    """The addresses of a list: the list itself is named as its tool, and its actions are named after that."""
    row, which = f"{tool}/<int:pk>/", {"tool": tool}
    return [
        path(f"{tool}/", preparation.rows, which, name=tool),
        path(f"{tool}/add/", preparation.add, which, name=f"{tool}_add"),
        path(f"{tool}/choose/", preparation.choose, which, name=f"{tool}_choose"),
        path(row, preparation.change, which, name=f"{tool}_change"),
        path(f"{row}remove/", preparation.remove, which, name=f"{tool}_remove"),
        path(f"{row}move/", preparation.move, which, name=f"{tool}_move"),
    ]


urlpatterns = [
    path("", patient_views.home, name="home"),
    path("time/", patient_views.times, name="times"),
    path("time/<int:pk>/", patient_views.move, name="move"),
    path("cancel/", patient_views.cancel, name="cancel"),
    path("cancelled/", patient_views.cancelled, name="cancelled"),
    path("code/", patient_views.confirm, name="confirm"),
    path("code/send/", patient_views.send_code, name="send_code"),
    path("calendar.ics", patient_views.calendar, name="calendar"),
    path("waiting/", patient_views.waiting, name="waiting"),
    path("offer/", patient_views.offer, name="offer"),
    path("preparation/", preparation.tasks, name="preparation"),
    path("preparation/<int:pk>/", preparation.mark, name="mark"),
    *(pattern for tool in LISTS for pattern in of_list(tool)),
    *(path(f"{tool}/", preparation.single, {"tool": tool}, name=tool) for tool in SINGLES),
    path("tests/", preparation.tests, name="tests"),
    path("pack/", preparation.pack, name="pack"),
    path("documents/", documents.documents_page, name="documents"),
    path("documents/<int:pk>/", documents.document, name="document"),
    path("documents/<int:pk>/describe/", documents.describe, name="describe_document"),
    path("documents/<int:pk>/remove/", documents.remove, name="remove_document"),
    path("opinion/", opinion.opinion, name="opinion"),
    path("opinion/<int:number>/", opinion.opinion, name="opinion_version"),
    path("recovery/", recovery.plan, name="recovery"),
    path("recovery/check-in/", recovery.check_in, name="check_in"),
    path("recovery/follow-up/<int:pk>/", follow_up_views.follow_up, name="follow_up"),
    path("recovery/calendar/", recovery.calendar, name="recovery_calendar"),
    path("my-data/", rights.my_data, name="my_data"),
    path("my-data/download/", rights.download, name="my_data_download"),
    path("my-data/erase/", rights.erase, name="my_data_erase"),
    path("my-data/keep/", rights.keep, name="my_data_keep"),
    path("my-data/agreed/<slug:kind>/", rights.consent, name="my_data_consent"),
    path("carer/", carer_views.carer, name="carer"),
    path("carer/<int:pk>/end/", carer_views.end, name="carer_end"),
    path("carer/open/", carer_views.open_link, name="carer_open"),
    path("carer/page/", carer_views.carer_page, name="carer_page"),
    path("carer/close/", carer_views.close, name="carer_close"),
    # After the fixed paths above, as below.
    path("carer/<str:token>/", carer_views.arrive, name="carer_arrive"),
    path("carer/<str:token>/<path:rest>", carer_views.arrive),
    path("close/", patient_views.close, name="close"),
    path("link/", views.link, name="link"),
    path("link/sent/", views.link_sent, name="link_sent"),
    path("open/", patient_views.open_link, name="open"),
    # Last: a token has 43 characters, and equals none of the fixed paths above.
    path("<str:token>/", views.arrive, name="arrive"),
    path("<str:token>/<path:rest>", views.arrive),  # text that a mail program took for part of the link
]
