"""How each task is judged: truth and predictions in, figures with n and interval out."""
