"""How well Junkhound does, on a world whose truth is known and on real mail: every goal with its interval.

Run it with ``make accuracy`` or ``python -m accuracy``. It is the only package that may know both sides: ``spamworld``
makes the mail and keeps the truth, ``junkhound`` sees the mail alone.
"""
