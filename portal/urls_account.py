"""Sign-in and sign-out: allauth's views under our addresses; sign-up stays closed."""

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import path

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("password/", account.password_change, name="account_change_password"),
    path("sign-in/inactive/", account.account_inactive, name="account_inactive"),
    path("sign-in/signup/", account.signup, name="account_signup"),
    path("sign-in/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/reset/", account.password_reset, name="account_reset_password"),
]
