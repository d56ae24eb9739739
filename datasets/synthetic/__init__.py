"""Occluders that the project draws itself: masks, hoods, hats, scarves, glasses, hands and bags.

A face with five landmarks (`datasets.faces`) gives the pose of a head; occluders are sheets around
that head, painted in the light, sharpness and noise of the picture. They serve as augmentation
(`occluder.RandomOccluder`) and to write data sets with masks on (`rewriting.Rewriter`).
"""
