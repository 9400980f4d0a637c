"""What the operators are told: troubles, sales, and what every day was like."""
