"""What `wps image` does, beside its command line: names of images, places, progress, comparing."""
