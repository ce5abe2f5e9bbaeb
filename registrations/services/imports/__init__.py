"""Registering many people at once from a spreadsheet, a CSV file or pasted rows.

`reading` turns bytes into a bounded table of texts, `columns` finds what each column holds, `people` turns rows into
people, `checking` validates them without writing, and `saving` stores them in one transaction. Nothing is stored
between these steps: the page carries the table as text, and each step checks it again.
"""
