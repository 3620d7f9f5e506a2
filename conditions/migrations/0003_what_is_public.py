"""The pictures and links of what is public already."""

import re

from django.db import migrations


def note_what_is_public(apps, schema_editor):
    Edition = apps.get_model("conditions", "Edition")
    Picture = apps.get_model("conditions", "PublishedPicture")
    Link = apps.get_model("conditions", "InternalLink")
    Listing = apps.get_model("conditions", "Listing")
    seen = Edition.objects.filter(published_at__isnull=False).values_list("condition", "content__picture__file")
    Picture.objects.bulk_create([Picture(condition_id=pk, name=name) for pk, name in sorted(set(seen)) if name])
    for listing in Listing.objects.select_related("condition__live_edition").iterator(chunk_size=100):
        content = listing.condition.live_edition.content
        parts = [(part["kind"], part["html"]) for part in content["sections"]]
        parts += [(faq["anchor"], faq["html"]) for faq in content["faqs"]]
        Link.objects.bulk_create(
            Link(listing=listing, place=place[:80], path=path[:500])
            for place, html in parts
            for path in re.findall(r'href="(/[^"]*)"', html)
        )


class Migration(migrations.Migration):
    dependencies = [("conditions", "0002_workflow")]

    operations = [migrations.RunPython(note_what_is_public, migrations.RunPython.noop)]
