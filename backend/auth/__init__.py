"""Who is asking: what Telegram vouches for, and the tokens we give for it."""
