"""The command `custrata`: the library's commands, and the server's beside them."""

from custrata.cli import cli, main
from custrata.cli.session import DATABASES, LOGS
from custrata.config.backup_commands import backup_command, restore_command
from custrata.config.commands import COMMANDS
from custrata.config.server_access import publication_log, server_database

__all__ = ["cli", "main"]

DATABASES.append(server_database)
LOGS.append(publication_log)

for command in (*COMMANDS, backup_command, restore_command):
    cli.add_command(command)

if __name__ == "__main__":
    main()
