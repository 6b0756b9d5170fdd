"""The first facility, its device profiles, and the cache table that lockout counts in."""

from django.conf import settings
from django.core.management import call_command
from django.db import migrations


def furnish(apps, schema_editor):
    """Make the facility that answers to PORTAL_AE_TITLE."""
    call_command("createcachetable", database=schema_editor.connection.alias)
    Facility = apps.get_model("portal", "Facility")
    DeviceProfile = apps.get_model("portal", "DeviceProfile")
    facility, _ = Facility.objects.get_or_create(
        code="main", defaults={"name": "Radiology", "ae_title": settings.DICOM_AE_TITLE}
    )
    DeviceProfile.objects.get_or_create(facility=facility, name="default")
    DeviceProfile.objects.get_or_create(
        facility=facility, name="strict", defaults={"is_strict": True}
    )


class Migration(migrations.Migration):
    """Data of the shared ground."""

    dependencies = [("portal", "0001_initial")]
    operations = [migrations.RunPython(furnish, migrations.RunPython.noop)]
