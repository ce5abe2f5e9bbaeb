"""Forms, which clean input and decide nothing; one module per page or group of pages."""
