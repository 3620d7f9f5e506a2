from django.urls import path

from appointments import views

app_name = "appointments"

urlpatterns = [
    path("", views.second_opinion, name="second_opinion"),
]
