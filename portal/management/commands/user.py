"""Accounts and API tokens from a shell."""

import sys
from getpass import getpass
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import services
from portal.errors import PortalError
from portal.tokens import token_create
from portal.types import Actor, Role


class Command(BaseCommand):
    """`manage.py user set|token`."""

    help = "Create or update an account with its role, or print a new API token for it."

    def add_arguments(self, parser: CommandParser) -> None:
        """One subcommand each."""
        commands = parser.add_subparsers(dest="command", required=True)
        put = commands.add_parser("set", help="create or update")
        put.add_argument("name")
        put.add_argument("--role", required=True, choices=[role.value for role in Role])
        put.add_argument("--facility", help="code; the first one unless given")
        put.add_argument("--password-stdin", action="store_true", help="read it from stdin")
        token = commands.add_parser("token", help="print a new API token, once")
        token.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the subcommand."""
        try:
            getattr(self, f"_{options['command']}")(options)
        except PortalError as error:
            raise CommandError(str(error)) from error

    def _set(self, options: dict[str, Any]) -> None:
        password = None
        if options["password_stdin"]:
            password = sys.stdin.readline().rstrip("\n")
        elif sys.stdin.isatty() and not User.objects.filter(username=options["name"]).exists():
            password = getpass("Password: ")
        user, is_new = services.user_set(
            name=options["name"],
            role=options["role"],
            facility=options["facility"],
            password=password,
            by=Actor.command("user"),
        )
        self.stdout.write(f"{user.get_username()} {'created' if is_new else 'updated'}.")

    def _token(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no account {options['name']}.")
        token, _ = token_create(user=user)
        self.stdout.write(token)
