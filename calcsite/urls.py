from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path

from appointments.scheduling.views import photograph
from appointments.urls import urlpatterns as appointment_urls
from calcsite import views
from conditions.public.sitemaps import SITEMAPS
from conditions.public.views import general_page, home

urlpatterns = [
    path("", home, name="home"),
    path("", include("conditions.urls")),
    path("second-opinion/", include((appointment_urls, "appointments"))),
    path("appointment/", include("appointments.patient_urls")),
    path("media/clinicians/<str:name>", photograph, name="photograph"),
    path("calendar/", include("appointments.feed_urls")),
    path("admin/", include("calcsite.signin.urls")),
    path("admin/", admin.site.urls),
    path("sitemap.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("<slug:slug>/", general_page, name="general_page"),
]

handler400 = views.bad_request
handler500 = views.server_error
handler429 = "calcsite.signin.views.too_many_requests"  # asked for by django-allauth
