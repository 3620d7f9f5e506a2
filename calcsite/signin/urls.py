"""The pages of django-allauth for staff, under /admin/account/. Sign-up is not among them."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib import admin
from django.urls import path, re_path

from calcsite.signin import views
from calcsite.signin.views import proven_or_first

RESET_KEY = r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$"

urlpatterns = [
    path("login/", admin.site.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/staff-only/", views.staff_only, name="staff_only"),
    path("account/confirm/", views.password_again, name="account_reauthenticate"),
    path("account/password/", admin.site.admin_view(account.password_change), name="account_change_password"),
    path("account/password/first/", admin.site.admin_view(account.password_set), name="account_set_password"),
    path("account/password/reset/", account.password_reset, name="account_reset_password"),
    path("account/password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(RESET_KEY, account.password_reset_from_key, name="account_reset_password_from_key"),
    path(
        "account/password/reset/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("account/code/", views.code, name="mfa_authenticate"),
    path("account/code/confirm/", views.code_again, name="mfa_reauthenticate"),
    path("account/passkey/sign-in/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("account/passkey/confirm/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/second-factor/", proven_or_first(mfa.index), name="mfa_index"),
    path("account/app/", proven_or_first(views.set_up_app), name="mfa_activate_totp"),
    path("account/app/remove/", proven_or_first(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/passkeys/", proven_or_first(webauthn.list_webauthn), name="mfa_list_webauthn"),
    path("account/passkeys/add/", proven_or_first(views.set_up_passkey), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", proven_or_first(webauthn.remove_webauthn), name="mfa_remove_webauthn"),
    path(
        "account/recovery-codes/",
        proven_or_first(recovery_codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/recovery-codes/new/",
        proven_or_first(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
]
