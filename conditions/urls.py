from django.urls import path, register_converter
from django.urls.converters import SlugConverter

from conditions import views

app_name = "conditions"


class ShortSlugConverter(SlugConverter):
    """A slug of a length that one of ours can have."""

    regex = "[a-z0-9-]{1,120}"


register_converter(ShortSlugConverter, "address")

urlpatterns = [
    path("conditions/", views.condition_list, name="list"),
    path("conditions/<address:slug>/", views.condition_detail, name="detail"),
    path("conditions/<address:slug>/history/", views.condition_history, name="history"),
    path("conditions/<address:slug>/editions/<int:number>/", views.condition_edition, name="edition"),
    path("conditions/<address:slug>/helpful/", views.helpful, name="helpful"),
    path("conditions/<address:slug>/helpful/thanks/", views.thanks, name="thanks"),
    path("conditions/<address:slug>/helpful/<str:token>/", views.comment, name="comment"),
    path("search/", views.search_page, name="search"),
    path("search/suggestions/", views.suggestions, name="suggestions"),
    path("faqs/", views.faqs, name="faqs"),
]
