"""Facilities, and who belongs to them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.types import Role


class Facility(models.Model):
    """A site with a worklist of its own; every other row belongs to one."""

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=64)
    ae_title = models.CharField(max_length=16, unique=True)  # the called AE title selects us
    last_number = models.PositiveBigIntegerField(default=0)  # counter behind accession numbers

    class Meta:
        verbose_name = _("facility")
        verbose_name_plural = _("facilities")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's role in a facility."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role.value, role.value) for role in Role])

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "facility"], name="membership_unique"),
            models.CheckConstraint(
                name="membership_role_known",
                condition=models.Q(role__in=[role.value for role in Role]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.role} · {self.facility}"
