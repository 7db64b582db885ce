"""What every result depends on: code, inputs, settings, packages. Records of it, and audits."""
