"""Look people up by their folded name, so that the database's idea of case no longer matters."""

import unicodedata

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def fold(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Fold every name; of two that are now the same the later one keeps a mark, which no sign-in can type."""
    taken = set()
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    for user in users.order_by("pk"):
        name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", user.username).casefold()).strip()
        user.folded = f"{name} {user.pk}" if name in taken else name
        taken.add(name)
        user.save(update_fields=["folded"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_create_sign_ins")]

    operations = [
        migrations.AddField("user", "folded", models.CharField(max_length=500, null=True, editable=False)),
        migrations.RunPython(fold, migrations.RunPython.noop, elidable=True),
        migrations.AlterField("user", "folded", models.CharField(max_length=500, unique=True, editable=False)),
    ]
