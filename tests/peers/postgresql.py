"""A PostgreSQL server of our own on a free port, thrown away afterwards.

`python -m tests.peers.postgresql COMMAND…` runs a command with DATABASE_URL set to it.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.ports import free_port


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server; it can go away and come back on the same port."""

    url: str
    control: tuple[object, ...]
    options: tuple[str, ...]

    def start(self) -> None:
        """Start it and wait until it answers."""
        subprocess.run([*self.control, *self.options, "start"], check=True, cwd="/")

    def stop(self) -> None:
        """Break it off: every connection is lost at once."""
        subprocess.run([*self.control, "-m", "immediate", "stop"], check=False, cwd="/")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Make a cluster and run it until the block ends."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    directory = Path(tempfile.mkdtemp(prefix="portal-pg-"))
    as_owner: list[str] = []
    if os.geteuid() == 0:  # initdb refuses root
        owner = pwd.getpwnam("postgres")
        os.chown(directory, owner.pw_uid, owner.pw_gid)
        as_owner = ["runuser", "-u", "postgres", "--"]
    port = free_port()
    place = str(directory / "cluster")
    values = ["-D", place, "-A", "trust", "-U", "portal", "-E", "UTF8"]
    subprocess.run(
        [*as_owner, binaries / "initdb", *values], check=True, stdout=subprocess.DEVNULL, cwd="/"
    )
    options = f"-p {port} -k {directory} -c listen_addresses=127.0.0.1 -c fsync=off"
    server = Cluster(
        url=f"postgres://portal@127.0.0.1:{port}/postgres",
        control=(*as_owner, binaries / "pg_ctl", "-D", place, "-s", "-w"),
        options=("-o", options, "-l", str(directory / "log")),
    )
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a cluster; yield its DATABASE_URL."""
    with cluster() as server:
        yield server.url


if __name__ == "__main__":
    with postgresql() as url:
        done = subprocess.run(sys.argv[1:], env=os.environ | {"DATABASE_URL": url}, check=False)
    sys.exit(done.returncode)
