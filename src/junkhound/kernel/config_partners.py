"""Settings of what is shared with partners: the listener they come to, and a sensor that reports to a hub."""

from __future__ import annotations

from dataclasses import dataclass

from junkhound.kernel.setting import setting

TLPS = ("clear", "green", "amber", "amber+strict", "red")


@dataclass(frozen=True)
class Partners:
    """[partners]: the listener for enrolled partners: TAXII, and what sensors report."""

    listen: str = setting("", "where partners come to; empty means off", "address:port")
    certificate: str = setting(
        "", "certificate for TLS; self-signed makes one in the home; needed beyond loopback", "path"
    )
    key: str = setting("", "its private key", "path")
    hostname: str = setting("", "name in a self-made certificate; empty means the machine's", "host name")
    lists: tuple[str, ...] = setting((), "lists of scope own that are shared as well; public ones always are", "names")
    limit_mb: int = setting(16, "largest report of a sensor", "MB", low=1)
    request_s: float = setting(60.0, "a report must have arrived within this time", "s", low=1)


@dataclass(frozen=True)
class Sensor:
    """[sensor]: report what this home's traps see to a hub; nothing leaves until a hub is named."""

    hub: str = setting("", "the hub's partners' listener, such as https://hub.example.org:8443", "URL")
    token_file: str = setting(
        "", "file with the token that the hub gave us; without one, $JUNKHOUND_SENSOR_TOKEN is looked at", "path"
    )
    ca: str = setting("", "certificate that the hub's must chain to; empty means those of the system", "path")
    evidence: bool = setting(False, "send the mails too, with recipients and traps taken out")
    tlp: str = setting("amber", "how the hub may pass it on (TLP 2.0)", choices=TLPS)
    every_s: float = setting(30.0, "the hub is told this often", "s", low=1)
    timeout_s: float = setting(30.0, "how long the hub may take for one answer", "s", low=1)
