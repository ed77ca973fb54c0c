"""The doctor: models, migrations and the live catalogue, compared."""
