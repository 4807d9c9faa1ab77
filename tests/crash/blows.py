"""What is done to a run, and when: drawn from a seeded generator."""

from __future__ import annotations

from dataclasses import dataclass
from signal import SIGINT, SIGKILL, SIGQUIT, SIGTERM, Signals
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

# A postmaster waits for its sessions at SIGTERM: no kill, so it gets the two that end them.
_SIGNALS: dict[str, tuple[Signals, ...]] = {
    "tap": (SIGKILL, SIGTERM),
    "target": (SIGKILL, SIGTERM),
    "both": (SIGKILL, SIGTERM),
    "postmaster": (SIGKILL, SIGQUIT, SIGINT),
}
CUTS = ("warehouse line", "source line")
_SURE = ("target", "both", "warehouse line")


@dataclass(frozen=True)
class Timing:
    """How an undisturbed run went.

    Attributes:
        seconds: How long it took.
        opened: When the target connected, in seconds after the start.
        commits: How many COMMITs the target sent.
    """

    seconds: float
    opened: float
    commits: int


@dataclass(frozen=True)
class Blow:
    """A blow at a moment of a run.

    Attributes:
        victim: A process, both of them, the postmaster, or a line that is cut.
        signal: What a process gets.
        at: Seconds after the start; not used where `commit` is set.
        commit: The COMMIT at which it falls, from 1; 0 for a blow at a time.
        is_before: Whether before that COMMIT reaches the server, rather than before its answer is out.
    """

    victim: str
    signal: Signals | None
    at: float
    commit: int
    is_before: bool

    @property
    def is_sure(self) -> bool:
        """Whether a run cannot succeed once this has fallen."""
        return bool(self.commit) and self.victim in _SURE

    def __str__(self) -> str:
        """The blow in words, to be read in a failure."""
        what = f"{self.signal.name} to the {self.victim}" if self.signal else f"cut {self.victim}"
        if self.commit:
            return f"{what} {'before' if self.is_before else 'after'} COMMIT {self.commit}"
        return f"{what} at {self.at:.3f} s"


def draw(random: Random, timing: Timing, *, has_source_line: bool) -> Blow:
    """A blow for a run that would go like `timing`.

    A third falls at a COMMIT, where the window is too narrow to be met by chance; of the others most
    fall while the warehouse is at work, and some while the processes start.
    """
    victims = [*_SIGNALS, *CUTS[: 2 if has_source_line else 1]]
    commit = random.randint(1, timing.commits) if random.random() < 1 / 3 else 0
    victim = random.choice([each for each in victims if not commit or each != CUTS[1]])
    since = timing.opened if random.random() < 3 / 4 else 0.0
    return Blow(
        victim=victim,
        signal=random.choice(_SIGNALS[victim]) if victim in _SIGNALS else None,
        at=random.uniform(since, timing.seconds),
        commit=commit,
        is_before=random.random() < 1 / 2,
    )
