import json

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from conditions.composing import compose
from conditions.models import Condition
from conditions.publishing import previewing
from conditions.publishing.tests.test_pictures import drawing
from conditions.tests.factories import make_condition, make_faq

pytestmark = pytest.mark.django_db


def preview_of(condition: Condition) -> str:
    edition = previewing.as_it_will_read(previewing.composed(condition))
    return previewing.response(edition, bar={}).content.decode()


def test_scripts_that_came_in_past_the_editor_are_gone():
    condition = make_condition(
        name="<script>1</script>",
        sections={"overview": "<p onclick=x()>One</p><script>alert(1)</script>"},
        faqs={"Why?<img src=x onerror=y()>": "<p>So</p><iframe src=//evil.example></iframe>"},
    )
    content = compose(condition)
    assert content["sections"][0]["html"] == "<p>One</p>"
    assert content["faqs"][0]["html"] == "<p>So</p>"
    page = preview_of(condition)
    assert "<script>1" not in page
    assert "<img src=x" not in page


def test_the_same_working_copy_composes_to_the_same_content():
    condition = make_condition(aliases=["Other"], faqs={"Why?": "<p>So.</p>"}, tags=[("symptom", "Pain")])
    assert compose(condition) == compose(Condition.objects.get(pk=condition.pk))


def test_content_survives_the_way_through_json():
    content = compose(make_condition(name="Gout “and” <more> & 李", tags=[("symptom", "Pain")]))
    assert json.loads(json.dumps(content)) == content


def test_questions_with_the_same_words_have_anchors_of_their_own():
    condition = make_condition()
    for question in ["Why me?", "Why, me!", "为什么？"]:
        make_faq(condition=condition, question=question)
    anchors = [faq["anchor"] for faq in compose(condition)["faqs"]]
    assert anchors[:2] == ["faq-why-me", "faq-why-me-2"]
    assert len(set(anchors)) == 3


def test_sections_follow_their_position():
    condition = make_condition(sections={"causes": "<p>c</p>", "overview": "<p>o</p>"})
    condition.sections.filter(kind="overview").update(position=0)
    assert [section["kind"] for section in compose(condition)["sections"]] == ["overview", "causes"]


def test_the_picture_has_its_size_and_description():
    name = default_storage.save("conditions/a.svg", drawing())
    condition = make_condition(picture=name, picture_alt="A vessel")
    assert compose(condition)["picture"] == {
        "file": "conditions/a.svg",
        "alt": "A vessel",
        "decorative": False,
        "width": 480,
        "height": 360,
    }


def test_a_decorative_picture_is_not_described():
    name = default_storage.save("conditions/a.svg", drawing())
    picture = compose(make_condition(picture=name, picture_alt="A vessel", picture_decorative=True))["picture"]
    assert (picture["alt"], picture["decorative"]) == ("", True)


@pytest.mark.parametrize("content", [None, b"broken"])
def test_a_missing_or_broken_picture_file_leaves_a_readable_page(content):
    if content:
        default_storage.save("conditions/b.png", ContentFile(content))
    condition = make_condition(name="Gout", picture="conditions/b.png", picture_alt="A vessel")
    assert compose(condition)["picture"] is None
    assert "Gout" in preview_of(condition)


def test_a_page_does_not_point_to_itself():
    condition = make_condition()
    condition.related.add(condition)
    assert compose(condition)["related"] == []
