"""URL patterns of the app."""

from __future__ import annotations

from django.urls import path

from custrata.apps.accounts.views import links, me, people, second_factor, sign_in, workspace

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/code/", sign_in.code, name="sign_in_code"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("first/<str:secret>/", links.first, name="first"),
    path("invitation/<str:secret>/", links.invitation, name="invitation"),
    path("new-password/<str:secret>/", links.password, name="password_link"),
    path("me/", me.me, name="me"),
    path("me/password/", me.password, name="password"),
    path("me/second-step/", second_factor.overview, name="second_factor"),
    path("me/second-step/begin/", second_factor.begin_set_up, name="begin_second_factor"),
    path("me/second-step/set-up/", second_factor.set_up, name="set_up_second_factor"),
    path("me/second-step/codes/", second_factor.renew_codes, name="renew_recovery_codes"),
    path("me/second-step/turn-off/", second_factor.turn_off, name="turn_off_second_factor"),
    path("me/sessions/", me.sessions, name="sessions"),
    path("me/sessions/end/", me.end_others, name="end_other_sessions"),
    path("me/sessions/<int:number>/end/", me.end_one, name="end_session"),
    path("people/", people.people_list, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/invitations/<int:number>/revoke/", people.revoke, name="revoke_invitation"),
    path("people/<int:number>/", people.person, name="person"),
    path("people/<int:number>/deactivate/", people.deactivate, name="deactivate"),
    path("people/<int:number>/activate/", people.activate, name="activate"),
    path("people/<int:number>/unlock/", people.unlock, name="unlock"),
    path("people/<int:number>/second-step/reset/", people.reset_second_factor, name="reset_second_factor"),
    path("people/<int:number>/end-sessions/", people.end_sessions, name="end_sessions"),
    path("people/<int:number>/password-link/", people.password_link, name="make_password_link"),
    path("workspace/", workspace.settings, name="workspace"),
]
