"""The pages of a patient's preparation: every item, only the patient's own rows, and no input is lost."""

import re
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import clear_url_caches, path

from appointments import patient_urls
from appointments.choices import Status, TaskStatus, Tool
from appointments.models import Appointment, ChecklistItem, Question, QuestionPrompt, SpecialistChoice
from appointments.preparation.pack import pack_of
from appointments.preparation.rows import MAX_ROWS, add_rows
from appointments.preparation.tests.makers import MODELS, ROWS, SINGLE, make_preparing, write
from appointments.tests.clients import come_in, come_in_with_code, seen_in, url
from appointments.tests.factories import make_appointment
from conditions.choices import SectionKind, TagKind
from conditions.tests.factories import make_live

pytestmark = pytest.mark.django_db
PAGES = ["preparation", "tests", "pack", *ROWS, *SINGLE]
ACTIONS = ["change", "remove", "move"]
HOSTILE = "<script>alert(1)</script>{{ clinic }}{% now 'Y' %}&lt;b&gt;\"'><img src=x onerror=alert(1)>"
NOWHERE = 999_999


def words_of(response) -> str:
    """The visible text of a page."""
    main = re.search(r"<main.*?</main>", response.text, re.DOTALL)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def row_of(appointment: Appointment, tool: str):
    return MODELS[tool].objects.filter(appointment=appointment).first()


@pytest.fixture
def with_documents():
    """The part of the pages where documents are sent, as far as a link needs it."""
    if all(getattr(pattern, "name", "") != "documents" for pattern in patient_urls.urlpatterns):
        patient_urls.urlpatterns.append(path("documents/", patient_urls.preparation.tests, name="documents"))
        clear_url_caches()


def test_each_of_the_nine_items_links_to_its_tool(with_documents):
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    page = client.get(url("preparation"))
    assert "0 of 9 done" in words_of(page)
    assert re.findall(r'<h2>\s*<a href="(.*?)"', page.text) == [f"/appointment/{tool}/" for tool in Tool]


def test_each_of_the_nine_items_can_be_done_and_is_in_the_pack():
    appointment = make_preparing(reason="Is it dangerous?", findings="A scan", needs="No steps")
    client = come_in_with_code(appointment)
    for tool, values in ROWS.items():
        saved = client.post(url(f"{tool}_add"), values, follow=True)
        assert saved.redirect_chain == [(url(tool), 302)]
        assert "Saved." in words_of(saved)
    for tool, values in SINGLE.items():
        seen = seen_in(client.get(url(tool)))
        assert client.post(url(tool), values | {"seen": seen})["Location"] == url(tool)
        assert all(value in unescape(client.get(url(tool)).text) for value in values.values())
    assert "We have written nothing for you yet" in words_of(client.get(url("tests")))
    write(appointment, word="by the clinic")
    assert "Eat nothing. by the clinic" in words_of(client.get(url("tests")))
    pack = words_of(client.get(url("pack")))
    typed = [value for values in ROWS.values() for name, value in values.items() if name not in {"kind", "severity"}]
    expected = [
        *typed,
        "How bad, from 0 to 10: 0",
        "Rheumatology",
        "Dr Elsewhere",
        "I have asked for one",
        "Dr Family",
    ]
    expected += ["Eat nothing. by the clinic", "Is it dangerous?", "A scan", "No steps", appointment.spoken_reference]
    assert [words for words in expected if words not in pack] == []


def test_a_task_is_marked_next_to_its_tool_and_on_the_list():
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    task = appointment.tasks.get(tool=Tool.MEDICINES)
    mark = url("mark", task.pk)
    assert f'action="{mark}"' in client.get(url("medicines")).text
    for status in TaskStatus:
        done = client.post(mark, {"status": status}, follow=True)
        assert done.redirect_chain == [(f"{url('preparation')}#task-{task.pk}", 302)]
        task.refresh_from_db()
        assert task.status == status
        assert task.get_status_display() in words_of(done)
    assert "0 of 8 done , and 1 not for you" in words_of(done)
    assert "Choose one of the buttons." in words_of(client.post(mark, {"status": "perfect"}, follow=True))


