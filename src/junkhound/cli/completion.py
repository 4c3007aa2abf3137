"""``junkhound completion``: the shell completes verbs and options."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the lines that make your shell complete verbs and options.

    \b
    Examples:
      junkhound completion bash > ~/.local/share/bash-completion/completions/junkhound
      junkhound completion zsh > ~/.zfunc/_junkhound
      junkhound completion fish > ~/.config/fish/completions/junkhound.fish
    """
    from click.shell_completion import get_completion_class

    from junkhound.cli import main_group

    kind = get_completion_class(shell)
    assert kind is not None
    completer = kind(main_group, {}, "junkhound", "_JUNKHOUND_COMPLETE")
    # not completer.source(): for bash that would ask the bash of this machine for its version
    click.echo(completer.source_template % completer.source_vars())
