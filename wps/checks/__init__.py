"""What `wps doctor` looks at, by subject; each check answers with findings and raises nothing that it knows."""
