from django.urls import path

from appointments.booking import views as booking
from appointments.guidance import views as guidance

app_name = "appointments"

urlpatterns = [
    path("", booking.second_opinion, name="second_opinion"),
    path("preparing/", guidance.preparing, name="preparing"),
    path("recovery/", guidance.recovery, name="recovery"),
    path("book/", booking.start, name="book"),
    path("book/time/", booking.choose_time, {"name": "time"}, name="time"),
    path("book/check/", booking.check, {"name": "check"}, name="check"),
    path("book/done/", booking.booked, name="booked"),
    path("book/done/ticks/", booking.take_over_ticks, name="take_over_ticks"),
    path("book/too-many/", booking.too_many, name="too_many"),
    path("book/forget/", booking.forget, name="forget"),
    path("book/forgotten/", booking.forgotten, name="forgotten"),
    path("book/<slug:name>/", booking.question, name="step"),
]
