"""What is wrong with a data set: files, pictures, boxes, duplicates, leaks, labels.

`run.check` asks every question and never stops at the first answer; `report` shows the answers.
"""