@pytest.mark.parametrize("tool", Tool)
def test_each_tool_explains_itself_and_links_to_the_next_step(tool):
    page = words_of(come_in_with_code(make_preparing()).get(url(tool)))
    for words in ["What it is for.", f"Mark as done Do: {tool.label}", "Back to your list of things to do"]:
        assert words in page


def test_the_due_day_is_shown_until_it_has_come():
    with time_machine.travel("2026-11-21 10:00"):
        appointment = make_preparing()
        client = come_in_with_code(appointment)
        appointment.tasks.update(days_before=2)
        due = appointment.tasks.first().due
        assert f"By {due:%A} {due.day} {due:%B}" in words_of(client.get(url("preparation")))
        appointment.tasks.update(days_before=60)
        assert "As soon as you can" in words_of(client.get(url("preparation")))


def test_unreviewed_and_unsafe_words_are_marked():
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    for name in ("preparation", "medicines"):
        page = words_of(client.get(url(name)))
        assert "No clinician has checked all of these words" in page
        assert "We have changed this advice" not in page
    ChecklistItem.objects.update(version=2, safe_from=2, reviewed_at=appointment.created_at)
    for name in ("preparation", "medicines"):
        assert "We have changed this advice since you booked" in words_of(client.get(url(name)))
    appointment.tasks.update(version=2)
    for name in ("preparation", "medicines"):
        page = words_of(client.get(url(name)))
        assert "No clinician" not in page
        assert "We have changed this advice" not in page


def test_without_the_code_there_is_nothing():
    appointment = make_preparing()
    write(appointment, word="canary")
    client = come_in(appointment)
    rows = [url(f"{tool}_{action}", row_of(appointment, tool).pk) for tool in ROWS for action in ACTIONS]
    task = url("mark", appointment.tasks.first().pk)
    lists = [url(f"{tool}_{action}") for tool in ROWS for action in ("add", "choose")]
    before = pack_of(appointment)
    for address in [*map(url, PAGES), *rows, *lists, task]:
        for send in (client.get, client.post):
            response = send(address)
            # Read-only pages accept no POST.
            assert response.status_code == 405 or response["Location"].startswith(url("confirm")), address
            assert "canary" not in response.text
        assert Client().get(address).status_code == 403
        assert Client().post(address).status_code in {403, 405}
    assert pack_of(appointment) == before
    assert "canary" not in client.get(url("home")).text


@pytest.mark.parametrize("text", ["x" * 200, "שלום עולם", "\u202eevil\u202c", "🙂👩‍⚕️ naïve Ωmega", HOSTILE])
def test_texts_in_any_script_are_kept_as_typed_and_stay_text(text):
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    for tool, values in ROWS.items():
        typed = {name: value if name in {"kind", "severity"} else text[:100] for name, value in values.items()}
        assert client.post(url(f"{tool}_add"), typed).status_code == 302
        row = row_of(appointment, tool)
        assert {name: str(getattr(row, name)) for name in typed} == typed
        shown = [url(tool), *(url(f"{tool}_{action}", row.pk) for action in ("change", "remove")), url("pack")]
        for address in shown:
            page = client.get(address).text
            assert text[:100] in unescape(page)
            assert "<script>alert" not in page
            assert "<img src=x" not in page
    client.post(url("medicines_add"), {"kind": "medicine", "name": text})
    assert MODELS["medicines"].objects.filter(appointment=appointment, name=text).exists()


def test_a_refused_form_keeps_its_input():
    client = come_in_with_code(make_preparing())
    typed = {"kind": "worry", "what": "w" * 301, "since": "since March", "severity": "eleven", "helps": "Tea"}
    page = client.post(url("symptoms_add"), typed)
    assert "<title>Error: Add a symptom or a worry" in page.text
    summary = re.search(r'class="error-summary".*?</div>', page.text, re.DOTALL)[0]
    assert re.findall(r'href="#(.*?)"', summary) == ["id_what", "id_severity"]
    assert "Write a number from 0 to 10." in summary
    assert all(value in page.text for value in typed.values())
    assert not MODELS["symptoms"].objects.exists()
    for tool in ROWS:
        assert "There is a problem" in client.post(url(f"{tool}_add"), {}).text
    assert "There is a problem" in client.post(url("referral"), {"note": "kept"}).text


