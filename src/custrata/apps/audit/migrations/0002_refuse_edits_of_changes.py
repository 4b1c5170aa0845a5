"""Triggers that allow inserts only. A migration that rebuilds the table has to create them again."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

MESSAGE = "the audit is not editable"
# A replaced row fires no DELETE trigger on SQLite, hence the one for INSERT.
SQLITE = {
    "audit_change_no_update": f"BEFORE UPDATE ON audit_change BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END",
    "audit_change_no_delete": f"BEFORE DELETE ON audit_change BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END",
    "audit_change_no_replace": "BEFORE INSERT ON audit_change WHEN EXISTS (SELECT 1 FROM audit_change"
    f" WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END",
}
POSTGRESQL = f"""
CREATE FUNCTION audit_change_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_change_no_update BEFORE UPDATE OR DELETE ON audit_change
    FOR EACH ROW EXECUTE FUNCTION audit_change_refuse();
CREATE TRIGGER audit_change_no_truncate BEFORE TRUNCATE ON audit_change
    FOR EACH STATEMENT EXECUTE FUNCTION audit_change_refuse();
"""
POSTGRESQL_BACK = """
DROP TRIGGER audit_change_no_truncate ON audit_change;
DROP TRIGGER audit_change_no_update ON audit_change;
DROP FUNCTION audit_change_refuse();
"""


def close(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Refuse updates and deletions from now on."""
    if editor.connection.vendor == "sqlite":
        for name, trigger in SQLITE.items():
            editor.execute(f"CREATE TRIGGER {name} {trigger}")
    else:
        editor.execute(POSTGRESQL)


def reopen(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    if editor.connection.vendor == "sqlite":
        for name in SQLITE:
            editor.execute(f"DROP TRIGGER {name}")
    else:
        editor.execute(POSTGRESQL_BACK)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_create_changes")]

    operations = [migrations.RunPython(close, reopen)]
