import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0012_rights"),
        ("conditions", "0003_what_is_public"),
        ("post_office", "0014_alter_email_recipient_delivery_status_and_more"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="message",
            name="message_due",
        ),
        migrations.RemoveIndex(
            model_name="slot",
            name="slot_by_clinician",
        ),
        migrations.RemoveField(
            model_name="waitingentry",
            name="mode",
        ),
        migrations.RemoveField(
            model_name="waitingentry",
            name="notice_hours",
        ),
        migrations.RemoveField(
            model_name="waitingentry",
            name="type",
        ),
        migrations.AlterField(
            model_name="appointmenttype",
            name="buffer_minutes",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="At least, for notes. Patients don't see them.",
                verbose_name="minutes kept free afterwards",
            ),
        ),
        migrations.AlterField(
            model_name="slot",
            name="clinician",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="slots",
                to="appointments.clinician",
            ),
        ),
        migrations.AlterField(
            model_name="workinghours",
            name="buffer_minutes",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="When a kind of appointment asks for more, that counts.",
                verbose_name="minutes kept free after each",
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(django.db.models.functions.text.Upper("email"), name="appointment_by_email"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(condition=models.Q(("composed_at", None)), fields=["due_at"], name="message_due"),
        ),
    ]
