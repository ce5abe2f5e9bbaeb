"""Days and hours in Spanish: "lun 16 nov 2026, 09:00"; the months have no capital."""

DATE_FORMAT = "D j b Y"
SHORT_DATE_FORMAT = "j b Y"
DATETIME_FORMAT = "D j b Y, H:i"
SHORT_DATETIME_FORMAT = "D j b, H:i"
TIME_FORMAT = "H:i"
