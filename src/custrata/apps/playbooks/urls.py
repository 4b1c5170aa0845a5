"""URL patterns. A customer id may contain anything, so it comes last in its path."""

from __future__ import annotations

from django.urls import path

from custrata.apps.playbooks.views import making, playbooks, tasks

app_name = "playbooks"
urlpatterns = [
    path("playbooks/", playbooks.playbook_list, name="list"),
    path("playbooks/-/next/", making.make_next, name="make_next"),
    path("playbooks/customers/<path:customer_id>/", making.next_for, name="next"),
    path("playbooks/<str:key>/<str:tier>/", playbooks.playbook_detail, name="one"),
    path("playbooks/<str:key>/<str:tier>/edit/", playbooks.edit, name="edit"),
    path("playbooks/<str:key>/<str:tier>/restore/", playbooks.restore, name="restore"),
    path("playbooks/<str:key>/<str:tier>/task/<str:action>/", making.make, name="make"),
    path("tasks/", tasks.task_list, name="tasks"),
    path("tasks/export/", tasks.export, name="export"),
    path("tasks/<int:number>/", tasks.task_detail, name="task"),
    path("tasks/<int:number>/finish/", tasks.finish, name="finish"),
    path("tasks/<int:number>/reopen/", tasks.reopen, name="reopen"),
    path("tasks/<int:number>/hand-over/", tasks.hand_over, name="hand_over"),
]
