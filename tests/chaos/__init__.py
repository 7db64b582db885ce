"""Kills at random times: `make chaos`, and a short part in the tests."""
