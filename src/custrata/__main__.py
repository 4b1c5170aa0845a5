"""The command `custrata`: the library's commands, and the server's beside them."""

from custrata.cli import cli, main
from custrata.cli.hooks import DATABASES, LOGS

__all__ = ["cli", "main"]

DATABASES.append("custrata.config.server_access:server_database")
LOGS.append("custrata.config.server_access:publication_log")

cli.lazy |= {
    "up": "custrata.config.commands:up_command",
    "web": "custrata.config.commands:web_command",
    "work": "custrata.config.commands:work_command",
    "manage": "custrata.config.commands:manage_command",
    "demo": "custrata.config.commands:demo_command",
    "backup": "custrata.config.backup_commands:backup_command",
    "restore": "custrata.config.backup_commands:restore_command",
}

if __name__ == "__main__":
    main()
