"""What is done to a run, and when: drawn from a seeded generator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from signal import SIGINT, SIGKILL, SIGQUIT, SIGTERM, Signals
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from random import Random

# A postmaster waits for its sessions at SIGTERM: no kill, so it gets the two that end them.
_SIGNALS: dict[str, tuple[Signals, ...]] = {
    "tap": (SIGKILL, SIGTERM),
    "target": (SIGKILL, SIGTERM),
    "both": (SIGKILL, SIGTERM),
    "postmaster": (SIGKILL, SIGQUIT, SIGINT),
}
WAREHOUSE_LINE, SOURCE_LINE = "warehouse line", "source line"
_SHARE = 0.9
"""Of what a run took before: no two go alike."""
_SURE = ("target", "both")
_OF_TAP = ("tap", SOURCE_LINE)


@dataclass(frozen=True)
class Timing:
    """How a run went.

    Attributes:
        seconds: How long the tap took.
        messages: How many messages it sent.
        pieces: By line, how many pieces of data passed while there was something to do.
        commits: How many COMMITs the target sent.
    """

    seconds: float
    messages: int
    pieces: dict[str, int]
    commits: int


@dataclass(frozen=True)
class Blow:
    """A blow at a moment of a run; a time or message that never comes is the tap's last message.

    Attributes:
        victim: A process, both of them, the postmaster, or a line that is cut.
        signal: What a process gets.
        seconds: The moment as a time after the start, or 0.
        message: The moment as a message of the tap, from 1, or 0.
        line: The line of `piece`.
        piece: The moment as a piece of data on a line, from 1, or 0.
        commit: The moment as a COMMIT, from 1, or 0.
        is_before: Whether before that COMMIT reaches the server, rather than before its answer is out.
    """

    victim: str
    signal: Signals | None = None
    seconds: float = 0
    message: int = 0
    line: str = WAREHOUSE_LINE
    piece: int = 0
    commit: int = 0
    is_before: bool = True

    @property
    def is_sure(self) -> bool:
        """Whether a run cannot succeed once this has fallen."""
        return self.victim in _SURE or (self.victim == WAREHOUSE_LINE and bool(self.commit))

    def __str__(self) -> str:
        """The blow in words, to be read in a failure."""
        what = f"{self.signal.name} to the {self.victim}" if self.signal else f"cut {self.victim}"
        if self.commit:
            return f"{what} {'before' if self.is_before else 'after'} COMMIT {self.commit}"
        if self.piece:
            return f"{what} at piece {self.piece} of the {self.line}"
        if self.message:
            return f"{what} at message {self.message}"
        return f"{what} {self.seconds:.3f} s after the start"


def draw(
    random: Random, timing: Timing, at_commit: Literal["before", "after"] | None = None
) -> Blow:
    """A blow for a run that would go like `timing`.

    A moment is a message that the tap sends, a piece of data on a line, which meets all that the
    warehouse does, or a COMMIT, whose window is too narrow to be met by chance; however fast these
    come today. Some are times, so that the start of the processes is met too. `at_commit` asks for
    a COMMIT, on one side of it.
    """
    victims = [*_SIGNALS, *timing.pieces]
    victim = random.choice(
        [each for each in victims if each not in _OF_TAP] if at_commit else victims
    )
    is_tap = victim in _OF_TAP
    line = SOURCE_LINE if victim == SOURCE_LINE else WAREHOUSE_LINE
    signals = _SIGNALS.get(victim)
    struck = partial(Blow, victim, random.choice(signals) if signals else None)
    kinds = ["time", *(["message"] * (3 if is_tap else 1))]
    if victim == SOURCE_LINE or not is_tap:
        kinds += ["piece"] * 2 if line in timing.pieces else []
    if not is_tap:
        kinds += ["commit"] * 2
    kind = "commit" if at_commit else random.choice(kinds)
    if kind == "commit":
        at_commit = at_commit or random.choice(("before", "after"))
        return struck(commit=random.randint(1, timing.commits), is_before=at_commit == "before")
    if kind == "piece":
        return struck(line=line, piece=random.randint(1, _most(timing.pieces[line])))
    if kind == "message":
        return struck(message=random.randint(1, _most(timing.messages)))
    return struck(seconds=random.uniform(0, _SHARE * timing.seconds))


def _most(number: int) -> int:
    return max(1, round(_SHARE * number))
