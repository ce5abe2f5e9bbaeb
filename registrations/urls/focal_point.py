from django.urls import path

from registrations.views.focal_point import (
    carry_over,
    delegation_actions,
    imports,
    invitation,
    letters,
    pages,
    people,
    privacy,
)

urlpatterns = [
    path("privacy/", privacy.privacy, name="privacy"),
    path("invited/<str:token>/", invitation.invited, name="invited"),
    path("delegations/", pages.delegations, name="delegations"),
    path("delegations/<slug:slug>/", pages.delegation, name="delegation"),
    path("delegations/<slug:slug>/submit/", delegation_actions.submit, name="submit-delegation"),
    path("delegations/<slug:slug>/not-attending/", delegation_actions.not_attending, name="not-attending"),
    path("delegations/<slug:slug>/attending-again/", delegation_actions.attending_again, name="attending-again"),
    path("delegations/<slug:slug>/earlier/", carry_over.earlier, name="carry-over"),
    path("delegations/<slug:slug>/letter/", letters.letter, name="letter"),
    path("delegations/<slug:slug>/letter/<int:pk>/", letters.letter_file, name="letter-file"),
    path("delegations/<slug:slug>/letter/<int:pk>/remove/", letters.remove, name="remove-letter"),
    path("delegations/<slug:slug>/delegates/new/", people.register, name="register-delegate"),
    path("delegations/<slug:slug>/delegates/<int:pk>/edit/", people.edit, name="edit-delegate"),
    path("delegations/<slug:slug>/delegates/<int:pk>/undo-edit/", people.undo_last_edit, name="undo-edit"),
    path("delegations/<slug:slug>/delegates/<int:pk>/replace/", people.replace_person, name="replace-delegate"),
    path("delegations/<slug:slug>/delegates/<int:pk>/withdraw/", people.withdraw, name="withdraw-delegate"),
    path("delegations/<slug:slug>/delegates/<int:pk>/restore/", people.restore, name="restore-delegate"),
    path("delegations/<slug:slug>/delegates/<int:pk>/send-again/", people.send_again, name="send-invitations-again"),
    path("delegations/<slug:slug>/import/", imports.import_table, name="import-delegates"),
    path("delegations/<slug:slug>/import/save/", imports.save, name="save-import"),
    path("delegations/<slug:slug>/import/template.xlsx", imports.template, name="import-template"),
]
