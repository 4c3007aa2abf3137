"""The sensor: tells the hub what our traps saw, again after a while where it is away."""

from __future__ import annotations

import threading

from junkhound.kernel.errors import JunkhoundError
from junkhound.service.log import say
from junkhound.service.notes import Notes
from junkhound.verbs import sensor
from junkhound.verbs.office import Office

LONGEST_S = 600.0


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Push every ``[sensor] every_s``; ever more slowly while the hub is away or refuses us."""
    every = office.config.sensor.every_s
    wait, said = every, ""
    while not stop.is_set():
        try:
            for word, count in sensor.push(office, stop.is_set).items():
                notes.add(f'sensor_segments_total{{word="{word}"}}', count)
            wait, said = every, ""
        except JunkhoundError as error:
            notes.add("sensor_failures_total")
            if error.message != said:  # once, not every minute of a long night
                say("sensor", error.message)
            said = error.message
            wait = min(wait * 2, max(LONGEST_S, every))
        notes.write(force=True)
        waited = 0.0
        while waited < wait and not stop.wait(1):
            waited += 1
            notes.write()
