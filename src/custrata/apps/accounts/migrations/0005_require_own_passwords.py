"""Remember that somebody else chose a password, so that it is changed at the next sign-in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_fold_user_names")]

    operations = [migrations.AddField("user", "must_change_password", models.BooleanField(default=False))]
