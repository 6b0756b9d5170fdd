"""Django's admin for rare master data."""

from django.contrib import admin

from portal.models import DeviceProfile, Facility, Membership

admin.site.register(Facility)
admin.site.register(Membership)
admin.site.register(DeviceProfile)
