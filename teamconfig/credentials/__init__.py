"""Short-lived rights at Kubernetes and AWS."""
