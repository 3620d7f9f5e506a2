"""The lists of the admin accept their own filters, and no lookups through relations to their rows."""

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory

from appointments.tests.factories import make_appointment
from calcsite.tests import people
from conditions.models import Condition

pytestmark = pytest.mark.django_db
LISTS = [
    each for model, each in admin.site._registry.items() if model._meta.app_label in {"conditions", "appointments"}
]
ENDINGS = ["", "__pk__gt", "__in", "__isnull", "__id__exact", "__pk", "__name__startswith"]


@pytest.mark.parametrize("ending", ["=1", "__pk__gt=0", "__in=1", "__isnull=False", "__name__startswith=K"])
def test_a_list_of_conditions_does_not_reveal_that_of_an_appointment(ending):
    make_appointment(condition=Condition.objects.create(name="Gout", slug="gout"))
    editor = Client()
    people.sign_in(editor, people.make_person("Editor"))
    assert editor.get(f"/admin/conditions/condition/?appointments{ending}").status_code == 400
    assert editor.get("/admin/conditions/condition/?work=x&live=no").status_code == 200


@pytest.mark.parametrize("list_of", LISTS, ids=lambda one: one.opts.label)
def test_no_list_filters_by_rows_that_point_at_its_own(list_of, admin_user):
    request = RequestFactory().get("/")
    request.user = admin_user
    pointing = [each.name for each in list_of.model._meta.get_fields() if each.auto_created and not each.concrete]
    lookups = [name + ending for name in pointing for ending in ENDINGS]
    assert [lookup for lookup in lookups if list_of.lookup_allowed(lookup, "1", request)] == []


@pytest.mark.parametrize("list_of", LISTS, ids=lambda one: one.opts.label)
def test_every_filter_that_a_list_offers_answers(list_of, admin_client, admin_user):
    request = RequestFactory().get("/")
    request.user = admin_user
    address = f"/admin/{list_of.opts.app_label}/{list_of.opts.model_name}/"
    changelist = admin_client.get(address).context_data["cl"] if list_of.has_view_permission(request) else None
    offered = {choice["query_string"] for spec in changelist.filter_specs for choice in spec.choices(changelist)}
    assert {query for query in offered if admin_client.get(address + query).status_code != 200} == set()
