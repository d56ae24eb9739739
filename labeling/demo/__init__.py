"""The labelling loop on the sample footage, with played labelers: `make label-demo`."""
