"""Naming many people at once from a spreadsheet, a CSV file or pasted rows.

Bytes become a bounded table of texts (`reading`), its columns become fields (`columns`), its rows become people
(`people`) that are checked without a write (`checking`), and saved in one decision (`saving`). Nothing is remembered
between the steps: the page carries the table as text, and every step checks it anew.
"""
