"""How quickly the server answers: every page under a load of ten users, and the memory it takes.

    python -m benchmarks.pages -w DIR [--users 10] [--seconds 15] [--pause 1]

starts `custrata up` on a workspace that has been graded, signs in, and lets every user request one page again and
again, with a pause between two clicks, page by page. Prints the time the client waited and the time the server reports
(`Server-Timing`), the processor time a request took of all cores together, which stays the same on a busy machine, and
the memory of the whole process tree before the load and after it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import quantiles
from urllib.parse import quote, urlencode

from custrata.engine import DuckEngine
from custrata.lake import Workspace

SERVER_TIME = re.compile(r"app;dur=([\d.]+)")
BIN = Path(sys.executable).parent / "custrata"


@dataclass(frozen=True)
class Figures:
    """One page under load; milliseconds."""

    page: str
    requests: int
    failed: int
    median: float
    p95: float
    longest: float
    server_p95: float | None
    processor: float = 0.0  # of the whole process tree, per request


class Browser:
    """One user: a connection that stays open, and cookies."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, dict[str, str]()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path: str) -> tuple[int, bytes, float | None]:
        return self._request("GET", path, None)

    def sign_in(self, name: str, password: str) -> None:
        """Sign in as a person would. Raises RuntimeError where the server refuses."""
        self._submit_form("/account/sign-in/", username=name, password=password)

    def choose_password(self, present: str, password: str) -> None:
        """Replace the initial password, as every new user has to."""
        self._submit_form("/account/me/password/", present=present, password=password, repeated=password)

    def _submit_form(self, path: str, **filled: str) -> None:
        _, page, _ = self.get(path)
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if token is None:
            raise RuntimeError(f"the page {path} has no form")
        status, answer, _ = self._request("POST", path, urlencode({"csrfmiddlewaretoken": token[1].decode(), **filled}))
        if status != 302:
            raise RuntimeError(f"{path} answered {status}: {answer[:300]!r}")

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, bytes, float | None]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        except http.client.RemoteDisconnected:  # it was idle for too long: a browser opens another
            self.connection.close()
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        content = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        timing = SERVER_TIME.search(answer.headers.get("Server-Timing", ""))
        return answer.status, content, float(timing[1]) if timing else None


@contextmanager
def run_server(workspace: Path) -> Iterator[tuple[int, int]]:
    """The server on a free port: (port, process id of the tree's root)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (workspace / "benchmark.log").open("wb")
    tree = subprocess.Popen([BIN, "up", "--port", str(port), "-w", workspace], stdout=log, stderr=log)
    try:
        wait_until_ready(port, tree)
        yield port, tree.pid
    finally:
        tree.terminate()
        tree.wait(20)
        log.close()


def wait_until_ready(port: int, tree: subprocess.Popen[bytes], most: float = 300) -> None:
    """Wait for `/ready`. Raises RuntimeError where the server ends or takes too long."""
    deadline = time.monotonic() + most
    while time.monotonic() < deadline:
        if tree.poll() is not None:
            raise RuntimeError("the server ended; see benchmark.log")
        try:
            if Browser(port).get("/ready")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the server does not become ready; see benchmark.log")


def processes(root: int) -> set[int]:
    """A process and all below it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
    tree, children = {root}, {root}
    while children:
        children = {child for child, parent in parents.items() if parent in tree} - tree
        tree |= children
    return tree


def processor_ms(root: int) -> float:
    """The processor time that a process and all below it have taken so far, in milliseconds."""
    ticks = 0
    for process in processes(root):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def memory_mb(root: int) -> float:
    """Memory of a process and all below it, shared pages counted once (PSS), in megabytes."""
    total = 0
    for process in processes(root):
        try:
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])  # type: ignore[index]  # it is always there
    return total / 1024


