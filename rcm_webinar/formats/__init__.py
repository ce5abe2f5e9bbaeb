"""How Django writes days and hours in each language (`FORMAT_MODULE_PATH`): as `sessions_app/hours.py` does."""
