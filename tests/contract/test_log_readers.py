"""Every reader of a daemon's lines keeps the same promises: markers that its lines hold, an event or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import net
from junkhound.wire import logs
from junkhound.wire.logs import line as lines

NAMES = [name for name, _ in logs.logs]
WORDS = [
    "Jan  6 10:00:00 mx sshd[1]: ", "192.0.2.7", "Failed password for ", " from ", " port 22 ssh2", "rip=", "[", "]",
    "(", ")", "user=", ", ", ": ", "relay=", "authentication failure; ", "rhost=", "2025-01-06 10:00:00 ",
    "IP address ",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_its_lines_hold(name: str) -> None:
    assert logs.logs.get(name).markers
    assert all(logs.logs.get(name).markers)


@pytest.mark.parametrize("name", NAMES)
@given(words=st.lists(st.sampled_from(WORDS) | st.text(max_size=10), max_size=15))
def test_any_line_is_an_event_or_nothing(name: str, words: list[str]) -> None:
    text = "".join(words).replace("\n", " ")
    found = logs.logs.get(name).read(lines.read(text, lambda wall: wall, 1_736_200_000_000_000), logs.Memory())
    assert found is None or (isinstance(found.address, net.Address) and found.daemon)
    if found is not None:
        assert found.what in (logs.GUESS, logs.PROBE, logs.HARVEST, logs.REFUSED, logs.ACCEPTED)
