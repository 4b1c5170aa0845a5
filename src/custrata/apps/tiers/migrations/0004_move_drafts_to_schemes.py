from django.db import migrations


class Migration(migrations.Migration):
    """Drafts are a model of the app `schemes` from here on; their table stays as it is."""

    dependencies = [("tiers", "0003_give_tiers_at_least_or_exactly")]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Draft")]),
    ]
