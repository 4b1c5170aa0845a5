import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The drafts that the app `tiers` had, in the same table."""

    initial = True

    dependencies = [
        ("tiers", "0004_move_drafts_to_schemes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="SchemeDraft",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("scheme", models.CharField(max_length=40)),
                        ("definition", models.JSONField()),
                        ("note", models.TextField(blank=True, default="")),
                        ("at", models.DateTimeField()),
                        (
                            "author",
                            models.ForeignKey(
                                null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL
                            ),
                        ),
                    ],
                    options={
                        "db_table": "tiers_draft",
                        "constraints": [
                            models.UniqueConstraint(fields=("scheme",), name="tiers_draft_one_of_a_scheme"),
                            models.CheckConstraint(
                                condition=models.Q(("scheme", ""), _negated=True), name="tiers_draft_names_its_scheme"
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
