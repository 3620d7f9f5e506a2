from django.urls import include, path

from benchmarks.control import control

urlpatterns = [
    path("control/<slug:slug>/", control),
    path("", include("calcsite.urls")),
]

handler400 = "calcsite.views.bad_request"
