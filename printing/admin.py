"""Rare master data of printing in Django's admin; jobs and films have pages of their own."""

from django.contrib import admin

from printing.models import PrinterModel

admin.site.register(PrinterModel)
