"""Staff: how they sign in, what a session must have proven, when it ends."""
