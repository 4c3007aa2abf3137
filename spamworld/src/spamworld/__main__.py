"""``python -m spamworld``: the same as the command."""

from spamworld.cli import main

main()
