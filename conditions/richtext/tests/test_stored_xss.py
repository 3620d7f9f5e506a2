"""Attacks by an editor: stored scripts run on no page."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from calcsite.tests import people
from conditions.choices import SectionKind
from conditions.models import Condition, EmptySearch, Feedback, Tag
from conditions.publishing import previewing, publishing
from conditions.richtext.tests.test_richtext import EVASIONS
from conditions.tests.factories import make_condition, make_reviewer

pytestmark = pytest.mark.django_db

MARK = "evil"
TEXTS = [
    *EVASIONS,
    f'"><script>{MARK}()</script>',
    f"'><img src={MARK} onerror={MARK}()>",
    f"</script><script>{MARK}()</script>",
    f"</title><script>{MARK}()</script>",
    f"</textarea><script>{MARK}()</script>",
    f"--><script>{MARK}()</script>",
    f"]]><script>{MARK}()</script>",
    f"javascript:{MARK}()",
    "{{ settings.SECRET_KEY }}{% debug %}",
    "{0.__class__}%(x)s%s",
]
RUNS = re.compile(r"^\s*(?:javascript|data|vbscript)\s*:", re.IGNORECASE)
OUR_SCRIPTS = {"application/ld+json", "importmap", "module", "text/javascript", "application/json", ""}


class Dangers(HTMLParser):
    """Collects the dangers in a page: foreign scripts, handlers, and links with code."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        self.found += [f"{tag} {name}" for name in has if name.startswith("on") or name in {"srcdoc", "style"}]
        self.found += [
            f"{tag} {name}"
            for name in ("href", "src", "action")
            if RUNS.match(has.get(name, "")) and not has[name].startswith("data:image/")
        ]
        if tag in {"iframe", "object", "embed", "base", "math"} or (tag == "img" and has.get("src") in {"x", MARK}):
            self.found.append(tag)
        if tag == "script" and not has.get("src", "/").startswith("/") or has.get("src", "").startswith("//"):
            self.found.append("foreign script")
        if (
            tag == "script"
            and "src" not in has
            and has.get("type", "") not in OUR_SCRIPTS - {"", "module", "text/javascript"}
        ):
            self.found.append(tag)


def dangers(html: str) -> list[str]:
    reader = Dangers()
    reader.feed(html)
    return reader.found


@pytest.fixture
def hostile() -> Condition:
    """A working copy with the whole list in every field, submitted and then approved."""
    texts = [text.replace("\0", "") for text in TEXTS]  # PostgreSQL stores none, and the admin's forms refuse it
    everything, lines = " ".join(texts), "\n".join(texts)
    condition = make_condition(
        name=f"Evil <script>{MARK}()</script> \"'>",
        slug="evil",
        summary=everything[:2000],
        key_facts=lines,
        emergency_signs=lines,
        picture_alt=everything[:200],
        sections=dict.fromkeys(SectionKind.values[:4], everything),
        faqs={f"{text[:150]} {number}?": f"<p>Answer.</p>{text}" for number, text in enumerate(texts)},
        sources=[text[:200] for text in texts],
        aliases=[f"{text[:100]} {number}" for number, text in enumerate(texts)],
    )
    condition.sections.update(heading=f"<script>{MARK}()</script>")
    condition.sources.update(
        url=f"javascript:{MARK}()", publisher=f"<img src={MARK} onerror={MARK}()>", seen="</dd><script>"
    )
    condition.tags.add(Tag.objects.create(kind="symptom", slug="evil", name=f"<script>{MARK}()</script>"))
    return condition


def walk(client: Client, addresses: list[str]) -> dict[str, list[str]]:
    found = {}
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        if dangerous := dangers(answer.content.decode()):
            found[address] = dangerous
    return found


def test_an_editors_script_runs_on_no_screen_of_the_staff(hostile, admin_client, admin_user):
    live = publishing.publish_working_copy(condition=hostile, by=None, reason=f"<script>{MARK}()</script>")
    Condition.objects.update(summary=f"Changed <script>{MARK}()</script>")
    edition = publishing.submit(condition=hostile, by=None, note=f"<img src={MARK} onerror={MARK}()>")
    publishing.return_(edition=edition, by=admin_user, reason=f"<script>{MARK}()</script>")
    Feedback.objects.create(condition=hostile, edition=live, helpful=False, comment=f"<script>{MARK}()</script>")
    EmptySearch.objects.create(query=f"<script>{MARK}()</script>", first_on="2026-01-01", last_on="2026-01-01")
    screens = [reverse(f"admin:conditions_condition_{name}", args=[hostile.pk]) for name in STEPS]
    screens += [reverse("admin:conditions_condition_revert", args=[hostile.pk, 1])]
    screens += [f"{reverse('admin:conditions_condition_compare', args=[hostile.pk])}?old=1&new=working&form=side"]
    screens += [reverse("admin:conditions_edition_review", args=[edition.pk]) + form for form in ("", "?form=side")]
    screens += [reverse(f"admin:conditions_{name}_changelist") for name in LISTS]
    screens += [reverse("admin:index"), reverse("admin:conditions_reports")]
    screens += [reverse("admin:conditions_faq_change", args=[faq.pk]) for faq in hostile.faqs.all()[:3]]
    screens += [reverse("admin:conditions_tag_delete", args=[Tag.objects.get().pk])]
    assert walk(admin_client, screens) == {}


STEPS = ["change", "history", "preview", "submit", "publish", "withdraw", "compare", "links"]
LISTS = ["condition", "faq", "tag", "edition", "feedback", "pageevent", "emptysearch", "generalpage"]


def test_an_editors_script_runs_on_no_public_page(hostile, client, admin_user):
    _, token = previewing.share(condition=hostile, by=admin_user, days=1)
    edition = publishing.submit(condition=hostile, by=None)
    publishing.approve(edition=edition, by=make_reviewer())
    addresses = [
        "/",
        "/conditions/",
        "/conditions/?symptom=evil",
        "/conditions/?q=evil",
        "/conditions/evil/",
        "/conditions/evil/history/",
        "/conditions/evil/editions/1/",
        "/search/?q=evil",
        "/search/?q=script",
        "/faqs/",
        "/second-opinion/?condition=evil",
        f"/preview/{token}/",
    ]
    assert walk(client, addresses) == {}
    suggestions = client.get("/search/suggestions/?q=evil")
    assert suggestions["Content-Type"] == "application/json"


def test_the_look_for_dangers_finds_them():
    for text in EVASIONS[:3]:
        assert dangers(text)
    assert dangers("<p onclick=x>") == ["p onclick"]
    assert dangers("<a href='java'>") == []
    assert dangers("<a href=' javascript:x'>") == ["a href"]


def test_an_answer_to_an_editor_is_html_that_carries_the_policy(hostile):
    client = Client()
    people.sign_in(client, people.make_person("Editor"))
    answer = client.get(reverse("admin:conditions_condition_change", args=[hostile.pk]))
    assert "unsafe" not in answer["Content-Security-Policy"]
