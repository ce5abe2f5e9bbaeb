from django.urls import URLPattern

app_name = "sessions_app_files"
urlpatterns: list[URLPattern] = []
