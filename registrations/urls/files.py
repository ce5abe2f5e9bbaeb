from django.urls import URLPattern

app_name = "registrations_files"
urlpatterns: list[URLPattern] = []
