from django.db import migrations, models


class Migration(migrations.Migration):
    """Overrides that there are were approved as exactly; from now on they are given at least unless said otherwise."""

    dependencies = [("tiers", "0002_create_drafts")]

    operations = [
        migrations.AddField("override", "mode", models.CharField(default="exactly", max_length=8)),
        migrations.AlterField("override", "mode", models.CharField(default="at_least", max_length=8)),
        migrations.AddConstraint(
            "override",
            models.CheckConstraint(
                condition=models.Q(("mode__in", ("at_least", "exactly"))), name="tiers_override_at_least_or_exactly"
            ),
        ),
    ]
