"""Who somebody is: verified by OIDC, a directory, or the issuer of a CI job's token."""
