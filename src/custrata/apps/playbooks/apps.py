from django.apps import AppConfig


class PlaybooksConfig(AppConfig):
    name = "custrata.apps.playbooks"
    label = "playbooks"
    default_auto_field = "django.db.models.BigAutoField"
