"""Importing who attended a session from the participant report of the video conference.

`reading` turns bytes into rows, `people` merges the rows of each person, `matching` finds the delegates they belong to,
`saving` stores the result in one transaction, and `manual_matching` stores what a user decides about the rest. Between
the dry run and saving, the page carries the people (`form_payload`); nothing is stored before it is confirmed.

A report knows people only by the address and name that they gave to the video conference: the join page gives everybody
the same link to the room.
"""
