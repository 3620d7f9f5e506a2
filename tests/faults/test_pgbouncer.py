"""The site behind PgBouncer in transaction mode, where two transactions seldom have the same PostgreSQL session."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotAnswered
from dataclasses import dataclass

import psycopg
import pytest

from pgbouncer import running_pgbouncer
from postgres import QUICK, running_cluster
from tests.plainhttp import Staff, fetch
from tests.pressing_on import Patient, come, said, two_sites
from tests.running import HOST, Site, parameters, serving
from tests.smtpsink import Sink, mail_server

# The server's time zone is not the one that Django asks each session for.
ELSEWHERE = f"{QUICK} -c timezone=America/New_York"
EMAIL = "kim@home.example"
CONTENT = """
import django
django.setup()
from django.core.management import call_command
call_command("load_starter")
from calcsite.tests.people import make_person, make_session
print("Session:", make_session(make_person(is_superuser=True)))
"""
TIME_ZONES = """
import json
import django
django.setup()
from django.db import connection
def told():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), current_setting('TimeZone')")
        return cursor.fetchone()
found = [told() for _ in range(20)]
print("Sessions:", len({session for session, _ in found}))
print("Time zones:", json.dumps(sorted({zone for _, zone in found})))
"""
# Rows of a queryset's iterator() come in several fetches, between which other transactions have the session.
ITERATORS = """
import django
django.setup()
from conditions.models import Condition
seen = 0
for condition in Condition.objects.iterator(chunk_size=2):
    seen += Condition.objects.filter(pk=condition.pk).count()
print("Rows:", seen - Condition.objects.count())
"""
# The statement of the watch is cancelled and not left to wait, or each request would leave another.
WATCH = """
import json
import django
django.setup()
from calcsite.web.public_pages import version_watch
print("Version:", json.dumps(version_watch()()))
"""
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@dataclass
class Pooled:
    """A running site whose only way to PostgreSQL is `pooler`; `server` is the way past it."""

    site: Site
    pooler: str
    server: str
    sink: Sink
    patient: Patient


@pytest.fixture(scope="module")
def pooled(tmp_path_factory, static_files) -> Iterator[Pooled]:
    home = tmp_path_factory.mktemp("pgbouncer")
    with running_cluster(ELSEWHERE) as cluster, running_pgbouncer(cluster) as pooler, mail_server() as sink:
        settings = {"DATABASE_URL": pooler, "EMAIL_URL": f"smtp://{HOST}:{sink.port}"}
        site = two_sites(home, static_files, settings)[0]
        (patient,) = come([site], [EMAIL])
        site.session = site.run("-c", CONTENT).partition("Session: ")[2].strip()
        with serving(site, "/readyz"):
            yield Pooled(site, pooler, cluster.url, sink, patient)
        assert site.errors() == []
        assert "public version not read" not in site.log.read_text()


def test_the_pooler_gives_each_transaction_another_session(pooled):
    with psycopg.connect(**parameters(pooled.pooler), autocommit=True) as client:
        sessions = {client.execute("SELECT pg_backend_pid()").fetchone() for _ in range(4)}
    assert len(sessions) == 2


def test_the_pooler_refuses_start_up_parameters(pooled):
    """The control: a connection as the watch of public pages once made it."""
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
        psycopg.connect(**parameters(pooled.pooler), options="-c statement_timeout=2000")


def test_a_public_page_is_answered_from_memory(pooled):
    """While the table of rendered pages is locked, a page in memory is answered and another page waits."""
    kept, new = "/conditions/calcified-lesions/", "/conditions/brain-calcification/"
    first = fetch(pooled.site, kept)
    with psycopg.connect(**parameters(pooled.server)) as lock, ThreadPoolExecutor(1) as pool:
        lock.execute("LOCK TABLE conditions_renderedpage IN ACCESS EXCLUSIVE MODE")
        second = fetch(pooled.site, kept)
        control = pool.submit(fetch, pooled.site, new)
        with pytest.raises(NotAnswered):
            control.result(timeout=1)
        lock.rollback()
        assert control.result().status == 200
    assert (first.status, second.status, second.body) == (200, 200, first.body)


def test_a_change_is_on_a_page_in_memory_at_once(pooled):
    path, number = "/conditions/calcified-lesions/", "01632 960 999"
    before = [fetch(pooled.site, path).text for _ in range(2)]
    with psycopg.connect(**parameters(pooled.server)) as server:
        server.execute("UPDATE calcsite_clinicdetails SET telephone = %s", [number])
    after = fetch(pooled.site, path)
    assert ([number in page for page in before], after.status, number in after.text) == ([False, False], 200, True)


def test_the_watch_gives_up_on_a_locked_table_and_leaves_no_statement(pooled):
    with psycopg.connect(**parameters(pooled.server)) as lock:
        lock.execute("LOCK TABLE calcsite_publicversion IN ACCESS EXCLUSIVE MODE")
        output = pooled.site.run("-c", WATCH)
        assert "no answer in 2 seconds" in output
        assert (said(output, "Version"), lock.execute(WAITING).fetchone()) == (None, (0,))
    assert said(pooled.site.run("-c", WATCH), "Version") > 0


def test_a_time_is_held_and_booked_and_its_confirmation_sent(pooled):
    reference = pooled.patient.book()
    assert dict(pooled.patient.seen) == {}
    pooled.site.run("manage.py", "tick")
    (message,) = pooled.sink.to(EMAIL)
    assert reference in message.get_body(["plain"]).get_content()


def test_a_staff_page_is_shown(pooled):
    desk = Staff(pooled.site)
    for path in ["/admin/", "/admin/conditions/condition/?q=Calcified", "/admin/appointments/appointment/"]:
        assert desk.get(path).status == 200


def test_every_statement_runs_in_djangos_time_zone(pooled):
    output = pooled.site.run("-c", TIME_ZONES)
    assert (said(output, "Sessions"), said(output, "Time zones")) == (2, ["UTC"])


def test_a_querysets_iterator_reads_every_row(pooled):
    assert said(pooled.site.run("-c", ITERATORS), "Rows") == 0
