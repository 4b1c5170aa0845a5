"""The command `custrata`: the library's commands, and the server's beside them."""

from custrata.cli import cli, main
from custrata.config.backup_commands import backup_command, restore_command
from custrata.config.commands import COMMANDS

__all__ = ["cli", "main"]

for command in (*COMMANDS, backup_command, restore_command):
    cli.add_command(command)

if __name__ == "__main__":
    main()
