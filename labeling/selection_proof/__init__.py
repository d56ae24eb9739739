"""Does the rule of `labeling.selection` need fewer labels than chance? Measured on the shared sets.

`backbone` and `features` say what a picture looks like, `pools` makes the problems, `head` is the
model that is trained, `rounds` plays the labelling, `savings` compares curves, `detection` does
the same with the detector, `tables` and `drawing` show it.
"""
