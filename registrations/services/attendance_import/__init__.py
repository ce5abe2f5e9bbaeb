"""Who took part in a session, from the participant report of the video conference.

Bytes become rows (`reading`), rows of one person become one (`people`), who of ours each is is looked up (`matching`)
and saved in one decision (`saving`); what remains is told by hand (`by_hand`). Between the dry run and the saving the
page carries the people (`carried`): nothing is stored before it is confirmed.

Nothing of ours can stand in a report: the join page gives everybody the same plain link to the room, so a report knows
people by the address and the name that they gave to the video conference alone.
"""
