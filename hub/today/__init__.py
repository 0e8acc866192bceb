"""Today: what is late and due next, what arrived, what is waited for, each number a link to its list."""
