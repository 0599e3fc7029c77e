"""What this machine and a process on it were doing while something was measured (Linux: /proc)."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

TICK: int = os.sysconf("SC_CLK_TCK")


def cpu_of(process: int) -> float:
    """CPU seconds that a process has used so far, in the program and in the kernel for it."""
    text = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(text[11]) + int(text[12])) / TICK


def resident(process: int) -> int:
    """Bytes of memory that a process holds."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def handles(process: int) -> int:
    """Files, pipes and connections that a process has open."""
    return len(os.listdir(f"/proc/{process}/fd"))  # noqa: PTH208 - names only


@dataclass(slots=True)
class Load:
    """The machine's load over a `with`: shares of its CPU time, and the average over a minute."""

    idle: float = 0.0
    steal: float = 0.0
    minute: float = 0.0
    _before: tuple[int, ...] = ()

    def __enter__(self) -> "Load":
        self._before = _times()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        spent = [now - then for now, then in zip(_times(), self._before, strict=True)]
        whole = max(sum(spent), 1)
        self.idle, self.steal = (spent[3] + spent[4]) / whole, spent[7] / whole
        self.minute = os.getloadavg()[0]

    def told(self) -> dict[str, float]:
        """For a row's extra key."""
        return {
            "load1": round(self.minute, 2),
            "idle": round(self.idle, 3),
            "steal": round(self.steal, 4),
            "cores": float(os.cpu_count() or 1),
        }


def _times() -> tuple[int, ...]:
    """user, nice, system, idle, iowait, irq, softirq, steal of all cores; see proc(5)."""
    line = Path("/proc/stat").read_text("ascii").splitlines()[0]
    return tuple(map(int, line.split()[1:9]))
