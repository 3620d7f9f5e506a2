import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery

SENT = 0  # post_office.models.STATUS.sent


def fill_in(apps, schema_editor):
    """Calendar addresses are those of whoever has the account now; what is in the outbox still says when it was sent."""
    apps.get_model("appointments", "Clinician").objects.exclude(feed_digest="").update(feed_of=F("user"))
    emails = apps.get_model("post_office", "Email").objects.filter(pk=OuterRef("email"))
    sent = apps.get_model("appointments", "Message").objects.filter(email__status=SENT)
    sent.update(sent_at=Subquery(emails.values("last_updated")))


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0013_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="clinician",
            name="feed_of",
            field=models.ForeignKey(
                editable=False,
                help_text="Who made the calendar's address: with another account, it leads nowhere.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(model_name="message", name="sent_at", field=models.DateTimeField(blank=True, null=True)),
        migrations.RunPython(fill_in, migrations.RunPython.noop, elidable=True),
    ]
