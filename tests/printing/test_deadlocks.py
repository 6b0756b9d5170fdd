"""Transactions that cross each other: none waits for the other in a circle (PostgreSQL)."""

import threading

from django.db import connection, connections, transaction

from printing.models import PrintJob
from printing.services.printer_state import printer_report_record
from printing.types import PrinterReport
from tests.printing.factories import make_image, make_job, make_printer
from tests.waiting import wait_until


def test_a_job_is_queued_while_its_printer_says_how_it_is(transactional_db, facility):
    """Both read the other's row again at their commit (foreign keys), and lock their own."""
    printer, image = make_printer(facility, 21_190), make_image(facility)
    failed = []

    def queue():
        try:
            make_job(printer, [image])
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    person = threading.Thread(target=queue)
    with transaction.atomic():
        printer_report_record(printer_id=printer.pk, report=PrinterReport("NORMAL", ""))
        person.start()
        if connection.vendor == "postgresql":  # elsewhere writers wait for each other's end
            wait_until(lambda: not person.is_alive() or _is_anybody_waiting())
    person.join()

    assert failed == []
    assert PrintJob.objects.filter(printer=printer, state="pending").count() == 1


def _is_anybody_waiting():
    """Say whether another transaction waits for a lock of ours."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0
