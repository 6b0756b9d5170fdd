"""Alerts on their way out, one at a time: claim, send by mail or webhook, record.

What is sent names no patient. An alert may arrive twice when we stop between sending and
recording: its delivery number stays the same.
"""

import hashlib
import hmac
import http.client
import json
import logging
import os
import smtplib
import socket
import ssl
import threading
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage

from portal.services_hooks import ClaimedDelivery, delivery_claim, delivery_record

logger = logging.getLogger(__name__)

CONNECT_S, TOTAL_S = 10, 30
READ_BYTES = 1024  # of an answer that nobody reads
SIGNATURE = "X-Portal-Signature-256"


class NotSent(Exception):
    """The alert did not get out; the text says why."""


def work_once(stop: threading.Event | None = None) -> bool:
    """Send one alert, if one is due."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}"
    delivery = delivery_claim(lease_owner=owner)
    if delivery is None:
        return False
    fault = ""
    try:
        (mail if delivery.kind == "mail" else webhook)(delivery)
    except NotSent as error:
        fault = str(error)
        logger.warning("alert delivery %s: %s", delivery.delivery_id, fault)
    delivery_record(delivery_id=delivery.delivery_id, lease_owner=owner, fault=fault)
    return True


def address_of(delivery: ClaimedDelivery) -> str:
    """Return the address of the page about it, as the outside knows it."""
    if not delivery.address.startswith("/"):
        return delivery.address
    return f"{settings.PUBLIC_ADDRESS}{delivery.address}"


def body_of(delivery: ClaimedDelivery) -> bytes:
    """Return what a webhook is sent."""
    content = {
        "kind": delivery.alert_kind,
        "sentence": delivery.sentence,
        "address": address_of(delivery),
        "at": delivery.at.isoformat(),
        "facility": delivery.facility,
    }
    return json.dumps(content, ensure_ascii=False).encode()


def signature_of(body: bytes, secret: str) -> str:
    """Return what proves that the body came from somebody who knows the secret."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def webhook(delivery: ClaimedDelivery) -> None:
    """POST an alert; anything but 2xx is a fault, a redirect too: it may lead anywhere."""
    parts = urlsplit(delivery.target)
    body = body_of(delivery)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "radiology-portal",
        "X-Portal-Delivery": str(delivery.delivery_id),
    }
    if delivery.secret:
        headers[SIGNATURE] = signature_of(body, delivery.secret)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    place = parts.netloc
    connection = _connection(parts.scheme, parts.hostname or "", parts.port)
    # A server that sends a byte now and then would keep us for ever: the whole has a limit.
    timer = threading.Timer(TOTAL_S, _hang_up, args=[connection])
    timer.daemon = True
    try:
        timer.start()
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read(READ_BYTES)
    except ssl.SSLError as error:
        raise NotSent(f"{place} could not be trusted: {error.reason or error}.") from error
    except TimeoutError as error:
        raise NotSent(f"{place} did not answer in time.") from error
    except OSError as error:
        raise NotSent(f"{place} could not be reached: {error.strerror or error}.") from error
    except (http.client.HTTPException, ValueError) as error:
        raise NotSent(f"{place} did not answer as a web server does.") from error
    finally:
        timer.cancel()
        connection.close()
    if 300 <= answer.status < 400:
        raise NotSent(f"{place} sent us elsewhere ({answer.status}): enter the final address.")
    if not 200 <= answer.status < 300:
        raise NotSent(f"{place} refused it: {answer.status} {answer.reason}.")


def mail(delivery: ClaimedDelivery) -> None:
    """Send an alert by the mail server of the installation."""
    if not settings.EMAIL_HOST:
        raise NotSent("No mail server is set: PORTAL_EMAIL_URL is empty.")
    message = EmailMessage(
        subject=" ".join(f"[{delivery.facility}] {delivery.sentence}".split()),
        body=f"{delivery.sentence}\n\n{address_of(delivery)}\n\n{delivery.at:%Y-%m-%d %H:%M %Z}\n",
        to=[delivery.target],
        headers={
            "Auto-Submitted": "auto-generated",
            "Message-ID": f"<alert-{delivery.delivery_id}.{_stamp(delivery)}@radiology-portal>",
        },
    )
    place = f"The mail server {settings.EMAIL_HOST}"
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise NotSent(f"{place} does not take mail for {delivery.target}.") from error
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error
        words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise NotSent(f"{place} refused it: {error.smtp_code} {words}.") from error
    except smtplib.SMTPException as error:
        raise NotSent(f"{place} hung up: {error}.") from error
    except ssl.SSLError as error:
        raise NotSent(f"{place} could not be trusted: {error.reason or error}.") from error
    except TimeoutError as error:
        raise NotSent(f"{place} did not answer in time.") from error
    except OSError as error:
        raise NotSent(f"{place} could not be reached: {error.strerror or error}.") from error


def _stamp(delivery: ClaimedDelivery) -> str:
    return f"{delivery.at:%Y%m%d%H%M%S%f}"


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_S, context=context)
    return http.client.HTTPConnection(host, port, timeout=CONNECT_S)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            logger.debug("the connection of an alert had ended by itself")
