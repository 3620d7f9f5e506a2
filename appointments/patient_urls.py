"""A patient's own pages, under /appointment/. No address tells one appointment from another."""

from django.urls import URLPattern, path

from appointments.tools import LISTS, SINGLES
from appointments.views import (
    carer,
    code,
    documents,
    follow_ups,
    opinion,
    patient,
    preparation,
    recovery,
    rights,
    waiting,
)

app_name = "patient"


def of_list(tool: str) -> list[URLPattern]:
    """The pages of a list: the list is named as its tool, and what can be done about it after that."""
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
    path("recovery/follow-up/<int:pk>/", follow_ups.follow_up, name="follow_up"),
    path("recovery/calendar/", recovery.calendar, name="recovery_calendar"),
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
