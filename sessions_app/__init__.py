"""The agenda of webinars: sessions, items, speakers, releases, calendars. It knows no delegate and no country."""
