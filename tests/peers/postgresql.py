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
from pathlib import Path

from tests.peers.ports import free_port


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a cluster; yield its DATABASE_URL."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    directory = Path(tempfile.mkdtemp(prefix="portal-pg-"))
    as_owner: list[str] = []
    if os.geteuid() == 0:  # initdb refuses root
        owner = pwd.getpwnam("postgres")
        os.chown(directory, owner.pw_uid, owner.pw_gid)
        as_owner = ["runuser", "-u", "postgres", "--"]
    port = free_port()
    cluster = str(directory / "cluster")
    subprocess.run(
        [
            *as_owner,
            binaries / "initdb",
            "-D",
            cluster,
            "-A",
            "trust",
            "-U",
            "portal",
            "-E",
            "UTF8",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    control = [*as_owner, binaries / "pg_ctl", "-D", cluster, "-s", "-w"]
    options = f"-p {port} -k {directory} -c listen_addresses=127.0.0.1 -c fsync=off"
    log = str(directory / "log")
    subprocess.run([*control, "-o", options, "-l", log, "start"], check=True, cwd="/")
    try:
        yield f"postgres://portal@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, cwd="/")
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    with postgresql() as url:
        done = subprocess.run(sys.argv[1:], env=os.environ | {"DATABASE_URL": url}, check=False)
    sys.exit(done.returncode)
