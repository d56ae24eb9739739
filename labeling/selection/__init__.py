"""What to label next: scored by what is known of each picture, diverse as a batch, explained.

`candidates` holds what is known, `failures` carries the errors of labelled pictures over to their
look-alikes, `rule` picks, `limits` keeps one camera or moment from filling a batch, `gathering`
reads all of it for a data set. `labeling.selection_proof` measures whether it pays.
"""