def pages_of(workspace: Workspace) -> dict[str, str]:
    """The pages to measure: those without a customer, and those of a customer from the middle of the list."""
    run = workspace.runs.published()
    assert run is not None, "refresh the workspace first"
    with DuckEngine() as engine:
        profile = run.read("profile", engine)
        row = engine.arrow(profile.order_by("customer_id").limit(1, offset=profile.count() // 2)).to_pylist()[0]
    customer_page = f"/customers/{quote(row['customer_id'])}/"
    phone = str(row.get("phone") or row["customer_id"])
    return {
        "overview": "/",
        "tiers": "/tiers/",
        "a scheme": "/tiers/value/",
        "lifecycle": "/tiers/lifecycle/",
        "RFM map": "/tiers/rfm/map/",
        "runs": "/tiers/runs/",
        "a run": f"/tiers/runs/{run.id}/",
        "customers": "/customers/",
        "customers of a tier": "/customers/?tier=value:high",
        "customers by spend": "/customers/?tier=frequency:high&sort=-spend",
        "search: half a phone": f"/customers/?q={quote(phone[3:9])}",
        "search: name": f"/customers/?q={quote(str(row.get('name') or row['customer_id']))}",
        "a customer": customer_page,
        "jobs": "/jobs/",
    }


def load(browsers: Sequence[Browser], page: str, path: str, seconds: float, pause: float) -> Figures:
    """Every browser requests the page repeatedly for some seconds."""

    def request_repeatedly(browser: Browser, late: float) -> list[tuple[float, int, float | None]]:
        time.sleep(late)
        samples, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            start = time.perf_counter()
            status, _, server_ms = browser.get(path)
            samples.append(((time.perf_counter() - start) * 1000, status, server_ms))
            time.sleep(pause)
        return samples

    with ThreadPoolExecutor(len(browsers)) as users:
        futures = [
            users.submit(request_repeatedly, browser, number * pause / len(browsers))
            for number, browser in enumerate(browsers)
        ]
        answers = [answer for future in futures for answer in future.result()]
    waited = sorted(milliseconds for milliseconds, _, _ in answers)
    server_times = [server_ms for _, _, server_ms in answers if server_ms is not None]
    cut = quantiles(waited, n=20) if len(waited) > 1 else waited * 20
    return Figures(
        page,
        len(answers),
        sum(status != 200 for _, status, _ in answers),
        round(waited[len(waited) // 2], 1),
        round(cut[18], 1),
        round(waited[-1], 1),
        round(quantiles(server_times, n=20)[18], 1) if len(server_times) > 1 else None,
    )


def main() -> None:
    """Measure, print, and keep the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-w", "--workspace", type=Path, required=True)
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--pause", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=Path("build/pages.json"))
    arguments = parser.parse_args()
    workspace = Workspace.open(arguments.workspace)
    name = f"load-{secrets.token_hex(3)}"
    with run_server(workspace.folder) as (port, root):
        environment = os.environ | {"CUSTRATA_WORKSPACE": str(workspace.folder)}
        person: list[str | Path] = [BIN, "manage", "create_person", name]
        output = subprocess.run(person, check=True, capture_output=True, text=True, env=environment).stdout
        first = output.rpartition("password ")[2].strip()
        password = f"{first} of my own"
        newcomer = Browser(port)
        newcomer.sign_in(name, first)
        newcomer.choose_password(first, password)
        browsers = [Browser(port) for _ in range(arguments.users)]
        for browser in browsers:
            browser.sign_in(name, password)
        time.sleep(5)
        idle = memory_mb(root)
        figures = []
        print(
            f"{'page':24} {'asked':>6} {'failed':>6} {'median':>8} {'95 %':>8} {'longest':>8} {'server 95 %':>12} "
            f"{'processor':>10}  ms"
        )
        for page, path in pages_of(workspace).items():
            before = processor_ms(root)
            figure = load(browsers, page, path, arguments.seconds, arguments.pause)
            figure = replace(figure, processor=round((processor_ms(root) - before) / figure.requests, 1))
            figures.append(figure)
            server_p95 = figure.server_p95 if figure.server_p95 is not None else ""
            print(
                f"{figure.page:24} {figure.requests:6} {figure.failed:6} {figure.median:8.1f} {figure.p95:8.1f} "
                f"{figure.longest:8.1f} {server_p95:>12} {figure.processor:10.1f}",
                flush=True,
            )
        time.sleep(5)
        loaded = memory_mb(root)
    print(f"memory of the process tree: {idle:.0f} MB idle, {loaded:.0f} MB after the load")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(
        json.dumps({"idle_mb": idle, "loaded_mb": loaded, "pages": [asdict(figure) for figure in figures]})
    )


if __name__ == "__main__":
    main()
