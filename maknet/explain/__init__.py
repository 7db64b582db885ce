"""Attribution and perturbation studies (paper section 5)."""
