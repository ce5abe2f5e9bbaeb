"""What someone of the secretariat may do in Django admin."""

from allauth.account.auth_backends import AuthenticationBackend

APPS = frozenset({"registrations", "sessions_app"})
# Who may sign in as what is decided by administrators alone.
KEPT_FOR_ADMINISTRATORS = frozenset({f"registrations.{verb}_user" for verb in ("add", "change", "delete")})


class SecretariatBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """Allauth's sign-in; staff may do everything with the product's own rows except manage accounts (rule 7)."""

    def has_perm(self, user_obj: object, perm: str, obj: object = None) -> bool:
        if _is_secretariat(user_obj) and perm.partition(".")[0] in APPS and perm not in KEPT_FOR_ADMINISTRATORS:
            return True
        return bool(super().has_perm(user_obj, perm, obj=obj))

    def has_module_perms(self, user_obj: object, app_label: str) -> bool:
        if _is_secretariat(user_obj) and app_label in APPS:
            return True
        return bool(super().has_module_perms(user_obj, app_label))


def _is_secretariat(user: object) -> bool:
    return getattr(user, "is_active", False) and getattr(user, "is_staff", False)