def test_a_full_list_says_so_and_keeps_the_input():
    appointment = make_preparing()
    rows = [{"text": f"Question {number}?"} for number in range(MAX_ROWS)]
    add_rows(appointment=appointment, model=Question, rows=rows)
    client = come_in_with_code(appointment)
    assert "Your list is full" in words_of(client.get(url("questions")))
    page = client.post(url("questions_add"), {"text": "One too many?"})
    assert "Your list is full" in page.text
    assert "One too many?" in page.text
    prompt = QuestionPrompt.objects.get()
    assert "Your list is full" in client.post(url("questions_choose"), {"chosen": [prompt.pk]}).text
    assert Question.objects.count() == MAX_ROWS


def test_a_row_is_changed_moved_and_removed():
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    for number in "12":
        client.post(url("questions_add"), {"text": number, "another": "1"})
    first, second = Question.objects.all()
    moved = client.post(url("questions_move", second.pk), {"up": "1"})
    assert moved["Location"] == f"{url('questions')}#row-{second.pk}"
    seen = seen_in(client.get(url("questions_change", first.pk)))
    client.post(url("questions_change", first.pk), {"text": "one", "seen": seen})
    assert list(Question.objects.values_list("text", flat=True)) == ["2", "one"]
    assert "Remove this from your list?" in client.get(url("questions_remove", second.pk)).text
    assert Question.objects.count() == 2
    client.post(url("questions_remove", second.pk))
    assert Question.objects.get() == first


@pytest.mark.parametrize("name", ["questions_change", "specialist"])
def test_a_stale_form_shows_the_stored_row_beside_the_input(name):
    appointment = make_preparing()
    write(appointment)
    client = come_in_with_code(appointment)
    address = url(name, *([row_of(appointment, "questions").pk] if name == "questions_change" else []))
    field = "text" if name == "questions_change" else "sees"
    seen = seen_in(client.get(address))
    assert client.post(address, {field: "First window", "seen": seen}).status_code == 302
    page = client.post(address, {field: "Second window", "seen": seen})
    assert "in another window" in page.text
    assert "First window" in page.text
    assert "Second window" in page.text
    again = seen_in(page)
    assert client.post(address, {field: "Second window", "seen": again}).status_code == 302
    assert "Second window" in client.get(url("pack")).text


def test_the_input_for_a_removed_row_can_be_added_again():
    appointment = make_preparing()
    write(appointment)
    client, row = come_in_with_code(appointment), row_of(appointment, "questions")
    client.post(url("questions_remove", row.pk))
    page = client.post(url("questions_change", row.pk), {"text": "Typed with care"})
    assert (page.status_code, "not on your list any more" in page.text, "Typed with care" in page.text) == (404, 1, 1)
    assert f'action="{url("questions_add")}"' in page.text
    assert client.get(url("questions_change", row.pk)).status_code == 404


def test_questions_and_treatments_can_be_chosen_and_come_once():
    sections = {
        SectionKind.TREATMENT: "<p>It depends.</p><h3>Watching it</h3><p>Now.</p><h3>Surgery</h3><p>Rarely.</p>",
        SectionKind.OUTLOOK: "<h3>Not a treatment</h3><p>No.</p>",
    }
    condition = make_live(sections=sections, tags=[(TagKind.SPECIALTY, "Cardiology")])
    appointment = make_preparing(condition=condition)
    QuestionPrompt.objects.create(condition=make_live(), text="About something else?")
    QuestionPrompt.objects.create(condition=condition, text="About this?")
    client = come_in_with_code(appointment)
    offered = re.findall(r'name="chosen" value="(.*?)"', client.get(url("options_choose")).text)
    assert offered == ["Watching it", "Surgery"]
    for _ in range(2):
        assert client.post(url("options_choose"), {"chosen": ["Surgery"]})["Location"] == url("options")
    assert [str(row) for row in MODELS["options"].objects.all()] == ["Surgery"]
    assert re.findall(r'name="chosen" value="(.*?)"', client.get(url("options_choose")).text) == ["Watching it"]
    page = client.get(url("questions_choose"))
    assert "About this?" in page.text
    assert "About something else?" not in page.text
    client.post(url("questions_choose"), {"chosen": re.findall(r'name="chosen" value="(\d+)"', page.text)})
    assert {str(row) for row in Question.objects.all()} == {"What happens if I wait?", "About this?"}
    assert url("questions_choose") not in client.get(url("questions")).text
    assert "There is nothing more to choose from" in client.get(url("questions_choose")).text
    assert "Tick at least one" in client.post(url("options_choose"), {}).text
    assert "has changed meanwhile" in client.post(url("options_choose"), {"chosen": ["Leeches"]}).text
    assert "Cardiology" in words_of(client.get(url("specialist")))


