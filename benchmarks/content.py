"""Generated conditions of equal size, the same on every run.

The working copies and editions are stored in bulk; the rows for lists and search are made by the site itself.
"""

import random
from functools import cache

from django.db import connection, transaction
from django.utils import timezone

from calcsite.checksums import checksum
from conditions import search
from conditions.choices import SectionKind, TagKind
from conditions.composing import compose
from conditions.models import FAQ, Alias, Condition, Edition, Section, Source, Tag
from conditions.publishing import listings

AT_A_TIME = 250
SECTIONS = list(SectionKind)[:8]
QUESTIONS = 6
TAGS = {TagKind.SYMPTOM: (40, 4), TagKind.BODY_AREA: (20, 2), TagKind.SPECIALTY: (15, 2)}  # how many, how many a page
WORDS_IN_SECTION = 110
WORDS_IN_ANSWER = 35

# Words in a fixed share of the pages: one page in 1000, one in 20, and every page. Of the last two, one is in names,
# questions, summaries and texts, the other in texts alone.
RARE_EVERY, COMMON_EVERY = 1000, 20
ON_EVERY_PAGE = ["calcification", "mineral"]


def rare_word(number: int) -> str:
    return "rar" + invented_words()[number % RARE_EVERY]


def common_word(number: int) -> str:
    return "com" + invented_words()[number % COMMON_EVERY]


@cache
def invented_words() -> list[str]:
    """Words that no language has and that sound different, so that none is taken for a misspelling of another."""
    chance = random.Random(1)
    syllables = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
    words = {"".join(chance.choices(syllables, k=chance.choice([3, 4]))) + chance.choice("nrlx") for _ in range(4000)}
    return sorted(words)


def extend_to(total: int) -> None:
    """Add generated conditions up to `total` live ones, listed and searchable, but not rendered."""
    tags = make_tags()
    for start in range(Condition.objects.filter(name__startswith="Calcification ").count(), total, AT_A_TIME):
        with transaction.atomic():
            numbers = range(start, min(start + AT_A_TIME, total))
            publish(store_working_copies(numbers, tags))
    search.rebuild()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as autovacuum does some time after so many changes


def make_tags() -> dict[str, list[Tag]]:
    Tag.objects.bulk_create(
        (
            Tag(kind=kind, slug=f"{kind.value.replace('_', '-')}-{number}", name=f"{kind.label} {number}")
            for kind, (count, _) in TAGS.items()
            for number in range(count)
        ),
        ignore_conflicts=True,
    )
    return {kind: list(Tag.objects.filter(kind=kind, name__startswith=f"{kind.label} ")) for kind in TAGS}


def store_working_copies(numbers: range, tags: dict[str, list[Tag]]) -> list[int]:
    """Store the rows of an editor's work. Returns the conditions' keys."""
    conditions = Condition.objects.bulk_create([make_condition(number) for number in numbers])
    sections, questions, aliases, sources, tagged = [], [], [], [], []
    for number, condition in zip(numbers, conditions, strict=True):
        chance = random.Random(number)
        sections += make_sections(condition, number, chance)
        questions += make_questions(condition, number, chance)
        aliases.append(Alias(condition=condition, name=f"{condition.name} syndrome"))
        sources.append(Source(condition=condition, title="A textbook of calcium", publisher="A publisher"))
        chosen = [tag for kind, (_, count) in TAGS.items() for tag in chance.sample(tags[kind], count)]
        tagged += [Condition.tags.through(condition=condition, tag=tag) for tag in chosen]
    for rows in [sections, questions, aliases, sources, tagged]:
        type(rows[0]).objects.bulk_create(rows)
    return [condition.pk for condition in conditions]


def make_condition(number: int) -> Condition:
    words = invented_words()
    name = f"{words[number % len(words)]} {words[number * 7 % len(words)]} {number}"
    return Condition(
        name=f"Calcification {name}",
        slug=f"calcification-{name.replace(' ', '-')}",
        summary=f"Calcification is what this page is about, in one sentence, under the number {number}.",
        key_facts="Most people live well with it.\nA scan shows where it is.\nTreatment depends on the cause.",
        emergency_signs="you cannot breathe\nyou have a seizure for the first time",
    )


def make_sections(condition: Condition, number: int, chance: random.Random) -> list[Section]:
    told = [*ON_EVERY_PAGE, rare_word(number), common_word(number)]
    return [
        Section(
            condition=condition,
            position=position,
            kind=kind,
            heading=f"{kind.label} of this",
            body=f"<p>{text(chance, WORDS_IN_SECTION, told if position == 0 else ON_EVERY_PAGE)}</p>",
        )
        for position, kind in enumerate(SECTIONS)
    ]


def make_questions(condition: Condition, number: int, chance: random.Random) -> list[FAQ]:
    return [
        FAQ(
            condition=condition,
            position=position,
            question=f"Is calcification {chance.choice(invented_words())} number {number} or {position}?",
            answer=f"<p>{text(chance, WORDS_IN_ANSWER, ON_EVERY_PAGE)}</p>",
        )
        for position in range(QUESTIONS)
    ]


def text(chance: random.Random, length: int, told: list[str]) -> str:
    """Sentences in which few words are frequent and most are rare, as in any language."""
    vocabulary = invented_words()
    words = [vocabulary[int(len(vocabulary) * chance.random() ** 3)] for _ in range(length)]
    for word in told:
        words.insert(chance.randrange(length), word)
    return " ".join(words).capitalize() + "."


def publish(conditions: list[int]) -> None:
    """Make the working copies live as `publishing` does, without rendering them."""
    now = timezone.now()
    made = []
    for condition in Condition.objects.filter(pk__in=conditions).prefetch_related(
        "aliases", "tags", "sections", "faqs", "sources", "related"
    ):
        content = compose(condition)
        made.append(
            Edition(
                condition=condition,
                number=1,
                content=content,
                checksum=checksum(content),
                status=Edition.Status.UNREVIEWED,
                reason="For a measurement.",
                published_at=now,
            )
        )
    for edition in Edition.objects.bulk_create(made):
        listings.make_listing(edition, former_slug=None)
        Condition.objects.filter(pk=edition.condition_id).update(live_edition=edition)
