"""Laws of the measurements of speed: what they ask is answered rightly, what they conclude is so; never a time."""
