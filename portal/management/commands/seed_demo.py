"""Make a synthetic department to look at."""

import logging
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.seed import demo_seed
from portal.types import Actor


class Command(BaseCommand):
    """`manage.py seed_demo [--date D]`."""

    help = "Create demo accounts, devices, exams around a day, and printers; once for each day."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the day."""
        parser.add_argument("--date", help="YYYY-MM-DD, today unless given")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, and say whether anything was done."""
        try:
            day = date.fromisoformat(options["date"]) if options["date"] else timezone.localdate()
        except ValueError as error:
            raise CommandError(f"“{options['date']}” is no date: write YYYY-MM-DD.") from error
        logging.disable(logging.INFO)  # what its devices report is no news of a running portal
        try:
            is_new = demo_seed(day=day, by=Actor.command("seed_demo"))
        finally:
            logging.disable(logging.NOTSET)
        self.stdout.write(f"Demo data for {day}: {'made' if is_new else 'there already'}.")
