from django.urls import path, register_converter
from django.urls.converters import SlugConverter

from conditions.public import views

app_name = "conditions"


class ShortSlugConverter(SlugConverter):
    """A slug of a length that one of ours can have."""

    regex = "[a-z0-9-]{1,120}"


register_converter(ShortSlugConverter, "short_slug")

urlpatterns = [
    path("conditions/", views.condition_list, name="list"),
    path("conditions/<short_slug:slug>/", views.condition_detail, name="detail"),
    path("conditions/<short_slug:slug>/history/", views.condition_history, name="history"),
    path("conditions/<short_slug:slug>/editions/<int:number>/", views.condition_edition, name="edition"),
    path("conditions/<short_slug:slug>/helpful/", views.helpful, name="helpful"),
    path("conditions/<short_slug:slug>/helpful/thanks/", views.thanks, name="thanks"),
    path("conditions/<short_slug:slug>/helpful/<str:token>/", views.comment, name="comment"),
    path("search/", views.search_page, name="search"),
    path("search/suggestions/", views.suggestions, name="suggestions"),
    path("faqs/", views.faqs, name="faqs"),
    path("preview/<str:token>/", views.shared_preview, name="shared_preview"),
    path("media/conditions/<str:name>", views.picture, name="picture"),
]
