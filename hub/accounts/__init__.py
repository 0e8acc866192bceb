"""People who sign in: accounts, memberships, sessions, attempts and the on-call rota."""
