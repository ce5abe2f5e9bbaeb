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
    receipts,
)

urlpatterns = [
    path("privacy/", privacy.privacy_notice_page, name="privacy"),
    path("invited/<str:token>/", invitation.invitation_page, name="invited"),
    path("delegations/", pages.delegation_list_page, name="delegations"),
    path("delegations/<slug:slug>/", pages.delegation_page, name="delegation"),
    path("delegations/<slug:slug>/submit/", delegation_actions.submit_page, name="submit-delegation"),
    path("delegations/<slug:slug>/not-attending/", delegation_actions.not_attending_page, name="not-attending"),
    path("delegations/<slug:slug>/attending-again/", delegation_actions.attending_again_page, name="attending-again"),
    path("delegations/<slug:slug>/earlier/", carry_over.carry_over_page, name="carry-over"),
    path("delegations/<slug:slug>/receipts/<int:pk>.pdf", receipts.download_receipt, name="receipt-pdf"),
    path("delegations/<slug:slug>/letter/", letters.letter_page, name="letter"),
    path("delegations/<slug:slug>/letter/<int:pk>/", letters.download_letter, name="letter-file"),
    path("delegations/<slug:slug>/letter/<int:pk>/remove/", letters.remove_letter_page, name="remove-letter"),
    path("delegations/<slug:slug>/delegates/new/", people.register_person, name="register-delegate"),
    path("delegations/<slug:slug>/delegates/<int:pk>/edit/", people.edit_person, name="edit-delegate"),
    path("delegations/<slug:slug>/delegates/<int:pk>/undo-edit/", people.undo_last_edit, name="undo-edit"),
    path("delegations/<slug:slug>/delegates/<int:pk>/replace/", people.replace_person, name="replace-delegate"),
    path("delegations/<slug:slug>/delegates/<int:pk>/withdraw/", people.withdraw_person, name="withdraw-delegate"),
    path("delegations/<slug:slug>/delegates/<int:pk>/restore/", people.restore_person, name="restore-delegate"),
    path("delegations/<slug:slug>/delegates/<int:pk>/send-again/", people.resend, name="send-invitations-again"),
    path("delegations/<slug:slug>/import/", imports.import_table, name="import-delegates"),
    path("delegations/<slug:slug>/import/check/", imports.check_rows, name="check-import"),
    path("delegations/<slug:slug>/import/save/", imports.save_import, name="save-import"),
    path("delegations/<slug:slug>/import/template.xlsx", imports.download_template, name="import-template"),
]
