"""News: a row of the transaction, sent by the relay after the commit, heard by open pages."""

import asyncio
import json
import threading

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.contrib.auth.models import AnonymousUser
from django.db import connections, transaction

from portal.consumers import LiveConsumer
from portal.events import PrintJobsChanged, StepsChanged, emit
from portal.models import LiveEvent
from portal.relay import Relay, group_name

pytestmark = pytest.mark.django_db(transaction=True)


def open_socket(user):
    scope = {"type": "websocket", "path": "/ws/live/", "headers": [], "user": user}
    return ApplicationCommunicator(LiveConsumer.as_asgi(), scope)


class Page:
    """An open page: its own event loop with a consumer in it, and the relay of that process."""

    def __init__(self, user):
        self.user, self.loop, self.received = user, asyncio.new_event_loop(), []
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.relay = Relay(self.loop)

    def __enter__(self):
        self.thread.start()
        self.socket = open_socket(self.user)
        self.run(self.socket.send_input({"type": "websocket.connect"}))
        assert self.run(self.socket.receive_output(60))["type"] == "websocket.accept"
        self.hello = self.next()
        self.relay.start()
        return self

    def __exit__(self, *exc):
        self.relay.stop()
        self.run(self.socket.send_input({"type": "websocket.disconnect", "code": 1000}))
        self.run(self.socket.wait())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(70)

    def next(self, seconds=60):
        return json.loads(self.run(self.socket.receive_output(timeout=seconds))["text"])

    def hears_nothing(self, seconds=0.4):
        return self.run(self.socket.receive_nothing(timeout=seconds))


@pytest.fixture
def page(make_user):
    with Page(make_user("technologist")) as opened:
        assert opened.relay.has_begun(60)
        yield opened


def in_another_thread(work):
    """Run as a DIMSE handler or worker would: in a thread with a connection of its own."""
    done = []

    def run():
        try:
            done.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return done[0] if done else None


def test_the_first_message_says_that_the_page_is_live(page):
    assert page.hello == {"live": True}


def test_news_of_another_thread_is_sent_by_the_pages_own_loop(page, facility, monkeypatch):
    """dependencies.md §6: a send from a foreign thread into the in-memory layer took 4.7 s."""
    layer, senders = get_channel_layer(), []
    send = layer.group_send

    async def noted(group, message):
        senders.append(threading.current_thread())
        await send(group, message)

    monkeypatch.setattr(layer, "group_send", noted)
    in_another_thread(lambda: emit(StepsChanged(facility_id=facility.pk, ids=[7])))

    assert page.next() == {"step": [7]}
    assert senders == [page.thread]


def test_news_waits_for_the_commit(page, facility):
    ready, go = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            emit(StepsChanged(facility_id=facility.pk, ids=[1]))
            ready.set()
            go.wait(60)

    thread = threading.Thread(target=lambda: (slow(), connections.close_all()))
    thread.start()
    ready.wait(60)
    assert page.hears_nothing()
    go.set()
    thread.join()
    assert page.next() == {"step": [1]}


def test_a_rolled_back_change_is_no_news(page, facility):
    def fail():
        with transaction.atomic():
            emit(StepsChanged(facility_id=facility.pk, ids=[1]))
            transaction.set_rollback(True)

    in_another_thread(fail)

    assert page.hears_nothing()
    assert not LiveEvent.objects.exists()


def test_news_is_merged_and_names_its_kind(page, facility):
    def several():
        with transaction.atomic():
            emit(StepsChanged(facility_id=facility.pk, ids=[3, 1]))
            emit(StepsChanged(facility_id=facility.pk, ids=[1, 2]))
            emit(PrintJobsChanged(facility_id=facility.pk, ids=[9]))

    in_another_thread(several)

    assert page.next() == {"step": [1, 2, 3], "job": [9]}


def test_another_facility_hears_nothing(page, actor):
    from portal import services

    other, _ = services.facility_set(code="east", ae_title="EAST", name="East", by=actor)

    in_another_thread(lambda: emit(StepsChanged(facility_id=other.pk, ids=[5])))

    assert page.hears_nothing()


def test_a_stranger_is_closed_out():
    async def connect():
        socket = open_socket(AnonymousUser())
        await socket.send_input({"type": "websocket.connect"})
        assert (await socket.receive_output(60))["type"] == "websocket.accept"
        return (await socket.receive_output(60))["code"]

    assert asyncio.run(connect()) == 4403


def test_groups_are_named_by_facility():
    assert group_name(12) == "facility-12"
    assert get_channel_layer() is not None
