"""How fast the server is: beside the limit, beside what a user would write, and stage by stage."""
