"""Sources that work together: botnets by how their programs speak and whom they share, their size, their tenants.

``find(rows, shown)`` gives botnets, their cells of (program, campaign), and which address is whose; ``prints`` is what
their machines show besides. ``size`` estimates how many machines, ``rent`` who had them when, ``life`` which came, went
and changed hands, ``hours`` whether they sleep, ``growth`` who is asked about as they are.
"""

from junkhound.botnet import growth, hours, life, prints, rent, size
from junkhound.botnet.finding import Found, find
from junkhound.botnet.rows import Rows

__all__ = ["Found", "Rows", "find", "growth", "hours", "life", "prints", "rent", "size"]
