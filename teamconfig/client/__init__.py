"""The client of the team config service: device key, tokens, signed profiles."""
