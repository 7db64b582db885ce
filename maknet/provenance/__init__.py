"""Records of what every result depends on (code, inputs, settings, packages), and their audit."""
