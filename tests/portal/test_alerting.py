"""Alerts on their way out: claim, send, record; by real web and mail servers on loopback."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from portal import alerting
from portal.models import Alert, AlertDelivery
from portal.services_alerts import alert_raise, alert_settle
from portal.services_hooks import (
    RETRY_S,
    HookValues,
    delivery_claim,
    delivery_record,
    hook_create,
    hook_delete,
    hook_set,
    hook_test,
)
from tests.peers.hooks import mail_server, raw_server, webhook
from tests.peers.ports import free_port

pytestmark = pytest.mark.django_db
SENTENCE = "ARCHIVE did not confirm 2 of 120 images of an exam."


@pytest.fixture
def make_hook(facility, actor):
    """Have alerts sent somewhere."""

    def make(target, kind="webhook", **values):
        given = HookValues(kind=kind, target=target, **values)
        return hook_create(facility_id=facility.pk, values=given, by=actor)

    return make


@pytest.fixture
def raise_alert(facility):
    """Raise an alert about commitment 7."""

    def raised(kind="commitment-failed", key="commitment-7"):
        return alert_raise(
            facility_id=facility.pk, kind=kind, key=key, sentence=SENTENCE, address="/exams/7/"
        )

    return raised


@pytest.fixture
def mailing(settings):
    """Mail goes to a server on loopback."""
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 60
        yield server


def due_now():
    AlertDelivery.objects.filter(sent_at=None).update(next_attempt_at=timezone.now())


def test_a_webhook_is_sent_one_signed_json(facility, make_hook, raise_alert, settings):
    """Contract: POST JSON {kind, sentence, address, at, facility}, HMAC-SHA256 in a header."""
    settings.PUBLIC_ADDRESS = "https://portal.example.org"
    with webhook() as server:
        make_hook(server.url, secret="shared")
        alert = raise_alert()

        assert alerting.work_once()
        assert not alerting.work_once()

    (got,) = server.received
    assert got.path == "/hook?key=1"
    assert json.loads(got.body) == {
        "kind": "commitment-failed",
        "sentence": SENTENCE,
        "address": "https://portal.example.org/exams/7/",
        "at": alert.raised_at.isoformat(),
        "facility": "main",
    }
    proof = hmac.new(b"shared", got.body, hashlib.sha256).hexdigest()
    assert got.headers["X-Portal-Signature-256"] == f"sha256={proof}"
    delivery = AlertDelivery.objects.get()
    assert got.headers["X-Portal-Delivery"] == str(delivery.pk)
    assert delivery.sent_at is not None
    assert (delivery.sentence, delivery.next_attempt_at, delivery.lease_owner) == ("", None, "")


def test_mail_goes_by_the_server_of_the_installation(make_hook, raise_alert, mailing, settings):
    """Contract: mail by Django's mail; the sentence, the address, no patient."""
    settings.PUBLIC_ADDRESS = "https://portal.example.org"
    make_hook("duty@example.org", "mail")
    raise_alert()

    alerting.work_once()

    (message,) = mailing.messages
    assert mailing.recipients[0].lower() == "rcpt to:<duty@example.org>"
    assert f"Subject: [main] {SENTENCE}" in message
    assert "https://portal.example.org/exams/7/" in message
    assert "Auto-Submitted: auto-generated" in message
    assert AlertDelivery.objects.get().sent_at is not None


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_anything_but_success_is_a_fault_and_no_redirect_is_followed(
    make_hook, raise_alert, status
):
    """Contract: no redirects; a sentence in case of failure."""
    with webhook() as elsewhere, webhook() as server:
        server.status, server.location = status, elsewhere.url
        make_hook(server.url)
        raise_alert()
        alerting.work_once()

    assert elsewhere.received == []
    delivery = AlertDelivery.objects.get()
    assert delivery.sent_at is None
    assert str(status) in delivery.sentence
    assert delivery.next_attempt_at > timezone.now()


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_a_server_that_speaks_something_else_is_told_as_that(make_hook, raise_alert, answer):
    """Contract: a sentence in case of failure, whatever the other side sends."""
    with raw_server(answer) as port:
        make_hook(f"http://127.0.0.1:{port}/")
        raise_alert()
        assert alerting.work_once()

    assert f"127.0.0.1:{port}" in AlertDelivery.objects.get().sentence


def test_a_server_that_says_nothing_is_not_waited_for(make_hook, raise_alert, monkeypatch):
    """Contract: timeouts; also for one that sends a byte now and then."""
    monkeypatch.setattr(alerting, "TOTAL_S", 0.3)
    with raw_server(b"HTTP/1.1 ", is_open=True) as port:
        make_hook(f"http://127.0.0.1:{port}/")
        raise_alert()
        assert alerting.work_once()

    assert AlertDelivery.objects.get().sentence


