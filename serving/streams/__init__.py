"""Where frames come from: files and folders, read ahead, paced to the clock where asked."""