def test_a_booking_without_a_checklist_still_has_every_tool():
    appointment = make_appointment()
    page = come_in_with_code(appointment).get(url("preparation"))
    assert "What you can write down" in page.text
    assert all(f'href="{url(tool)}"' in page.text for tool in [*ROWS, *SINGLE, "tests"])


def test_once_it_is_over_everything_can_be_read_and_nothing_written():
    appointment = make_preparing()
    write(appointment, word="canary")
    Appointment.objects.filter(pk=appointment.pk).update(status=Status.COMPLETED)
    client = come_in_with_code(appointment)
    before = pack_of(appointment)
    for name in PAGES:
        page = client.get(url(name))
        assert page.status_code == 200
        assert 'method="post"' not in re.search(r"<main.*?</main>", page.text, re.DOTALL)[0]
    for name in ROWS:
        row = row_of(appointment, name)
        for address in (url(f"{name}_add"), *(url(f"{name}_{action}", row.pk) for action in ACTIONS)):
            assert client.post(address, ROWS[name])["Location"] == url("preparation")
    assert "is over" in client.post(url("referral"), SINGLE["referral"]).text
    assert pack_of(appointment) == before
    assert "canary" in client.get(url("pack")).text


def test_a_get_of_a_post_page_redirects_to_its_list():
    appointment = make_preparing()
    write(appointment)
    client = come_in_with_code(appointment)
    task, row = appointment.tasks.first(), row_of(appointment, "questions")
    before = pack_of(appointment)
    assert client.get(url("mark", task.pk), {"status": "done"})["Location"].startswith(url("preparation"))
    assert client.get(url("questions_move", row.pk), {"up": "1"})["Location"].startswith(url("questions"))
    assert client.get(url("questions_remove", row.pk)).status_code == 200
    assert pack_of(appointment) == before


def test_pages_take_the_same_number_of_queries_for_one_row_and_for_thirty(django_assert_max_num_queries):
    few = make_preparing(condition=make_live())
    for number in range(30):
        tool = Tool.values[number % 9]
        ChecklistItem.objects.create(tool=tool, title=f"More {number}", text="More.", position=number)
    many = make_preparing(condition=make_live())
    write(few)
    write(many, rows=30)
    taken = []
    for appointment in (few, many):
        client = come_in_with_code(appointment)
        taken.append([])
        for name in PAGES:
            with django_assert_max_num_queries(25) as queries:
                assert client.get(url(name)).status_code == 200
            taken[-1].append((name, len(queries)))
    assert taken[0] == taken[1]


def test_pages_are_not_cached_and_titles_hold_nothing_medical():
    appointment = make_preparing()
    write(appointment, word="canary")
    client = come_in_with_code(appointment)
    for name in PAGES:
        page = client.get(url(name))
        assert page["Cache-Control"] == "private, no-store"
        assert 'content="noindex"' in page.text
        assert "canary" not in re.search(r"<title>.*?</title>", page.text, re.DOTALL)[0]
    change = client.get(url("questions_change", row_of(appointment, "questions").pk)).text
    assert "canary" not in re.search(r"<title>.*?</title>", change, re.DOTALL)[0]


def test_every_field_about_the_specialist_may_stay_empty():
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    seen = seen_in(client.get(url("specialist")))
    assert client.post(url("specialist"), {"seen": seen}).status_code == 302
    assert SpecialistChoice.objects.get().specialty == ""
    assert "Which specialist Change which specialist Not sure" in words_of(client.get(url("pack")))


def test_the_way_to_it_is_on_the_patients_page():
    appointment = make_preparing()
    client = come_in(appointment)
    assert f'href="{url("preparation")}"' in client.get(url("home")).text
    with time_machine.travel(appointment.slot.ends):
        assert f'href="{url("pack")}"' in come_in(appointment).get(url("home")).text