def test_nobody_there_is_tried_again_with_longer_waits_and_then_left(make_hook, raise_alert):
    """Contract: retries with back-off; at the end a person is told."""
    make_hook(f"http://127.0.0.1:{free_port()}/")
    raise_alert()
    waits = []
    for _ in RETRY_S:
        due_now()
        assert alerting.work_once()
        left = AlertDelivery.objects.get().next_attempt_at - timezone.now()
        waits.append(60 * round(left.total_seconds() / 60))
    due_now()
    alerting.work_once()

    assert waits == list(RETRY_S)
    delivery = AlertDelivery.objects.get()
    assert (delivery.next_attempt_at, delivery.sent_at) == (None, None)
    assert "could not be reached" in delivery.sentence


def test_a_refused_mail_and_a_missing_server_say_so(make_hook, raise_alert, mailing, settings):
    """Contract: a sentence in case of failure."""
    mailing.refuses = b"550 no such user"
    make_hook("nobody@example.org", "mail")
    raise_alert()
    alerting.work_once()
    assert "does not take mail for nobody@example.org" in AlertDelivery.objects.get().sentence

    settings.EMAIL_HOST = ""
    due_now()
    alerting.work_once()
    assert "PORTAL_EMAIL_URL" in AlertDelivery.objects.get().sentence


def test_a_line_break_in_a_sentence_makes_no_mail_header(facility, make_hook, mailing):
    """A hostile AE title must not add recipients."""
    make_hook("duty@example.org", "mail")
    alert_raise(
        facility_id=facility.pk,
        kind="reconcile",
        key="x",
        sentence="One\r\nBcc: all@example.org",
    )

    alerting.work_once()

    assert len(mailing.recipients) == 1
    assert "Subject: [main] One Bcc: all@example.org" in mailing.messages[0]


def test_a_claim_of_a_worker_that_vanished_runs_out(make_hook, raise_alert):
    """Claim, talk, record: nothing is sent by two at once, nothing is lost with a worker."""
    make_hook("http://127.0.0.1:9/")
    raise_alert()
    first = delivery_claim(lease_owner="one")
    assert delivery_claim(lease_owner="two") is None

    past = timezone.now() - timedelta(seconds=1)
    AlertDelivery.objects.update(lease_until=past)
    second = delivery_claim(lease_owner="two")
    assert second.delivery_id == first.delivery_id

    delivery_record(delivery_id=first.delivery_id, lease_owner="one")
    assert AlertDelivery.objects.get().sent_at is None
    delivery_record(delivery_id=first.delivery_id, lease_owner="two")
    assert AlertDelivery.objects.get().sent_at is not None


def test_only_the_kinds_that_a_hook_wants_and_only_once(facility, make_hook, raise_alert):
    """Contract: kinds; an alert that is open is not told again."""
    make_hook("http://127.0.0.1:9/", alert_kinds=("reconcile",))
    assert raise_alert() is not None
    assert raise_alert() is None
    assert AlertDelivery.objects.count() == 0

    raise_alert("reconcile", "case-1")
    assert AlertDelivery.objects.count() == 1
    alert_settle(facility_id=facility.pk, key="commitment-7")
    assert raise_alert() is not None


def test_a_hook_that_is_off_or_gone_sends_nothing(make_hook, raise_alert, actor):
    """Switched off: what waits, waits; deleted: it goes too."""
    hook = make_hook("http://127.0.0.1:9/")
    raise_alert()
    off = HookValues(kind="webhook", target="http://127.0.0.1:9/", is_enabled=False)
    hook_set(hook_id=hook.pk, values=off, by=actor)
    assert not alerting.work_once()

    claimed_id = AlertDelivery.objects.get().pk
    hook_delete(hook_id=hook.pk, by=actor)
    delivery_record(delivery_id=claimed_id, lease_owner="x")
    assert not AlertDelivery.objects.exists()


def test_a_test_is_sent_by_its_hook_alone_and_is_never_open(make_hook, actor):
    """Contract: a test button."""
    with webhook() as server:
        hook = make_hook(server.url)
        make_hook(f"http://127.0.0.1:{free_port()}/")
        hook_test(hook_id=hook.pk, by=actor)
        alerting.work_once()

    assert json.loads(server.received[0].body)["kind"] == "test"
    assert not Alert.objects.filter(settled_at=None).exists()
    assert AlertDelivery.objects.count() == 1
