from django.urls import path

from rcm_webinar.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.start, name="start"),
    path("mail/", views.mail_list, name="mail"),
    path("mail/<str:stem>/", views.mail_message, name="mail-message"),
    path("mail/<str:stem>/body.html", views.mail_body, name="mail-body"),
    path("mail/<str:stem>/calendar.ics", views.mail_calendar, name="mail-calendar"),
]
