"""A cupsd of our own on loopback, with a queue whose documents are files that can be counted.

It reads nothing of the system's CUPS but its programs, filters and file types, keeps all else in
a directory of the test, and runs as whoever runs the tests.
"""

import getpass
import grp
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.peers.ports import free_port
from tests.peers.printer import is_listening
from tests.waiting import wait_until

SYSTEM_BIN = Path("/usr/lib/cups")
FILES = """\
ServerRoot {root}
ServerBin {root}/bin
CacheDir {root}/cache
StateDir {root}/state
RequestRoot {root}/spool
TempDir {root}/temp
AccessLog {root}/access.log
ErrorLog {root}/error.log
PageLog {root}/page.log
User {user}
Group {group}
SystemGroup root
SyncOnClose No
"""
DAEMON = """\
Listen 127.0.0.1:{port}
Browsing No
WebInterface No
LogLevel debug
MaxLogSize 0
PreserveJobHistory Yes
JobRetryInterval 1
DefaultAuthType None
MaxRequestSize {max_request}
<Location />
  Order allow,deny
  Allow from 127.0.0.1
</Location>
<Policy default>
  JobPrivateAccess all
  JobPrivateValues none
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""
PRINTERS = """\
<Printer paper>
Info Paper of a test
Location Print room
DeviceURI store:{root}/printed
State Idle
Accepting Yes
Shared No
ErrorPolicy abort-job
</Printer>
<Printer filtered>
DeviceURI store:{root}/printed
State Idle
Accepting Yes
Shared No
ErrorPolicy abort-job
</Printer>
"""
# What the printer is told to do stands in files beside the documents: `wait` keeps a document in
# the printer, `fail` makes it give up, `stop` stops its queue (CUPS_BACKEND_STOP), `break` ends the
# filter of the queue `filtered`; `says` are lines to cupsd (STATE:, ATTR:).
BACKEND = """\
#!/bin/sh
test $# = 0 && {{ echo 'direct store:/ "Store" "Store"'; exit 0; }}
place={root}/printed
test -f $place/says && cat $place/says >&2
test -f $place/stop && {{ echo "ERROR: The drum is worn" >&2; exit 4; }}
test -f $place/fail && {{ echo "ERROR: The fuser is broken" >&2; exit 1; }}
cat ${{6:--}} > $place/.part-$1
while test -f $place/wait; do sleep 0.05; done
echo $4 > $place/$1.copies
mv $place/.part-$1 $place/$1.pdf
"""
FILTER = """\
#!/bin/sh
test -f {root}/printed/break && {{ echo "ERROR: No letters left" >&2; exit 1; }}
cat $6
"""
PPD = """\
*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "PAPER.PPD"
*Manufacturer: "Test"
*Product: "(Paper)"
*ModelName: "Test Paper"
*ShortNickName: "Test Paper"
*NickName: "Test Paper"
*PSVersion: "(3010.000) 0"
*ColorDevice: True
*DefaultColorSpace: RGB
*FileSystem: False
*cupsFilter2: "application/vnd.cups-pdf application/pdf 0 -"
*OpenUI *PageSize/Media: PickOne
*OrderDependency: 10 AnySetup *PageSize
*DefaultPageSize: A4
*PageSize A4/A4: ""
*PageSize Letter/Letter: ""
*PageSize A3/A3: ""
*CloseUI: *PageSize
*OpenUI *PageRegion/Media: PickOne
*OrderDependency: 10 AnySetup *PageRegion
*DefaultPageRegion: A4
*PageRegion A4/A4: ""
*PageRegion Letter/Letter: ""
*PageRegion A3/A3: ""
*CloseUI: *PageRegion
*DefaultImageableArea: A4
*ImageableArea A4/A4: "8 8 587 834"
*ImageableArea Letter/Letter: "8 8 604 784"
*ImageableArea A3/A3: "8 8 834 1183"
*DefaultPaperDimension: A4
*PaperDimension A4/A4: "595.276 841.890"
*PaperDimension Letter/Letter: "612 792"
*PaperDimension A3/A3: "841.890 1190.551"
"""


FILTERED = "application/pdf 0 through"


@dataclass
class Cups:
    """A cupsd process; port and queue stay when it is stopped and started again."""

    root: Path
    port: int
    max_request: int = 0
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def uri(self) -> str:
        """Return the address of its queue."""
        return f"ipp://127.0.0.1:{self.port}/printers/paper"

    @property
    def filtered_uri(self) -> str:
        """Return the address of a queue whose documents go through a filter."""
        return f"ipp://127.0.0.1:{self.port}/printers/filtered"

    @property
    def place(self) -> Path:
        """Return where its documents are, and what the printer is told."""
        return self.root / "printed"

    def start(self) -> None:
        """Start it and wait until it listens."""
        log = (self.root / "cupsd.out").open("ab")
        conf = self.root / "cupsd.conf", self.root / "cups-files.conf"
        self.process = subprocess.Popen(
            ["/usr/sbin/cupsd", "-f", "-c", str(conf[0]), "-s", str(conf[1])],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        log.close()
        wait_until(lambda: is_listening(self.port))

    def stop(self) -> None:
        """End it by its process id."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(timeout=60)
            self.process = None

    def freeze(self) -> None:
        """Let it fall silent at whatever it does; connections are still taken by the kernel."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def documents(self) -> list[Path]:
        """Return the documents that came out, in the order of their job numbers."""
        return sorted(self.place.glob("*.pdf"), key=lambda path: int(path.stem))

    def copies(self, job: int) -> int:
        """Return how often the printer was to print a document that came out."""
        return int((self.place / f"{job}.copies").read_text())

    def sheets(self) -> int:
        """Count the sheets that came out: pages times copies."""
        return sum(_pages(path) * self.copies(int(path.stem)) for path in self.documents())

    def tell(self, what: str, text: str = "") -> None:
        """Tell the printer: `wait`, `fail` or `says`."""
        (self.place / what).write_text(text)

    def tell_no_more(self, what: str) -> None:
        """Take back what it was told."""
        (self.place / what).unlink()

    def run(self, program: str, *arguments: str) -> str:
        """Run one of CUPS' own programs against it, as its operator would."""
        command = [program, "-h", f"127.0.0.1:{self.port}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout

    def jobs(self) -> dict[int, str]:
        """Return the jobs it knows, those that ended too."""
        listed = self.run("lpstat", "-W", "all", "-o", "paper")
        return {
            int(n): line for line in listed.splitlines() for n in re.findall(r"paper-(\d+)", line)
        }


@contextmanager
def cups(*, max_request: int = 0, is_running: bool = True) -> Iterator[Cups]:
    """Run a cupsd with one queue until the block ends, in a directory of its own.

    Filters run as another user where the tests are run by root: pytest's own directories are
    closed to that one.
    """
    with TemporaryDirectory(prefix="portal-cups-") as place:
        root = Path(place)
        root.chmod(0o755)
        daemon = Cups(root, free_port(), max_request)
        _make(daemon)
        if is_running:
            daemon.start()
        try:
            yield daemon
        finally:
            daemon.stop()


def _pages(path: Path) -> int:
    told = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True)
    return int(re.findall(r"^Pages:\s+(\d+)", told.stdout, re.MULTILINE)[0])


