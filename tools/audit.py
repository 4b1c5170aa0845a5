"""Known weaknesses of everything that is pinned: Python packages by pip-audit, what browsers load by npm audit.

Both ask a service that knows advisories. Where it does not answer, that is said, and the exit status is 2: nothing
known is not the same as nothing asked. 1: there are weaknesses, 0: all were asked about, and there is none.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

from pins import CONSTRAINTS, ROOT

PIP_AUDIT = ["-m", "pip_audit", "-r", str(CONSTRAINTS), "--no-deps", "--disable-pip", "-f", "json"]
PATIENCE = 300


@dataclass
class Verdict:
    """What an audit came to: how many packages were asked about, which could not be, and what is wrong."""

    name: str
    asked: int = 0
    unasked: list[str] = field(default_factory=list)
    weaknesses: list[str] = field(default_factory=list)
    reason: str = ""

    @property
    def status(self) -> int:
        return 1 if self.weaknesses else 2 if self.unasked or not self.asked else 0

    def __str__(self) -> str:
        if not self.asked:
            why = f" ({self.reason})" if self.reason else ""
            return f"{self.name}: NOT AUDITED, no service with advisories answered{why}"
        lines = [f"{self.name}: {self.asked} packages audited, {len(self.weaknesses)} weaknesses"]
        lines += [f"  {line}" for line in self.weaknesses]
        lines += [f"  not audited: {', '.join(self.unasked)}"] if self.unasked else []
        return "\n".join(lines)


def python_verdict(output: str, complaint: str) -> Verdict:
    """What pip-audit says, as JSON; what it skips it did not ask about."""
    verdict = Verdict("Python packages")
    try:
        found = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        verdict.reason = _last_line(complaint)
        return verdict
    for package in found:
        if "skip_reason" in package:
            verdict.unasked.append(package["name"])
            verdict.reason = package["skip_reason"]
            continue
        verdict.asked += 1
        verdict.weaknesses += [
            f"{package['name']} {package['version']}: {weakness['id']}, mended in {', '.join(weakness['fix_versions'])}"
            for weakness in package["vulns"]
        ]
    return verdict


def browser_verdict(output: str, complaint: str) -> Verdict:
    """What npm audit says, as JSON."""
    verdict = Verdict("Browser files")
    try:
        found = json.loads(output)
        verdict.asked = found["metadata"]["dependencies"]["total"]
    except (ValueError, KeyError):
        verdict.reason = _last_line(complaint)
        return verdict
    verdict.weaknesses = [f"{name}: {facts['severity']}" for name, facts in found["vulnerabilities"].items()]
    return verdict


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and "complete log" not in line]
    return lines[-1][:200] if lines else "no reason was given"


def _run(command: list[str]) -> tuple[str, str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE, cwd=ROOT)
    except subprocess.TimeoutExpired:
        return "", f"no answer within {PATIENCE} seconds"
    return done.stdout, done.stderr


if __name__ == "__main__":
    npm = shutil.which("npm")
    verdicts = [
        python_verdict(*_run([sys.executable, *PIP_AUDIT])),
        browser_verdict(*(_run([npm, "audit", "--package-lock-only", "--json"]) if npm else ("", "there is no npm"))),
    ]
    for verdict in verdicts:
        print(verdict)
    sys.exit(min((verdict.status for verdict in verdicts if verdict.status), default=0))
