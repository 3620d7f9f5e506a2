"""Forms of a staff account, without its password."""

from typing import Any

from django import forms
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group, User

from calcsite.admin.words import ROLES


class RolesField(forms.ModelMultipleChoiceField):
    """Checkboxes of roles, each with its description."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, group: Group) -> str:
        return f"{group.name}: {ROLES[group.name]}" if group.name in ROLES else group.name


SEVERAL = "Somebody with several roles may do what any of them may."


class PersonFields(forms.ModelForm):
    groups = RolesField(label="Roles", queryset=Group.objects.order_by("name"), required=False, help_text=SEVERAL)

    class Meta:
        labels = {
            "username": "User name",
            "email": "E-mail address",
            "is_active": "May sign in",
            "groups": "Roles",
            "last_login": "Last signed in",
            "date_joined": "Account made",
        }
        help_texts = {
            "username": "What they sign in with: letters, digits, and @ . + - _",
            "first_name": "The public reads first and last name on pages that they review.",
            "email": "Where the link to set a password goes.",
            "groups": SEVERAL,
            "is_active": "Untick this when somebody leaves: they are signed out at once. "
            "Accounts are not deleted, so that what a person did keeps their name.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "email" in self.fields:
            self.fields["email"].required = True


class PersonForm(PersonFields, UserChangeForm):
    password = None

    class Meta(PersonFields.Meta, UserChangeForm.Meta):
        pass


class NewPersonForm(PersonFields, UserCreationForm):
    """Adds an account without a password, which its owner sets through a link in an e-mail."""

    password1 = password2 = None

    class Meta(PersonFields.Meta, UserCreationForm.Meta):
        pass

    def set_password_and_save(self, user: User, password_field_name: str = "", commit: bool = True) -> User:
        user.set_unusable_password()
        if commit:
            user.save()
        return user