def _make(daemon: Cups) -> None:
    root = daemon.root
    for name in ("bin/backend", "bin/filter", "cache", "state/certs", "spool", "temp", "ppd"):
        (root / name).mkdir(parents=True, exist_ok=True)
    daemon.place.mkdir()
    for program in SYSTEM_BIN.iterdir():
        if program.name not in ("backend", "filter"):
            (root / "bin" / program.name).symlink_to(program)
    for program in (SYSTEM_BIN / "filter").iterdir():
        (root / "bin/filter" / program.name).symlink_to(program)
    through = root / "bin/filter/through"
    through.write_text(FILTER.format(root=root))
    through.chmod(0o755)
    backend = root / "bin/backend/store"
    backend.write_text(BACKEND.format(root=root))
    backend.chmod(0o700)  # CUPS runs such a backend as root where it is root itself
    names = {"root": root, "port": daemon.port, "max_request": daemon.max_request}
    # As root it runs filters as another user; otherwise all is done by whoever started it.
    is_root = os.geteuid() == 0
    user = "lp" if is_root else getpass.getuser()
    group = "lp" if is_root else grp.getgrgid(os.getegid()).gr_name
    (root / "cups-files.conf").write_text(FILES.format(user=user, group=group, **names))
    (root / "cupsd.conf").write_text(DAEMON.format(**names))
    (root / "printers.conf").write_text(PRINTERS.format(**names))
    (root / "ppd/paper.ppd").write_text(PPD)
    (root / "ppd/filtered.ppd").write_text(PPD.replace("application/pdf 0 -", FILTERED))
