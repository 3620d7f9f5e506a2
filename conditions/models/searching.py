"""The rows of search: made from live editions and the service's questions by `conditions.search` alone.

The full-text index over these tables is the database's own and is put in place by `conditions.fulltext`.
"""

from django.conf import settings
from django.db import models

from conditions.models.working import Condition


class SearchDocument(models.Model):
    """One thing that a search can find: a live page, or one question with its answer.

    `title`, `about` and `text` are shown. The other columns are searched, in the form of `words.plain`: separate, so
    that a word in a name counts for more than the same word in a body. A page has no `question`; a question has no
    `name`, `aliases` or `summary`.
    """

    class Kind(models.TextChoices):
        CONDITION = "condition", "Condition"
        QUESTION = "faq", "Question"

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    url = models.CharField(max_length=255)
    title = models.CharField(max_length=200)
    about = models.CharField(
        max_length=200, blank=True, help_text="The name of the condition that a question is about."
    )
    name = models.TextField(blank=True)
    aliases = models.TextField(blank=True)
    question = models.TextField(blank=True)
    summary = models.TextField(blank=True, help_text="The summary, the key facts and the headings of a page.")
    context = models.TextField(blank=True, help_text="The words of `about`.")
    body = models.TextField(blank=True, help_text="The words of `text`, letter for letter in the same places.")
    text = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.title


class SearchName(models.Model):
    """A name, other name or question: suggested while a visitor types, and the first hit when typed in full.

    `name` or `question` holds the words of the label as `words.fold` leaves them; the other is empty.
    """

    document = models.ForeignKey(SearchDocument, on_delete=models.CASCADE, related_name="names")
    label = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True, db_index=True)
    question = models.CharField(max_length=200, blank=True, db_index=True)

    def __str__(self) -> str:
        return self.label


class SearchWord(models.Model):
    """A word of a present or former public page, as a candidate for the correction of a misspelt word.

    Words of removed pages stay until the next rebuild, which is harmless: a word is suggested only if a search for it
    finds something.
    """

    word = models.CharField(max_length=40, unique=True)
    initial = models.CharField(max_length=1)
    ending = models.CharField(max_length=3)
    length = models.PositiveSmallIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["initial", "length", "word"], name="word_by_initial"),
            models.Index(fields=["ending", "length", "word"], name="word_by_ending"),
        ]

    def __str__(self) -> str:
        return self.word


class EmptySearchQuerySet(models.QuerySet):
    def open(self) -> "EmptySearchQuerySet":
        """The searches without an action since they were last made, the most frequent first."""
        return self.filter(handled_on=None).order_by("-count", "-last_on", "query")


class EmptySearch(models.Model):
    """An anonymous search that found nothing. Only its words and days are kept."""

    query = models.CharField(max_length=100, unique=True)
    count = models.PositiveIntegerField(default=1)
    first_on = models.DateField()
    last_on = models.DateField(db_index=True)
    handled_on = models.DateField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = EmptySearchQuerySet.as_manager()

    class Meta:
        ordering = ["-count", "query"]
        verbose_name = "search that found nothing"
        verbose_name_plural = "searches that found nothing"

    def __str__(self) -> str:
        return self.query
