"""What runs outside a request: a job's row is the truth, workers claim rows and prove that they still hold them."""
