"""The gRPC server of the team config service."""
