"""Putting a process together: listeners from the apps' `scp` modules, loops from `worker`s."""

import gc
import logging
import os
import resource
import signal
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from pynetdicom.presentation import build_context

from portal import admission
from portal import scp as portal_scp
from portal.dicom.listening import ListenerConfig, listening
from portal.heartbeat import Heartbeat
from portal.n_services import handlers_joined
from portal.recorder import recorder

logger = logging.getLogger(__name__)

IDLE_SECONDS = 0.5
LOOK_SECONDS = 0.1  # between two looks of the one thread that looks for all of its loop


def stop_on_signals() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set."""
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stop.set())
    return stop


def listener_config(*, port: int, is_shared: bool, tls: bool = False) -> ListenerConfig:
    """Join the SOP classes, services and handlers of all apps into one listener's configuration."""
    contexts: list[Any] = []
    handlers: list[Any] = []
    for name in settings.DICOM_SCP_MODULES:
        module = import_module(name)
        contexts += [_context(uid, getattr(module, "ROLES", {})) for uid in module.SOP_CLASSES]
        handlers += [(event, handler, module.SOP_CLASSES) for event, handler in module.HANDLERS]
        portal_scp.FINDS.update(getattr(module, "FINDS", {}))
    return ListenerConfig(
        ae_title=settings.DICOM_AE_TITLE,
        address=(settings.DICOM_BIND, port),
        contexts=contexts,
        handlers=handlers_joined(handlers),
        admit=portal_scp.admit,
        finds=portal_scp.FINDS,
        on_desk_end=connections.close_all,
        is_stock=settings.DICOM_STACK == "pynetdicom",
        ssl_context=tls_context() if tls else None,
        on_tls_fault=admission.tls_fault,
        max_associations=settings.DICOM_MAX_ASSOCIATIONS,
        max_per_address=settings.DICOM_MAX_PER_ADDRESS,
        is_shared=is_shared,
    )


def _context(sop_class: Any, roles: dict[Any, tuple[bool, bool]]) -> Any:
    """Return what is accepted of a SOP class, with the SCU and SCP roles that a peer may take."""
    context = build_context(sop_class)
    if sop_class in roles:
        context.scu_role, context.scp_role = roles[sop_class]
    return context


def tls_context() -> ssl.SSLContext:
    """Return the server's TLS context: 1.2 and 1.3, client certificates when a CA is set."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.DICOM_TLS_CERT, settings.DICOM_TLS_KEY or None)
    if settings.DICOM_TLS_CA:
        context.load_verify_locations(settings.DICOM_TLS_CA)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@contextmanager
def listener(config: ListenerConfig) -> Iterator[Any]:
    """Listen until the block ends, and have written down what associations leave behind."""
    recorder.start()
    try:
        with listening(config) as server:
            yield server
    finally:
        recorder.stop()


def ended(pids: set[int]) -> list[int]:
    """Return which of these children have ended, and take leave of them."""
    return [pid for pid in pids if os.waitpid(pid, os.WNOHANG)[0]]


def _prepare() -> None:
    """Allow as many open connections as the system lets us, and keep what is loaded for good."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.collect()
    gc.freeze()  # all of Django need not be searched for garbage again and again


@contextmanager
def scp(*, is_shared: bool = False) -> Iterator[None]:
    """Run the DICOM listeners (plain, and TLS when a certificate is set) until the block ends."""
    with ExitStack() as stack:
        _prepare()
        stack.enter_context(
            listener(listener_config(port=settings.DICOM_PORT, is_shared=is_shared))
        )
        detail = f"{settings.DICOM_BIND}:{settings.DICOM_PORT}"
        if settings.DICOM_TLS_CERT:
            config = listener_config(port=settings.DICOM_TLS_PORT, is_shared=is_shared, tls=True)
            stack.enter_context(listener(config))
            detail += f", TLS {settings.DICOM_TLS_PORT}"
        stack.enter_context(beating("scp", detail))
        yield


@contextmanager
def workers(*, only: list[str] | None = None) -> Iterator[None]:
    """Run the worker loops in threads until the block ends; work in hand is finished."""
    names = only or list(settings.WORKER_LOOPS)
    stop = threading.Event()
    threads = []
    for name in names:
        module_name, count = settings.WORKER_LOOPS[name]
        work = loop_of(import_module(module_name))
        for number in range(count):
            thread = threading.Thread(target=work, args=(stop,), name=f"worker-{name}-{number}")
            thread.start()
            threads.append(thread)
    with beating("worker", ", ".join(names)):
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(timeout=10)


@contextmanager
def beating(kind: str, detail: str) -> Iterator[None]:
    """Keep the process's heartbeat going while the block runs."""
    pulse = Heartbeat(kind, detail)
    pulse.start()
    try:
        yield
    finally:
        pulse.stop()


def loop_of(module: Any) -> Callable[[threading.Event], None]:
    """Return what each thread of a loop runs."""
    if hasattr(module, "take"):
        return Turns(module).run
    return partial(_work, module.work_once)


class Turns:
    """The threads of a loop with take(stop) and do(taken, stop): one at a time looks for work.

    The others work, or wait for their turn at no cost: many threads that all look would keep an
    idle machine busy with questions. Whoever has found something lets the next one look at once.
    """

    def __init__(self, module: Any) -> None:
        self._module = module
        self._turn = threading.Lock()
        self._ended = threading.Event()  # some work has: what waited for it may be free now

    def run(self, stop: threading.Event) -> None:
        """Look, work, look again, until told to stop."""
        while not stop.is_set():
            try:
                with self._turn:
                    taken = self._look(stop)
                if taken is not None:
                    _without_fail(partial(self._module.do, taken, stop))
                    self._ended.set()
            finally:
                connections.close_all()

    def _look(self, stop: threading.Event) -> Any:
        """Return the next piece of work; the connection stays open from look to look."""
        while not stop.is_set():
            self._ended.clear()
            taken = _without_fail(lambda: self._module.take(stop))
            if taken is not None:
                return taken
            self._ended.wait(LOOK_SECONDS)
        return None


def _work(work_once: Any, stop: threading.Event) -> None:
    """Work until told to stop; sleep while there is nothing to do."""
    while not stop.is_set():
        try:
            has_worked = _without_fail(lambda: work_once(stop))
        finally:
            connections.close_all()
        if not has_worked:
            stop.wait(IDLE_SECONDS)


def _without_fail(work: Callable[[], Any]) -> Any:
    """Do a piece of work; one that fails is told to the log, and the loop goes on."""
    try:
        return work()
    except DatabaseError:
        logger.exception("worker lost the database; trying again")
    except Exception:
        logger.exception("worker failed; the job keeps its claim until the lease runs out")
    connections.close_all()
    return None
