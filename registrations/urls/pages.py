from registrations.urls import focal_point, participant

app_name = "registrations"
urlpatterns = [*focal_point.urlpatterns, *participant.urlpatterns]
